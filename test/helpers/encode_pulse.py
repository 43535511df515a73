"""One accelerator pulse, packet by packet: what the simulator lays out for many pulses at once is compared with it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.simulate.adara.pulses import FLAGS_GOOD_PULSE, INTRA_PULSE, PROTON_ENERGY_EV, RING_PERIOD_PS
from livereduce.stream.adara.wire.encode import packet
from livereduce.stream.adara.wire.layout import (
    BANK_STATE_WORD,
    BANK_STATE_WORDS,
    BANK_WORDS,
    CORRECTED,
    MONITOR_COUNT_BITS,
    MONITOR_TOF_BITS,
    RTDL_WORDS,
    VETO_SHIFT,
    Type,
)
from livereduce.stream.items import I8, U4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Fields that every data packet of one accelerator pulse carries; `charge` counts 10 pC."""

    time_ns: int
    charge: int = 0
    cycle: int = 0
    flags: int = FLAGS_GOOD_PULSE
    veto: int = 0
    energy_ev: int = PROTON_ENERGY_EV


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceEvents:
    """Neutron events of one detector source in one pulse, bank after bank.

    Attributes
    ----------
    tof, pixel
        Shape (n,); time of flight in 100 ns.
    bank, state
        Shape (b,); with `state` None the sections have no states.
    first
        Shape (b + 1,): events of bank k are ``first[k]:first[k + 1]``.
    offset
        TOF offset in 100 ns; `corrected` if it is already applied.
    """

    tof: U4
    pixel: U4
    bank: U4
    first: I8
    state: U4 | None = None
    source: int = 1
    intra_pulse: int = INTRA_PULSE
    offset: int = 0
    corrected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonitorEvents:
    """Events of one beam monitor in one pulse: `tof` in 100 ns (21 bits), shape (n,)."""

    monitor: int
    tof: U4
    source: int = 1
    offset: int = 0
    corrected: bool = True
    cycle: int = 0


def rtdl_words(pulse: Pulse) -> tuple[int, ...]:
    """Build the 30 words of an RTDL payload (real-time data link: the accelerator's data of a pulse)."""
    head = (
        3 << 27 | 1 << 24 | pulse.charge,
        pulse.veto << 10 | pulse.cycle,
        INTRA_PULSE,
        CORRECTED,
        4 << 24 | RING_PERIOD_PS,
    )
    return head + (0,) * (RTDL_WORDS - len(head))


def rtdl(pulse: Pulse) -> bytes:
    """Build version 1, as the live port sends it."""
    return packet(Type.RTDL, 1, pulse.time_ns, struct.pack(f"<{RTDL_WORDS}I", *rtdl_words(pulse)))


def _fixed(pulse: Pulse) -> bytes:
    return struct.pack("<4I", pulse.charge, pulse.energy_ev, pulse.cycle, pulse.veto << VETO_SHIFT | pulse.flags)


def _offset_word(offset: int, corrected: bool) -> int:
    return offset | (CORRECTED if corrected else 0)


def beam_monitor_event(pulse: Pulse, monitors: Sequence[MonitorEvents]) -> bytes:
    """Build version 1. A monitor without events has no section on the wire: leave it out."""
    parts = [_fixed(pulse)]
    for events in monitors:
        head = (
            events.monitor << MONITOR_COUNT_BITS | events.tof.size,
            events.source,
            _offset_word(events.offset, events.corrected),
        )
        rising = events.tof.astype("<u4") | np.uint32(1 << 31 | events.cycle << MONITOR_TOF_BITS)
        parts += [struct.pack("<3I", *head), rising.tobytes()]
    return packet(Type.BEAM_MONITOR_EVENT, 1, pulse.time_ns, b"".join(parts))


def _bank_sections(events: SourceEvents) -> bytes:
    """Encode all bank sections of a source at once: headers and events are scattered into one array of words."""
    head = BANK_WORDS if events.state is None else BANK_STATE_WORDS
    counts = np.diff(events.first)
    nth = np.arange(events.bank.size, dtype=np.int64)
    words = np.empty(head * nth.size + 2 * events.tof.size, "<u4")
    headers = head * nth + 2 * events.first[:-1]
    words[headers] = events.bank
    words[headers + head - 1] = counts
    if events.state is not None:
        words[headers + BANK_STATE_WORD] = events.state
    at = 2 * np.arange(events.tof.size, dtype=np.int64) + np.repeat(head * (nth + 1), counts)
    words[at] = events.tof
    words[at + 1] = events.pixel
    return words.tobytes()


def banked_event(pulse: Pulse, sources: Sequence[SourceEvents]) -> bytes:
    """Build the neutrons of a pulse: version 1 of 0x4000, or 0x4100 if the sources have states (all or none of them).

    Raises
    ------
    ValueError
        Some sources have states and some have not.
    """
    states = {source.state is not None for source in sources}
    if len(states) > 1:
        raise ValueError("the sources of one pulse must all have states, or none")
    parts = [_fixed(pulse)]
    for source in sources:
        offset = _offset_word(source.offset, source.corrected)
        head = struct.pack("<4I", source.source, source.intra_pulse, offset, source.bank.size)
        parts += [head, _bank_sections(source)]
    base_type, version = (Type.BANKED_EVENT_STATE, 0) if True in states else (Type.BANKED_EVENT, 1)
    return packet(base_type, version, pulse.time_ns, b"".join(parts))
