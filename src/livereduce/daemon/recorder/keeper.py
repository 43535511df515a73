"""The recorder as a process: started, paired with each receiver, heard, ended. What to do is decided in `policy.py`.

It may hang in the kernel: nothing here waits for its end without a limit.
"""

import logging
import signal
import socket
import time
from collections.abc import Mapping

from livereduce.base.files import replace_file
from livereduce.base.waiting import is_readable
from livereduce.daemon.facts import Limits
from livereduce.daemon.recorder import policy
from livereduce.daemon.recorder.policy import (
    KillRecorder,
    RecorderSight,
    RecorderState,
    StartRecorder,
    StopRecorder,
)
from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.launching import CommandLines, worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.spoken import OwnLines
from livereduce.messages.order import STOP
from livereduce.messages.progress import RecordingProgress
from livereduce.messages.recorder import NOTE, TAP_FD, RecorderJob, encode_recorder_job
from livereduce.messages.status import RecordingSeen
from livereduce.preflight.resolve import Resolved

GB = 10**9
JOB_FILE = "recorder.json"
KILLED_S = 0.5
"""Wait for the end of a recorder that was killed."""

log = logging.getLogger("livereduce.daemon")


class RecorderKeeper:
    """The recorder, and the sockets by which it is paired with the receiver.

    Attributes
    ----------
    process
        None while there is none.
    """

    def __init__(self, limits: Limits) -> None:
        self.process: Worker | None = None
        self._state = RecorderState(limits=limits)
        self._recorder: socket.socket | None = None
        self._receiver: socket.socket | None = None
        self._paired = self._killed = False
        self._said = RecordingProgress()
        self._heard_at = self._started_at = 0.0
        self._told_at: float | None = None
        self._last_end = ""
        self._restarts = 0
        self._lines = OwnLines("the recorder's", "livereduce.recorder")

    def look(
        self, commands: CommandLines, environ: Mapping[str, str], resolved: Resolved | None, now: float, *, wanted: bool
    ) -> None:
        """Start or end it if that is due, and pair it with a receiver that it does not have yet."""
        match policy.decide(self._state, self._sight(now, wanted=wanted), now):
            case StartRecorder() if resolved is not None:
                self._start(commands, environ, resolved, now)
            case StopRecorder() if self.process is not None:
                self._told_at = now
                self.process.order(STOP)
            case KillRecorder(reason=why):
                self._kill(why)
        self._pair()

    def for_receiver(self, resolved: Resolved) -> socket.socket | None:
        """The socket that a receiver which is about to start is to have as `TAP_FD`; None: nothing is recorded."""
        self._drop_receiver()
        if resolved.record_dir is None:
            return None
        self._receiver, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._receiver.setblocking(False)
        return theirs

    def hear(self, now: float) -> None:
        """Read its beats and its output."""
        if self.process is None:
            return
        for beat in self.process.read_beats():
            self._heard_at, self._said = now, beat.progress.recording
        self._lines.take(self.process.read_output(), now)

    def take_end(self, now: float) -> None:
        """Reap it."""
        recorder, asked = self.process, self._told_at is not None
        if recorder is None:
            return
        self.hear(now)
        self._forget()
        code, lines = recorder.reap()
        self._lines.take(lines, now)
        self._state = policy.ended(self._state, now - self._started_at, now, asked=asked)
        self._last_end = ""
        if not asked:
            self._restarts += 1
            self._last_end = why_ended(code, tuple(recorder.output.last), who="the recorder")
            log.warning("%s; the next one starts in %.0f s", self._last_end, self._state.earliest - now)

    def seen(self, resolved: Resolved | None, now: float, *, wanted: bool) -> RecordingSeen | None:
        """What the status says of the recording; None if nothing is to be recorded."""
        if resolved is None or resolved.record_dir is None:
            return None
        said, directory = self._said, str(resolved.record_dir)
        return RecordingSeen(
            directory=directory,
            pid=self.process.pid if self.process else None,
            restarts=self._restarts,
            run=said.run,
            run_bytes=said.run_bytes,
            run_gaps=said.run_gaps,
            written_bytes=said.written_bytes,
            gaps=said.gaps,
            problem=policy.complaint(self._sight(now, wanted=wanted), said, directory, self._last_end),
        )

    def leave(self) -> None:
        """Leave no recorder behind, unless it hangs in the kernel: then it ends when its file system answers."""
        self._drop_receiver()
        recorder = self.process
        if recorder is None:
            return
        recorder.order(STOP)
        if not is_readable(recorder.pidfd, policy.LEAVE_S):
            recorder.signal_group(signal.SIGKILL)
            if not is_readable(recorder.pidfd, KILLED_S):
                log.error("the recorder (pid %d) hangs in the kernel, and ends when its disk answers", recorder.pid)
                return
        self.take_end(time.monotonic())

    def _sight(self, now: float, *, wanted: bool) -> RecorderSight:
        alive = self.process is not None
        return RecorderSight(
            wanted=wanted,
            alive=alive,
            silent_s=now - self._heard_at if alive else 0.0,
            told_s=None if self._told_at is None else now - self._told_at,
            killed=self._killed,
        )

    def _start(self, commands: CommandLines, environ: Mapping[str, str], resolved: Resolved, now: float) -> None:
        self._started_at = self._heard_at = now
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                path = resolved.state_dir / JOB_FILE
                replace_file(path, encode_recorder_job(_job(resolved)).encode())
                own = worker_environ(environ, resolved.state_dir, resolved.interpreter)
                command = commands.recorder(resolved.interpreter, path)
                self.process = spawn(command, own, {TAP_FD: theirs.fileno()})
            except OSError as error:
                ours.close()
                self._state = policy.ended(self._state, 0.0, now, asked=False)
                self._last_end = f"no recorder could be started: {error}"
                log.warning("%s", self._last_end)
                return
        ours.setblocking(False)
        self._recorder, self._paired, self._killed, self._told_at = ours, False, False, None
        self._said = RecordingProgress()
        log.info("recorder (pid %d) started, for %s", self.process.pid, resolved.record_dir)

    def _pair(self) -> None:
        """Give receiver and recorder a pair of sockets, once."""
        if self._recorder is None or self._receiver is None or self._paired:
            return
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with one, other:
            try:
                socket.send_fds(self._recorder, [NOTE], [one.fileno()])
                socket.send_fds(self._receiver, [NOTE], [other.fileno()])
            except OSError as error:  # one of them is ending: the next one is paired
                log.warning("recorder and receiver could not be paired: %s", error)
        self._paired = True

    def _kill(self, why: str) -> None:
        if self.process is not None:
            log.warning("the recorder (pid %d) is killed: %s", self.process.pid, why)
            self._killed = True
            self.process.signal_group(signal.SIGKILL)

    def _drop_receiver(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        self._receiver, self._paired = None, False

    def _forget(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
        self.process, self._recorder = None, None
        self._paired = self._killed = False
        self._told_at = None


def _job(resolved: Resolved) -> RecorderJob:
    config = resolved.config
    return RecorderJob(
        directory=str(resolved.record_dir),
        instrument=resolved.instrument.short_name,
        source=resolved.source,
        keep_runs=config.record_keep_runs,
        keep_bytes=round(config.record_keep_gb * GB),
    )
