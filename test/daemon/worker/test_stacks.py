"""Stacks of real processes that hang, and the folder that they are kept in."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from livereduce.daemon.worker.stacks import (
    KEPT,
    Stacks,
    dump_path,
    line_of_script,
    save_dump,
    superfluous,
    where_it_stood,
)
from livereduce.messages.job import DUMP_FD

LIMIT_S = 20.0
AT = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2)))
HANGS = {
    "sleeps": "time.sleep(600)",
    "loops in Python": "while True: pass",
    "loops in C, holding the lock of the interpreter": "re.match(r'(a+)+$', 'a' * 64 + 'b')",
    "is in a deadlock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
}
CODE = """
import os, re, threading, time
from livereduce.child.setup import register_dump
register_dump(os.environ)
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
def hang_here():
    print("up", flush=True)
"""

Start = Callable[[str], tuple[Stacks, subprocess.Popen[str]]]


@pytest.fixture
def hanging() -> Iterator[Start]:
    """Start a process that hangs in `hang_here`; its stacks and the process."""
    started: list[tuple[Stacks, subprocess.Popen[str]]] = []

    def start(hang: str) -> tuple[Stacks, subprocess.Popen[str]]:
        stacks = Stacks()
        process = subprocess.Popen(
            [sys.executable, "-c", CODE + "".join(f"    {line}\n" for line in hang.splitlines()) + "hang_here()"],
            env={**os.environ, DUMP_FD: str(stacks.fd)},
            pass_fds=(stacks.fd,),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append((stacks, process))
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return stacks, process

    yield start
    for stacks, process in started:
        process.kill()
        process.communicate()
        stacks.close()


def awaited(stacks: Stacks) -> str:
    deadline = time.monotonic() + LIMIT_S
    while "<module>" not in stacks.answer():
        assert time.monotonic() < deadline, f"only {stacks.answer()!r} came"
        time.sleep(0.005)
    return stacks.answer()


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
def test_the_stacks_of_every_hang(hanging: Start, hang: str) -> None:
    stacks, process = hanging(hang)
    assert stacks.answer() == ""
    stacks.ask(process.pid)
    seen = awaited(stacks)
    assert seen.count("most recent call first") == 2  # both threads
    assert "in hang_here" in seen
    if "re.match" not in hang:
        assert where_it_stood(seen).endswith("in hang_here")


def test_the_next_answer_is_without_the_one_before(hanging: Start) -> None:
    stacks, process = hanging("time.sleep(600)")
    stacks.ask(process.pid)
    first = awaited(stacks)
    stacks.ask(process.pid)
    assert len(awaited(stacks)) == len(first)


def test_a_stopped_process_does_not_answer(hanging: Start) -> None:
    stacks, process = hanging("time.sleep(600)")
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    stacks.ask(process.pid)
    assert stacks.answer() == ""


def test_a_process_that_has_ended_does_not_answer(hanging: Start) -> None:
    stacks, process = hanging("os._exit(0)")
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    stacks.ask(process.pid)
    assert stacks.answer() == ""


def test_a_dump_is_kept_with_its_reason(tmp_path: Path) -> None:
    path = save_dump(tmp_path, 7, AT, "silent for 600 s in process", "Thread 0x1 ü \udcff\n")
    assert path == dump_path(tmp_path, 7, AT)
    assert path.name == "000007-20261025T003000.000000Z.txt"
    assert path.read_text() == f"generation 7, {AT.isoformat()}: silent for 600 s in process\n\nThread 0x1 ü \\udcff\n"


def test_without_stacks_there_is_no_file(tmp_path: Path) -> None:
    assert save_dump(tmp_path, 7, AT, "silent", "") is None
    assert list(tmp_path.iterdir()) == []


def test_the_newest_dumps_are_kept(tmp_path: Path) -> None:
    paths = [save_dump(tmp_path, n // 2, AT + timedelta(seconds=n), "why", "stacks") for n in range(KEPT + 5)]
    kept = sorted((tmp_path / "dumps").iterdir())
    assert kept == paths[-KEPT:]


def test_how_many_have_to_go() -> None:
    dumps = [Path(str(n)) for n in range(100, 100 + KEPT + 1)]
    assert superfluous(dumps[: KEPT - 1]) == []
    assert superfluous(dumps[:KEPT]) == dumps[:1]
    assert superfluous(dumps) == dumps[:2]


def test_a_dump_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "dumps").write_text("in the way")
    assert save_dump(tmp_path, 1, AT, "why", "stacks") is None


def test_a_script_in_another_thread_is_where_it_stood() -> None:
    """Mantid runs scripts in a thread of its own; the main thread only looks on."""
    mantid = (
        '  File "proc.py", line 7 in wait\n  File "proc.py", line 9 in __live__\n  File "script.py", line 1 in _call\n'
    )
    main = '  File "threading.py", line 324 in wait\n  File "engine.py", line 80 in poll\n'
    head = "(most recent call first):\n"
    stacks = f"Thread 0x1 {head}{mantid}\nThread 0x2 {head}{main}"
    assert where_it_stood(stacks) == 'File "proc.py", line 7 in wait'
    assert line_of_script(stacks) == 'File "proc.py", line 9 in __live__'
    assert line_of_script(f"Thread 0x2 {head}{main}") == 'File "threading.py", line 324 in wait'


@pytest.mark.parametrize("stacks", ["", "rubbish", "Thread 0x1 (most recent call first):\n", "Fatal\n  File x"])
def test_where_nothing_is_known_of_where_it_stood(stacks: str) -> None:
    assert where_it_stood(stacks) == ""
