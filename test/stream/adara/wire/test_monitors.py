"""Beam monitor packets: one batch a monitor over the same pulses, damage counted, neighbours untouched."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.decoding import monitors_of, table_of
from helpers.packets import COR, T0, monitors, packet, payload, words
from livereduce.stream.adara.wire.monitors import MAX_MONITORS, MonitorReader
from livereduce.stream.items import MonitorBatch

Times = dict[int, list[list[int]]]


def read(data: bytes, reader: MonitorReader | None = None) -> tuple[list[MonitorBatch], int]:
    table = table_of(data)
    return (reader or MonitorReader()).batches(5, table, np.arange(len(table)))


def times_of(data: bytes) -> Times:
    """Times of flight by monitor and pulse."""
    batches, _ = read(data)
    return {monitor: [list(tof) for _, tof in pulses] for monitor, pulses in monitors_of(batches).items()}


def plain(packets: list[bytes]) -> tuple[Times, int]:
    """The same in plain Python."""
    found: Times = {}
    damaged = 0
    for k, data in enumerate(packets):
        sections = _sections(struct.unpack(f"<{len(data) // 4 - 4}I", data[16:]))
        damaged += sections is None
        for monitor, ticks in sections or []:
            pulses = found.setdefault(monitor, [[] for _ in packets])
            pulses[k] += ticks
    return found, damaged


def _sections(data: tuple[int, ...]) -> list[tuple[int, list[int]]] | None:
    found, at = [], 4
    if len(data) < at:
        return None
    while at < len(data):
        n = data[at] & 0x3FFFFF
        if at + 3 + n > len(data):
            return None
        shift = 0 if data[at + 2] & COR else data[at + 2]
        ticks = [100 * min((event & 0x1FFFFF) + shift, 21_474_836) for event in data[at + 3 : at + 3 + n]]
        found.append((data[at] >> 22, ticks))
        at += 3 + n
    return found


def test_one_monitor() -> None:
    (batch,), damaged = read(monitors(T0, {3: [7, 9]}))
    assert (batch.run, batch.monitor, damaged) == (5, 3, 0)
    assert batch.tof_ns.tolist() == [700, 900]
    assert (batch.first.tolist(), batch.pulse_ns.tolist()) == ([0, 2], [T0])
    assert not batch.tof_ns.flags.writeable
    assert not batch.first.flags.writeable


def test_all_monitors_cover_the_same_pulses() -> None:
    data = monitors(T0, {0: [1], 1: [2, 3]}) + monitors(T0 + 1, {}) + monitors(T0 + 2, {1: [4], 1023: [5]})
    assert times_of(data) == {0: [[100], [], []], 1: [[200, 300], [], [400]], 1023: [[], [], [500]]}


def test_no_monitor_at_all() -> None:
    assert read(monitors(T0, {})) == ([], 0)


def test_a_section_without_events_names_the_monitor() -> None:
    assert times_of(monitors(T0, {4: []})) == {4: [[]]}


def test_rising_edge_and_cycle_bits_are_no_time() -> None:
    assert times_of(monitors(T0, {0: [0xFFE0_0000 | 5, 0x1F_FFFF]})) == {0: [[500, 0x1F_FFFF * 100]]}


def test_offset_is_added_where_the_packet_says_uncorrected() -> None:
    assert times_of(monitors(T0, {0: [10]}, offset=3)) == {0: [[1300]]}
    assert times_of(monitors(T0, {0: [10]}, offset=COR | 3)) == {0: [[1000]]}
    assert times_of(monitors(T0, {0: [10]}, offset=2**31 - 1)) == {0: [[2_147_483_600]]}


def test_more_monitors_than_any_beamline_has_are_counted_as_damage() -> None:
    reader = MonitorReader()
    some, every = (monitors(T0, {k: [k] for k in range(count)}) for count in (MAX_MONITORS, 1024))
    batches, damaged = read(some + every, reader)
    assert [batch.monitor for batch in batches] == list(range(MAX_MONITORS))
    assert (damaged, reader.first_damaged) == (1024 - MAX_MONITORS, 1)


FIXED = words(0, 0, 0, 0)
GOOD = monitors(T0, {0: [1, 2], 2: [3]})
DAMAGE = {
    "empty": b"",
    "fixed part cut": FIXED[:12],
    "section cut": FIXED + words(0, 1),
    "count one too big": FIXED + words(2, 1, COR, 5),
    "count at its most": FIXED + words(0x3FFFFF, 1, COR, 5),
    "second section cut": FIXED + words(1, 1, COR, 5, 1 << 22 | 1, 1, COR),
}


@pytest.mark.parametrize("body", DAMAGE.values(), ids=DAMAGE)
def test_damage_costs_that_packet_alone(body: bytes) -> None:
    bad = packet(0x4001, 1, T0, body)
    batches, damaged = read(GOOD + bad + GOOD)
    assert damaged == 1
    assert {m: [list(tof) for _, tof in pulses] for m, pulses in monitors_of(batches).items()} == {
        0: [[100, 200], [], [100, 200]],
        2: [[300], [], [300]],
    }


def test_a_packet_cut_anywhere_agrees_with_a_plain_decoder() -> None:
    body = payload(GOOD)
    for size in range(0, len(body) + 4, 4):
        cut = packet(0x4001, 1, T0, body[:size])
        times, damaged = plain([cut, GOOD])
        assert times_of(cut + GOOD) == times
        assert read(cut + GOOD)[1] == damaged


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.dictionaries(st.integers(0, 1023), st.lists(st.integers(0, 2**32 - 1), max_size=5), max_size=4).map(
                lambda events: monitors(T0, events)
            ),
            st.lists(st.integers(0, 6), max_size=20).map(lambda values: packet(0x4001, 1, T0, words(*values))),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_random_packets_agree_with_a_plain_decoder(packets: list[bytes]) -> None:
    times, damaged = plain(packets)
    assert times_of(b"".join(packets)) == times
    assert read(b"".join(packets))[1] == damaged


def test_a_reader_is_used_again_with_more_and_with_less() -> None:
    reader = MonitorReader()
    for size in (1, 40, 0, 2, 100):
        batches, _ = read(size * GOOD, reader)
        assert [len(batch.tof_ns) for batch in batches] == ([2 * size, size] if size else [])
