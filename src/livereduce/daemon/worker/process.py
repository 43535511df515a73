"""One child as the daemon holds it, worker, receiver or spare: its pipes, pidfd and process group. Decides nothing.

Three pipes: beats from the worker, orders to it, and its output. The daemon keeps the only writing end of the order
pipe: when the daemon dies, by whatever means, a worker reads end-of-file there and exits (exit 70). Waiting is on a
pidfd: no lost SIGCHLD, and no pid that was reused for another process (pidfd_open(2), Linux 5.3).
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from livereduce.daemon.worker.hearing import Hearing
from livereduce.daemon.worker.output import Line, WorkerOutput
from livereduce.daemon.worker.stacks import Stacks
from livereduce.messages.beat import Beat
from livereduce.messages.job import BEAT_FD, DUMP_FD, ORDER_FD

READ_BYTES = 1 << 16
"""Bytes per read of a pipe, which is its default size: the loop continues before a worker that prints much is read
again."""
BEATS_BYTES = 1 << 20
"""Size of the beat pipe: the beat before a script that never ends must not be lost because earlier beats fill the
pipe."""
NO_SOCKETS: Mapping[str, int] = {}


class Worker:
    """A running worker, receiver or spare. Made by `spawn`; after `reap` only `output` is of use."""

    def __init__(self, process: subprocess.Popen[bytes], beats: int, orders: int, stacks: Stacks | None = None) -> None:
        assert process.stdout is not None
        self.pid = process.pid
        self.output = WorkerOutput()
        self.pidfd = os.pidfd_open(process.pid)
        self.beats_fd, self.orders_fd, self.output_fd = beats, orders, process.stdout.fileno()
        self.watched = {self.pidfd, self.beats_fd, self.output_fd}
        """Descriptors that become readable when something must be done; a pipe that has ended is removed."""
        self._process = process
        self._stacks = stacks
        self.hearing = Hearing()
        for fd in (beats, orders, self.output_fd):
            os.set_blocking(fd, False)

    def read_beats(self) -> list[Beat]:
        """Beats since the last call; `hearing` counts invalid ones."""
        beats: list[Beat] = []
        for _ in range(BEATS_BYTES // READ_BYTES):  # the newest beat describes the worker: do not fall behind
            data = self._read(self.beats_fd)
            beats += self.hearing.feed(data)
            if len(data) < READ_BYTES:
                break
        return beats

    def read_output(self) -> list[Line]:
        """Lines that the worker has printed."""
        return self.output.feed(self._read(self.output_fd))

    def order(self, order: str) -> None:
        """Send an order. If it does not arrive, the policy's deadlines handle that."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.orders_fd, order.encode() + b"\n")

    def ask_for_stacks(self) -> None:
        """Have the worker write the stacks of its threads.

        The worker alone: SIGUSR1 would kill what scripts have started.
        """
        if self._stacks:
            self._stacks.ask(self.pid)
        else:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGUSR1)

    def stacks(self) -> str:
        """Stacks written since they were asked for; read them after some time."""
        return self._stacks.answer() if self._stacks else ""

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the worker and all that its scripts have started, except what has left the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def reap(self) -> tuple[int, list[Line]]:
        """Take the exit code of a worker that has ended (negative: a signal) and its last output; close everything.

        What its scripts have left behind in the group is killed *before* the worker is reaped: as long as the dead
        leader is not waited for, its number cannot be given to another process.
        """
        self.signal_group(signal.SIGKILL)
        code = self._process.wait()
        lines = []
        # A process that left the group may hold the pipe open forever: read what is there, do not wait for its end.
        for _ in range(16):
            if not (data := self._read(self.output_fd)):
                break
            lines += self.output.feed(data)
        lines += self.output.finish()
        self.close()
        return code, lines

    def close(self) -> None:
        """Close pipes and pidfd."""
        os.close(self.pidfd)
        os.close(self.beats_fd)
        os.close(self.orders_fd)
        if self._stacks:
            self._stacks.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, fd: int) -> bytes:
        """Read what is there now.

        The end of a pipe stays readable forever: watching it further would make the loop spin.
        """
        try:
            data = os.read(fd, READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            self.watched.discard(fd)
        return data


def spawn(
    command: Sequence[str],
    environ: Mapping[str, str],
    sockets: Mapping[str, int] = NO_SOCKETS,
    cwd: Path | None = None,
) -> Worker:
    """Start a worker in a session of its own.

    Parameters
    ----------
    sockets
        Further descriptors that it inherits, by the variables that tell it their numbers; they stay open here.
    cwd
        Its working directory; None for that of the daemon.

    Raises
    ------
    OSError
        The interpreter does not exist or cannot be run, or the host is out of processes, memory or descriptors.
    """
    stacks = _stacks()
    try:
        return _spawn(command, environ, sockets, stacks, cwd)
    except OSError:
        if stacks:
            stacks.close()
        raise


def _spawn(
    command: Sequence[str],
    environ: Mapping[str, str],
    sockets: Mapping[str, int],
    stacks: Stacks | None,
    cwd: Path | None,
) -> Worker:
    with _pipe() as (beats, beats_worker), _pipe() as (orders_worker, orders):
        fds = (
            {BEAT_FD: beats_worker, ORDER_FD: orders_worker} | ({DUMP_FD: stacks.fd} if stacks else {}) | dict(sockets)
        )
        process = subprocess.Popen(
            command,
            env={**environ, **{name: str(fd) for name, fd in fds.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(fds.values()),
            start_new_session=True,
            cwd=cwd,
            bufsize=0,
        )
        with suppress(OSError):  # more than an unprivileged process may ask for: keep the default of 64 KiB
            fcntl.fcntl(beats, fcntl.F_SETPIPE_SZ, BEATS_BYTES)
        try:
            # copies, so that the pipes' original descriptors are closed in one place, whatever happens
            return Worker(process, os.dup(beats), os.dup(orders), stacks)
        except OSError:
            process.kill()
            process.wait()
            raise


def _stacks() -> Stacks | None:
    try:
        return Stacks()
    except OSError:  # no place for temporary files: the stacks go to the worker's output
        return None


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe that is closed on this side at the end."""
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)
