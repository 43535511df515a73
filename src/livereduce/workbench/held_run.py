"""The run that attempts read: held by a receiver of our own, or by that of the running service.

A third way, for engines that read a stream themselves, is `livereduce.workbench.played`.
"""

import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.daemon.facts import Limits, Tick
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.launching import CommandLines
from livereduce.messages.progress import Progress
from livereduce.messages.receiver import ReaderKind
from livereduce.messages.request import NotDone, Request, Want
from livereduce.preflight.asking import Answered, ask, other_version
from livereduce.preflight.resolve import Resolved
from livereduce.stream.held.talk import MAX_MESSAGE_BYTES, decode_told

ANSWER_S = 10.0
"""Longest wait for the daemon, whose loop turns at least once a second, and then for what its receiver says."""


def _nothing() -> None:
    """There is nothing to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A connection to what holds the run.

    Attributes
    ----------
    workers, ours
        The socket for the worker, and one to see whether it is still there; None where the worker connects by itself.
    source, run
        What it connects to, the URL of a stream with one run, and the run's number; empty and 0 where it does not.
    events
        How many events that run has; None where it does not connect.
    take_every_s
        How often it is to take what has come of that, in seconds.
    end
        Called when nobody needs it any more.
    """

    workers: socket.socket | None = None
    ours: socket.socket | None = None
    source: str = ""
    run: int = 0
    events: int | None = None
    take_every_s: float = 0.0
    end: Callable[[], object] = _nothing

    @property
    def is_lost(self) -> bool:
        """The other end has been closed."""
        if self.ours is None:
            return False
        poll = select.poll()
        poll.register(self.ours, 0)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close both; more than once does no harm."""
        for one in (self.workers, self.ours):
            if one is not None:
                one.close()
        self.end()


class HeldRun(Protocol):
    """What attempts read from."""

    @property
    def watched(self) -> set[int]:
        """Descriptors that become readable when there is something to hear."""

    @property
    def receiver_pid(self) -> int | None:
        """The receiver, if it is ours."""

    @property
    def progress(self) -> Progress | None:
        """What our receiver has said last."""

    @property
    def reads_again(self) -> bool:
        """The run does not fit into memory as a whole: each attempt reads it from its source again."""

    @property
    def is_over(self) -> bool:
        """Nothing more will come, although the attempt that reads it does not know."""

    def attach(self, name: str) -> Link:
        """Attach a reader from the run's start.

        Raises
        ------
        OperatorError
            There is nothing to read.
        """

    def follow(self, observed: Observed) -> None:
        """Take notice of what the attempt says that reads it."""

    def hear(self, ready: set[int], now: float) -> None:
        """Hear what it says, and do what is due.

        Raises
        ------
        OperatorError
            It has ended, and why.
        """

    def leave(self) -> None:
        """Leave nothing behind."""


class OwnRun:
    """A run that a receiver of our own has decoded into memory, for all attempts.

    Parameters
    ----------
    held_limit_bytes
        Most that it may hold.
    """

    def __init__(
        self,
        resolved: Resolved,
        environ: Mapping[str, str],
        held_limit_bytes: int,
        commands: CommandLines | None = None,
    ) -> None:
        self._keeper = ReceiverKeeper(Limits())
        self._kind = ReaderKind.FOLLOWER
        try:
            self._keeper.start(commands or CommandLines(), environ, resolved, held_limit_bytes, time.monotonic())
        except OSError as error:
            raise OperatorError(f"no receiver could be started: {error}") from None

    @property
    def watched(self) -> set[int]:
        """See `HeldRun`."""
        return self._keeper.process.watched if self._keeper.process else set()

    @property
    def receiver_pid(self) -> int | None:
        """See `HeldRun`."""
        return self._keeper.process.pid if self._keeper.process else None

    @property
    def progress(self) -> Progress | None:
        """See `HeldRun`."""
        return self._keeper.observed.progress

    @property
    def reads_again(self) -> bool:
        """See `HeldRun`."""
        return self._kind is ReaderKind.WORKER

    @property
    def is_over(self) -> bool:
        """See `HeldRun`: its readers are told."""
        return False

    @property
    def is_full(self) -> bool:
        """It may hold no more, and waits."""
        return self.progress is not None and self.progress.memory.full_since is not None

    def read_again(self) -> None:
        """From now on readers are done with what they have read."""
        self._kind = ReaderKind.WORKER

    def attach(self, name: str) -> Link:
        """See `HeldRun`."""
        try:
            link = self._keeper.attach(name, self._kind)
        except OSError as error:
            raise OperatorError(f"the run cannot be read: {error}") from None
        return Link(workers=link, ours=link.dup())

    def follow(self, observed: Observed) -> None:
        """See `HeldRun`: what is held does not depend on it."""

    def hear(self, ready: set[int], now: float) -> None:
        """See `HeldRun`."""
        receiver, keeper = self._keeper.process, self._keeper
        if receiver is None:
            raise OperatorError("the receiver of the run is gone")
        if ready & {receiver.beats_fd, receiver.pidfd}:
            keeper.take_beats(receiver, now)
        if receiver.output_fd in ready:
            keeper.take_output(receiver.read_output(), now)
        if receiver.pidfd in ready:
            ended = keeper.take_end(receiver, now)
            unusable = ended.code == ExitCode.UNUSABLE
            raise OperatorError(ended.reason.removeprefix("the receiver cannot run: ") if unusable else ended.reason)
        keeper.take(Tick(), now)

    def leave(self) -> None:
        """See `HeldRun`."""
        self._keeper.leave()


class ServiceRun:
    """The run that the running service holds, read along as a guest: as far as it is held at each attempt.

    Parameters
    ----------
    folders
        Where the daemon may have its runtime directory, the likeliest first.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    @property
    def watched(self) -> set[int]:
        """See `HeldRun`."""
        return set()

    @property
    def receiver_pid(self) -> int | None:
        """See `HeldRun`."""
        return None

    @property
    def progress(self) -> Progress | None:
        """See `HeldRun`."""
        return None

    @property
    def reads_again(self) -> bool:
        """See `HeldRun`."""
        return False

    @property
    def is_over(self) -> bool:
        """See `HeldRun`: its readers are told."""
        return False

    def attach(self, name: str) -> Link:
        """See `HeldRun`."""
        try:
            answered = ask(self._folders, Request(want=Want.ATTACH, who=name), ANSWER_S)
        except NotDone as refused:
            raise OperatorError(
                f"the run of the service cannot be read along: {refused}; to try the scripts on a file or a "
                "recording, name it: --on FILE"
            ) from None
        if problem := _unusable(answered):
            answered.close()
            raise OperatorError(problem)
        (passed,) = answered.passed
        link = Link(workers=passed, ours=passed.dup())
        if why := _goodbye(passed):
            link.close()
            raise OperatorError(f"the run of the service cannot be read along: {why}")
        return link

    def follow(self, observed: Observed) -> None:
        """See `HeldRun`: the service does not depend on it."""

    def hear(self, ready: set[int], now: float) -> None:
        """See `HeldRun`: it says nothing but by its links."""

    def leave(self) -> None:
        """See `HeldRun`: there is nothing of ours."""


def _goodbye(link: socket.socket) -> str:
    """Why the receiver does not take this reader, from its first message; empty if it does. The message stays there."""
    poll = select.poll()
    poll.register(link, select.POLLIN)
    poll.poll(ANSWER_S * 1000)
    try:
        told = decode_told(link.recv(MAX_MESSAGE_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except (OSError, ValueError):
        return "its receiver says nothing"
    return told.state.reason if told.state.ended and not told.written else ""


def _unusable(answered: Answered) -> str:
    without = "" if answered.passed else "the service has answered without a connection to its run"
    return other_version(answered.answer) or without
