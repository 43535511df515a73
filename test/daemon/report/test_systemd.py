"""Notifications as they arrive at a real datagram socket, bound as systemd would bind it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from livereduce.daemon.report.systemd import LONGEST_STATUS, Notifier, watchdog_interval_s


class Manager:
    """The receiving end; messages are there as soon as they are sent, so nothing is waited for."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(1 << 16).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)  # the path of a socket is at most 107 bytes
    return f"{tmp_path}/notify"


@pytest.fixture
def manager(path: str) -> Iterator[Manager]:
    manager = Manager("notify")
    yield manager
    manager.socket.close()


@pytest.fixture
def notifier(path: str, manager: Manager) -> Iterator[Notifier]:
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": path})
    yield notifier
    notifier.close()


def test_the_messages(notifier: Notifier, manager: Manager) -> None:
    assert notifier.ready("parked: no scripts")
    assert notifier.extend(2.5)
    assert notifier.stopping()
    assert manager.heard() == ["READY=1\nSTATUS=parked: no scripts", "EXTEND_TIMEOUT_USEC=2500000", "STOPPING=1\n"]


def test_reloading_has_the_time_at_which_it_began(notifier: Notifier, manager: Manager) -> None:
    notifier.reloading()
    notifier.ready("running")
    began, done = manager.heard()
    first, second = began.split()
    assert first == "RELOADING=1"
    assert int(second.removeprefix("MONOTONIC_USEC=")) > 0
    assert done.startswith("READY=1\n")


def test_a_status_is_sent_when_it_has_changed(notifier: Notifier, manager: Manager) -> None:
    notifier.ready("a")
    for text in ("a", "b", "b", "a"):
        assert notifier.status(text)
    assert manager.heard()[1:] == ["STATUS=b", "STATUS=a"]


def test_a_status_is_one_short_line_whatever_is_in_it(notifier: Notifier, manager: Manager) -> None:
    notifier.status("first\nREADY=1\r\n and \udcff" + 9999 * "ü")
    (message,) = manager.heard()
    assert message.startswith("STATUS=first READY=1 and \\udcffü")
    assert "\n" not in message
    assert len(message.encode()) < 4096
    assert len(message) < LONGEST_STATUS + 20


def test_life_signs_come_three_times_in_an_interval_however_often_the_loop_turns(path: str, manager: Manager) -> None:
    now = [100.0]
    notifier = Notifier(path, 6.0, lambda: now[0])
    for _ in range(70):
        notifier.watchdog()
        now[0] += 0.1
    assert manager.heard() == 4 * ["WATCHDOG=1"]  # at 0, 2, 4 and 6 s
    notifier.close()


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_whom_the_watchdog_watches(environ: dict[str, str], interval_s: float | None) -> None:
    assert watchdog_interval_s(environ, 7) == interval_s


def test_the_watchdog_of_this_very_process(path: str, manager: Manager) -> None:
    environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"}
    for pid in (os.getpid(), os.getppid()):
        notifier = Notifier.from_environ({**environ, "WATCHDOG_PID": str(pid)})
        notifier.watchdog()
        notifier.close()
    assert manager.heard() == ["WATCHDOG=1"]


def test_an_abstract_socket() -> None:
    name = f"livereduce-test-{os.getpid()}"
    manager = Manager(f"\0{name}")
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": f"@{name}"})
    assert notifier.ready("up")
    assert manager.heard() == ["READY=1\nSTATUS=up"]
    notifier.close()
    manager.socket.close()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:9"}])
def test_without_a_manager_nothing_happens(environ: dict[str, str]) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    notifier = Notifier.from_environ({**environ, "WATCHDOG_USEC": "1000"})
    assert all([notifier.ready("a"), notifier.status("b"), notifier.watchdog(), notifier.reloading()])
    assert all([notifier.extend(1.0), notifier.stopping()])
    assert set(Path("/proc/self/fd").iterdir()) == before
    notifier.close()


def test_a_full_socket_blocks_nobody_and_no_change_of_state_is_lost(notifier: Notifier, manager: Manager) -> None:
    texts = iter(map(str, range(100_000)))
    while notifier.status(next(texts)):
        pass
    assert not notifier.reloading()
    assert not notifier.ready("up")  # which makes the one before void
    manager.heard()
    assert notifier.watchdog()  # has no interval here, but the tick delivers what is owed
    assert manager.heard() == ["READY=1\n"]
    assert notifier.status("up")  # was not sent with READY, so it comes now
    assert manager.heard() == ["STATUS=up"]


def test_a_life_sign_that_was_not_sent_comes_with_the_next_tick(path: str, manager: Manager) -> None:
    notifier = Notifier(path, 60.0, lambda: 0.0)
    texts = iter(map(str, range(100_000)))
    while notifier.status(next(texts)):
        pass
    assert not notifier.watchdog()
    manager.heard()
    assert notifier.watchdog()
    assert manager.heard() == ["WATCHDOG=1"]
    notifier.close()


def test_a_manager_that_is_gone_and_comes_back(notifier: Notifier, manager: Manager, path: str) -> None:
    manager.socket.close()
    assert not notifier.status("alone")
    Path(path).unlink()
    assert not notifier.ready("alone")
    again = Manager("notify")
    notifier.watchdog()
    assert again.heard() == ["READY=1\n"]
    again.socket.close()
