"""Modules that the scripts import from their directory: broken, changed, hidden, deleted while the service runs.

A worker runs the set of files that was checked, whatever happens to one of them, and so does the worker after it: the
product shows by its factor which version ran.
"""

import os
import signal
from pathlib import Path

import pytest

from helpers.faults import HALF_EVENTS, MORE, MORE_EVENTS, Matrix, Rig, Row, Rows
from livereduce.messages.status import StateWord, Status

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)

PROC = "import my_factors\noutput = input.data * my_factors.FACTOR\n"
GOOD, BROKEN, NEWER = "FACTOR = 2.0\n", "FACTOR = = 2.0\n", "FACTOR = 3.0\n"


@ROWS.each()
def test_the_checked_modules_run(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def put(path: Path, text: str) -> None:
    """Save as vim, rsync and mv do."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_name("fresh.new")
    fresh.write_text(text)
    fresh.replace(path)


def kill_worker(rig: Rig, generation: int = 2) -> Status:
    """The next worker reduces the run as the one before: no error of a script, no chunk given up."""
    rig.beam_to(MORE)
    pid = rig.wait_reduced(MORE_EVENTS, generation=generation - 1).worker_pid
    assert pid
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.wait("restart", lambda one: one.restarts >= generation - 1)
    status = rig.back(MORE_EVENTS, generation=generation)
    assert status.progress
    assert status.progress.total.script_errors == 0, rig.log()
    assert "given up" not in rig.log()
    return status


def goes_on_after_a_kill(rig: Rig, *seen: str) -> None:
    """What is wrong on disk is shown, before and after; the last good set runs; its mending is the newest version."""
    rig.saw(StateWord.DEGRADED, *seen, "stays in use")
    kill_worker(rig)
    rig.saw(StateWord.DEGRADED, *seen, "stays in use")


def takes_over(rig: Rig, generation: int = 2, factor: float = 3.0) -> None:
    """The newest set has begun the run anew."""
    rig.saw_log("the scripts have changed")
    rig.back(HALF_EVENTS, generation=generation)
    rig.finish(factor=factor)


@ROWS("module broken, then the worker SIGKILLed")
def broken(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(PROC)
    put(rig.path / "my_factors.py", BROKEN)
    goes_on_after_a_kill(rig, "my_factors.py:1")
    rig.finish(factor=2.0)


@ROWS("module broken, worker killed, then mended")
def mended(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(PROC)
    put(rig.path / "my_factors.py", BROKEN)
    goes_on_after_a_kill(rig, "my_factors.py:1")
    put(rig.path / "my_factors.py", NEWER)
    takes_over(rig, generation=3)


@ROWS("module broken, then the daemon restarted")
def daemon_restarted(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(PROC)
    put(rig.path / "my_factors.py", BROKEN)
    rig.saw(StateWord.DEGRADED, "my_factors.py:1", "stays in use")
    rig.inject()
    assert rig.beamline.stop() == 0
    rig.beamline.start()
    status = rig.back(HALF_EVENTS, generation=2)
    assert status.progress
    assert status.progress.total.script_errors == 0
    rig.saw(StateWord.DEGRADED, "my_factors.py:1", "stays in use")
    rig.finish(factor=2.0)


@ROWS("submodule of a package broken, worker SIGKILLed")
def submodule_broken(rig: Rig) -> None:
    put(rig.path / "my_factors" / "__init__.py", "from .inner import FACTOR\n")
    put(rig.path / "my_factors" / "inner.py", GOOD)
    rig.begin(PROC)
    put(rig.path / "my_factors" / "inner.py", BROKEN)
    goes_on_after_a_kill(rig, "inner.py:1")
    put(rig.path / "my_factors" / "inner.py", NEWER)
    takes_over(rig, generation=3)


def late_proc(rig: Rig) -> str:
    """A script that imports its module in a function, and only from the moment on that the fault happens."""
    return (
        "import os\n"
        "def factor():\n"
        f"    if not os.path.exists({str(rig.path / 'fault')!r}):\n"
        "        return 2.0\n"
        "    import my_factors\n"
        "    return my_factors.FACTOR\n"
        "output = input.data * factor()\n"
    )


@ROWS("module broken before a function imports it")
def imported_late(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(late_proc(rig))
    put(rig.path / "my_factors.py", BROKEN)
    rig.saw(StateWord.DEGRADED, "my_factors.py:1", "stays in use")
    rig.let_fault()
    status = rig.back(MORE_EVENTS)
    assert status.progress
    assert status.progress.total.script_errors == 0, rig.log()
    rig.finish(factor=2.0)


@ROWS("module imported in a function changed")
def late_changed(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(late_proc(rig))
    rig.let_fault()
    rig.wait_reduced(MORE_EVENTS)
    put(rig.path / "my_factors.py", NEWER)
    takes_over(rig)


@ROWS("broken package appears beside a module of its name")
def shadowed(rig: Rig) -> None:
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(PROC)
    put(rig.path / "my_factors" / "__init__.py", BROKEN)
    goes_on_after_a_kill(rig, "__init__.py:1")
    put(rig.path / "my_factors" / "__init__.py", NEWER)
    takes_over(rig, generation=3)


@ROWS("target of a linked module changed")
def link_changed(rig: Rig) -> None:
    (rig.path / "shared").mkdir()
    put(rig.path / "shared" / "target.py", GOOD)
    (rig.path / "my_factors.py").symlink_to(rig.path / "shared" / "target.py")
    rig.begin(PROC)
    rig.inject()
    put(rig.path / "shared" / "target.py", NEWER)
    takes_over(rig)


@ROWS("target of a linked module broken, worker SIGKILLed")
def link_broken(rig: Rig) -> None:
    (rig.path / "shared").mkdir()
    put(rig.path / "shared" / "target.py", GOOD)
    (rig.path / "my_factors.py").symlink_to(rig.path / "shared" / "target.py")
    rig.begin(PROC)
    put(rig.path / "shared" / "target.py", BROKEN)
    goes_on_after_a_kill(rig, "my_factors.py:1")
    rig.finish(factor=2.0)


@ROWS("module deleted, worker SIGKILLed")
def deleted(rig: Rig) -> None:
    """Deleted and put back as it was, it is the version that runs."""
    put(rig.path / "my_factors.py", GOOD)
    rig.begin(PROC)
    (rig.path / "my_factors.py").unlink()
    goes_on_after_a_kill(rig, "my_factors.py", "removed")
    put(rig.path / "my_factors.py", GOOD)
    rig.wait("nothing is wrong any more", lambda one: not any("my_factors" in note for note in one.problems))
    rig.back(MORE_EVENTS, generation=2)
    rig.finish(factor=2.0)


@ROWS("data read by relative path and beside a module")
def data_files(rig: Rig) -> None:
    (rig.path / "one.txt").write_text("4.0")
    (rig.path / "two.txt").write_text("2.0")
    put(
        rig.path / "my_factors.py",
        "from pathlib import Path\n"
        'FACTOR = float(Path("one.txt").read_text()) / float((Path(__file__).parent / "two.txt").read_text())\n',
    )
    rig.begin(PROC)
    put(rig.path / "my_factors.py", BROKEN)
    goes_on_after_a_kill(rig, "my_factors.py:1")
    rig.finish(factor=2.0)
