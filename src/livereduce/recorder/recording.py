"""Take the stream from one receiver after the other, and write it: the work loop of the recorder."""

import logging
import select
import socket
from collections import deque
from pathlib import Path

import numpy as np

from livereduce.base.contained import Contained
from livereduce.messages.progress import Progress, RecordingProgress
from livereduce.messages.recorder import RecorderJob
from livereduce.recorder.space import KeepRules
from livereduce.recorder.writing import RecordingPlace, RunWriter
from livereduce.stream.adara.wire.frame import Framer, FramingError
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.held.segments import SegmentId, SegmentKind, map_segment
from livereduce.stream.items import U1
from livereduce.stream.recording.ring import Piece, decode_piece, encode_taken

POLL_S = 0.1
"""Longest wait: the recorder beats, and looks at its orders, in between."""
AT_ONCE = 64
"""Pieces taken between two beats."""
TOO_SLOW = "the recorder did not keep up: the file system was slow, or did not answer"

log = logging.getLogger("livereduce.recorder")


class Recorder:
    """Writes what receivers give it.

    Parameters
    ----------
    sockets
        The daemon's socket, on which a socket to each new receiver comes.
    """

    def __init__(self, job: RecorderJob, sockets: socket.socket) -> None:
        sockets.setblocking(False)
        rules = KeepRules(runs=job.keep_runs, bytes=job.keep_bytes)
        place = RecordingPlace(
            directory=Path(job.directory), instrument=job.instrument, source=job.source, rules=rules
        )  # fmt: skip
        self._writer = RunWriter(place)
        self._sockets = sockets
        self._waiting: deque[socket.socket] = deque()
        self._receiver: socket.socket | None = None
        self._memory: U1 | None = None
        self._framer = Framer()
        self._taken = self._connection = 0
        self._contained = Contained(log)

    def poll(self, timeout_s: float) -> bool:
        """Wait for something, and write it; return True if there was something."""
        if self._receiver is None and self._waiting:
            self._follow(self._waiting.popleft())
        poll = select.poll()
        for one in (self._sockets, self._receiver):
            if one is not None and one.fileno() >= 0:
                poll.register(one, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(1000 * timeout_s)}
        if self._sockets.fileno() in ready:
            self._take_receiver()
        if self._receiver is not None and self._receiver.fileno() in ready:
            self._take_pieces(self._receiver)
        return bool(ready)

    def progress(self) -> Progress:
        """What beats tell."""
        writer = self._writer
        return Progress(
            recording=RecordingProgress(
                run=writer.run,
                run_bytes=writer.run_bytes,
                run_gaps=writer.run_gaps,
                gap=writer.gap,
                problem=writer.problem,
                written_bytes=writer.bytes_written,
                gaps=writer.gaps,
            )
        )

    def close(self) -> None:
        """Close the files, and let the receiver go."""
        self._let_go()
        self._writer.close()
        self._sockets.close()

    def _take_receiver(self) -> None:
        try:
            message, fds, _, _ = socket.recv_fds(self._sockets, 64, 1)
        except BlockingIOError:
            return
        if not message:  # the daemon is gone: the orders say so, too
            self._sockets.close()
        for fd in fds:
            self._waiting.append(socket.socket(fileno=fd))

    def _follow(self, receiver: socket.socket) -> None:
        receiver.setblocking(False)
        self._receiver, self._memory, self._taken, self._connection = receiver, None, 0, -1

    def _take_pieces(self, receiver: socket.socket) -> None:
        try:
            for _ in range(AT_ONCE):
                message, fds, _, _ = socket.recv_fds(receiver, 256, 1)
                if not message:
                    self._let_go()
                    return
                if self._memory is None:
                    self._greet(decode_piece(message), fds)
                    continue
                self._take(decode_piece(message), self._memory)
                self._taken += 1
                receiver.send(encode_taken(self._taken))
        except BlockingIOError:
            return
        except (OSError, ValueError, FramingError) as error:
            log.error("the receiver is let go: %s", error)
            self._let_go()

    def _greet(self, hello: Piece, fds: list[int]) -> None:
        if len(fds) != 1:
            raise ValueError("the receiver sent no memory")
        self._memory = map_segment(SegmentId(number=0, kind=SegmentKind.RING, size=hello.size), fds[0])
        assert self._receiver is not None
        self._receiver.send(encode_taken(0))

    def _take(self, piece: Piece, memory: U1) -> None:
        if piece.connection != self._connection:
            self._connection = piece.connection
            self._writer.connected()
        if piece.dropped:
            self._writer.dropped(piece.dropped, TOO_SLOW)
        words = memory[piece.offset : piece.offset + piece.size].view(np.uint32)
        run, start_s = piece.run, piece.start_s
        for table in Walk(self._framer, words):
            self._writer.take(table, run, start_s)
            run, start_s = self._writer.run, self._writer.run_start_s

    def _let_go(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        self._receiver = self._memory = None
