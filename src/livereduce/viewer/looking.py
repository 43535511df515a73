"""The loop of a viewer: reads what the receiver writes, and answers questions in between."""

import logging
import os
import select
import time
from collections.abc import Iterator
from contextlib import suppress

from livereduce.base.contained import Contained
from livereduce.base.errors import ExitCode
from livereduce.base.files import write_all
from livereduce.messages.views import (
    ANSWER,
    GOODBYE,
    MAX_QUESTION_BYTES,
    QUESTION,
    REFUSED,
    FrameBuffer,
    ViewerJob,
    decode_question,
    encode_view_refusal,
    view_frame,
)
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import SourceLost
from livereduce.viewer.answers import NotAnswered, answer
from livereduce.viewer.counted_run import ViewedStream

CATCH_UP_S = 5.0
"""How long a question waits for what was written before it; after that the answer is about less."""
REPORT_EVERY_S = 1.0
IDLE_S = 0.25
READ_BYTES = 1 << 16

log = logging.getLogger("livereduce.viewer")


class Looking:
    """A viewer at work.

    Parameters
    ----------
    receiver
        Descriptor of the connection to the receiver.
    questions, answers
        Descriptors of the two pipes.
    """

    def __init__(self, job: ViewerJob, receiver: int, *, questions: int, answers: int) -> None:
        self._source = HeldSource(receiver)
        self._viewed = ViewedStream(job)
        self._questions, self._answers = questions, answers
        self._frames = FrameBuffer(MAX_QUESTION_BYTES)
        self._contained = Contained(log)
        self._is_at_end = False
        self._reported_s = 0.0

    def look(self) -> ExitCode:
        """Read and answer until the pipe of questions is closed, or the receiver is gone."""
        while True:
            self._read()
            if self._source.is_gone:
                self._say_goodbye()
                return ExitCode.OK
            if not self._wait():
                continue
            received = os.read(self._questions, READ_BYTES)
            if not received:
                return ExitCode.OK
            for kind, payload in self._frames.take(received):
                self._answer(kind, payload)

    def _say_goodbye(self) -> None:
        """The receiver has let this reader go, and said why."""
        why = self._source.state().reason or "the receiver has let this viewer go: it needs the memory, say"
        log.warning("%s: this viewer ends", why)
        with suppress(OSError):  # whoever asks is gone, too
            write_all(self._answers, view_frame(GOODBYE, why.encode()))

    def _wait(self) -> bool:
        """Wait for the stream or a question; true if there is a question."""
        poll = select.poll()
        poll.register(self._questions, select.POLLIN)
        poll.register(self._source, select.POLLIN)
        ready = dict(poll.poll(0 if self._has_more() else 1000 * IDLE_S))
        return self._questions in ready

    def _has_more(self) -> bool:
        return self._source.is_behind and not self._is_at_end

    def _read(self) -> None:
        """Take what has been written since; segments that are gone are dropped."""
        if self._is_at_end:
            self._source.listen(0.0)
            return
        try:
            self._viewed.take(self._source.read(0.0), live=not self._source.is_behind)
        except SourceLost:
            self._is_at_end = True
        self._viewed.drop(self._source.still_holds)
        now = time.monotonic()
        if now - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = now
            place = self._source.position()
            self._source.report(place, place)

    def _catch_up(self) -> None:
        """Read what was written before the question, within a time."""
        until_s = time.monotonic() + CATCH_UP_S
        while not self._is_at_end and not self._source.is_gone and time.monotonic() < until_s:
            self._read()
            if self._source.is_behind:
                continue
            if self._source.has_begun:
                return
            self._source.listen(IDLE_S)

    def _answer(self, kind: bytes, payload: bytes) -> None:
        self._catch_up()
        for piece in self._pieces(kind, payload):
            write_all(self._answers, piece)

    def _pieces(self, kind: bytes, payload: bytes) -> Iterator[bytes]:
        try:
            if kind != QUESTION:
                raise ValueError(f"expected a question, got a frame of kind {kind!r}")
            yield view_frame(ANSWER, answer(self._viewed, decode_question(payload)))
        except NotAnswered as refused:
            yield view_frame(REFUSED, encode_view_refusal(refused.status, refused.text))
        except ValueError as error:
            yield view_frame(REFUSED, encode_view_refusal(422, str(error)))
        except Exception as error:  # noqa: BLE001 (the boundary of one question)
            self._contained.note("the answer to a question", error)
            yield view_frame(REFUSED, encode_view_refusal(422, "it cannot be shown; the log of this page says why"))
