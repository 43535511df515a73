"""Look at the events of an instrument's run: start a viewer, a process that reads them along, and ask it. Blocks.

Whoever looks has a viewer of its own; the daemon gives it a connection to the receiver, and knows no more of it.
"""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from livereduce.messages.receiver import RECEIVER_FD
from livereduce.messages.request import NotDone, Request, Want
from livereduce.messages.views import (
    GOODBYE,
    MAX_ANSWER_BYTES,
    MODULE,
    QUESTION,
    REFUSED,
    FrameBuffer,
    Question,
    ViewerJob,
    decode_view_refusal,
    encode_question,
    encode_viewer_job,
    view_frame,
)
from livereduce.preflight.asking import ask, other_version

DAEMON_S = 8.0
"""Longest wait for the daemon, whose loop turns at least once a second."""
ANSWER_S = 20.0
START_S = 60.0
"""For the first answer: it is started, and its kernels may have to be compiled."""
GONE_S = 5.0
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Not numba's: kernels are installed for its options (`base/kernel_cache.py`), and none of ours runs on its threads."""
_PIECE_BYTES = 1 << 20


class ViewRefused(Exception):
    """There is no answer: the HTTP status that a page gives, and a sentence for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class ViewerEnded(ViewRefused):
    """The viewer has ended, for whatever reason: another one may answer."""


class ViewerProcess:
    """A viewer. One thread at a time may ask it; another may `kill` it.

    Parameters
    ----------
    process
        The viewer, with pipes for its input and output.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._frames = FrameBuffer(MAX_ANSWER_BYTES)
        self._has_answered = False

    @classmethod
    def begin(cls, folders: Sequence[Path], job: ViewerJob, who: str) -> "ViewerProcess":
        """Start a viewer.

        Parameters
        ----------
        folders
            Where the daemon may listen: its runtime directory.
        who
            Who looks, for people.

        Raises
        ------
        NotDone
            There is no daemon to ask, it is of another version, or has no receiver; or no process can be started.
        """
        answered = ask(folders, Request(want=Want.FOLLOW, who=who), DAEMON_S)
        try:
            if why := other_version(answered.answer):
                raise NotDone(why)
            if not answered.passed:
                raise NotDone("the daemon has answered without a connection to the receiver; ask again")
            return cls.started(job, answered.passed[0])
        except OSError as error:
            raise NotDone(f"cannot start a process to look at the events: {error.strerror or error}") from None
        finally:
            answered.close()

    @classmethod
    def started(cls, job: ViewerJob, receiver: socket.socket) -> "ViewerProcess":
        """Start a viewer on a connection to a receiver.

        Raises
        ------
        OSError
            No process can be started.
        """
        return cls(_started(job, receiver))

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """It answers no more."""
        return self._process.poll() is not None

    def ask(self, question: Question) -> bytes:
        """The answer to a question, as JSON.

        Raises
        ------
        ViewRefused
            There is none; a viewer that ended, or did not answer in time, is killed: start another one.
        """
        within_s = ANSWER_S if self._has_answered else START_S
        until_s = time.monotonic() + within_s
        try:
            with suppress(BrokenPipeError):  # it may have said why before it ended
                self._send(view_frame(QUESTION, encode_question(question)), until_s)
            kind, payload = self._receive(until_s)
        except TimeoutError:
            self.end()
            raise ViewRefused(409, f"counting took more than {within_s:g} s, and was ended; try again") from None
        except (OSError, ValueError) as error:
            self.end()
            raise ViewerEnded(409, f"the process that counts has ended ({error}); try again") from None
        if kind == GOODBYE:
            self.end()
            raise ViewerEnded(409, f"the run cannot be read along: {payload.decode(errors='replace')}")
        self._has_answered = True
        if kind == REFUSED:
            raise ViewRefused(*decode_view_refusal(payload))
        return payload

    def kill(self) -> None:
        """End it, whatever it does; `end` waits until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def end(self) -> None:
        """End it, and leave nothing of it."""
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GONE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _send(self, data: bytes, until_s: float) -> None:
        left = memoryview(data)
        while left:
            _wait(self._to, select.POLLOUT, until_s)
            left = left[os.write(self._to, left) :]

    def _receive(self, until_s: float) -> tuple[bytes, bytes]:
        piece = b""
        while True:
            for frame in self._frames.take(piece):
                return frame
            _wait(self._from, select.POLLIN, until_s)
            piece = os.read(self._from, _PIECE_BYTES)
            if not piece:
                raise OSError("it has closed its output")


def _started(job: ViewerJob, receiver: socket.socket) -> "subprocess.Popen[bytes]":
    environ = os.environ | dict.fromkeys(_ONE_THREAD, "1") | {RECEIVER_FD: str(receiver.fileno())}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE, encode_viewer_job(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
        pass_fds=(receiver.fileno(),),
        bufsize=0,
    )


def _wait(fd: int, event: int, until_s: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    left_s = until_s - time.monotonic()
    if left_s <= 0 or not poll.poll(1000 * left_s):
        raise TimeoutError
