"""Real process trees: a stand-in for the daemon starts a worker with a guard, and is killed."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from helpers.group import LIMIT_S, held, members, wait_for_ends
from livereduce.daemon.worker.launching import worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.messages.job import DUMP_FD

DAEMON = """
import os, sys, time
from pathlib import Path
from livereduce.daemon.worker.launching import worker_environ
from livereduce.daemon.worker.process import spawn
worker = spawn([sys.executable, "-c", sys.argv[1]], worker_environ(os.environ, Path.cwd(), sys.executable))
print(worker.pid, flush=True)
while True:
    for line in worker.read_output():
        print(line.text, flush=True)
    time.sleep(0.01)
"""
GUARDED = """
import os, re, signal, subprocess, sys, threading, time
from livereduce.messages.job import BEAT_FD, ORDER_FD
from livereduce.worker.guard import start_guard
from livereduce.child.orders import die_with_parent, obey
def up(): print("up", flush=True)
orders, beats = int(os.environ.pop(ORDER_FD)), int(os.environ.pop(BEAT_FD))
os.set_inheritable(orders, False)
assert start_guard(orders)
"""
CHILDREN = """
def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"])
subprocess.Popen(["sleep", "600"], preexec_fn=deaf)
subprocess.Popen(["sh", "-c", "sleep 600; true"])
if os.fork() == 0:
    time.sleep(600)
"""
SIMPLE_FAULTS = {
    "sleeps": "up(); time.sleep(600)",
    "loops in Python": "up()\nwhile True: pass",
    "loops in C, holding the lock of the interpreter": "up(); re.match(r'(a+)+$', 'a' * 64 + 'b')",
    "is in a deadlock": "up(); lock = threading.Lock(); lock.acquire(); lock.acquire()",
}

Forsaken = Callable[[str], tuple[subprocess.Popen[str], int]]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Forsaken]:
    """Start the stand-in with a worker that runs the code given; returns it and the worker's group, once it is up."""
    started: list[tuple[subprocess.Popen[str], int]] = []

    def start(code: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-c", DAEMON, GUARDED + code]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        assert process.stdout is not None
        group = int(process.stdout.readline())
        started.append((process, group))
        assert process.stdout.readline() == "up\n"
        return process, group

    yield start
    for process, group in started:
        process.kill()
        process.communicate()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


@pytest.mark.parametrize("code", SIMPLE_FAULTS.values(), ids=SIMPLE_FAULTS)
def test_a_worker_that_hangs_does_not_outlive_its_daemon(daemon: Forsaken, code: str) -> None:
    """Without the worker's own parent-death signal: the guard alone does it."""
    process, group = daemon(code)
    assert len(members(group)) == 2
    with held(members(group)) as fds:
        process.kill()
        wait_for_ends(fds)
    assert members(group) == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_the_guard_is_not_ended_by_a_signal_to_the_group(daemon: Forsaken, number: signal.Signals) -> None:
    process, group = daemon(f"signal.signal({int(number)}, signal.SIG_IGN); up(); time.sleep(600)")
    with held(members(group)) as fds:
        os.killpg(group, number)
        process.kill()
        wait_for_ends(fds)  # had the guard obeyed, the worker would live on


@pytest.mark.parametrize("leaves", ["", "die_with_parent(); obey(orders, threading.Event());"], ids=["stays", "leaves"])
def test_what_scripts_have_started_goes_too(daemon: Forsaken, leaves: str) -> None:
    process, group = daemon(f"{leaves}\n{CHILDREN}\nup(); time.sleep(600)")
    assert len(members(group)) >= 6
    with held(members(group)) as fds:
        process.kill()
        wait_for_ends(fds)
    assert members(group) == set()


def test_a_daemon_that_ends_in_order_is_no_other_case(daemon: Forsaken) -> None:
    process, group = daemon(CHILDREN + "up(); time.sleep(600)")
    with held(members(group)) as fds:
        process.terminate()
        wait_for_ends(fds)


def test_what_has_left_the_group_is_beyond_the_guard(daemon: Forsaken) -> None:
    code = "child = subprocess.Popen(['sleep', '600'], start_new_session=True, stdout=-3); up(); print(child.pid)\n"
    process, group = daemon(code + "sys.stdout.flush(); time.sleep(600)")
    assert process.stdout is not None
    escaped = int(process.stdout.readline())
    with held(members(group)) as fds:
        process.kill()
        wait_for_ends(fds)
    try:
        assert members(escaped) == {escaped}
    finally:
        os.kill(escaped, signal.SIGKILL)


# ---- with this process as the daemon


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    started: list[Worker] = []

    def start(code: str) -> Worker:
        environ = worker_environ(os.environ, tmp_path, sys.executable)
        started.append(spawn([sys.executable, "-c", GUARDED + code], environ))
        return started[-1]

    yield start
    for one in started:
        if psutil.pid_exists(one.pid):  # the test has not reaped it
            one.reap()


def heard(worker: Worker) -> list[str]:
    """Everything that the worker prints until nobody holds its output any more."""
    lines: list[str] = []
    while worker.output_fd in worker.watched:
        assert select.select([worker.output_fd], [], [], LIMIT_S)[0]
        lines += [line.text for line in worker.read_output()]
    return lines


def line(worker: Worker) -> str:
    """The next line that it prints; the end of a line is a write of its own."""
    lines: list[str] = []
    while not lines:
        assert select.select([worker.output_fd], [], [], LIMIT_S)[0]
        lines = [line.text for line in worker.read_output()]
    (only,) = lines
    return only


def guard_of(worker: Worker) -> int:
    (guard,) = members(worker.pid) - {worker.pid}
    return guard


def test_the_guard_holds_no_pipe_open_and_goes_when_the_worker_is_reaped(worker: Callable[[str], Worker]) -> None:
    one = worker("")
    assert heard(one) == []  # the output has ended, and the guard is there
    with held({guard_of(one)}) as fds:
        one.reap()
        wait_for_ends(fds)


def test_the_guard_has_only_the_order_pipe_and_little_memory(worker: Callable[[str], Worker]) -> None:
    one = worker("up(); time.sleep(600)")
    assert line(one) == "up"
    guard = guard_of(one)
    files = {fd.name: str(fd.readlink()) for fd in Path(f"/proc/{guard}/fd").iterdir()}
    assert files == {"0": str(Path(f"/proc/self/fd/{one.orders_fd}").readlink()), "1": "/dev/null", "2": "/dev/null"}
    assert psutil.Process(guard).memory_full_info().uss < 6_000_000


def test_the_guard_takes_no_order_away(worker: Callable[[str], Worker]) -> None:
    one = worker("up(); print(os.read(orders, 100)); print(os.read(orders, 100))")
    assert line(one) == "up"
    for order in ("trim", "stop"):
        one.order(order)
        assert line(one) == f"b'{order}\\n'"


def test_the_guard_is_no_child_of_the_worker(worker: Callable[[str], Worker]) -> None:
    code = "child = subprocess.Popen(['true'])\nprint(os.wait()[0] == child.pid)\ntry: os.wait()\n"
    assert heard(worker(code + "except ChildProcessError: print('no more')")) == ["True", "no more"]


def test_without_a_guard_the_worker_goes_on_and_says_so(worker: Callable[[str], Worker]) -> None:
    one = worker("sys.executable = '/nowhere/python'\nprint(start_guard(orders))")
    warning, answer = heard(one)
    assert warning.startswith("the guard process did not start")
    assert answer == "False"


# ---- stack dumps without a descriptor


@pytest.mark.parametrize("given", [None, "", "x", "999", "-1", "9" * 30])
def test_stacks_go_to_standard_error_where_there_is_no_file(given: str | None) -> None:
    code = (
        "import os, signal\nfrom livereduce.child.setup import register_dump\nregister_dump(os.environ)\n"
        f"def hang(): os.kill(os.getpid(), signal.SIGUSR1)\nhang()\nprint({DUMP_FD!r} in os.environ)"
    )
    environ = {**os.environ, **({DUMP_FD: given} if given is not None else {})}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert "in hang" in done.stderr
    assert done.stdout == "False\n"


def test_a_group_that_is_not_the_workers_own_is_not_guarded() -> None:
    code = "import os; from livereduce.worker.guard import start_guard; print(start_guard(os.pipe()[0]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
