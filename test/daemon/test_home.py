"""The daemon's directories: locked against real processes, since it is the kernel that gives and takes locks."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from livereduce.base.lock import FILE_NAME, STATE_FILE_NAME, holder
from livereduce.daemon.home import Held, Home

HOLDING = """
import sys, time
from pathlib import Path
from livereduce.base import lock
fd = lock.take(Path(sys.argv[1]), "/etc/other.conf")
print("locked", flush=True)
time.sleep(600)
"""


@contextmanager
def held(path: Path) -> Iterator[str]:
    """Another process has the lock; what it says of itself."""
    path.parent.mkdir(exist_ok=True)
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"locked\n"
            yield f"pid {process.pid} on {socket.gethostname()}, configuration /etc/other.conf"
        finally:
            process.kill()


def state() -> Home:
    return Home("state", STATE_FILE_NAME)


def test_who_has_it_is_said_with_pid_host_and_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with held(folder / STATE_FILE_NAME) as who:
        with pytest.raises(Held) as refused:
            state().move(folder, "mine.conf")
        assert str(refused.value) == f"another livereduce ({who}) already uses state directory {folder}"
        seen = holder(folder / STATE_FILE_NAME)
        assert (seen.held, seen.who, seen.configuration) == (True, who, "/etc/other.conf")
    home = state()
    assert home.move(folder, "mine.conf")  # what a killed process has left means nothing
    home.leave()


def test_one_directory_can_be_both(tmp_path: Path) -> None:
    both = [Home("runtime", FILE_NAME), state()]
    assert [home.move(tmp_path, "a.conf") for home in both] == [True, True]
    for home in both:
        home.leave()


def test_a_directory_that_is_taken_leaves_the_lock_on_the_one_before(tmp_path: Path) -> None:
    home, one, two = state(), tmp_path / "one", tmp_path / "two"
    home.move(one, "a.conf")
    with held(two / STATE_FILE_NAME):
        with pytest.raises(Held):
            home.move(two, "a.conf")
        assert home.folder == one
        assert holder(one / STATE_FILE_NAME).held
    assert home.move(two, "a.conf")
    assert holder(one / STATE_FILE_NAME).held is False
    home.leave()


def test_a_directory_that_was_removed_is_made_and_locked_again(tmp_path: Path) -> None:
    home, path = Home("runtime", FILE_NAME), tmp_path / "run" / FILE_NAME
    home.move(path.parent, "a.conf")
    home.hold("a.conf")
    path.unlink()
    path.parent.rmdir()
    home.hold("a.conf")
    assert holder(path).pid == os.getpid()
    path.unlink()
    with held(path), pytest.raises(Held):
        home.hold("a.conf")
    home.leave()


def test_a_directory_that_cannot_be_made_again_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home, folder = Home("runtime", FILE_NAME), tmp_path / "run"
    home.move(folder, "a.conf")
    (folder / FILE_NAME).unlink()
    folder.rmdir()
    folder.write_text("in the way")
    home.hold("a.conf")
    home.hold("a.conf")
    assert [record.message for record in caplog.records] == [
        f"{folder} was removed and cannot be recreated: File exists"
    ]
    folder.unlink()
    home.hold("a.conf")
    assert holder(folder / FILE_NAME).held
    home.leave()


def test_a_file_system_without_locks_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_here(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", none_here)
    home = state()
    assert home.move(tmp_path / "nfs", "a.conf")
    home.hold("a.conf")
    assert "does not support locks" in caplog.text
    home.leave()


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    inside = tmp_path / "good"
    inside.mkdir()
    (tmp_path / f".status.json.{dead.pid}").write_text("half")
    (tmp_path / "status.json").write_text("whole")
    (inside / f".livereduce.{dead.pid}").symlink_to("nowhere")
    (inside / f".proc.py.{os.getppid()}").write_text("somebody is at it")
    home = state()
    home.move(tmp_path, "a.conf")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["good", "state.lock", "status.json"]
    assert [one.name for one in inside.iterdir()] == [f".proc.py.{os.getppid()}"]
    home.leave()
