"""Work in a process of its own: one at a time, said how it ended whatever it does, and nothing waits for it."""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livereduce.base.errors import OperatorError
from livereduce.daemon.orders.errands import Errand, Errands
from livereduce.daemon.ready import ready_fds


def ended(errands: Errands, errand: Errand) -> tuple[bool, str]:
    while errand.outcome is None:
        ready_fds(errands.watched, 5.0)
        errands.gather()
    return errand.outcome.done, errand.outcome.text


def refuse() -> str:
    raise OperatorError("not", "today")


def fail() -> str:
    raise ZeroDivisionError("a mistake")


def killed() -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def stopped() -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    return "done all the same: half of it is worse"


@pytest.mark.parametrize(
    ("work", "done", "says"),
    [
        (lambda: "x" * 200_000, True, "x" * 200_000),
        (stopped, True, "done all the same"),
        (refuse, False, "not; today"),
        (fail, False, "ZeroDivisionError: a mistake"),
        (killed, False, "was killed by signal 9; look at the files"),
        (lambda: os._exit(3), False, "was ended without a word; look at the files"),
    ],
    ids=["long", "stopped", "refused", "mistaken", "killed", "silent"],
)
def test_how_it_ends_is_said_and_logged(
    work: Callable[[], str], done: bool, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    errands = Errands()
    seen = ended(errands, errands.start("promote to /use", work))
    assert (seen[0], says in seen[1]) == (done, True), seen[1][:200]
    assert f"promote to /use: {'done' if done else 'not done'}: " in caplog.text
    assert (errands.watched, errands.are_busy) == (set(), False)


def test_one_at_a_time_and_the_daemon_goes_on_meanwhile(tmp_path: Path) -> None:
    """The errand waits at a FIFO, as it may at a file system that does not answer."""
    gate, errands = tmp_path / "gate", Errands()
    os.mkfifo(gate)
    errand = errands.start("the first", gate.read_text)
    try:
        with pytest.raises(OperatorError, match="this goes on already: the first; try again when it is done"):
            errands.start("the second", gate.read_text)
        errands.gather()
        assert (errand.outcome, errands.are_busy) == (None, True)
    finally:
        gate.write_text("opened")
        outcome = ended(errands, errand)
    assert outcome == (True, "opened")


def test_a_daemon_that_ends_waits_for_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words come before its end."""
    errands, ends = Errands(), os._exit

    def end_later(code: int) -> None:
        time.sleep(0.3)
        ends(code)

    monkeypatch.setattr(os, "_exit", end_later)
    errand = errands.start("the last", lambda: "it is done")
    errands.leave()
    assert errand.outcome is not None
    assert errand.outcome.text == "it is done"
    assert errands.watched == set()
