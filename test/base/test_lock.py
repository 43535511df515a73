"""The lock of the runtime directory between real processes: taken by one, looked at by many, gone with its holder."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livereduce.base import lock
from livereduce.base.lock import Holder, holder, take

HOLD = """
import sys, time
from pathlib import Path
from livereduce.base.lock import take
take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.kill()


def test_of_a_lock_that_is_not_there_nothing_is_known(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") == Holder()
    os.mkfifo(tmp_path / "fifo")
    assert holder(tmp_path / "fifo") == Holder()
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    assert holder(tmp_path / "link") == Holder()


def test_a_lock_is_held_as_long_as_its_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path) as child:
        for _ in range(3):
            assert holder(path) == Holder(held=True, pid=child.pid)
        with pytest.raises(BlockingIOError):
            take(path)
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # nobody has reaped it: the pid is there still
        assert holder(path) == Holder(held=False, pid=child.pid)
        fd = take(path)
        assert holder(path) == Holder(held=True, pid=os.getpid())
        os.close(fd)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_lock_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    fd = take(path)
    path.chmod(0)
    assert holder(path) == Holder()
    os.close(fd)


@pytest.mark.parametrize("text", [b"", b"pid \n", b"pid 99999999999999\n", b"\xff" * 200, b"pid 12"])
def test_a_pid_that_is_none(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "lock").write_bytes(text)
    assert holder(tmp_path / "lock") == Holder(held=False)


def test_those_who_look_keep_no_daemon_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more looks than any page makes, and a daemon that begins again and again in the midst of them."""
    path = tmp_path / "lock"
    os.close(take(path))
    monkeypatch.setattr(lock, "TRIES", 50)
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            holder(path)
            time.sleep(0.001)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            os.close(take(path))
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_process_forked_while_somebody_looks_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    os.close(take(path))
    children = []
    real = fcntl.flock

    def flock(fd: int, how: int) -> None:
        real(fd, how)
        if how & fcntl.LOCK_SH:
            children.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(fd,)))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert holder(path).held is False
    os.close(take(path))
    for child in children:
        child.communicate(b"\n")
    assert len(children) == 1
