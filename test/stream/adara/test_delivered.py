"""The memory of what was delivered: byte for byte, bounded, and a value although it grows in place."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import packets as p
from helpers.decoding import table_of
from helpers.packets import NS, T0, Bank, Section
from helpers.paths import DATA, needs_data
from livereduce.stream.adara.delivered import Delivered, nothing_delivered
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import Kind

Stamped = tuple[int, int]
"""Tenths of a second, and a pixel."""


def table(stamped: Sequence[Stamped]) -> PacketTable:
    return table_of(b"".join(p.pulse(T0 + tenths * NS // 10, (7, pixel)) for tenths, pixel in stamped))


def tell(memory: Delivered, *stamped: Stamped) -> tuple[Delivered, list[int]]:
    packets = table(stamped)
    after, is_new, repeats = memory.tell(packets, np.arange(len(stamped)))
    assert repeats == len(stamped) - is_new.sum()
    return after, is_new.tolist()


def test_what_comes_again_is_a_repeat_and_nothing_else_is() -> None:
    memory, told = tell(nothing_delivered(), (1, 1), (2, 1), (3, 1))
    assert told == [1, 1, 1]
    memory, told = tell(memory, (2, 1), (2, 2), (3, 1), (0, 1), (4, 1), (4, 1))
    assert told == [0, 1, 0, 1, 1, 0]
    assert len(memory) == 6


def test_one_stamp_in_the_future_makes_nothing_a_repeat() -> None:
    memory, _ = tell(nothing_delivered(), (1, 1), (10**9, 1))
    memory, told = tell(memory, (2, 1), (3, 1), (1, 1))
    assert told == [1, 1, 0]


def test_looking_remembers_nothing() -> None:
    memory, _ = tell(nothing_delivered(), (5, 1))
    packets = table([(5, 1), (4, 1), (6, 1)])
    for _ in range(2):
        assert memory.look(packets, np.arange(3)).tolist() == [0, 1, 1]
    assert len(memory) == 1


def test_a_memory_is_a_value() -> None:
    """What was followed and failed is followed again from the memory before, as the source does."""
    before, _ = tell(nothing_delivered(4), (5, 1))
    for k in range(3, 12):
        failed, told = tell(before, *((4, pixel) for pixel in range(k)))
        assert told == [1] * k
        assert len(failed) == 1 + k
    assert len(before) == 1
    after, told = tell(before, (4, 0), (4, 1), (5, 1), (6, 1), (4, 0))
    assert told == [1, 1, 0, 1, 0]
    assert len(after) == 4


def test_two_generations_are_remembered_and_what_is_forgotten_is_counted() -> None:
    memory = nothing_delivered(4)
    for k in range(10):
        memory, _ = tell(memory, (k, 1))
    assert (len(memory), memory.forgotten, memory.forgotten_until_ns) == (10, 4, T0 + 3 * NS // 10)
    packets = table([(k, 1) for k in range(10)])
    assert memory.look(packets, np.arange(10)).tolist() == [1] * 4 + [0] * 6


@pytest.mark.parametrize("generation", [8, 1024])
def test_a_block_larger_than_a_generation(generation: int) -> None:
    memory, told = tell(nothing_delivered(generation), *((k, 1) for k in range(3 * generation)))
    assert told == [1] * 3 * generation
    memory, told = tell(memory, *((k, 1) for k in range(2 * generation, 3 * generation)))
    assert told == [0] * generation


def test_the_memory_of_another_run_is_empty() -> None:
    memory, _ = tell(nothing_delivered(), (1, 1), (2, 1))
    _, told = tell(memory.nothing(), (1, 1))
    assert told == [1]
    assert memory.nothing().nothing() is not memory


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=40), max_size=8))
def test_it_tells_as_a_set_does(blocks: list[list[Stamped]]) -> None:
    memory, seen = nothing_delivered(), set[Stamped]()
    for block in blocks:
        memory, told = tell(memory, *block)
        for one, new in zip(block, told, strict=True):
            assert new == (one not in seen)
            seen.add(one)
    assert len(memory) == len(seen)


# ---- the fingerprint


def prints_of(data: bytes) -> list[int]:
    return [int(value) for value in table_of(data).fingerprint]


@pytest.mark.parametrize("words", [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 20])
def test_every_word_of_a_short_packet_counts(words: int) -> None:
    payload = [1000 + k for k in range(words)]
    variants = [p.packet(0x4000, 1, T0, p.words(*payload))]
    variants += [p.packet(0x4000, 1, T0, p.words(*payload[:k], 7, *payload[k + 1 :])) for k in range(words)]
    variants += [p.packet(0x4000, 1, T0 + 1, p.words(*payload)), p.packet(0x4001, 1, T0, p.words(*payload))]
    variants += [p.packet(0x4000, 1, T0, p.words(*payload, 0)), p.packet(0x4000, 0, T0, p.words(*payload))]
    assert len(set(prints_of(b"".join(variants)))) == len(variants)


def test_head_and_tail_of_a_long_packet_count() -> None:
    payload = list(range(100, 400))
    places = [*range(12), *range(292, 300)]
    variants = [p.packet(0x4000, 1, T0, p.words(*payload[:k], 7, *payload[k + 1 :])) for k in places]
    assert len(set(prints_of(b"".join(variants)))) == len(variants)


def test_packets_of_one_pulse_are_told_apart() -> None:
    """Same stamp, charge and length; other banks, or the same bank with other events."""
    data = b"".join(
        p.banked(T0, [Section(banks=[Bank(id=bank, events=[(tof, 5), (9, 9)])])], charge=3)
        for bank in range(1, 40)
        for tof in range(50)
    )
    assert len(set(prints_of(data))) == 39 * 50


@needs_data
def test_all_packets_of_real_captures_differ() -> None:
    for capture in sorted((DATA / "sms").glob("*.adara")):
        data = capture.read_bytes()
        found = table_of(data[: len(data) & ~3])
        for kind in (Kind.BANKED, Kind.MONITOR):
            rows = found.rows[kind]
            whole = {(int(found.time_ns[k]), int(found.format[k]), found.payload(int(k))) for k in rows}
            assert len({int(one) for one in found.fingerprint[rows]}) == len(whole)
