"""A reader that is attached: what it is told next, a value; and how it is told, or told why it ends."""

import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from livereduce.messages.receiver import ReaderKind
from livereduce.stream.held.segments import SharedSegment
from livereduce.stream.held.talk import MAX_SEGMENTS, Told, encode_told
from livereduce.stream.items import SourceState


@dataclass(slots=True, eq=False)
class AttachedReader:
    """A reader that is attached.

    Attributes
    ----------
    begin
        Where it begins.
    end
        Place up to which it is told; None: as far as the stream goes.
    has
        Numbers of the segments that it was told of.
    written, state
        What it was told last.
    """

    name: str
    socket: socket.socket
    begin: int
    kind: ReaderKind = ReaderKind.WORKER
    end: int | None = None
    has: set[int] = field(default_factory=set)
    written: int = -1
    state: SourceState | None = None

    @property
    def is_worker(self) -> bool:
        """Its word counts."""
        return self.kind is ReaderKind.WORKER

    @property
    def is_heard(self) -> bool:
        """It says how far it is."""
        return self.kind in (ReaderKind.WORKER, ReaderKind.VIEWER)

    def is_behind(self, written: int) -> bool:
        """There is more of the journal than it was told of."""
        return self.written < (written if self.end is None else self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderNews:
    """A message for a reader, and the new segments whose descriptors go with it."""

    told: Told
    segments: tuple[SharedSegment, ...]


def news_for(
    reader: AttachedReader, segments: Sequence[SharedSegment], written: int, state: SourceState
) -> ReaderNews | None:
    """What a reader must be told next; None: it knows all.

    Parameters
    ----------
    segments
        All that are held, oldest first.
    written
        Place up to which the journal is complete.
    """
    end = written if reader.end is None else reader.end
    state = state if reader.end is None else replace(state, ended=True)  # for a guest no more comes
    held = {one.id.number for one in segments}
    is_done = reader.end is not None and reader.written == end
    new = () if is_done else tuple(one for one in segments if one.id.number not in reader.has)
    gone = tuple(reader.has - held)
    if reader.written == end and not new and not gone and (is_done or reader.state == state):
        return None
    if len(new) > MAX_SEGMENTS:  # the rest comes with the next message, and before it nothing is complete, or over
        new, end, state = new[:MAX_SEGMENTS], max(reader.written, reader.begin), replace(state, ended=False)
    told = Told(
        begin=reader.begin,
        written=end,
        segments=tuple(one.id for one in new),
        gone=gone,
        state=state,
    )
    return ReaderNews(told=told, segments=new)


def send(reader: AttachedReader, news: ReaderNews) -> bool:
    """Tell a reader; False if its socket takes no more now.

    Raises
    ------
    OSError
        The reader is gone.
    """
    try:
        socket.send_fds(reader.socket, [encode_told(news.told)], [one.fd for one in news.segments])
    except BlockingIOError:
        return False
    reader.has = (reader.has | {one.id.number for one in news.segments}) - set(news.told.gone)
    reader.written, reader.state = news.told.written, news.told.state
    return True


def say_goodbye(one: socket.socket, state: SourceState, why: str) -> None:
    """Tell a follower or a guest why it ends, and close its socket."""
    last = replace(state, connected=False, reason=why, ended=True)
    with one, suppress(OSError):
        one.send(encode_told(Told(begin=0, written=0, segments=(), gone=(), state=last)))


def has_gone(one: socket.socket) -> bool:
    """The other end is closed; nothing is received."""
    poll = select.poll()
    poll.register(one, 0)
    return bool(poll.poll(0))
