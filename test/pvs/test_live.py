"""Values of a real service on a simulated beam, read by EPICS's own client: from run to run, and by a scan."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.paths import ROOT
from helpers.pv_serving import PATIENCE_S, PREFIX, ca_client, ports, pvs
from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import Clock, powder_play, serving
from livereduce.base.times import unix_s_of
from livereduce.publish.trends.trends import FILE_NAME, read_trends

pytestmark = pytest.mark.timeout(300)
COUNTS = """
import livereduce
counts = float(input.getNumberEvents())
livereduce.metric("events.so_far", counts, counts ** 0.5, units="counts")
"""


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    with beamline_in(tmp_path, environ_of(tmp_path_factory)) as one:
        one.script("post_proc", COUNTS)
        yield one


def numbers(seen: list[dict[str, Any]]) -> list[float]:
    return [one["value"] for one in seen if one.get("value") is not None]


def test_two_runs_of_a_beam(beamline: Beamline) -> None:
    clock = Clock(0.4)
    play = powder_play(runs=2, run_s=1.0, gap_s=0.3, rate=20_000)
    with serving(play, speed=1.0, clock=clock) as url:
        beamline.configure(source=url, update_every=0.3, epics={"prefix": PREFIX})
        beamline.start()
        where = ports()
        with pvs(beamline.path / "livereduce.conf", where) as server, ca_client(where) as client:
            clock.now_s = 1.2
            metric = client.wait("Metric:events_so_far", lambda one: (one["value"] or 0) > 0)
            assert (metric["units"], metric["severity"]) == ("counts", 0)
            watched = ("Run:Start", "Metric:events_so_far", "Run:Number", "Total:result")
            for name in watched:
                client.ask(watch=f"{PREFIX}{name}")
                client.seen(name, bool)
            assert client.get("Run:State")["value"] == "running"
            clock.now_s = 1.85
            client.wait("Run:State", lambda one: one["value"] == "ended")
            of_first = client.get("Metric:events_so_far")
            assert of_first["severity"] == 0, "a run that is over keeps its values"
            clock.now_s = 2.6
            client.wait("Run:Number", lambda one: one["value"] == 2)
            clock.now_s = 4.0
            beamline.wait_ended(2)
            client.wait("Run:State", lambda one: one["value"] == "ended")
            product = beamline.product(2)
            client.wait("Total:result", lambda one: one["value"] == product.signal.sum())
            trends = read_trends(beamline.path / "state" / "products" / "2" / FILE_NAME)
            assert trends
            newest = trends.metrics["events.so_far"].points[-1]
            last = client.wait("Metric:events_so_far", lambda one: one["value"] == newest.value)
            assert abs(last["at"] - newest.at.time_unix_s) < 1e-3, "the newest pulse, to what the file keeps"
            assert client.get("Metric:events_so_far:Error")["value"] == newest.error
            assert client.get("Run:Events")["value"] == product.events
            starts = client.ask(seen=f"{PREFIX}Run:Start")
            seen = client.ask(seen=f"{PREFIX}Metric:events_so_far")
            stopped = server.stop()
        assert stopped == (0, "")
    begun = [unix_s_of(beamline.index()[run]["start_time"]) for run in (1, 2)]
    assert numbers(starts) == pytest.approx(begun, abs=1e-3)
    marked = next(one["heard"] for one in starts if one.get("value") == numbers(starts)[1])
    of_first_run = [one["value"] for one in seen if one["heard"] < marked]
    of_second_run = numbers([one for one in seen if one["heard"] >= marked])
    assert of_first_run == sorted(of_first_run), "whatever is of the second run comes after its marker"
    assert of_second_run == sorted(of_second_run), "and nothing of the first one does"
    assert of_second_run[-1] == newest.value
    assert beamline.stop() == 0


PLAN = """
import json, sys
sys.path.insert(0, {folder!r})
from bluesky import RunEngine
from count_until import Reduced, count_until
seen = []
detector = Reduced({prefix!r}, "events_so_far", name="counts")
detector.wait_for_connection(timeout=30)
engine = RunEngine(call_returns_result=True)
done = engine(count_until(detector, relative_error=0.01, at_most_s=60), lambda name, doc: seen.append((name, doc)))
events = [doc["data"]["counts_value"] for name, doc in seen if name == "event"]
print(json.dumps({{"why": done.plan_result, "events": events, "stop": seen[-1][1]["reason"], "last": seen[-1][0]}}))
"""


def test_a_scan_of_blueskys_counts_until_the_error_is_one_percent(beamline: Beamline) -> None:
    play = powder_play(runs=1, run_s=60.0, gap_s=0.3, rate=4000)
    with serving(play, speed=1.0) as url:
        beamline.configure(source=url, update_every=0.3, epics={"prefix": PREFIX})
        beamline.start()
        where = ports()
        with pvs(beamline.path / "livereduce.conf", where), ca_client(where) as client:
            client.wait("Metric:events_so_far", lambda one: (one["value"] or 0) > 0)
            program = PLAN.format(folder=str(ROOT / "docs" / "bluesky"), prefix=PREFIX)
            done = subprocess.run(
                [sys.executable, "-c", program],
                env=os.environ | where.environ(),
                cwd=beamline.path,
                capture_output=True,
                text=True,
                check=False,
                timeout=2 * PATIENCE_S,
            )
            assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["why"], told["stop"], told["last"]) == ("good enough", "good enough", "stop")
    assert told["events"] == sorted(told["events"])
    assert told["events"][-1] >= 10_000, "1 % of a count is 10 000"
    assert all(value < 10_000 for value in told["events"][:-1]), "it has stopped with the first that is good enough"


BETWEEN_RUNS = """
import json, sys
sys.path.insert(0, {folder!r})
from bluesky import RunEngine
from count_until import Reduced, count_until
detector = Reduced({prefix!r}, "events_so_far", name="counts")
detector.wait_for_connection(timeout=30)
before = detector.run_start.get()
engine = RunEngine(call_returns_result=True)
seen = []
def hear(name, doc):
    seen.append((name, doc))
    print(name, flush=True)
done = engine(count_until(detector, relative_error=0.5, at_most_s=60, after=before), hear)
runs = [doc["data"]["counts_run_number"] for name, doc in seen if name == "event"]
print(json.dumps({{"why": done.plan_result, "runs": runs}}))
"""


def test_a_scan_that_begins_between_two_runs_takes_nothing_of_the_first(beamline: Beamline) -> None:
    clock = Clock(0.4)
    play = powder_play(runs=2, run_s=1.0, gap_s=0.3, rate=20_000)
    with serving(play, speed=1.0, clock=clock) as url:
        beamline.configure(source=url, update_every=0.3, epics={"prefix": PREFIX})
        beamline.start()
        where = ports()
        with pvs(beamline.path / "livereduce.conf", where), ca_client(where) as client:
            clock.now_s = 1.2
            client.wait("Metric:events_so_far", lambda one: (one["value"] or 0) > 0)
            clock.now_s = 1.85
            client.wait("Run:State", lambda one: one["value"] == "ended")
            of_first = client.wait("Metric:events_so_far", lambda one: (one["value"] or 0) > 100)
            assert of_first["severity"] == 0, "a value that would be good enough"
            program = BETWEEN_RUNS.format(folder=str(ROOT / "docs" / "bluesky"), prefix=PREFIX)
            with subprocess.Popen(
                [sys.executable, "-c", program],
                env=os.environ | where.environ(),
                cwd=beamline.path,
                stdout=subprocess.PIPE,
                text=True,
            ) as scan:
                assert scan.stdout
                assert scan.stdout.readline() == "start\n"
                clock.now_s = 2.6
                client.wait("Run:Number", lambda one: one["value"] == 2)
                told = scan.communicate(timeout=2 * PATIENCE_S)[0]
                assert scan.returncode == 0
    told = json.loads(told.splitlines()[-1])
    assert told["why"] == "good enough"
    assert set(told["runs"]) == {2}
