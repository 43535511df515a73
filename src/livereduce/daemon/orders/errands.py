"""Errands: work with many files, such as a promotion, in a process of its own while the daemon's loop goes on.

A file system that is slow, or does not answer, may hold an errand up, never the beats of the worker. An errand is not
killed: half of its files would be new.
"""

import json
import logging
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from livereduce.base.errors import OperatorError
from livereduce.base.files import write_all
from livereduce.base.processes import fork_answering

LEAVE_S = 10.0
"""How long a daemon that ends waits for an errand; systemd kills what is left of a service then."""
READ_BYTES = 1 << 16

log = logging.getLogger("livereduce.daemon")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an errand has ended: it was done, or not; what was done, or why it was not."""

    done: bool
    text: str


@dataclass(slots=True)
class Errand:
    """An errand; `outcome` is None as long as it goes on."""

    what: str
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Away:
    errand: Errand
    pid: int
    fd: int
    said: bytes = b""


class Errands:
    """The process that does the errand; there is one at a time."""

    def __init__(self) -> None:
        self._away: _Away | None = None

    @property
    def watched(self) -> set[int]:
        """Descriptors that become readable when there is something for `gather`."""
        return {self._away.fd} if self._away else set()

    @property
    def are_busy(self) -> bool:
        """True while an errand goes on."""
        return self._away is not None

    def start(self, what: str, work: Callable[[], str]) -> Errand:
        """Have something done, which returns what it has done in words.

        Raises
        ------
        OperatorError
            Another errand goes on, or no process can be started.
        """
        if self._away is not None:
            raise OperatorError(f"this goes on already: {self._away.errand.what}; try again when it is done")
        try:
            pid, fd = fork_answering(lambda writing: _do(work, writing))
        except OSError as error:
            raise OperatorError(f"no process can be started for it: {error.strerror}") from None
        self._away = _Away(Errand(what), pid, fd)
        return self._away.errand

    def gather(self) -> None:
        """Take the outcome if the errand has ended, and log it; never waits."""
        away = self._away
        if away is None:
            return
        try:
            while piece := os.read(away.fd, READ_BYTES):
                away.said += piece
        except BlockingIOError:
            return
        self._away = None
        os.close(away.fd)
        status = os.waitpid(away.pid, 0)[1]
        outcome = away.errand.outcome = _outcome(away.said, status)
        log.log(
            logging.INFO if outcome.done else logging.WARNING,
            "%s: %s: %s",
            away.errand.what,
            "done" if outcome.done else "not done",
            outcome.text,
        )

    def leave(self) -> None:
        """Wait a little for the errand, which is let go then."""
        if self._away is None:
            return
        poll, deadline = select.poll(), time.monotonic() + LEAVE_S
        poll.register(self._away.fd, select.POLLIN)
        # it is readable with the words already, and they are whole at its end only
        while self._away is not None and (left_s := deadline - time.monotonic()) > 0:
            poll.poll(left_s * 1000)
            self.gather()
        if self._away is not None:
            log.warning("%s: it goes on although the daemon ends; look at the files", self._away.errand.what)
            os.close(self._away.fd)
            self._away = None


def _do(work: Callable[[], str], fd: int) -> None:
    """In the child: do it, and write one line about it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever ends the daemon does not want half of it
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    write_all(fd, json.dumps(_done(work)).encode())


def _done(work: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, work()
    except OperatorError as refused:
        return False, str(refused)
    except Exception as error:  # noqa: BLE001 (the daemon says it, whatever it is)
        return False, f"{type(error).__name__}: {error}"


def _outcome(said: bytes, status: int) -> Outcome:
    with suppress(ValueError, TypeError):
        done, text = json.loads(said)
        return Outcome(bool(done), str(text))
    ended = f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended without a word"
    return Outcome(False, f"the process that does it was {ended}; look at the files: some may be replaced, others not")
