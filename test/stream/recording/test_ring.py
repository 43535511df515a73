"""The ring never gives out what is in use."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.stream.recording.ring import Piece, Ring, decode_piece, decode_taken, encode_piece, encode_taken

SIZE = 1000


@given(st.lists(st.one_of(st.integers(1, 600), st.just(0)), max_size=200))
def test_pieces_never_overlap(steps: list[int]) -> None:
    """A size: a piece of it comes; 0: the oldest is taken."""
    ring, used, taken = Ring(SIZE), deque[tuple[int, int]](), 0
    for size in steps:
        if size == 0:
            if used:
                used.popleft()
                taken += 1
                ring.taken(taken)
            continue
        offset = ring.place(size)
        if offset is None:
            assert used
            continue
        assert 0 <= offset <= SIZE - size
        assert all(offset + size <= first or last <= offset for first, last in used)
        used.append((offset, offset + size))


def test_an_empty_ring_begins_at_its_front() -> None:
    ring = Ring(SIZE)
    assert [ring.place(10), ring.place(10)] == [0, 10]
    ring.taken(2)
    assert ring.place(10) == 0
    assert Ring(SIZE).place(SIZE + 1) is None


def test_messages() -> None:
    piece = Piece(offset=1, size=2, connection=3, dropped=4, run=5, start_s=6)
    assert decode_piece(encode_piece(piece)) == piece
    assert decode_taken(encode_taken(7)) == 7
    for decode in (decode_piece, decode_taken):
        with pytest.raises(ValueError, match="not a"):
            decode(b"nonsens")
