"""Pulses laid out all at once are, byte for byte, the packets built one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helpers import encode_pulse
from helpers.encode_pulse import MonitorEvents, Pulse, SourceEvents
from livereduce.simulate.adara.pulses import lay_out
from livereduce.simulate.beams.beam import Monitor, Pulses, empty_pulses, pulse_times
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import Type
from livereduce.stream.stretches import starts_of

T = 1_164_261_668_999_999_900
EVENTS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=1, max_size=4)
MONITOR = st.lists(st.integers(0, 2**21 - 1), max_size=3)
PULSE = st.tuples(st.integers(0, 2**24 - 1), st.dictionaries(st.integers(1, 9), EVENTS, max_size=3), MONITOR, MONITOR)
Drawn = tuple[int, dict[int, list[tuple[int, int]]], list[int], list[int]]


def words(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(values, np.uint32)


def pulses_of(drawn: list[Drawn], choppers: int) -> Pulses:
    sections = [(bank, events) for _, banks, _, _ in drawn for bank, events in banks.items()]
    flat = [event for _, events in sections for event in events]
    counts = [np.array([len(pulse[k]) for pulse in drawn], np.int64) for k in (2, 3)]  # type: ignore[arg-type]
    return Pulses(
        charge=words([charge for charge, _, _, _ in drawn]),
        section_first=starts_of(np.array([len(banks) for _, banks, _, _ in drawn], np.int64)),
        bank=words([bank for bank, _ in sections]),
        event_first=starts_of(np.array([len(events) for _, events in sections], np.int64)),
        tof=words([tof for tof, _ in flat]),
        pixel=words([pixel for _, pixel in flat]),
        monitors=(
            Monitor(id=1, first=starts_of(counts[0]), tof=words([tof for pulse in drawn for tof in pulse[2]])),
            Monitor(id=4, first=starts_of(counts[1]), tof=words([tof for pulse in drawn for tof in pulse[3]])),
        ),
        choppers=choppers,
    )


def one_by_one(drawn: Drawn, time_ns: int, cycle: int, choppers: int) -> list[bytes]:
    charge, banks, *monitors = drawn
    pulse = Pulse(time_ns=time_ns, charge=charge, cycle=cycle)
    flat = [event for events in banks.values() for event in events]
    source = SourceEvents(
        tof=words([tof for tof, _ in flat]),
        pixel=words([pixel for _, pixel in flat]),
        bank=words(list(banks)),
        first=starts_of(np.array([len(events) for events in banks.values()], np.int64)),
    )
    counted = [MonitorEvents(monitor=k, tof=words(tofs)) for k, tofs in zip((1, 4), monitors, strict=True) if tofs]
    return [
        encode_pulse.rtdl(pulse),
        encode_pulse.beam_monitor_event(pulse, counted),
        encode_pulse.banked_event(pulse, [source]),
        *(
            encode.variable(Type.VARIABLE_U32, time_ns + 200 * (k + 1), 0x80000000 + k, 2, 200 * (k + 1))
            for k in range(choppers)
        ),
    ]


@given(st.lists(PULSE, min_size=1, max_size=5), st.integers(0, 3), st.integers(0, 599))
def test_many_at_once_are_the_same_bytes(drawn: list[Drawn], choppers: int, first_cycle: int) -> None:
    template = lay_out(pulses_of(drawn, choppers))
    times = T + np.arange(len(drawn), dtype=np.int64) * 16_666_667
    data, due_ns = template.stamped(times, first_cycle)
    packets = [
        packet
        for k, pulse in enumerate(drawn)
        for packet in one_by_one(pulse, int(times[k]), (first_cycle + k) % 600, choppers)
    ]
    assert data.tobytes() == b"".join(packets)
    assert np.diff(template.begin).tolist() == list(map(len, packets))
    assert due_ns.tolist() == np.repeat(times, 3 + choppers).tolist()


def test_stamping_again_leaves_the_first_copy_alone() -> None:
    template = lay_out(empty_pulses(2, words([5, 6])))
    times = T + np.array([0, 1], np.int64)
    first, _ = template.stamped(times, 0)
    kept = first.copy()
    second, _ = template.stamped(times + 10**9, 7)
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_pulse_times_do_not_drift() -> None:
    assert pulse_times(0, 4) == [0, 16_666_666, 33_333_333, 50_000_000]
    assert pulse_times(60 * 3600, 60 * 3600 + 1) == [3600 * 10**9]
