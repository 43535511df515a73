"""Scenarios that the daemon takes part in, on both engines: other scripts, stops, hangs and crashes.

They run a few at once, as the rows of the fault matrix do: most of their time is waiting.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import ENGINES, Bench, Stage, bench_of, events_of
from helpers.reduced import Beamline, beamline_in, environ_of, limited_to
from livereduce.messages.status import StateWord, Status

pytestmark = pytest.mark.timeout(300)

AT_ONCE = 4
HANG_S = 2.0
MEMORY_BYTES = 500_000_000


@dataclass
class Post:
    """A daemon with one of the engines."""

    bench: Bench
    beamline: Beamline

    def begin(self, proc: str, post_proc: str = "", *, stage: Stage | None = Stage.HALF, **settings: Any) -> None:
        self.script("proc", proc)
        if post_proc:
            self.script("post_proc", post_proc)
        self.beamline.configure(**self.bench.settings() | settings)
        if stage is not None:
            self.bench.beam_to(stage)
        self.beamline.start()

    def script(self, step: str, text: str) -> Path:
        return self.beamline.script(step, text)

    def wait(self, what: str, there: Callable[[Status], object]) -> Status:
        try:
            return self.beamline.wait(lambda status: bool(there(status)))
        except AssertionError as error:
            raise AssertionError(f"{what}: {str(error)[-8000:]}") from None

    def wait_reduced(self, events: int, *, generation: int = 1) -> Status:
        return self.wait(
            f"{events} events in generation {generation}",
            lambda status: (
                status.generation >= generation
                and status.progress is not None
                and status.progress.run.events >= events
                and status.progress.total.results > 0
            ),
        )

    def wait_log(self, *parts: str) -> str:
        deadline = time.monotonic() + self.bench.patience_s
        while time.monotonic() < deadline:
            for line in self.beamline.log().splitlines():
                if all(part in line for part in parts):
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no line with {parts} in\n{self.beamline.log()[-6000:]}")

    def finish(self, *, factor: float = 1.0) -> None:
        """The run ends with all its events, whatever has happened; then the daemon stops in order."""
        self.bench.beam_to(Stage.OVER)
        deadline = time.monotonic() + self.bench.patience_s
        while not self.beamline.index().get(1, {}).get("ended"):
            assert time.monotonic() < deadline, self.beamline.log()[-8000:]
            time.sleep(0.05)
        product = self.beamline.product(1)
        assert np.nansum(product.signal) == factor * events_of(product)
        assert events_of(product) > self.bench.more
        assert self.beamline.stop() == 0


def once(post: Post, fault: str) -> str:
    """A script that does something bad when the file `fault` is there, one time; it still leaves bins."""
    place = repr(str(post.beamline.path / "fault"))
    body = textwrap.indent(f"os.remove({place})\n" + textwrap.dedent(fault), "    ")
    return f"import os\nif os.path.exists({place}):\n{body}{post.bench.binning}"


Act = Callable[[Post], None]
ACTS: dict[str, Act] = {}


def scenario(act: Act) -> Act:
    ACTS[act.__name__] = act
    return act


DOUBLED = {
    "builtin": "output = input.data * 2.0\n",
    "mantid": "Plus(LHSWorkspace=input, RHSWorkspace=input, OutputWorkspace=output)\n",
}


@scenario
def a_changed_script_takes_over(post: Post) -> None:
    """The result is that of the new script for the whole run, not a mixture."""
    post.begin(post.bench.binning, "pass\n")
    post.wait_reduced(post.bench.half)
    post.script("post_proc", DOUBLED[post.bench.engine])
    status = post.wait_reduced(post.bench.half, generation=2)
    assert status.restarts == 0, "a change is no failure"
    post.finish(factor=2.0)


@scenario
def a_script_that_does_not_compile_is_not_applied(post: Post) -> None:
    post.begin(post.bench.binning, "pass\n")
    post.wait_reduced(post.bench.half)
    post.script("post_proc", "output = (\n")
    post.wait_log("post_proc", "was never closed")
    status = post.beamline.status()
    assert status.generation == 1
    post.finish()


@scenario
def both_scripts_gone_park_the_daemon(post: Post) -> None:
    post.begin(post.bench.binning)
    post.wait_reduced(post.bench.half)
    path = post.beamline.path / f"reduce_{post.bench.short_name}_live_proc.py"
    path.unlink()
    post.wait("parked", lambda status: status.state is StateWord.PARKED)
    post.script("proc", post.bench.binning)
    post.wait_reduced(post.bench.half, generation=2)
    post.finish()


@scenario
def a_run_without_pulses_degrades_until_they_come(post: Post) -> None:
    """Not paused, and the source is silent."""
    post.begin(post.bench.binning)
    post.wait_reduced(post.bench.half)
    status = post.wait("degraded", lambda seen: seen.state is StateWord.DEGRADED)
    assert status.why.startswith("no pulses since ")
    assert [condition.kind for condition in status.conditions] == ["pulses"]
    post.bench.beam_to(Stage.MORE)
    post.wait("pulses", lambda seen: seen.state is StateWord.RUNNING and seen.conditions == ())
    post.finish()


@scenario
def a_stop_while_waiting_for_data(post: Post) -> None:
    post.begin(post.bench.binning, stage=None)
    post.wait("the worker", lambda status: status.worker_pid)
    assert post.beamline.stop() == 0


@scenario
def a_stop_while_a_script_works(post: Post) -> None:
    post.begin("import time\ntime.sleep(1.5)\n" + post.bench.binning)
    post.wait("the script", lambda status: status.phase == "process")
    assert post.beamline.stop() == 0
    assert post.beamline.index()[1]["products"], "what was at work is published"


def hangs(post: Post, fault: str, *, first: bool) -> None:
    if first:
        (post.beamline.path / "fault").touch()
    post.begin(once(post, fault), limits={"process": HANG_S})
    if not first:
        post.wait_reduced(post.bench.half)
        (post.beamline.path / "fault").touch()
        post.bench.beam_to(Stage.MORE)
    status = post.wait("the restart", lambda status: status.restarts >= 1)
    assert "livereduce killed the worker: stuck" in (reason := status.last_restarts[-1].reason)
    assert "in proc for" in reason
    assert f"reduce_{post.bench.short_name}_live_proc.py" in status.dump_shows or "re/" in status.dump_shows
    post.wait_reduced(post.bench.half if first else post.bench.more, generation=2)
    post.finish()


SLEEPS = "import time\ntime.sleep(600)\n"
HOLDS = "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\n"


@scenario
def a_script_sleeps_for_ever_in_the_first_cycle(post: Post) -> None:
    hangs(post, SLEEPS, first=True)


@scenario
def a_script_sleeps_for_ever_in_a_later_cycle(post: Post) -> None:
    hangs(post, SLEEPS, first=False)


@scenario
def a_script_holds_the_interpreter_in_the_first_cycle(post: Post) -> None:
    hangs(post, HOLDS, first=True)


@scenario
def a_script_holds_the_interpreter_in_a_later_cycle(post: Post) -> None:
    hangs(post, HOLDS, first=False)


@scenario
def a_stop_while_a_script_hangs(post: Post) -> None:
    """A second request does not wait for the end of the step."""
    (post.beamline.path / "fault").touch()
    post.begin(once(post, SLEEPS))
    post.wait("the script", lambda status: status.phase == "process")
    daemon = post.beamline.daemons[-1]
    daemon.send_signal(signal.SIGTERM)
    post.wait("stopping", lambda status: status.state is StateWord.STOPPING)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(post.bench.patience_s) == 0


def crashes(post: Post, fault: str, *reasons: str) -> None:
    post.begin(once(post, fault))
    post.wait_reduced(post.bench.half)
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    status = post.wait("the restart", lambda status: status.restarts >= 1)
    assert any(reason in status.last_restarts[-1].reason for reason in reasons), status.last_restarts
    post.wait_reduced(post.bench.more, generation=2)
    post.finish()


@scenario
def a_script_crashes_the_process(post: Post) -> None:
    crashes(post, "import ctypes\nctypes.string_at(0)\n", "SIGSEGV")


@scenario
def a_script_ends_the_process(post: Post) -> None:
    crashes(post, "os._exit(3)\n", "exit code 3")


@scenario
def the_process_is_killed(post: Post) -> None:
    crashes(post, "import signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL")


@scenario
def a_failing_proc_costs_no_event(post: Post) -> None:
    """builtin: the chunk is tried again with the next. Mantid: its loop ends, a fresh worker begins from the start."""
    place = repr(str(post.beamline.path / "fault"))
    fails = f"import os\nif os.path.exists({place}):\n    raise ValueError('no such bank')\n"
    post.begin(fails + post.bench.binning)
    post.wait_reduced(post.bench.half)
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    post.wait_log("live_proc.py:3: ValueError: no such bank")
    if post.bench.engine == "mantid":
        status = post.wait("the back-off", lambda status: status.restarts >= 2)
        assert "live_proc.py:3: ValueError: no such bank" in status.last_restarts[-1].reason
    (post.beamline.path / "fault").unlink()
    post.wait_reduced(post.bench.more)
    post.finish()


@scenario
def a_failing_post_proc_restarts_nothing(post: Post) -> None:
    place = repr(str(post.beamline.path / "fault"))
    post.begin(post.bench.binning, f"import os\nif os.path.exists({place}):\n    raise ValueError('no such bank')\n")
    post.wait_reduced(post.bench.half)
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    status = post.wait("degraded", lambda status: status.state is StateWord.DEGRADED)
    assert "live_post_proc.py:3: ValueError: no such bank" in status.why
    assert (status.restarts, status.generation) == (0, 1)
    (post.beamline.path / "fault").unlink()
    post.finish()


FOR_EVER = "while True:\n    pass\n"


@scenario
def a_post_proc_that_never_ends_is_told_from_its_first_call_on(post: Post) -> None:
    """With the limits as they are it would be ended after 30 minutes; until then the source is seen, and what hangs."""
    post.begin(post.bench.binning, FOR_EVER)
    status = post.wait("the sentence", lambda status: "post_proc has been running for" in status.why)
    assert "(its first call)" in status.why
    assert (status.state, status.phase) == (StateWord.RUNNING, "post_process")
    assert status.progress is not None
    assert (status.progress.source.connected, status.progress.run.number) == (True, 1)
    assert status.phase_since
    assert "starting" not in status.why


@scenario
def a_post_proc_that_takes_far_longer_than_usual_degrades(post: Post) -> None:
    place = repr(str(post.beamline.path / "fault"))
    post.begin(post.bench.binning, f"import os\nwhile os.path.exists({place}):\n    pass\n")
    post.wait_reduced(post.bench.half)
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    status = post.wait("the state", lambda status: status.state is StateWord.DEGRADED)
    assert "post_proc has been running for" in status.why
    assert "(usually" in status.why
    assert [one.kind for one in status.conditions] == ["overdue"]
    post.wait_log("ERROR", "post_proc has been running for")
    (post.beamline.path / "fault").unlink()
    post.wait("the end of it", lambda status: not status.conditions)
    post.finish()
    assert (post.beamline.path / "state" / "script_times.json").exists()


@scenario
def a_post_proc_that_takes_the_memory_is_named(post: Post) -> None:
    """Not the run, whose events are a few kB."""
    fault = f"hold = b'x' * {2 * MEMORY_BYTES}\nimport time\ntime.sleep(600)\n"
    post.begin(
        post.bench.binning,
        once(post, fault).removesuffix(post.bench.binning),
        **limited_to(MEMORY_BYTES),
    )
    post.wait_reduced(post.bench.half)
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    status = post.wait("the restart", lambda status: status.restarts >= 1)
    assert "added by post_proc" in status.last_restarts[-1].reason
    assert "events held" in status.last_restarts[-1].reason
    status = post.wait_reduced(post.bench.more, generation=2)
    assert status.progress is not None
    assert (status.progress.run.keeps_events, status.progress.run.counted_because) == (True, "")
    post.finish()


@scenario
def a_script_of_a_terabyte_is_named_and_passed_over(post: Post) -> None:
    """Nobody reads it: the daemon goes on telling, and a script that can be used takes over."""
    post.begin(post.bench.binning, "pass\n")
    post.wait_reduced(post.bench.half)
    path = post.beamline.path / f"reduce_{post.bench.short_name}_live_post_proc.py"
    os.truncate(path, 1 << 40)
    told = post.wait("the reason", lambda status: status.state is StateWord.DEGRADED)
    assert "live_post_proc.py: cannot be read: too long (1 TiB, at most 1 MiB)" in told.why
    post.wait("a newer snapshot", lambda status: status.updated > told.updated)
    path.unlink()
    post.script("post_proc", DOUBLED[post.bench.engine])
    post.wait_reduced(post.bench.half, generation=2)
    post.finish(factor=2.0)


@scenario
def a_script_that_no_compiler_takes_parks_the_daemon(post: Post) -> None:
    heads = "".join(f"{' ' * k}try:\n{' ' * k}  pass\n{' ' * k}finally:\n" for k in range(19))
    post.begin(f"{heads}{' ' * 19}{'x = 1; ' * 400}y = x\n")
    parked = post.wait("parked", lambda status: status.state is StateWord.PARKED)
    assert "live_proc.py" in parked.why
    post.script("proc", post.bench.binning)
    post.wait_reduced(post.bench.half)
    post.finish()


SPOILS = """
import logging, os, sys
os.umask(0o077)
logging.shutdown(); logging.getLogger().handlers.clear(); logging.disable(logging.CRITICAL)
print("NUL \\0 ESC \\x1b[31m \u2192 \\udc80 of proc")
"""


@scenario
def what_scripts_print_is_marked_and_made_visible_and_the_product_can_be_read(post: Post) -> None:
    place = repr(str(post.beamline.path / "fault"))
    fails = f"import os\nprint('of post_proc')\nif os.path.exists({place}):\n    raise ValueError('seen')\n"
    post.begin(SPOILS + post.bench.binning, fails)
    post.wait_reduced(post.bench.half)
    status = post.wait("both scripts", lambda status: len({one.script for one in status.printed}) >= 2)
    assert status.proc is not None
    assert status.post_proc is not None
    said = {(one.script, one.line) for one in status.printed}
    shown = "NUL \\x00 ESC \\x1b[31m \u2192 \\udc80 of proc"
    assert (f"proc {status.proc.md5[:7]}", shown) in said
    assert (f"post_proc {status.post_proc.md5[:7]}", "of post_proc") in said
    post.wait_log("livereduce.worker", f"[proc {status.proc.md5[:7]}] {shown}")
    (post.beamline.path / "fault").touch()
    post.bench.beam_to(Stage.MORE)
    post.wait_log("livereduce.engine - ERROR", "ValueError: seen")
    (post.beamline.path / "fault").unlink()
    post.finish()
    product = post.beamline.path / "state" / "products" / "1" / "result.nxs"
    assert product.stat().st_mode & 0o777 == 0o644


@scenario
def a_name_that_goes_nowhere_is_warned_about_once(post: Post) -> None:
    post.begin(post.bench.binning + "ouput = 1\n")
    status = post.wait_reduced(post.bench.half)
    (warning,) = [text for text in status.warnings if "ouput" in text]
    assert "live_proc.py: line " in warning
    assert "assigns to `ouput`, which nothing uses: the result is what `output` is set to" in warning
    post.finish()
    assert post.beamline.log().count("assigns to `ouput`") == 1
    checked = post.beamline.livereduce("check", "livereduce.conf")
    assert "assigns to `ouput`" in checked.stdout


def is_told_over(post: Post, step: str, text: str) -> None:
    """What fails in the version in use, and what is wrong with the one just saved, are told together."""
    post.script(step, "output = (\n")
    status = post.wait("both reasons", lambda status: "was never closed" in status.why and text in status.why)
    assert any("was never closed" in problem for problem in status.problems)


@scenario
def a_syntax_error_saved_over_a_failing_post_proc(post: Post) -> None:
    post.begin(post.bench.binning, "raise ValueError('no such bank')\n")
    post.wait("the failure", lambda status: "no such bank" in status.why)
    is_told_over(post, "post_proc", "live_post_proc.py:1: ValueError: no such bank")
    post.script("post_proc", "pass\n")
    status = post.wait_reduced(post.bench.half, generation=2)
    assert status.conditions == ()
    post.finish()


@scenario
def a_syntax_error_saved_over_a_failing_proc(post: Post) -> None:
    """builtin: that worker goes on. Mantid: its loop has ended, and the next start is waited for."""
    post.begin("raise ValueError('no such bank')\n")
    post.wait("the failure", lambda status: "no such bank" in status.why)
    is_told_over(post, "proc", "live_proc.py:1: ValueError: no such bank")
    post.script("proc", post.bench.binning)
    post.wait_reduced(post.bench.half, generation=2)
    post.finish()


# ---- at work


def play(name: str, engine: str, path: Path, environ: dict[str, str]) -> None:
    with (
        bench_of(engine, path, environ) as bench,
        beamline_in(path, bench.environ) as beamline,
    ):
        beamline.instrument, beamline.short_name = bench.instrument, bench.short_name
        ACTS[name](Post(bench, beamline))


Plays = dict[tuple[str, str], Future[None]]


@pytest.fixture(scope="session")
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """All scenarios that were asked for, a few at once."""
    environ = environ_of(tmp_path_factory)
    # several workers that compile at once would take longer than anybody waits for one
    subprocess.run([sys.executable, "-c", "import livereduce.engine.builtin.engine"], env=environ, check=True)
    asked = [item.callspec.params for item in request.session.items if item.path == Path(__file__)]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            key: pool.submit(play, *key, tmp_path_factory.mktemp("conformance"), environ)
            for key in ((params["name"], params["engine"]) for params in asked)
        }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", list(ACTS))
def test_conformance_with_the_daemon(name: str, engine: str, plays: Plays) -> None:
    plays[name, engine].result()
