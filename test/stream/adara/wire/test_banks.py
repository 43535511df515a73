"""Banked events against a decoder in plain Python: exact for sound packets, and a damaged one costs itself alone."""

import struct
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.decoding import table_of
from helpers.packets import COR, ERROR, T0, UNMAPPED, Bank, Section, banked, packet, payload, pulse, words
from livereduce.stream.adara.wire.banks import BankReader, fill_states, most_events
from livereduce.stream.adara.wire.layout import MAX_TICKS
from livereduce.stream.items import FLAG_DAMAGED, FLAG_VETOED

Event = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Plain:
    """What a packet holds: events as (tof in ns, pixel, state)."""

    events: tuple[Event, ...] = ()
    charge_pc: float = 0.0
    flags: int = FLAG_DAMAGED
    unmapped: int = 0
    erroneous: int = 0


def plain(data: bytes) -> Plain:
    """Decode one packet, reading word by word; anything beyond its end is damage."""
    version, base = data[4], int.from_bytes(data[5:8], "little")
    try:
        return _plain(struct.unpack(f"<{len(data) // 4 - 4}I", data[16:]), base == 0x4100, version)
    except IndexError:
        return Plain()


def _plain(data: tuple[int, ...], has_state: bool, version: int) -> Plain:
    flags = data[3] & ~FLAG_DAMAGED
    if not has_state and version == 0:
        flags &= 0xFFFFF
    at, events, odd = 4, [], {UNMAPPED: 0, ERROR: 0}
    while at < len(data):
        shift, count = data[at + 2], data[at + 3]
        at += 4
        for _ in range(count):
            bank, state, n = (data[at], data[at + 1], data[at + 2]) if has_state else (data[at], 0, data[at + 1])
            at += 2 + has_state
            if at + 2 * n > len(data):
                raise IndexError
            for k in range(at, at + 2 * n, 2):
                ticks = data[k] + (0 if shift & COR else shift)
                tof_ns = 100 * min(ticks, (2**31 - 1) // 100)
                pixel = data[k + 1] - (1 << 32 if data[k + 1] >> 31 else 0)
                if bank in odd:
                    odd[bank] += 1
                else:
                    events.append((tof_ns, pixel, min(state, 255)))
            at += 2 * n
    return Plain(
        events=tuple(events),
        charge_pc=10.0 * data[0],
        flags=flags,
        unmapped=odd[UNMAPPED],
        erroneous=odd[ERROR],
    )


def read(data: bytes) -> list[Plain]:
    """The same by the product's kernels; the odd banks can only be told for all packets together."""
    table = table_of(data)
    tof, pixel = np.full((2, most_events(table)), -1, np.int32)
    banks = BankReader().read(table, np.arange(len(table)), tof, pixel)
    n = int(banks.first_event[-1])
    state = np.zeros(n, np.uint8)
    fill_states(banks, state)
    events = list(zip(tof[:n].tolist(), pixel[:n].tolist(), state.tolist(), strict=True))
    ends = banks.first_event.tolist()
    found = [
        Plain(events=tuple(events[a:b]), charge_pc=float(charge), flags=int(flags))
        for a, b, charge, flags in zip(ends, ends[1:], banks.charge_pc, banks.flags, strict=False)
    ]
    assert banks.damaged == sum(one == Plain() for one in found)
    assert (banks.first[0], banks.first[-1]) == (0, len(banks.bank))
    listed = BankReader().table(table, np.arange(len(table)))
    for name in ("bank", "count", "at", "first", "first_event", "charge_pc", "flags"):
        assert getattr(listed, name).tolist() == getattr(banks, name).tolist()
    if found:
        found[0] = replace(found[0], unmapped=banks.unmapped, erroneous=banks.erroneous)
    return found


def expected(*packets: bytes) -> list[Plain]:
    every = [plain(one) for one in packets]
    unmapped, erroneous = sum(one.unmapped for one in every), sum(one.erroneous for one in every)
    every = [replace(one, unmapped=0, erroneous=0) for one in every]
    every[0] = replace(every[0], unmapped=unmapped, erroneous=erroneous)
    return every


def test_one_event() -> None:
    (found,) = read(pulse(T0, (12345, 77), charge=3))
    assert found == Plain(events=((1_234_500, 77, 0),), charge_pc=30.0, flags=0)


def test_a_pulse_without_events_has_its_charge() -> None:
    assert read(banked(T0, charge=5)) == [Plain(charge_pc=50.0, flags=0)]


def test_the_largest_charge_is_exact() -> None:
    assert read(banked(T0, charge=2**32 - 1))[0].charge_pc == 42_949_672_950.0


def test_no_packets() -> None:
    assert read(b"") == []


def test_several_sources_and_banks_keep_their_order() -> None:
    sections = [
        Section(banks=[Bank(id=3, events=[(1, 10), (2, 11)]), Bank(id=1, events=[(3, 12)])]),
        Section(source=9),
        Section(source=8, banks=[Bank(id=2), Bank(id=4, events=[(4, 13)])]),
    ]
    (found,) = read(banked(T0, sections))
    assert found.events == ((100, 10, 0), (200, 11, 0), (300, 12, 0), (400, 13, 0))


def test_veto_bits_and_flags_are_kept_from_version_1_on() -> None:
    vetoed = FLAG_VETOED | 0x21
    assert read(banked(T0, flags=vetoed, veto=0x802))[0].flags == 0x802 << 20 | vetoed
    assert read(banked(T0, flags=vetoed, veto=0x802, version=2))[0].flags == 0x802 << 20 | vetoed
    assert read(banked(T0, flags=vetoed, veto=0x802, version=0))[0].flags == vetoed
    assert read(banked(T0, flags=vetoed, veto=0x802, states=True))[0].flags == 0x802 << 20 | vetoed


def test_our_own_flag_is_not_taken_from_the_wire() -> None:
    assert read(banked(T0, flags=0xFFFFF))[0].flags == 0xFFFFF & ~FLAG_DAMAGED


@pytest.mark.parametrize("version", [2, 7, 255])
def test_a_newer_version_is_read_as_the_newest_known(version: int) -> None:
    (found,) = read(banked(T0, [Section(banks=[Bank(events=[(5, 6)])])], charge=1, version=version))
    assert found == Plain(events=((500, 6, 0),), charge_pc=10.0, flags=0)


def test_offset_is_added_where_the_packet_says_uncorrected() -> None:
    bank = Bank(events=[(1000, 1)])
    assert read(banked(T0, [Section(banks=[bank], offset=25)]))[0].events == ((102_500, 1, 0),)
    assert read(banked(T0, [Section(banks=[bank], offset=COR | 25)]))[0].events == ((100_000, 1, 0),)
    both = [Section(banks=[bank], offset=25), Section(banks=[bank], offset=COR | 25)]
    assert [tof for tof, _, _ in read(banked(T0, both))[0].events] == [102_500, 100_000]


@pytest.mark.parametrize(
    ("ticks", "offset", "tof_ns"),
    [
        (MAX_TICKS, COR, 2_147_483_600),
        (MAX_TICKS + 1, COR, 2_147_483_600),
        (2**32 - 1, COR, 2_147_483_600),
        (2**32 - 1, 2**31 - 1, 2_147_483_600),
        (MAX_TICKS - 1, 1, 2_147_483_600),
        (MAX_TICKS - 2, 1, 2_147_483_500),
        (1, 2**31 - 1, 2_147_483_600),
        (0, 0, 0),
    ],
)
def test_long_times_of_flight_are_held_at_the_most(ticks: int, offset: int, tof_ns: int) -> None:
    (found,) = read(banked(T0, [Section(banks=[Bank(events=[(ticks, 1)])], offset=offset)]))
    assert found.events == ((tof_ns, 1, 0),)


def test_unmapped_and_error_events_are_counted_apart() -> None:
    banks = [
        Bank(id=UNMAPPED, events=[(1, 5000)] * 3),
        Bank(id=1, events=[(2, 20)]),
        Bank(id=ERROR, events=[(3, 6000)] * 2),
        Bank(id=ERROR - 1, events=[(4, 21)]),
    ]
    (found,) = read(banked(T0, [Section(banks=banks)]))
    assert found == Plain(events=((200, 20, 0), (400, 21, 0)), flags=0, unmapped=3, erroneous=2)


def test_states_and_those_beyond_255() -> None:
    banks = [Bank(id=1, state=state, events=[(state % 1000, state % 7)]) for state in (0, 3, 255, 256, 2**32 - 1)]
    (found,) = read(banked(T0, [Section(banks=banks)], states=True))
    assert [state for _, _, state in found.events] == [0, 3, 255, 255, 255]


def test_the_same_bank_once_a_state() -> None:
    banks = [Bank(id=1, state=state, events=[(state, 9)]) for state in (0, 1, 2)]
    assert read(banked(T0, [Section(banks=banks)], states=True))[0].events == ((0, 9, 0), (100, 9, 1), (200, 9, 2))


GOOD = pulse(T0, (1, 2), (3, 4), charge=7)
STATES = banked(T0, [Section(banks=[Bank(state=2, events=[(1, 2)])])], states=True, charge=7)


def damaged(body: bytes, type_: int = 0x4000) -> bytes:
    return packet(type_, 1, T0, body)


FIXED = words(7, 0, 0, 0)
DAMAGE = {
    "empty": damaged(b""),
    "fixed part cut": damaged(FIXED[:12]),
    "source section cut": damaged(FIXED + words(1, 2, COR)),
    "source section of one word": damaged(FIXED + words(1)),
    "bank count one too big": damaged(FIXED + words(1, 2, COR, 2, 5, 1, 10, 20)),
    "bank count huge": damaged(FIXED + words(1, 2, COR, 2**32 - 1, 5, 1, 10, 20)),
    "bank count huge, empty banks": damaged(FIXED + words(1, 2, COR, 2**32 - 1) + words(5, 0) * 20),
    "event count one too big": damaged(FIXED + words(1, 2, COR, 1, 5, 2, 10, 20)),
    "event cut in the middle": damaged(FIXED + words(1, 2, COR, 1, 5, 1, 10)),
    "event count huge": damaged(FIXED + words(1, 2, COR, 1, 5, 2**32 - 1, 10, 20)),
    "event count beyond int32": damaged(FIXED + words(1, 2, COR, 1, 5, 2**31, 10, 20)),
    "bank header cut": damaged(FIXED + words(1, 2, COR, 1, 5)),
    "second source cut": damaged(FIXED + words(1, 2, COR, 1, 5, 1, 10, 20, 8, 8)),
    "state header cut": damaged(FIXED + words(1, 2, COR, 1, 5, 0), 0x4100),
    "state event count huge": damaged(FIXED + words(1, 2, COR, 1, 5, 0, 2**32 - 1, 10, 20), 0x4100),
}


@pytest.mark.parametrize("bad", DAMAGE.values(), ids=DAMAGE)
def test_damage_costs_that_packet_alone(bad: bytes) -> None:
    found = read(GOOD + bad + STATES + bad + bad + GOOD)
    assert [found[k] for k in (1, 3, 4)] == [Plain()] * 3
    assert found == expected(GOOD, bad, STATES, bad, bad, GOOD)
    assert found[0].events == found[5].events == ((100, 2, 0), (300, 4, 0))


@pytest.mark.parametrize("whole", [GOOD, STATES])
def test_a_packet_cut_anywhere_is_damaged_or_a_shorter_sound_one(whole: bytes) -> None:
    kind = int.from_bytes(whole[5:8], "little")
    body = payload(whole)
    for size in range(0, len(body), 4):
        cut = packet(kind, 1, T0, body[:size])
        assert read(cut + GOOD) == expected(cut, GOOD)
        assert (read(cut)[0] == Plain()) == (size != 16)


BANK_IDS = st.one_of(st.integers(0, 5), st.sampled_from([UNMAPPED, ERROR, ERROR - 1]))
WORD = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 100))
BANKS = st.builds(Bank, id=BANK_IDS, events=st.lists(st.tuples(WORD, WORD), max_size=4), state=WORD)
SECTIONS = st.builds(Section, banks=st.lists(BANKS, max_size=4), offset=WORD)
SOUND = st.builds(
    banked,
    st.just(T0),
    st.lists(SECTIONS, max_size=3),
    charge=WORD,
    flags=st.integers(0, 0xFFFFF),
    veto=st.integers(0, 0xFFF),
    states=st.booleans(),
    version=st.integers(0, 3),
)


@st.composite
def tampered(draw: st.DrawFn) -> bytes:
    """A sound packet with one word overwritten or some words cut off."""
    data = draw(SOUND)
    body = bytearray(payload(data))
    if draw(st.booleans()):
        place = 4 * draw(st.integers(0, len(body) // 4 - 1))
        body[place : place + 4] = words(draw(st.one_of(st.integers(0, 12), WORD)))
    else:
        del body[4 * draw(st.integers(0, len(body) // 4)) :]
    return words(len(body)) + data[4:16] + bytes(body)


RUBBISH = st.builds(
    lambda type_, values: packet(type_, 1, T0, words(*values)),
    st.sampled_from([0x4000, 0x4100]),
    st.lists(st.integers(0, 9), max_size=40),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(SOUND, tampered(), RUBBISH), min_size=1, max_size=6))
def test_random_packets_agree_with_a_plain_decoder(packets: list[bytes]) -> None:
    assert read(b"".join(packets)) == expected(*packets)


@pytest.mark.parametrize("size", range(40))
def test_banks_of_any_length_also_at_the_end_of_the_block(size: int) -> None:
    """Events are converted eight at a time where there is room for it, and what is behind them is not touched."""
    events = [(k + 1, 100 + k) for k in range(size)]
    data = banked(T0, [Section(banks=[Bank(id=1, events=events), Bank(id=2, events=events[:3])])])
    (found,) = read(data)
    assert found.events == tuple((100 * tick, pixel, 0) for tick, pixel in events + events[:3])
    table, n = table_of(data), size + min(size, 3)
    tof, pixel = np.full((2, n + 8), -1, np.int32)
    BankReader().read(table, np.arange(1), tof[:n], pixel[:n])
    assert (tof[n:].tolist(), pixel[n:].tolist()) == ([-1] * 8, [-1] * 8)
    assert tof[:n].tolist() == [tof_ns for tof_ns, _, _ in found.events]


def test_a_reader_is_used_again_with_more_and_with_less() -> None:
    reader = BankReader()
    for size in (1, 50, 3, 0, 200):
        table = table_of(size * GOOD)
        banks = reader.table(table, np.arange(len(table)))
        assert (np.diff(banks.first_event).tolist(), len(banks.bank)) == ([2] * size, size)
