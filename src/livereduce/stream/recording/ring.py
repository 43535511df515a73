"""The memory between receiver and recorder: packets are copied into a ring.

The receiver writes (`Ring` says where there is room), the recorder maps it read-only. Both talk on a pair of sockets
that keep the limits of messages: the first message has the ring's size and its descriptor, each further one is a
`Piece`; the recorder answers with how many pieces it has taken. Where there is no room, packets are dropped.
"""

import struct
from collections import deque
from dataclasses import dataclass

RING_BYTES = 64 << 20
"""A third of a second at 25 million events a second; a slow stream never fills it."""
MAX_UNSENT = 4096
"""Pieces that wait for room in the socket."""

_PIECE = struct.Struct("<6q")
_TAKEN = struct.Struct("<q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole packets in the ring.

    Attributes
    ----------
    offset, size
        Where they are, in bytes.
    connection
        Number of the connection that they came on.
    dropped
        Bytes of the stream that were dropped before them.
    run, start_s
        The run that the stream is in before them, 0 for none, and its start in seconds since 1990.
    """

    offset: int
    size: int
    connection: int
    dropped: int = 0
    run: int = 0
    start_s: int = 0


def encode_piece(piece: Piece) -> bytes:
    """Encode a piece as one message."""
    return _PIECE.pack(piece.offset, piece.size, piece.connection, piece.dropped, piece.run, piece.start_s)


def decode_piece(message: bytes) -> Piece:
    """Decode a piece.

    Raises
    ------
    ValueError
        It is none.
    """
    if len(message) != _PIECE.size:
        raise ValueError(f"not a piece of a stream: {len(message)} bytes, expected {_PIECE.size}")
    offset, size, connection, dropped, run, start_s = _PIECE.unpack(message)
    return Piece(offset=offset, size=size, connection=connection, dropped=dropped, run=run, start_s=start_s)


def encode_taken(pieces: int) -> bytes:
    """Encode how many pieces were taken since the beginning."""
    return _TAKEN.pack(pieces)


def decode_taken(message: bytes) -> int:
    """Decode how many pieces were taken.

    Raises
    ------
    ValueError
        It is something else.
    """
    if len(message) != _TAKEN.size:
        raise ValueError(f"not a number of pieces: {len(message)} bytes")
    return int(_TAKEN.unpack(message)[0])


class Ring:
    """Which parts of the ring are in use; it has no memory itself.

    Each piece lies in one stretch. While nothing is in use the next one begins at 0, so that a slow stream uses, and
    makes resident, the first pages only.
    """

    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self._used: deque[tuple[int, int]] = deque()
        self._taken = 0

    def has_room(self, size: int) -> bool:
        """True if a piece of this size could be placed."""
        return self._free(size) is not None

    def place(self, size: int) -> int | None:
        """Take a stretch of the ring; return its offset, None if there is no room."""
        offset = self._free(size)
        if offset is not None:
            self._used.append((offset, offset + size))
        return offset

    def taken(self, pieces: int) -> None:
        """So many pieces were taken since the beginning: their stretches are free. Nonsense is ignored."""
        while self._taken < pieces and self._used:
            self._used.popleft()
            self._taken += 1

    def _free(self, size: int) -> int | None:
        if not self._used:
            return 0 if size <= self._size else None
        first, last = self._used[0][0], self._used[-1][1]
        if last > first:  # in use is one stretch: behind it there is room, or in front of it
            if size <= self._size - last:
                return last
            return 0 if size < first else None
        return last if size < first - last else None
