"""The receiver as a process: started, heard, given readers, ended, reaped. What to do is decided in `policy.py`."""

import logging
import signal
import socket
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from livereduce.daemon import facts
from livereduce.daemon.facts import Action, Beaten, Limits, ReceiverEnded, Unintelligible
from livereduce.daemon.memory.usage import read_oom_kills
from livereduce.daemon.receiver import policy
from livereduce.daemon.receiver.folder import make_receiver_folder
from livereduce.daemon.receiver.policy import ReceiverFact, ReceiverStarted, ReceiverState
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.ending import how_ended, why_ended
from livereduce.daemon.worker.launching import CommandLines, worker_environ
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.spoken import OwnLines
from livereduce.daemon.worker.stacks import log_dump, save_dump
from livereduce.daemon.worker.suspects import NO_DEATHS, RECEIVERS_STAGES, note_death
from livereduce.messages.marks import read_mark
from livereduce.messages.order import STOP
from livereduce.messages.receiver import ATTACH_FD, Attach, ReaderKind, ReceiverJob, encode_note
from livereduce.messages.recorder import TAP_FD
from livereduce.preflight.resolve import Resolved

log = logging.getLogger("livereduce.daemon")


class ReceiverKeeper:
    """The newest receiver.

    Attributes
    ----------
    process
        None while there is none.
    job, observed
        Of the newest receiver: its job, None before the first; and its beats.
    state
        The state of its policy.
    restarts
        Number of receivers that ended although they were needed.
    """

    def __init__(self, limits: Limits) -> None:
        self.process: Worker | None = None
        self.job: ReceiverJob | None = None
        self.observed = Observed()
        self.state = ReceiverState(limits=limits)
        self.restarts = 0
        self._readers: socket.socket | None = None
        self._lines = OwnLines("the receiver's", "livereduce.receiver")
        self._stacks_asked = ""
        self._oom_kills: int | None = None

    def start(
        self,
        commands: CommandLines,
        environ: Mapping[str, str],
        resolved: Resolved,
        held_limit_bytes: int | None,
        now: float,
        tap: socket.socket | None = None,
    ) -> None:
        """Start a receiver.

        Parameters
        ----------
        tap
            Its end of a socket on which recorders come; None: nothing is recorded.

        Raises
        ------
        OSError
            Its job cannot be written, or it cannot be run.
        """
        self._oom_kills = read_oom_kills()
        self.observed = Observed()
        self.job, path = make_receiver_folder(resolved, held_limit_bytes)
        own = worker_environ(environ, resolved.state_dir, resolved.interpreter)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                command = commands.receiver(resolved.interpreter, path)
                taps = {TAP_FD: tap.fileno()} if tap is not None else {}
                self.process = spawn(command, own, {ATTACH_FD: theirs.fileno()} | taps)
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        self._readers = ours
        self.take(ReceiverStarted(silence_s=resolved.config.limits_s), now)
        log.info("receiver %d (pid %d) started", self.job.number, self.process.pid)

    def attach(self, reader: str, kind: ReaderKind = ReaderKind.WORKER) -> socket.socket:
        """Attach a reader; return its end of the connection.

        Raises
        ------
        OSError
            There is no receiver, or it takes nobody.
        """
        if self._readers is None:
            raise OSError("there is no receiver to read from")
        theirs, receivers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with receivers:
            try:
                socket.send_fds(self._readers, [encode_note(Attach(reader=reader, kind=kind))], [receivers.fileno()])
            except OSError:
                theirs.close()
                raise
        return theirs

    def take(self, fact: ReceiverFact, now: float) -> None:
        """Tell its policy a fact, and carry out what follows."""
        self.state, actions = policy.step(self.state, fact, now)
        for action in actions:
            self._carry_out(action)
        if not self.state.stalled and self._stacks_asked and self.process is not None:
            self._keep_stacks(self.process)

    def take_beats(self, receiver: Worker, now: float) -> None:
        """Hear its beats since the last call."""
        for beat in receiver.read_beats():
            self.observed = observe(self.observed, beat, now)
            self.take(Beaten(phase=beat.phase), now)
        if why := receiver.hearing.complaint:
            self.take(Unintelligible(reason=why.replace("the worker", "the receiver")), now)

    def take_output(self, lines: list[Line], now: float) -> None:
        """Log what it has printed."""
        self._lines.take(lines, now)

    def take_end(self, receiver: Worker, now: float) -> ReceiverEnded:
        """Reap it, draw conclusions, and tell why it has ended."""
        self._keep_stacks(receiver)
        self.process = None
        if self._readers is not None:
            self._readers.close()
            self._readers = None
        code, lines = receiver.reap()
        self.take_output(lines, now)
        log.info("receiver (pid %d) %s", receiver.pid, how_ended(code))
        oom_kills, before = read_oom_kills(), self._oom_kills
        killed = None if oom_kills is None or before is None else oom_kills - before
        said = why_ended(code, tuple(receiver.output.last), killed, who="the receiver")
        ended = ReceiverEnded(code=code, reason=policy.why_ended(self.state, said))
        if self.state.ending is not facts.Ending.STOP:
            self.restarts += 1
            self._note_death(code, ended.reason)
        self.take(ended, now)
        return ended

    def tell(self, now: float) -> None:
        """Log how many of its lines were left out, if that is due."""
        self._lines.tell(now)

    def leave(self) -> None:
        """Leave no receiver behind."""
        if self.process is not None:
            self.process.signal_group(signal.SIGKILL)
            self.process.reap()
        if self._readers is not None:
            self._readers.close()

    def _note_death(self, code: int, why: str) -> None:
        if self.job is not None and code not in NO_DEATHS:
            mark = read_mark(Path(self.job.mark))
            note_death(Path(self.job.state_dir), mark, why, stages=RECEIVERS_STAGES, who="the receiver")

    def _carry_out(self, action: Action) -> None:
        if self.process is None:
            return
        why = self.state.why
        match action:
            case facts.AskStop():
                log.info("%s: telling it to exit", why)
                self.process.order(STOP)
            case facts.Dump():
                log.error("the receiver is %s: asking it for the stack traces of its threads", why)
                self._stacks_asked = why
                self.process.ask_for_stacks()
            case facts.Terminate():
                log.warning("%s: sending SIGTERM to the receiver", why)
                self.process.signal_group(signal.SIGTERM)
            case facts.Kill():
                log.warning("%s, and the receiver did not exit: sending SIGKILL to it", why)
                self.process.signal_group(signal.SIGKILL)

    def _keep_stacks(self, receiver: Worker) -> None:
        """Save its answer to the last `Dump`, if there was one."""
        why, self._stacks_asked = self._stacks_asked, ""
        if why and self.job is not None:
            stacks = receiver.stacks()
            at = datetime.now().astimezone()
            path = save_dump(Path(self.job.state_dir), self.job.number, at, f"the receiver is {why}", stacks)
            log_dump(path, stacks, "receiver")
