"""Faults that scripts and people cause in the worker and the daemon: killed, crashed, raised, held up."""

import json
import os
import shutil
import signal
import socket

import pytest

from helpers.faults import (
    HALF,
    HALF_EVENTS,
    HANG_S,
    MORE,
    MORE_EVENTS,
    PASS,
    Matrix,
    Rig,
    Row,
    Rows,
    gone,
    is_well,
    once,
    while_there,
)
from helpers.reduced import processes_in
from livereduce.base.times import NS_PER_S
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_comes_back(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def pid_of(rig: Rig) -> int:
    status = rig.status()
    assert status
    assert status.worker_pid
    return status.worker_pid


@ROWS("worker SIGKILLed")
def killed(rig: Rig) -> None:
    before = rig.begin()
    assert before.progress
    rig.inject()
    os.kill(pid_of(rig), signal.SIGKILL)
    rig.saw_restart("SIGKILL")
    rig.back(before.progress.run.events, generation=2)
    rig.finish()


@ROWS("worker SIGSTOPped")
def stopped(rig: Rig) -> None:
    before = rig.begin(limits={"waiting": HANG_S})
    assert before.progress
    rig.inject()
    os.kill(pid_of(rig), signal.SIGSTOP)
    rig.saw(StateWord.STALLED, "stuck", "limits.waiting")
    rig.back(before.progress.run.events, generation=2)
    rig.finish()


def crashes(rig: Rig, fault: str, *seen: str) -> None:
    rig.begin(once(rig.path, fault))
    rig.let_fault()
    rig.saw_restart(*seen)
    rig.back(MORE_EVENTS, generation=2)
    rig.saw_log("recovered after ", "run 1 complete so far (", "nothing missing")
    rig.finish()


@ROWS("script segfaults")
def segfaults(rig: Rig) -> None:
    crashes(rig, "import ctypes\nctypes.string_at(0)\n", "proc crashed at ", "_live_proc.py:", "SIGSEGV")


@ROWS("script calls os._exit")
def exits_hard(rig: Rig) -> None:
    crashes(rig, "print('my last words')\nos._exit(3)\n", "exit code 3", "my last words")


@ROWS("script aborts")
def aborts(rig: Rig) -> None:
    crashes(rig, "os.abort()\n", "SIGABRT")


@ROWS("script calls sys.exit")
def exits(rig: Rig) -> None:
    rig.begin(once(rig.path, "import sys\nsys.exit(1)\n"))
    rig.let_fault()
    rig.saw_log("a script must not exit")
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("script raises once")
def raises_once(rig: Rig) -> None:
    rig.begin(once(rig.path, "1 / 0\n"))
    rig.let_fault()
    rig.saw_log("ZeroDivisionError")
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("script raises for a while")
def raises(rig: Rig) -> None:
    rig.begin(while_there(rig.path, "raise ValueError('no such peak')\n"))
    rig.let_fault()
    rig.saw(StateWord.DEGRADED, "proc", "ValueError: no such peak", ":3")
    (rig.path / "fault").unlink()
    rig.inject()
    rig.beam_to(1.3)
    rig.back(MORE_EVENTS + 5_000)
    rig.finish()


@ROWS("post_proc raises for a while")
def post_proc_raises(rig: Rig) -> None:
    rig.begin(post_proc=while_there(rig.path, "accumulation.nothing()\n"))
    rig.let_fault()
    rig.saw(StateWord.DEGRADED, "post_proc", "AttributeError")
    (rig.path / "fault").unlink()
    rig.inject()
    rig.beam_to(1.3)
    rig.wait("a result", is_well)
    rig.back(MORE_EVENTS + 5_000)
    rig.finish()


@ROWS("script ignores SIGTERM and hangs")
def ignores_sigterm(rig: Rig) -> None:
    fault = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    pass\n"
    rig.begin(once(rig.path, fault), limits={"process": HANG_S})
    rig.let_fault()
    rig.saw(StateWord.STALLED, "stuck", "limits.process")
    rig.saw_log("SIGKILL to the worker's process group")
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


CHILD = """
import subprocess, sys
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
"""


@ROWS("daemon SIGKILLed")
def daemon_killed(rig: Rig) -> None:
    before = rig.begin(once(rig.path, CHILD))
    rig.let_fault()
    before = rig.wait_reduced(MORE_EVENTS)
    assert before.progress
    assert len(processes_in([rig.path])) >= 3
    rig.inject()
    rig.beamline.daemons[-1].kill()
    rig.beamline.daemons[-1].wait()
    rig.until("the end of the worker, its guard and its children", lambda: not processes_in([rig.path]))
    rig.note("worker, guard and a script's child are gone; `livereduce status` says down")
    assert rig.beamline.livereduce("status", "livereduce.conf").returncode == 2
    rig.beamline.start()
    rig.back(before.progress.run.events, generation=2)
    rig.finish()


@ROWS("a second instance")
def second_instance(rig: Rig) -> None:
    before = rig.begin()
    rig.inject()
    second = rig.beamline.start()
    assert second.wait(60) == 78
    rig.saw_log("another livereduce", f"pid {before.pid}")
    rig.beamline.daemons.pop()
    rig.back(HALF_EVENTS)
    rig.finish()


@ROWS("another daemon with the same state directory")
def same_state(rig: Rig) -> None:
    """Other runtime directory, other configuration: it says who has the state directory, and so does check."""
    before = rig.begin()
    rig.inject()
    conf = rig.path / "livereduce.conf"
    other = rig.path / "other.conf"
    other.write_text(json.dumps(json.loads(conf.read_text()) | {"runtime_dir": "run2"}))
    second = rig.beamline.livereduce("run", "other.conf")
    holder = f"pid {before.pid} on {socket.gethostname()}, configuration {conf}"
    assert (second.returncode, f"{holder}) already uses state directory" in second.stdout) == (78, True), second.stdout
    checked = rig.beamline.livereduce("check", "other.conf")
    assert (checked.returncode, f"{holder}) already uses state directory" in checked.stdout) == (78, True), (
        checked.stdout
    )
    own = rig.beamline.livereduce("check", "livereduce.conf")
    assert (own.returncode, own.stdout.count(f"in use by livereduce ({holder})")) == (0, 2), own.stdout
    rig.saw_log("another livereduce", "state directory")
    rig.back(HALF_EVENTS)
    rig.finish()
    assert rig.beamline.livereduce("check", "other.conf").returncode == 0


@ROWS("runtime directory removed")
def runtime_removed(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    shutil.rmtree(rig.path / "run")
    rig.saw_log("run was removed: creating it again")
    rig.until("a status", lambda: (rig.path / "run" / "status.json").exists())
    assert rig.beamline.start().wait(60) == 78  # the lock is there again, too
    rig.beamline.daemons.pop()
    rig.beam_to(MORE)
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("state directory removed")
def state_removed(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    shutil.rmtree(rig.path / "state")
    rig.saw_log("state was removed: creating it again")
    rig.beam_to(MORE)
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("script forks children and leaks them")
def leaks_children(rig: Rig) -> None:
    rig.begin(once(rig.path, CHILD + CHILD))
    rig.let_fault()
    rig.wait_reduced(MORE_EVENTS)
    pid = pid_of(rig)
    left = [each for each in processes_in([rig.path]) if os.getsid(each) == pid and each != pid]
    assert len(left) >= 2
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.saw_restart("SIGKILL")
    rig.until("the end of the children", lambda: all(gone(each) for each in left))
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


def dies_of(rig: Rig, from_s: float, to_s: float) -> str:
    """A script that the events between two times kill."""
    first, last = (rig.origin_ns + round(one * NS_PER_S) for one in (from_s, to_s))
    return f"import os\ntimes = input.events.pulse_ns\nif ((times > {first}) & (times < {last})).any(): os.abort()\n"


@ROWS("proc dies of one chunk each time")
def dies_of_one_chunk(rig: Rig) -> None:
    """Other chunks go through: the data are to blame, and the chunk they came in is left out."""
    rig.begin(dies_of(rig, 0.7, 0.75))
    rig.inject()
    rig.beam_to(MORE)
    rig.saw_restart("SIGABRT", number=2)
    rig.saw_log("run 1 is incomplete", "left out", "twice in proc")
    rig.back(HALF_EVENTS, generation=3)
    pulses, events, *_ = rig.finish(incomplete="the worker crashed or hung on it twice in proc").facts
    assert events == 1000 * int(str(pulses))
    assert 40 <= int(str(pulses)) < 60, "one chunk of 0.2 s at most, and nothing else"


@ROWS("proc dies of a moment in the first chunk of a run")
def dies_of_a_moment(rig: Rig) -> None:
    """Nothing else went through, so the script may be to blame: the chunk comes in pieces until one of them is."""
    rig.beamline.script("proc", dies_of(rig, 0.3, 0.32))
    rig.play()
    rig.configure()
    rig.beam_to(MORE)
    rig.beamline.start()
    rig.inject()
    rig.saw_restart("SIGABRT", number=3)
    rig.saw_log("run 1 is incomplete", "left out", "twice in proc")
    rig.back(HALF_EVENTS, generation=4)
    pulses, events, *_ = rig.finish(incomplete="the worker crashed or hung on it twice in proc").facts
    assert events == 1000 * int(str(pulses))
    assert 50 <= int(str(pulses)) < 60, "an eighth of that chunk, and nothing else"


@ROWS("proc dies of whatever it is given")
def dies_of_everything(rig: Rig) -> None:
    """The script is to blame: nothing is left out, and mended it gets all of the run."""
    rig.beamline.script("proc", "import os\nos.abort()\n")
    rig.play()
    rig.configure()
    rig.beam_to(HALF)
    rig.beamline.start()
    rig.saw_restart("SIGABRT", number=3)
    rig.inject()
    rig.beamline.script("proc", PASS)
    rig.wait_reduced(HALF_EVENTS)
    rig.outcome.recovery_s = rig.seconds()
    rig.finish()


FORGES = """\
import stat
for fd in sorted(int(name) for name in os.listdir('/proc/self/fd')):
    try:
        if fd > 2 and stat.S_ISFIFO(os.fstat(fd).st_mode):
            os.write(fd, {line!r} * {times})
    except OSError:
        pass
"""


@ROWS("script writes nonsense where the worker says how it is")
def forges(rig: Rig) -> None:
    """The daemon goes on to see scripts and signals, and a worker that nobody can understand is replaced."""
    rig.begin(once(rig.path, FORGES.format(line=b"[" * 4000 + b"\n", times=10)))
    rig.let_fault()
    rig.saw_restart("were not from the worker, so its state is unknown")
    rig.back(MORE_EVENTS, generation=2)
    assert "internal error" not in rig.log()
    rig.finish()


@ROWS("script writes one stray line there")
def forges_once(rig: Rig) -> None:
    rig.begin(once(rig.path, FORGES.format(line=b"hello\n", times=1)))
    rig.let_fault()
    status = rig.back(MORE_EVENTS)
    assert (status.generation, status.restarts) == (1, 0)
    rig.finish()


@ROWS("script closes what it does not know")
def closes_all(rig: Rig) -> None:
    rig.begin(once(rig.path, "os.closerange(3, 1000)\n"))
    rig.let_fault()
    rig.saw_restart("the worker")
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()
