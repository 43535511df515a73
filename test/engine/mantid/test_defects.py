"""Mantid's defects, and the engine's answer to each.

Each scenario is run twice: on the shipped worker, where it must come out well, and on one that lacks the answer
(`helpers.mantid_mutant`), where it must not. The defects are those of the double (`test/mantid_double/README.md`).
"""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import CHUNK, KEEP, REBIN, Bench, Reducing, bench_of, events_of, record_of
from helpers.paths import ROOT
from helpers.reduced import environ_of
from livereduce.base.errors import ExitCode
from livereduce.messages.job import Job

pytestmark = pytest.mark.timeout(120)

SHORT = {"process": 5.0, "post_process": 5.0, "waiting": 0.1}
"""Limits of silence, so that a silent stream is given up after a second: nobody here listens to the worker's beats."""
SOON_S = 6.0
"""How long is waited for what a worker without its answer is not going to do."""
AT_ONCE = 5
"""Scenarios at work at the same time: most of their time is waiting."""
OVER: list[dict[str, Any]] = [{"new_run": 1}, {"chunk": CHUNK, "times": 2}, {"end_run": 1}]
FOREVER = {"items": [{"new_run": 1}, {"forever": CHUNK}]}


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A scenario on the double, and the answer without which it comes out badly."""

    answer: str
    act: Callable[[Bench, Callable[[Job], Reducing]], None]
    stream: dict[str, Any] = field(default_factory=lambda: FOREVER)
    switches: str = ""
    options: dict[str, Any] = field(default_factory=dict)


DEFECTS: dict[str, Defect] = {}


def defect(answer: str, **said: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def note(act: Callable[..., None]) -> Callable[..., None]:
        DEFECTS[act.__name__] = Defect(answer=answer, act=act, **said)
        return act

    return note


Start = Callable[[Job], Reducing]

# ---- the stream


@defect("believes_the_stream", stream={"items": [{"new_run": 1}, {"chunk": CHUNK, "times": 3}, {"close": True}]})
def the_end_of_the_stream_goes_unnoticed(bench: Bench, start: Start) -> None:
    """The server closes, and the listener gives empty chunks for ever."""
    reducing = start(bench.job(proc=REBIN, limits_s=SHORT))
    assert reducing.end() == 1
    assert "nothing new in the stream" in reducing.lines[-1]
    assert "nothing new in the stream" in reducing.progress.last_errors["source"]


@defect("believes_the_monitor", stream={"items": [{"new_run": 1}, {"chunk": CHUNK}, {"error": "connection reset"}]})
def the_monitor_ends_with_an_error_of_the_listener(bench: Bench, start: Start) -> None:
    """Nobody is told, and Mantid's log is the only place that says why."""
    reducing = start(bench.job(proc=REBIN))
    assert reducing.end() == 1
    assert "connection reset" in reducing.lines[-1]
    assert "connection reset" in reducing.progress.last_errors["source"]


@defect("hears_no_log", stream={"items": [{"new_run": 1}, {"chunk": CHUNK}, {"error": "connection reset"}]})
def why_the_monitor_has_ended_is_only_in_the_log(bench: Bench, start: Start) -> None:
    """Without the log, the worker could say only that the monitor ended."""
    reducing = start(bench.job(proc=REBIN))
    assert reducing.end() == 1
    assert "connection reset" in reducing.lines[-1]


@defect("believes_the_monitor", stream={"era": "C", "items": [{"new_run": 1}, {"chunk": CHUNK}, {"close": True}]})
def the_newest_listener_notices_the_end_and_ends_the_monitor(bench: Bench, start: Start) -> None:
    """The newest listener (era C) raises where the older ones go on with empty chunks."""
    reducing = start(bench.job(proc=REBIN))
    assert reducing.end() == 1
    assert "stream ended" in reducing.lines[-1]


@defect("believes_the_monitor")
def a_failed_proc_ends_the_monitor(bench: Bench, start: Start) -> None:
    """An error in proc is an error of LoadLiveData, which ends MonitorLiveData's loop."""
    fails = "import os\nif os.path.exists('fault'):\n    undefined\n" + REBIN
    reducing = start(bench.job(proc=f"import os\nos.chdir({str(bench.path)!r})\n" + fails))
    reducing.wait_reduced(1000)
    (bench.path / "fault").touch()
    assert reducing.end() == 1
    assert "proc.py:5: NameError" in reducing.lines[-1]


@defect("believes_the_run_number", stream={"items": OVER})
def between_runs_the_old_number_goes_on(bench: Bench, start: Start) -> None:
    """That data must not take the place of the run's last result."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait_ended(1)
    reducing.wait("data between runs", lambda one: one.total.chunks > 4)
    assert np.nansum(reducing.product(1).signal) == 2000


@defect("counts_repeated_pulses", stream={"items": [{"new_run": 1}, {"chunk": CHUNK, "times": 5}, {"end_run": 1}]})
def each_chunk_begins_with_the_last_pulse_of_the_one_before(bench: Bench, start: Start) -> None:
    """The listener starts each buffer with the last value of every log, `proton_charge` too."""
    reducing = start(bench.job(proc=REBIN, post_proc=KEEP))
    reducing.wait_ended(1)
    product = reducing.product(1)
    assert product.attributes["pulses"] == 50
    assert product.attributes["proton_charge_pc"] == 50e6


# ---- the scripts


def wait_cycles(bench: Bench, reducing: Reducing, number: int) -> None:
    """Wait until Mantid has gone through so many cycles."""
    reducing.wait(f"{number} cycles", lambda _: sum(line["what"] == "cycle" for line in record_of(bench)) >= number)


@defect("gives_mantid_the_users_files")
def scripts_are_read_again_in_every_cycle(bench: Bench, start: Start) -> None:
    """A generation runs what the daemon has checked, also when the file changes under it."""
    users = bench.path / "users_proc.py"
    users.write_text(REBIN)
    job = bench.job(proc=REBIN)
    assert job.proc is not None
    reducing = start(replace(job, proc=replace(job.proc, path=str(users))))
    wait_cycles(bench, reducing, 2)
    users.write_text("half a line (")
    wait_cycles(bench, reducing, 6)
    assert not reducing.has_ended()


@defect("believes_the_result")
def a_post_proc_without_output_leaves_the_old_result(bench: Bench, start: Start) -> None:
    """What is published is the accumulated data, not what an earlier cycle left."""
    once = "if 'seen' not in mtd:\n    CloneWorkspace(InputWorkspace=input, OutputWorkspace='seen')\n    "
    reducing = start(bench.job(proc=REBIN, post_proc=once + KEEP))
    reducing.wait_reduced(4000)
    product = reducing.product(1)
    assert np.nansum(product.signal) == events_of(product) >= 4000


@defect("lets_post_proc_fail")
def a_failed_post_proc_ends_the_monitor(bench: Bench, start: Start) -> None:
    """The last result stays, and the next cycle tries again; also when the first one has failed."""
    fails = "if not os.path.exists('mended'):\n    undefined\n"
    reducing = start(bench.job(proc=REBIN, post_proc=f"import os\nos.chdir({str(bench.path)!r})\n{fails}{KEEP}"))
    said = reducing.wait("the error", lambda one: one.total.script_errors >= 3)
    assert "post_proc.py:4: NameError" in said.last_errors["post_proc"]
    (bench.path / "mended").touch()
    assert "post_proc" not in reducing.wait_reduced(3000).last_errors


# ---- the arguments


@defect("asks_no_listener", options={"instrument": ("POWGEN", "PG3")})
def keywords_that_no_listener_knows_are_dropped(bench: Bench, start: Start) -> None:
    """The original's `spectra` had no effect, and only a warning said so."""
    reducing = start(bench.job(proc=REBIN, spectra=(1, 2)))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any("spectra: the live listener of POWGEN has no property SpectraList" in line for line in reducing.lines)


@defect(
    "asks_no_listener",
    options={"instrument": ("ISIS_Histogram", "ISIS_Histogram")},
    stream={"spectra": 4, "items": [{"forever": CHUNK}]},
)
def spectra_reach_a_listener_that_knows_them(bench: Bench, start: Start) -> None:
    reducing = start(bench.job(proc="pass\n", spectra=(1, 3), accum_method="Replace"))
    reducing.wait_reduced(1)
    assert reducing.index()[0]["products"]
    assert reducing.product(0).signal.shape[0] == 2


# ---- the end


@defect("waits_for_mantid", switches="slow_cancel", options={"time_scale": 1.0})
def letting_go_of_the_listener_takes_half_a_minute(bench: Bench, start: Start) -> None:
    """A blocking receive has to end first."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait_reduced(1000)
    assert reducing.stop() == ExitCode.OK


@defect("waits_for_mantid", switches="join_crash", options={"time_scale": 0.1})
def letting_go_of_the_listener_ends_the_process(bench: Bench, start: Start) -> None:
    """Joining the listener's thread can crash: results are on the disk before that."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait_reduced(1000)
    assert reducing.stop() == ExitCode.OK


@defect("waits_for_mantid", switches="deaf_cancel")
def nothing_notices_a_cancel(bench: Bench, start: Start) -> None:
    """A cancel is cooperative: an algorithm that does not look for it goes on."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait_reduced(1000)
    assert reducing.stop() == ExitCode.OK


@defect("leaves_as_python_does", switches="deaf_cancel,shutdown_holds_gil")
def the_interpreters_end_waits_for_mantid(bench: Bench, start: Start) -> None:
    """Mantid's exit handler waits without limit, in earlier copies with the interpreter's lock held."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait_reduced(1000)
    assert reducing.stop() == ExitCode.OK


@defect("starts_in_the_main_thread", stream={"connect": "hang", "items": []})
def a_start_that_waits_for_ever_can_be_stopped(bench: Bench, start: Start) -> None:
    """No cancel is noticed while connecting."""
    reducing = start(bench.job(proc=REBIN))
    reducing.wait("waiting", lambda _: reducing.beats[-1].phase == "waiting")
    assert reducing.stop() == ExitCode.OK


# ---- both ways


def play(name: str, answered: bool, path: Path, environ: dict[str, str]) -> None:
    found = DEFECTS[name]
    with bench_of("mantid", path, environ, stream=found.stream, switches=found.switches, **found.options) as bench:
        if answered:
            return found.act(bench, bench.start)
        mutant = (sys.executable, str(ROOT / "test/helpers/mantid_mutant.py"), found.answer)
        bench.environ["PYTHONPATH"] += os.pathsep + str(ROOT / "test")
        bench.patience_s = SOON_S
        return found.act(bench, lambda job: bench.start(job, mutant))


Plays = dict[tuple[str, bool], Future[None]]


@pytest.fixture(scope="session")
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """All scenarios that were asked for, a few at once."""
    environ = environ_of(tmp_path_factory)
    asked = [item.callspec.params for item in request.session.items if item.path == Path(__file__)]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            key: pool.submit(play, *key, tmp_path_factory.mktemp("defect"), environ)
            for key in ((params["name"], params["answered"]) for params in asked)
        }


@pytest.mark.parametrize("answered", [True])
@pytest.mark.parametrize("name", list(DEFECTS))
def test_defect_is_answered(name: str, answered: bool, plays: Plays) -> None:
    plays[name, answered].result()


@pytest.mark.parametrize("answered", [False])
@pytest.mark.parametrize("name", list(DEFECTS))
def test_defect_shows_without_the_answer(name: str, answered: bool, plays: Plays) -> None:
    with pytest.raises(AssertionError):
        plays[name, answered].result()
