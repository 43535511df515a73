"""Scripts that never come back: seen by their silence, their stacks kept in a file, ended, begun again."""

from pathlib import Path

import pytest

from helpers.faults import HANG_S, MORE_EVENTS, Matrix, Rig, Row, Rows, once
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_hang_is_ended(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def hangs(rig: Rig, fault: str, *stack: str, step: str = "proc", phase: str = "process") -> None:
    """A script hangs: state, reason and stacks say where; then the run goes on in another worker."""
    rig.beamline.script(step, once(rig.path, fault))
    rig.begin("" if step == "proc" else "pass\n", limits={phase: HANG_S})
    rig.let_fault()
    rig.saw(StateWord.STALLED, "stuck", f"limits.{phase}")
    status = rig.saw_restart("livereduce killed the worker: stuck", f"limits.{phase}", f"_live_{step}.py:")
    assert "line " in status.dump_shows
    dump = Path(status.dump).read_text()
    assert all(part in dump for part in (f"reduce_POWDER_live_{step}.py", *stack)), dump
    rig.outcome.seen += f", at: {' '.join(status.dump_shows.replace(str(rig.path) + '/', '').split())}"
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


@ROWS("proc loops for ever in Python")
def loops(rig: Rig) -> None:
    hangs(rig, "while True:\n    pass\n")


@ROWS("proc is in a C loop that holds the GIL")
def loops_in_c(rig: Rig) -> None:
    hangs(rig, "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\n", "line 5")


@ROWS("proc waits in C code that holds the GIL")
def waits_in_c(rig: Rig) -> None:
    # a plain mutex, locked twice; unlike sleep(3) it goes on waiting after a signal
    lock = "import ctypes\nmutex = ctypes.create_string_buffer(64)\nlock = ctypes.PyDLL(None).pthread_mutex_lock\n"
    hangs(rig, lock + "lock(mutex)\nlock(mutex)\n", "line 8")


@ROWS("proc waits for a lock that it holds")
def deadlocks(rig: Rig) -> None:
    hangs(rig, "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n", "line 7")


@ROWS("proc sleeps")
def sleeps(rig: Rig) -> None:
    hangs(rig, "import time\ntime.sleep(600)\n", "line 5")


@ROWS("post_proc waits for a pipe")
def waits_for_a_pipe(rig: Rig) -> None:
    hangs(rig, "os.read(os.pipe()[0], 1)\n", "line 4", step="post_proc", phase="post_process")
