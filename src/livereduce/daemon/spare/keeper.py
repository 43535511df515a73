"""The spare as a process: started, heard, given a job, ended, reaped. What to do is decided in `policy.py`."""

import logging
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from livereduce.daemon.facts import Limits
from livereduce.daemon.spare import policy
from livereduce.daemon.spare.likeness import likeness
from livereduce.daemon.spare.policy import KillSpare, SpareSight, SpareState, StartSpare
from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.spoken import OwnLines
from livereduce.messages.receiver import ADOPT_FD, SPARE_READY, Adopt, encode_note

STALE_S = 10.0
"""How often to look for changes in what the spare has imported."""

log = logging.getLogger("livereduce.daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparePlan:
    """How a spare is started."""

    command: tuple[str, ...]
    interpreter: str
    environ: Mapping[str, str]

    @property
    def like(self) -> str:
        """What it would be made from, see `likeness`."""
        return likeness(self.interpreter, self.environ)


class SpareKeeper:
    """The spare.

    Attributes
    ----------
    process
        None while there is none.
    ready
        It stands by.
    """

    def __init__(self, limits: Limits) -> None:
        self.process: Worker | None = None
        self.ready = False
        self._state = SpareState(limits=limits)
        self._daemons_end: socket.socket | None = None
        self._like = ""
        self._stale_due = self._heard_at = 0.0
        self._killed = False
        self._lines = OwnLines("the spare worker's", "livereduce.worker")

    def look(self, sight: SpareSight, plan: Callable[[], SparePlan], now: float) -> None:
        """Start or end the spare if that is due. `sight` tells what is not known here."""
        whole = replace(
            sight,
            alive=self.process is not None,
            ready=self.ready,
            silent_s=now - self._heard_at,
            stale=sight.wanted and self._is_stale(plan, now),
        )
        match policy.decide(self._state, whole, now):
            case StartSpare():
                self._start(plan(), now)
            case KillSpare(reason=why):
                self._kill(why)

    def adopt(self, job: Path, link: socket.socket, plan: SparePlan) -> Worker | None:
        """Make the spare the worker of a job, with this socket to the receiver; None: there is none that could be.

        Parameters
        ----------
        plan
            How one would be started now.
        """
        spare, daemons_end = self.process, self._daemons_end
        if spare is None or daemons_end is None or not self.ready or self._killed:
            return None
        if plan.like != self._like:
            self._kill("what it has imported has changed")
            return None
        spare.read_beats()  # what it has said as a spare
        try:
            socket.send_fds(daemons_end, [encode_note(Adopt(job=str(job)))], [link.fileno()])
        except OSError as error:
            self._kill(f"it takes no job: {error}")
            return None
        self._forget()
        return spare

    def hear(self, now: float) -> None:
        """Read its beats and its output."""
        if self.process is None:
            return
        for beat in self.process.read_beats():
            self._heard_at = now
            if beat.progress.doing == SPARE_READY and not self.ready:
                self.ready = True
                self._state = policy.stood_by(self._state)
                log.info("a spare worker stands by (pid %d)", self.process.pid)
        self._lines.take(self.process.read_output(), now)

    def take_end(self, now: float) -> None:
        """Reap it."""
        spare, killed = self.process, self._killed
        if spare is None:
            return
        self._forget()
        code, lines = spare.reap()
        self._lines.take(lines, now)
        self._state = policy.ended(self._state, code, now, killed=killed)
        if not killed and code:
            said = why_ended(code, tuple(spare.output.last), who="the spare worker")
            log.warning("%s; the next one is made in %.0f s at the earliest", said, self._state.earliest - now)

    def leave(self) -> None:
        """Leave no spare behind."""
        if self.process is not None:
            self.process.signal_group(signal.SIGKILL)
            self.process.reap()
            self._forget()

    def _start(self, plan: SparePlan, now: float) -> None:
        self._like = plan.like
        self._stale_due, self._heard_at = now + STALE_S, now
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self.process = spawn(plan.command, plan.environ, {ADOPT_FD: theirs.fileno()})
            except OSError as error:
                ours.close()
                self._state = policy.ended(self._state, 1, now, killed=False)
                log.warning("no spare worker could be started: %s", error)
                return
        ours.setblocking(False)
        self._daemons_end, self.ready, self._killed = ours, False, False

    def _is_stale(self, plan: Callable[[], SparePlan], now: float) -> bool:
        if self.process is None or now < self._stale_due:
            return False
        self._stale_due = now + STALE_S
        return plan().like != self._like

    def _kill(self, why: str) -> None:
        if self.process is not None and not self._killed:
            log.info("the spare worker (pid %d) is ended: %s", self.process.pid, why)
            self._killed, self.ready = True, False
            self.process.signal_group(signal.SIGKILL)

    def _forget(self) -> None:
        if self._daemons_end is not None:
            self._daemons_end.close()
        self.process, self._daemons_end, self.ready, self._killed = None, None, False, False
