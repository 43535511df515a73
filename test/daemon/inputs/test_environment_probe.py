"""A parked daemon asks for its environment again: when, and what becomes of the process that asks."""

import os
import select
import sys
from pathlib import Path

import psutil
import pytest

from livereduce.daemon.facts import Fact, StopAsked
from livereduce.daemon.inputs.environment_probe import EnvironmentProbe, ask_command

LIMIT_S = 20.0
EVERY_S = 60.0


def child() -> psutil.Process | None:
    return next(iter(psutil.Process().children()), None)


def answer(probe: EnvironmentProbe, now: float) -> list[Fact]:
    """The facts once the process that asks has ended."""
    asker = child()
    assert asker is not None
    fd = os.pidfd_open(asker.pid)
    assert select.select([fd], [], [], LIMIT_S)[0]
    os.close(fd)
    return probe.gather(True, now)


def test_it_asks_while_the_daemon_waits_and_not_at_once() -> None:
    probe = EnvironmentProbe(("/bin/false",), EVERY_S)
    assert probe.gather(False, 0.0) == probe.gather(True, 10.0) == probe.gather(True, 69.9) == []
    assert child() is None
    assert probe.gather(True, 70.0) == []
    assert child() is not None
    assert answer(probe, 75.0) == []  # not yet
    assert probe.gather(True, 134.9) == []
    assert child() is None
    probe.gather(True, 135.0)
    assert answer(probe, 136.0) == []


def test_the_daemon_ends_when_the_environment_is_there() -> None:
    probe = EnvironmentProbe(("/bin/true",), EVERY_S)
    probe.gather(True, 0.0)
    probe.gather(True, 60.0)
    assert answer(probe, 61.0) == [StopAsked(by="the environment can be used now")]


def test_there_is_one_that_asks() -> None:
    probe = EnvironmentProbe(("/bin/sleep", "600"), EVERY_S)
    for now in (0.0, 60.0, 120.0, 500.0):
        assert probe.gather(True, now) == []
    assert len(psutil.Process().children()) == 1
    probe.end()
    assert child() is None
    probe.end()


def test_it_stops_asking_when_the_daemon_does_not_wait_any_more() -> None:
    probe = EnvironmentProbe(("/bin/sleep", "600"), EVERY_S)
    probe.gather(True, 0.0)
    probe.gather(True, 60.0)
    assert probe.gather(False, 61.0) == []
    assert child() is None
    probe.gather(True, 62.0)
    assert probe.gather(True, 121.0) == []
    assert child() is None


def test_what_cannot_be_started_is_tried_again() -> None:
    probe = EnvironmentProbe(("/no/such/python",), EVERY_S)
    for now in (0.0, 60.0, 120.0):
        assert probe.gather(True, now) == []


@pytest.mark.parametrize("path", [None, Path("/etc/x.conf")])
def test_the_command_is_that_of_the_launch(path: Path | None) -> None:
    expected = (sys.executable, "-P", "-m", "livereduce.commands.launch", "--ask")
    assert ask_command(path) == (expected if path is None else (*expected, "/etc/x.conf"))
