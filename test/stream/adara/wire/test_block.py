"""The buffer between socket and framing: it grows for one large packet, shrinks again, and keeps every byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.decoding import framed, rows_of, table_of
from helpers.packets import T0, packet, words
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.layout import HEADER_BYTES, MAX_PAYLOAD_BYTES

SMALL = packet(0x4009, 0, T0)


def large(size: int) -> bytes:
    return packet(0x4242, 0, T0, words(*range(size // 4)))


def put(block: Block, data: bytes) -> None:
    block.room(len(data))[: len(data)] = data
    block.received(len(data))


def test_words_are_whole_words_only() -> None:
    block = Block(64)
    put(block, b"abcdefghij")
    assert block.words.tobytes() == b"abcdefgh"
    put(block, b"kl")
    assert block.words.tobytes() == b"abcdefghijkl"


def test_what_is_left_moves_to_the_front_with_its_odd_bytes() -> None:
    block = Block(64)
    put(block, b"abcdefghij")
    block.consume(1)
    assert (block.words.tobytes(), block.offset) == (b"efgh", 4)
    put(block, b"kl")
    assert block.words.tobytes() == b"efghijkl"
    assert len(block.room()) == 64 - 8


def test_a_new_connection_begins_empty() -> None:
    block = Block(64)
    put(block, b"abcdefghij")
    block.consume(1)
    block.clear()
    assert (len(block.words), block.offset, len(block.room())) == (0, 0, 64)


@pytest.mark.parametrize("filled", [0, 1, 60, 61, 63, 64])
def test_room_is_never_empty_and_keeps_what_is_there(filled: int) -> None:
    block, data = Block(64), bytes(range(filled))
    put(block, data)
    assert len(block.room()) >= 4
    put(block, b"wxyz")
    assert bytes(block.words).startswith(data[: filled & ~3])
    put(block, bytes(-(filled + 4) % 4))
    assert block.words.tobytes()[: filled + 4] == data + b"wxyz"


def test_it_grows_for_a_packet_larger_than_itself_and_shrinks_again() -> None:
    block = Block(256)
    assert framed([large(4000)], block) == rows_of(table_of(large(4000)))
    assert len(block.room()) == 256


def test_it_shrinks_only_when_nothing_is_left() -> None:
    block, first = Block(256), large(4000)
    put(block, first + SMALL[:8])
    block.consume(len(first) // 4)
    assert block.words.tobytes() == SMALL[:8]
    assert len(block.room()) > 256
    put(block, SMALL[8:])
    block.consume(len(SMALL) // 4)
    assert len(block.room()) == 256


def test_a_packet_at_the_limit_finds_room() -> None:
    block = Block(256)
    put(block, words(MAX_PAYLOAD_BYTES, 0x400001, 1, 2))
    assert len(block.room(MAX_PAYLOAD_BYTES)) >= MAX_PAYLOAD_BYTES


def test_it_does_not_grow_beyond_the_limit() -> None:
    block = Block(256)
    assert len(block.room(100 * MAX_PAYLOAD_BYTES)) <= HEADER_BYTES + MAX_PAYLOAD_BYTES


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([SMALL, large(40), large(300), large(2000)]), max_size=8),
    st.lists(st.integers(1, 700), min_size=1, max_size=8),
)
def test_any_packets_in_any_pieces(packets: list[bytes], sizes: list[int]) -> None:
    data = b"".join(packets)
    pieces, at, turn = [], 0, 0
    while at < len(data):
        pieces.append(data[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    block = Block(64)
    assert framed(pieces, block) == rows_of(table_of(data))
    assert block.offset == len(data)
