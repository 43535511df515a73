"""Framing, three ways: whole, one byte at a time, and with what does not belong to it behind."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.decoding import framed, rows_of, table_of
from helpers.packets import NS, T0, packet, words
from livereduce.stream.adara.wire.frame import Framer, FramingError, PacketTable
from livereduce.stream.adara.wire.layout import MAX_PAYLOAD_BYTES, RARE_TYPES, Kind, Type

PACKETS = st.tuples(
    st.integers(0, 0xFF_FFFF),
    st.integers(0, 255),
    st.integers(0, 0xFFFF_FFFF * NS),
    st.binary(max_size=60).map(lambda data: data + bytes(-len(data) % 4)),
)


def kinds_of(table: PacketTable) -> list[Kind]:
    """The kind of each packet; every packet has one."""
    found = {int(row): Kind(kind) for kind, rows in enumerate(table.rows) for row in rows}
    assert sum(map(len, table.rows)) == len(found) == len(table)
    return [found[row] for row in range(len(table))]


def test_one_packet() -> None:
    table = table_of(packet(0x4000, 1, T0 + 5, words(1, 2, 3)))
    assert (len(table), table.used_words, table.missing_words) == (1, 7, 0)
    assert (table.at[0], table.length[0], table.format[0]) == (4, 3, 0x400001)
    assert (table.time_ns[0], kinds_of(table)) == (T0 + 5, [Kind.BANKED])
    assert table.payload(0) == words(1, 2, 3)


def test_nothing() -> None:
    table = table_of(b"")
    assert (len(table), table.used_words, table.missing_words) == (0, 0, 0)


@settings(deadline=None)
@given(st.lists(PACKETS, min_size=1, max_size=5))
def test_every_prefix_gives_the_packets_that_are_whole_and_says_what_is_missing(
    packets: list[tuple[int, int, int, bytes]],
) -> None:
    data = b"".join(packet(*fields) for fields in packets)
    ends = np.cumsum([16 + len(fields[3]) for fields in packets])
    every = rows_of(table_of(data))
    assert every == [(type_ << 8 | version, time_ns, body) for type_, version, time_ns, body in packets]
    for size in range(0, len(data) + 1, 4):
        table = table_of(data[:size])
        whole = int(np.searchsorted(ends, size, "right"))
        assert rows_of(table) == every[:whole]
        begins = int(ends[whole - 1]) if whole else 0
        assert 4 * table.used_words == begins
        if size == begins:
            assert table.missing_words == 0
        elif size - begins < 16:
            assert 4 * table.missing_words == begins + 16 - size
        else:
            assert 4 * table.missing_words == ends[whole] - size


@settings(deadline=None)
@given(st.lists(PACKETS, max_size=5), st.lists(st.integers(0, 400), max_size=6))
def test_bytes_may_come_in_any_pieces(packets: list[tuple[int, int, int, bytes]], cuts: list[int]) -> None:
    data = b"".join(packet(*fields) for fields in packets)
    whole = rows_of(table_of(data))
    assert framed(data[k : k + 1] for k in range(len(data))) == whole
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert framed(data[a:b] for a, b in pairwise(places)) == whole


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (Type.BANKED_EVENT, Kind.BANKED),
        (Type.BANKED_EVENT_STATE, Kind.BANKED),
        (Type.BEAM_MONITOR_EVENT, Kind.MONITOR),
        (Type.VARIABLE_U32, Kind.SCALAR),
        (Type.VARIABLE_DOUBLE, Kind.SCALAR),
        (Type.SYNC, Kind.IGNORED),
        (Type.RTDL, Kind.IGNORED),
        (0x4242, Kind.UNKNOWN),
        (0x1_4000, Kind.UNKNOWN),
        (0xFF_FFFF, Kind.UNKNOWN),
        *((type_, Kind.RARE) for type_ in sorted(RARE_TYPES)),
    ],
)
@pytest.mark.parametrize("version", [0, 1, 255])
def test_kinds_go_by_base_type_whatever_the_version(type_: int, kind: Kind, version: int) -> None:
    assert kinds_of(table_of(packet(type_, version, T0))) == [kind]


def test_rows_of_a_kind_between_others() -> None:
    types = [Type.BANKED_EVENT, Type.RTDL, Type.BANKED_EVENT, Type.RUN_STATUS, Type.BANKED_EVENT_STATE, 0x4242]
    table = table_of(b"".join(packet(type_, 1, T0) for type_ in types))
    assert [rows.tolist() for rows in table.rows] == [[0, 2, 4], [], [], [3], [1], [5]]
    spans = [(0, 6), (0, 2), (1, 5), (3, 4), (5, 6)]
    assert [table.between(Kind.BANKED, *span).tolist() for span in spans] == [[0, 2, 4], [0], [2, 4], [], []]


@pytest.mark.parametrize("length", [1, 2, 3, 5, MAX_PAYLOAD_BYTES + 4, MAX_PAYLOAD_BYTES + 1, 2**32 - 1, 2**32 - 4])
def test_an_impossible_length_names_offset_type_and_length(length: int) -> None:
    data = words(length, 0x400301, 1, 2)
    with pytest.raises(FramingError, match=rf"at byte 1000: type 0x4003 with a payload of {length} bytes") as caught:
        Framer().table(np.frombuffer(data, "<u4"), 1000)
    assert caught.value.at_byte == 1000


def test_packets_before_an_impossible_one_are_given_first() -> None:
    framer, good = Framer(), packet(0x4008, 0, T0, words(1))
    data = np.frombuffer(2 * good + words(7, 0x400001, 1, 2), "<u4")
    table = framer.table(data)
    assert len(table) == 2
    assert (4 * table.used_words, table.missing_words) == (2 * len(good), 0)
    with pytest.raises(FramingError):
        framer.table(data[table.used_words :])


def test_a_length_at_the_limit_is_waited_for() -> None:
    table = table_of(words(MAX_PAYLOAD_BYTES, 0x400001, 1, 2))
    assert (len(table), 4 * table.missing_words) == (0, MAX_PAYLOAD_BYTES)


def test_times_at_the_edge_of_32_bits() -> None:
    data = words(0, 0x400900, 0xFFFF_FFFF, 0xFFFF_FFFF)
    assert table_of(data).time_ns[0] == 0xFFFF_FFFF * NS + 0xFFFF_FFFF
