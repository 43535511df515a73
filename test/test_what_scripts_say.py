"""Metrics, output and errors of scripts, from a real worker to the files that people and the status page read."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import Clock, powder_play, serving
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.messages.status import StateWord
from livereduce.publish.trends.trends import Trends, read_trends

pytestmark = pytest.mark.timeout(120)  # for a slow machine that has to compile the kernels first

REPORTS = """
import livereduce
n = input.getNumberEvents()
livereduce.metric("counts", n, n ** 0.5, units="counts")
livereduce.metric("ratio", float("nan") if n == 0 else 0.5)
"""


WRONG = """import livereduce
livereduce.metric("7", 1.0)
livereduce.metric("peak area", 1.0)
livereduce.product("table", {"counts": input.getNumberEvents(), "one": 1})
livereduce.product("curve", [1, 2], x_log=True)
"""


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    with beamline_in(tmp_path, environ_of(tmp_path_factory)) as made:
        yield made


def now_ns() -> int:
    return epics_ns(time.time()) - NS_PER_S


class Beam:
    """The clock of a server, that stands until the beam is let in."""

    def __init__(self) -> None:
        self.since_s: float | None = None

    def __call__(self) -> float:
        return 0.0 if self.since_s is None else time.monotonic() - self.since_s


def trends_of(beamline: Beamline, run: int) -> Trends:
    trends = read_trends(beamline.path / "state" / "products" / str(run) / "trends.json")
    assert trends is not None
    return trends


def test_what_scripts_report_is_a_trend_of_each_run(beamline: Beamline) -> None:
    play, beam = powder_play(runs=2, run_s=1.0, gap_s=0.1, rate=60_000, origin_ns=now_ns()), Beam()
    with serving(play, speed=1.0, clock=beam) as url:
        beamline.configure(source=url, update_every=0.2)
        beamline.script("post_proc", REPORTS)
        beamline.start()
        beamline.wait(lambda seen: seen.progress is not None and seen.progress.source.connected)
        beam.since_s = time.monotonic()
        assert beamline.wait_ended(2) == [1, 2]
        assert beamline.stop() == 0
    for run in (1, 2):
        trends = trends_of(beamline, run)
        counts, ratio = trends.metrics["counts"], trends.metrics["ratio"]
        assert (trends.run, counts.units, len(ratio.points)) == (run, "counts", counts.reported)
        assert counts.reported >= 2
        assert all(point.value == point.at.events for point in counts.points)
        last = counts.points[-1]
        product = beamline.product(run)
        assert last.at.events == product.attributes["events"] == 60_000
        assert last.at.charge_pc == product.attributes["proton_charge_pc"]
        assert last.error == pytest.approx(60_000**0.5)
        assert 0.9 < last.at.time_unix_s - trends.began_unix_s <= 1.0


def test_a_trend_outlives_the_worker(beamline: Beamline) -> None:
    clock = Clock(0.4)
    play = powder_play(runs=1, run_s=2.0, gap_s=0.1, rate=60_000, origin_ns=now_ns())
    with serving(play, speed=1.0, clock=clock) as url:
        beamline.configure(source=url, update_every=0.1)
        beamline.script("post_proc", REPORTS)
        clock.now_s = 0.7
        beamline.start()
        beamline.wait(lambda seen: seen.progress is not None and seen.progress.run.events > 5_000)
        clock.now_s = 1.2
        beamline.wait(lambda seen: seen.progress is not None and seen.progress.run.events > 35_000)
        before = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.results >= 2)
        told = trends_of(beamline, 1).metrics["counts"].points
        assert before.worker_pid
        os.kill(before.worker_pid, signal.SIGKILL)
        beamline.wait(
            lambda seen: seen.generation == 2 and seen.progress is not None and seen.progress.total.results > 0
        )
        clock.now_s = 2.6
        beamline.wait_ended(1)
        clock.now_s = 4.0
        assert beamline.stop() == 0
    points = trends_of(beamline, 1).metrics["counts"].points
    assert points[: len(told)] == told
    events = [point.at.events for point in points]
    assert events == sorted(events)
    assert events[-1] == 120_000


def test_prints_and_tracebacks_are_in_the_status_until_the_script_is_another(beamline: Beamline) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url, update_every=0.2)
        text = (
            'print("look here")\nimport logging\n\ndef worse():\n    raise ValueError("no peak\\nfound")\n\nworse()\n'
        )
        path = beamline.script("proc", text)
        beamline.start()
        seen = beamline.wait(lambda seen: seen.script_failure is not None and len(seen.printed) > 2)
        failure = seen.script_failure
        assert failure is not None
        assert (failure.step, failure.file, failure.line, failure.generation) == ("proc", str(path), 5, 1)
        assert failure.traceback.startswith("Traceback (most recent call last):")
        assert f'File "{path}", line 5, in worse\n    raise ValueError("no peak\\nfound")' in failure.traceback
        assert not failure.well_again
        assert seen.proc is not None
        assert failure.md5 == seen.proc.md5
        assert {(one.line, one.script) for one in seen.printed} == {("look here", f"proc {failure.md5[:7]}")}
        command = beamline.livereduce("status", "livereduce.conf")
        assert f"{failure.at[:10]}" in command.stdout
        assert 'raise ValueError("no peak\\nfound")' in command.stdout
        assert "look here" in command.stdout
        beamline.script("proc", 'print("mended")\n')
        mended = beamline.wait(lambda seen: seen.generation == 2 and seen.state is StateWord.RUNNING)
        assert mended.script_failure is None
        beamline.wait(lambda seen: any(printed.line == "mended" for printed in seen.printed))
        assert beamline.stop() == 0
    # every line of the traceback is the engine's in the log, none of it a script's
    assert " - livereduce.engine - ERROR - ValueError: no peak" in beamline.log()
    assert f" - livereduce.worker - INFO - [proc {failure.md5[:7]}] look here" in beamline.log()


def test_a_script_that_is_well_again_is_said_to_be(beamline: Beamline) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url, update_every=0.2)
        beamline.script("post_proc", 'from pathlib import Path\nPath("calibration.txt").read_text()\n')
        beamline.start()
        failing = beamline.wait(lambda seen: seen.script_failure is not None)
        assert failing.script_failure is not None
        assert "calibration.txt" in failing.script_failure.text
        (beamline.path / "calibration.txt").write_text("1")
        well = beamline.wait(lambda seen: seen.script_failure is not None and seen.script_failure.well_again)
        assert well.script_failure is not None
        assert well.script_failure.text == failing.script_failure.text
        assert "resolved" in beamline.livereduce("status", "livereduce.conf").stdout
        assert beamline.stop() == 0


def test_a_wrong_metric_or_product_costs_itself_and_is_told_with_its_line(beamline: Beamline) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url, update_every=0.2)
        path = beamline.script("post_proc", WRONG)
        beamline.start()
        seen = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.results > 1)
        assert beamline.stop() == 0
    told = (
        f"{path}:2: metric: expected a name of letters, digits and _ . -, at most 64, the first one a letter; got '7'"
    )
    assert [(one.kind, one.text) for one in seen.errors] == [("reported", f"{told}; it is left out")]
    assert (seen.state, seen.progress and seen.progress.total.script_errors) == (StateWord.RUNNING, 0)
    assert list(trends_of(beamline, 1).metrics) == ["peak_area"]
    assert beamline.log().count(told) == 1
    assert "metric 'peak area' is kept as 'peak_area': a name has no blanks" in beamline.log()
    shown = json.loads((beamline.path / "state" / "products" / "index.json").read_text())["runs"][-1]["products"]
    assert [(one["name"], one["display"]["kind"], one["display"]["x_log"]) for one in shown] == [
        ("result", "", False),
        ("table", "table", False),
        ("curve", "", True),
    ]
