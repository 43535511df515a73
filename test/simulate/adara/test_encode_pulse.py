"""The data packets against the layouts of the protocol document, read back with struct."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.encode_pulse import (
    MonitorEvents,
    Pulse,
    SourceEvents,
    banked_event,
    beam_monitor_event,
    rtdl,
)
from helpers.paths import DATA, needs_data
from helpers.wire import Bank, banks, monitors, one, walk

T = 1_164_261_668_933_224_885
PULSE = Pulse(time_ns=T, charge=0x1C2ED8, cycle=0x153, veto=0x805, flags=0x304)
WORD = st.integers(0, 2**32 - 1)
EVENT = st.tuples(WORD, WORD)
SECTION = st.tuples(WORD, WORD, st.lists(EVENT, max_size=5))


def source_of(sections: list[tuple[int, int, list[tuple[int, int]]]], *, with_state: bool) -> SourceEvents:
    counts = [len(events) for _, _, events in sections]
    flat = [event for _, _, events in sections for event in events]
    return SourceEvents(
        tof=np.array([tof for tof, _ in flat], np.uint32),
        pixel=np.array([pixel for _, pixel in flat], np.uint32),
        bank=np.array([bank for bank, _, _ in sections], np.uint32),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        state=np.array([state for _, state, _ in sections], np.uint32) if with_state else None,
        source=0x7AB8,
        intra_pulse=77,
        offset=5,
        corrected=False,
    )


@given(st.lists(st.lists(SECTION, max_size=4), max_size=3), st.booleans())
def test_banked_event_gives_back_its_banks(
    sources: list[list[tuple[int, int, list[tuple[int, int]]]]], states: bool
) -> None:
    packet = one(banked_event(PULSE, [source_of(sections, with_state=states) for sections in sources]))
    with_states = states and bool(sources)
    assert (packet.type, packet.version) == ((0x4100, 0) if with_states else (0x4000, 1))
    assert packet.time_ns == T
    assert packet.words()[:4] == (0x1C2ED8, 885334890, 0x153, 0x80500304)
    expected: list[tuple[tuple[int, int, int], list[Bank]]] = [
        ((0x7AB8, 77, 5), [(bank, state if with_states else None, events) for bank, state, events in sections])
        for sections in sources
    ]
    assert banks(packet) == expected


def test_corrected_is_the_top_bit_of_the_offset() -> None:
    nothing = np.zeros(0, np.uint32)
    source = SourceEvents(tof=nothing, pixel=nothing, bank=nothing, first=np.zeros(1, np.int64), offset=3)
    assert one(banked_event(PULSE, [source])).words()[4:] == (1, 167_509, 0x8000_0003, 0)


def test_states_for_all_sources_or_none() -> None:
    sources = [source_of([(1, 0, [])], with_state=True), source_of([(1, 0, [])], with_state=False)]
    with pytest.raises(ValueError, match="must all have states, or none"):
        banked_event(PULSE, sources)


@given(st.dictionaries(st.integers(0, 1023), st.lists(st.integers(0, 2**21 - 1), min_size=1, max_size=9), max_size=4))
def test_monitor_events(counted: dict[int, list[int]]) -> None:
    events = [MonitorEvents(monitor=k, tof=np.array(tofs, np.uint32), cycle=5) for k, tofs in counted.items()]
    packet = one(beam_monitor_event(PULSE, events))
    assert (packet.type, packet.version) == (0x4001, 1)
    assert packet.words()[:4] == (0x1C2ED8, 885334890, 0x153, 0x80500304)
    assert monitors(packet) == {k: [1 << 31 | 5 << 21 | tof for tof in tofs] for k, tofs in counted.items()}


def test_rtdl_words() -> None:
    packet = one(rtdl(PULSE))
    assert (packet.type, packet.version, len(packet.payload)) == (0x0001, 1, 120)
    assert packet.words()[:5] == (0x191C2ED8, 0x805 << 10 | 0x153, 167_509, 0x80000000, 0x040EB878)


@needs_data
def test_pulses_of_a_real_server_are_rebuilt_byte_for_byte() -> None:
    """Banked packets, plain and with states, two sources in one, unmapped and error banks."""
    rebuilt = 0
    for name in ("f_anomalies", "g_states", "e_rollover_live"):
        data = (DATA / "sms" / f"{name}.adara").read_bytes()
        for packet in list(walk(data))[:400]:
            if packet.type not in (0x4000, 0x4100):
                continue
            charge, energy, cycle, flags = packet.words()[:4]
            pulse = Pulse(
                time_ns=packet.time_ns,
                charge=charge,
                cycle=cycle,
                flags=flags & 0xFFFFF,
                veto=flags >> 20,
                energy_ev=energy,
            )
            raw = data[packet.at : packet.at + 16 + len(packet.payload)]
            assert banked_event(pulse, [_source(*found, packet.type) for found in banks(packet)]) == raw
            rebuilt += 1
    assert rebuilt > 200


def _source(head: tuple[int, int, int], sections: list[Bank], type_: int) -> SourceEvents:
    made = source_of([(bank, state or 0, events) for bank, state, events in sections], with_state=type_ == 0x4100)
    return SourceEvents(
        tof=made.tof, pixel=made.pixel, bank=made.bank, first=made.first, state=made.state,
        source=head[0], intra_pulse=head[1], offset=head[2] & 0x7FFFFFFF, corrected=bool(head[2] >> 31),
    )  # fmt: skip
