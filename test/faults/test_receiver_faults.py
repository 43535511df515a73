"""What was received outlives workers and scripts, whatever they do; and what becomes of it when the receiver dies."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from helpers.faults import (
    HALF_EVENTS,
    HANG_S,
    MORE,
    MORE_EVENTS,
    OVER,
    PASS,
    RUN,
    Matrix,
    Rig,
    Row,
    Rows,
    gone,
    once,
    while_there,
)
from helpers.reduced import processes_in
from livereduce.messages.status import Status

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
RUN_EVENTS = 60_000
LATE = 1.4
"""A tenth of a second before the end of the run."""


@ROWS.each()
def test_what_was_received_is_whole(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def pids_of(rig: Rig) -> tuple[int, int]:
    """Of receiver and worker."""
    status = rig.status()
    assert status
    assert status.receiver_pid
    assert status.worker_pid
    return status.receiver_pid, status.worker_pid


def same_receiver(rig: Rig, before: Status, after: Status) -> None:
    assert (after.receiver_pid, after.receiver_restarts) == (before.receiver_pid, 0), rig.log()


def ends_exact(rig: Rig, *, reconnects: int = 0) -> None:
    """The run ends, its totals are exact, and no worker has made another connection."""
    rig.finish()
    assert rig.connections == len(rig.beamline.daemons) + reconnects, f"{rig.asked}\n{rig.log()}"


# ---- workers that are killed


@ROWS("worker SIGKILLed three times, at random moments")
def killed_at_random(rig: Rig) -> None:
    """The beam goes on meanwhile, to a moment within the run's last tenth of a second."""
    chance = random.Random(f"{rig.path.name}: a new one for each order of rows")
    before = rig.begin()
    rig.inject()
    for kill, beam_s in enumerate(sorted(chance.uniform(1.05, 1.49) for _ in range(3)), start=1):
        rig.beam_to(beam_s)
        rig.wait("a worker", lambda one: one.worker_pid is not None and one.restarts == kill - 1)  # noqa: B023
        os.kill(pids_of(rig)[1], signal.SIGKILL)
        rig.wait("its end", lambda one: one.restarts >= kill)  # noqa: B023
    rig.note(f"restarts: {', '.join(one.reason for one in rig.wait('three', lambda one: True).last_restarts)}")
    same_receiver(rig, before, rig.back(HALF_EVENTS, generation=4))
    ends_exact(rig)


@ROWS("worker SIGKILLed in the run's last second, two runs follow")
def killed_in_the_last_second(rig: Rig) -> None:
    """The run is over before another worker begins: it was received all the same."""
    rig.play(runs=3)
    before = rig.begin()
    rig.beam_to(LATE)
    rig.inject()
    os.kill(pids_of(rig)[1], signal.SIGKILL)
    rig.beam_to(4.0)
    rig.saw_restart("SIGKILL")
    for run in (RUN, RUN + 1, RUN + 2):
        rig.until(f"the end of run {run}", lambda: rig.beamline.index().get(run, {}).get("ended"))  # noqa: B023
        facts = rig.beamline.product(run).attributes
        assert (facts["events"], facts["incomplete"]) == (RUN_EVENTS, "")
    rig.outcome.recovery_s = rig.seconds()
    same_receiver(rig, before, rig.wait("a status", lambda one: one.worker_pid is not None))
    ends_exact(rig)


@ROWS("worker SIGKILLed between a run's end and its last product")
def killed_before_the_last_product(rig: Rig) -> None:
    """post_proc has the whole run in its hands, and stands still until its worker is killed."""
    stands = rig.path / "stands"
    fault = f"open({str(stands)!r}, 'w').close()\nimport time\ntime.sleep(600)\n"
    last = f"if input.events.n == {RUN_EVENTS}:\n"
    rig.beamline.script("post_proc", last + textwrap.indent(once(rig.path, fault), "    "))
    before = rig.begin()
    (rig.path / "fault").touch()
    rig.beam_to(OVER)
    rig.until("the last post_proc", stands.exists)
    assert not rig.beamline.index()[RUN]["ended"]
    rig.inject()
    os.kill(pids_of(rig)[1], signal.SIGKILL)
    rig.saw_restart("SIGKILL")
    rig.until("the end of the run", lambda: rig.beamline.index()[RUN]["ended"])
    rig.outcome.recovery_s = rig.seconds()
    same_receiver(rig, before, rig.wait("a status", lambda one: one.worker_pid is not None))
    ends_exact(rig)


# ---- others who read along


GUEST = """
import sys, time
from pathlib import Path
from livereduce.stream.held.source import HeldSource
from livereduce.workbench.held_run import ServiceRun

guest = HeldSource(ServiceRun((Path("run").absolute(),)).attach("a test").workers.detach())
while not guest.mapped_bytes:
    guest.read(1.0)
print("reads", flush=True)
time.sleep(600)
"""


@ROWS("a reader along stands still, over the end of its run and the next two")
def guest_stands_still(rig: Rig) -> None:
    """As a `livereduce try --on live` that somebody has stopped with Ctrl-Z, and forgotten."""
    rig.play(runs=3)
    before = rig.begin()
    command = [sys.executable, "-P", "-c", GUEST]
    with subprocess.Popen(command, cwd=rig.path, stdout=subprocess.PIPE, env=dict(rig.beamline.environ)) as guest:
        try:
            assert guest.stdout
            assert guest.stdout.readline() == b"reads\n"
            os.kill(guest.pid, signal.SIGSTOP)
            rig.inject()
            rig.note("the runs are reduced, and exact")
            rig.beam_to(4.0)
            for run in (RUN, RUN + 1, RUN + 2):
                rig.until(f"the end of run {run}", lambda: rig.beamline.index().get(run, {}).get("ended"))  # noqa: B023
                facts = rig.beamline.product(run).attributes
                assert (facts["events"], facts["incomplete"]) == (RUN_EVENTS, "")
            rig.outcome.recovery_s = 0.0
            same_receiver(rig, before, rig.wait("a status", lambda one: one.worker_pid is not None))
            ends_exact(rig)
        finally:
            guest.kill()


# ---- scripts that are rude to what is held


REACHES = """
import ctypes, fcntl, json, os, re, signal
from livereduce.stream.held.segments import is_mapped

libc = ctypes.CDLL(None, use_errno=True)
rubbish = b"rubbish " * 500
reached = []

def attempt(what, act):
    try:
        act()
    except (OSError, ValueError):
        return
    reached.append(what)

def overwrite(path):
    fd = os.open(path, os.O_RDWR)
    os.pwrite(fd, rubbish, 0)

def call(function, *words):
    if getattr(libc, function)(*map(ctypes.c_long, words)) < 0:
        raise OSError(function)

def pieces():
    return input.events.pieces

def make_writeable(array):
    array.flags.writeable = True

def assign(array):
    array[:] = 0

mine = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
links = dict()
for fd in mine:
    try:
        links[fd] = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        pass
parent = os.getppid()
children = open(f"/proc/{parent}/task/{parent}/children").read().split()
receivers = [
    int(pid) for pid in children if b"livereduce.receiver" in open(f"/proc/{pid}/cmdline", "rb").read()
]
held = [line.split()[0] for line in open("/proc/self/maps") if "memfd:livereduce" in line]
assert len(receivers) == 1 and held and links, (receivers, held, links)

for piece in pieces():
    for name in ("tof_ns", "pixel", "pulse_ns"):
        if not is_mapped(getattr(piece, name)):  # a copy: batches that were no neighbours are joined in our own memory
            continue
        attempt("an array made writeable", lambda: make_writeable(getattr(piece, name)))
        attempt("an array", lambda: assign(getattr(piece, name)))
for where in held:
    begin, end = (int(text, 16) for text in where.split("-"))
    attempt("mprotect", lambda: call("mprotect", begin, end - begin, 3))
    attempt("mmap", lambda: call("mremap", begin, end - begin, 2 * (end - begin), 0))
    attempt("own memory", lambda: os.pwrite(os.open("/proc/self/mem", os.O_RDWR), rubbish, begin))
    attempt("map_files", lambda: overwrite(f"/proc/self/map_files/{where}"))
for pid in receivers:
    attempt("its memory", lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR))
    attempt("ptrace", lambda: call("ptrace", 16, pid, 0, 0))
    for fd in range(64):
        attempt("its descriptor", lambda: overwrite(f"/proc/{pid}/fd/{fd}"))
        attempt("pidfd_getfd", lambda: call("syscall", 438, os.pidfd_open(pid), fd, 0))
for fd, link in links.items():
    attempt(f"own {link}", lambda: overwrite(f"/proc/self/fd/{fd}"))
    attempt(f"own {link}", lambda: os.ftruncate(fd, 0))
    attempt(f"own {link}", lambda: fcntl.fcntl(fd, 1033, 15))
    attempt("-", lambda: os.write(fd, rubbish))
with open("reached.new", "w") as file:
    json.dump(reached, file)
os.rename("reached.new", REACHED)
"""


def same_user(rig: Rig) -> None:
    """Scripts have the receiver's user and nothing above it, as in the service: root's capabilities are given away."""
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        assert setpriv, "part of util-linux, which every system has"
        rig.beamline.within = (setpriv, "--bounding-set=-all", "--inh-caps=-all", "--")


@ROWS("script writes wherever it can")
def writes_everywhere(rig: Rig) -> None:
    """Descriptors, mappings and arrays of its own, memory and descriptors of the receiver."""
    same_user(rig)
    before = rig.begin(once(rig.path, REACHES.replace("REACHED", repr(str(rig.path / "reached")))))
    rig.let_fault()
    rig.until("all attempts", (rig.path / "reached").exists)
    reached = (rig.path / "reached").read_text()
    assert re.search(r"array|mprotect|mmap|memory|map_files|descriptor|ptrace|pidfd|memfd", reached) is None, reached
    rig.saw_restart()
    same_receiver(rig, before, rig.back(MORE_EVENTS, exactly=False, generation=2))
    ends_exact(rig)


READS = """
for fd in sorted(int(name) for name in os.listdir('/proc/self/fd')):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            os.set_blocking(fd, False)
            while os.read(fd, 1 << 20):
                taken = True
    except OSError:
        pass
"""


@ROWS("script reads what was told to its worker")
def reads_everything(rig: Rig) -> None:
    """Nothing is missing: what is told next says all of it, or else the worker ends and another begins."""
    before = rig.begin(while_there(rig.path, "import stat\n" + READS))
    rig.let_fault()
    rig.wait_reduced(MORE_EVENTS)
    rig.note("running")
    same_receiver(rig, before, rig.back(MORE_EVENTS, exactly=False))
    ends_exact(rig)


@ROWS("script writes into the memory of its events")
def writes_into_arrays(rig: Rig) -> None:
    pokes = (
        "import ctypes\n"
        "where = input.events.pieces[0].tof_ns.__array_interface__['data'][0]\n"
        "ctypes.memset(where, 255, 4)\n"
    )
    before = rig.begin(once(rig.path, pokes))
    rig.let_fault()
    rig.saw_restart("SIGSEGV")
    same_receiver(rig, before, rig.back(MORE_EVENTS, generation=2))
    ends_exact(rig)


FORKS = """
import os, time
if not os.fork():
    os.setsid()
    with open({pid!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)
    os._exit(0)
"""


@ROWS("script forks, and the fork outlives its worker")
def fork_lives_on(rig: Rig) -> None:
    """It has a session of its own, the worker's memory and its connection to the receiver: nobody waits for it."""
    pid = rig.path / "pid"
    before = rig.begin(once(rig.path, FORKS.format(pid=str(pid))))
    rig.let_fault()
    rig.wait_reduced(MORE_EVENTS)
    fork = int(rig.until("the fork", lambda: pid.exists() and pid.read_text()))
    rig.stack.callback(end, fork)
    rig.inject()
    os.kill(pids_of(rig)[1], signal.SIGKILL)
    rig.saw_restart("SIGKILL")
    same_receiver(rig, before, rig.back(MORE_EVENTS, generation=2))
    assert not gone(fork)
    ends_exact(rig)


def end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


POOL = """
import multiprocessing
tof = [piece.tof_ns for piece in input.events.pieces]
with multiprocessing.get_context("fork").Pool(2) as pool:
    sums = pool.map(sum, [[int(one.sum(dtype='i8')) for one in tof]] * 4)
assert len(set(sums)) == 1
"""


@ROWS("script uses multiprocessing on its events")
def multiprocessing(rig: Rig) -> None:
    before = rig.begin("import warnings\nwarnings.simplefilter('ignore')\n" + POOL)
    rig.inject()
    rig.beam_to(MORE)
    status = rig.back(MORE_EVENTS)
    assert status.restarts == 0
    rig.note("running")
    same_receiver(rig, before, status)
    assert "Traceback" not in rig.log()
    ends_exact(rig)


# ---- the receiver itself


@ROWS("receiver SIGKILLed")
def receiver_killed(rig: Rig) -> None:
    """Costs what a worker costs that receives by itself: another connection, and the run again."""
    rig.begin()
    rig.inject()
    os.kill(pids_of(rig)[0], signal.SIGKILL)
    rig.saw_restart("receiver", "SIGKILL")
    status = rig.back(HALF_EVENTS, generation=2, reconnects=1)
    assert (status.receiver_restarts, status.restarts) == (1, 1)
    ends_exact(rig, reconnects=1)


@ROWS("receiver and worker SIGKILLed at once")
def both_killed(rig: Rig) -> None:
    rig.begin()
    receiver, worker = pids_of(rig)
    daemon = psutil.Process(rig.beamline.daemons[-1].pid)
    rig.inject()
    daemon.suspend()  # so that it sees both ends at once
    os.kill(worker, signal.SIGKILL)
    os.kill(receiver, signal.SIGKILL)
    rig.until("both ends", lambda: gone(receiver) and gone(worker))
    daemon.resume()
    rig.saw_restart("SIGKILL")
    assert rig.back(HALF_EVENTS, generation=2, reconnects=1).restarts == 1
    ends_exact(rig, reconnects=1)


@ROWS("receiver SIGSTOPped")
def receiver_stopped(rig: Rig) -> None:
    rig.begin(limits={"waiting": HANG_S})
    rig.inject()
    os.kill(pids_of(rig)[0], signal.SIGSTOP)
    rig.saw_restart("livereduce killed the receiver", "stuck while receiving", "limits.waiting")
    status = rig.back(HALF_EVENTS, generation=2, reconnects=1)
    assert (status.receiver_restarts, status.restarts) == (1, 1)
    rig.saw_log("SIGKILL to it")
    ends_exact(rig, reconnects=1)


HANGS = """
import sys
if "livereduce.receiver" in sys.orig_argv:
    import os, time
    from livereduce.stream.held.store import HeldStore
    append = HeldStore.append
    def hang_or_append(self, items):
        while os.path.exists("hang"):
            time.sleep(0.1)
        append(self, items)
    HeldStore.append = hang_or_append
"""


@ROWS("receiver hangs")
def receiver_hangs(rig: Rig) -> None:
    """Its stacks are kept in a file, it is ended and begun again."""
    (rig.path / "sitecustomize.py").write_text(HANGS)
    rig.beamline.environ = {**rig.beamline.environ, "PYTHONPATH": str(rig.path)}
    rig.begin(limits={"waiting": HANG_S})
    (rig.path / "hang").touch()
    rig.inject()
    rig.saw_log("the receiver is stuck while receiving", "asking it for the stack traces")
    (rig.path / "hang").unlink()
    # whether it beats again before it is ended by force is a matter of moments
    rig.beam_to(MORE)
    rig.back(MORE_EVENTS, exactly=False, reconnects=None)
    dumps = rig.until("the stacks", lambda: [one for one in dumps_of(rig) if "hang_or_append" in one])
    assert dumps
    rig.finish()


def dumps_of(rig: Rig) -> list[str]:
    return [one.read_text() for one in (rig.path / "state" / "dumps").iterdir() if one.is_file()]


# ---- nothing is left


def held_by(pid: int) -> set[str]:
    """Device and inode of all segments that a process has mapped."""
    return {
        " ".join(line.split()[3:5])
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
        if "memfd:livereduce" in line
    }


def still_held(segments: set[str]) -> list[int]:
    """Processes that have one of the segments mapped or open."""
    numbers = {int(one.split()[1]) for one in segments}
    found = []
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            opened = Path(f"/proc/{process.pid}/fd").iterdir()
            links = [one for one in opened if "memfd:livereduce" in str(one.readlink())]
            if held_by(process.pid) & segments or {one.stat().st_ino for one in links} & numbers:
                found.append(process.pid)
    return found


@ROWS("daemon SIGKILLed: what was held")
def daemon_killed(rig: Rig) -> None:
    """Receiver and worker end, also one whose script holds the interpreter; no shared memory is left."""
    rig.begin(PASS)
    receiver, worker = pids_of(rig)
    segments = held_by(worker)
    assert segments
    assert worker in still_held(segments)
    rig.inject()
    rig.beamline.daemons[-1].kill()
    rig.beamline.daemons[-1].wait()
    rig.until("the end of all", lambda: gone(receiver) and gone(worker) and not processes_in([rig.path]))
    assert still_held(segments) == []
    rig.note("receiver, worker and memory are gone")
    rig.beamline.start()
    rig.back(HALF_EVENTS, generation=2)
    ends_exact(rig)


@ROWS("all three SIGKILLed at once")
def all_killed(rig: Rig) -> None:
    rig.begin(PASS)
    receiver, worker = pids_of(rig)
    segments = held_by(worker)
    rig.inject()
    for pid in (rig.beamline.daemons[-1].pid, worker, receiver):
        os.kill(pid, signal.SIGKILL)
    rig.beamline.daemons[-1].wait()
    rig.until("the end of all", lambda: not processes_in([rig.path]))
    assert still_held(segments) == []
    rig.note("nothing is left of them")
    rig.beamline.start()
    rig.back(HALF_EVENTS, generation=2)
    ends_exact(rig)
