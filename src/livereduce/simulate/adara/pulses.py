"""Encode many pulses at once: packets laid out in one array of words, stamped each time they are played."""

from dataclasses import dataclass

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.beams.beam import CYCLES, Pulses
from livereduce.stream.adara.wire.layout import (
    BANK_WORDS,
    CHARGE_WORD,
    CORRECTED,
    CYCLE_WORD,
    ENERGY_WORD,
    EVENT_WORDS,
    FLAGS_WORD,
    FORMAT_WORD,
    HEADER_WORDS,
    MONITOR_COUNT_BITS,
    MONITOR_OFFSET_WORD,
    MONITOR_WORDS,
    NANOSECONDS_WORD,
    PULSE_WORDS,
    RTDL_CYCLE_WORD,
    RTDL_WORDS,
    SECONDS_WORD,
    SOURCE_BANKS_WORD,
    SOURCE_OFFSET_WORD,
    SOURCE_WORDS,
    VARIABLE_WORDS,
    Type,
)
from livereduce.stream.items import I4, I8, U1, U4
from livereduce.stream.stretches import starts_of

FLAGS_GOOD_PULSE = 0x300
"""Got metadata, got neutrons: the flags of a normal pulse."""
PROTON_ENERGY_EV = 885_334_890
"""As in real packets of the year 2026 (derived there from the ring period)."""
RING_PERIOD_PS = 964_728
INTRA_PULSE = 167_509
RTDL_HEAD = 3 << 27 | 1 << 24, 0, INTRA_PULSE, CORRECTED, 4 << 24 | RING_PERIOD_PS
"""The words of an RTDL payload that are not 0, but for charge and cycle."""
CHOPPER_DEVICE = 0x8000_0000
CHOPPER_VARIABLE = 2
CHOPPER_NS = 200
"""Delay of the first chopper's edge after the pulse; each further chopper is this much later."""
SOURCE = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """The packets of some pulses without stamps and cycles: for each packet its beginning (bytes), pulse and delay.

    `begin` has shape (m + 1,), `pulse` and `delay_ns` (m,), `cycle_at` (p, 3): the words of RTDL, monitors, neutrons.
    """

    words: U4
    begin: I8
    pulse: I8
    delay_ns: I8
    cycle_at: I8

    def stamped(self, time_ns: I8, first_cycle: int) -> tuple[U1, I8]:
        """Bytes of the pulses at these times, shape (p,), and the pulse time of each packet."""
        words = self.words.copy()
        of_packet = time_ns[self.pulse]
        seconds, nanoseconds = np.divmod(of_packet + self.delay_ns, NS_PER_S)
        header = self.begin[:-1] // 4
        words[header + SECONDS_WORD] = seconds
        words[header + NANOSECONDS_WORD] = nanoseconds
        words[self.cycle_at] = ((first_cycle + np.arange(time_ns.size)) % CYCLES)[:, None]
        return words.view(np.uint8), of_packet


def _sizes(pulses: Pulses) -> I8:
    """Words of each packet with its header, shape (p, 3 + choppers): RTDL, monitors, neutrons, choppers."""
    sizes = np.full((pulses.charge.size, 3 + pulses.choppers), HEADER_WORDS + PULSE_WORDS, np.int64)
    sizes[:, 0] = HEADER_WORDS + RTDL_WORDS
    for monitor in pulses.monitors:
        counts = np.diff(monitor.first)
        sizes[:, 1] += np.where(counts > 0, MONITOR_WORDS + counts, 0)
    events = np.diff(pulses.event_first[pulses.section_first])
    sizes[:, 2] += SOURCE_WORDS + BANK_WORDS * np.diff(pulses.section_first) + EVENT_WORDS * events
    sizes[:, 3:] = HEADER_WORDS + VARIABLE_WORDS + 1
    return sizes


def _fixed_part(words: U4, at: I8, charge: U4) -> None:
    """The four words that monitor and banked packets begin with; the cycle is stamped later."""
    words[at + CHARGE_WORD] = charge
    words[at + ENERGY_WORD] = PROTON_ENERGY_EV
    words[at + FLAGS_WORD] = FLAGS_GOOD_PULSE


def _put_monitors(words: U4, payload: I8, pulses: Pulses) -> None:
    _fixed_part(words, payload, pulses.charge)
    at = payload + PULSE_WORDS
    for monitor in pulses.monitors:
        counts = np.diff(monitor.first)
        there = counts > 0
        words[at[there]] = monitor.id << MONITOR_COUNT_BITS | counts[there]
        words[at[there] + 1] = SOURCE
        words[at[there] + MONITOR_OFFSET_WORD] = CORRECTED
        place = np.repeat(at + MONITOR_WORDS - monitor.first[:-1], counts) + np.arange(monitor.tof.size)
        words[place] = monitor.tof | np.uint32(1 << 31)
        at = at + np.where(there, MONITOR_WORDS + counts, 0)


def _put_neutrons(words: U4, payload: I8, pulses: Pulses) -> None:
    _fixed_part(words, payload, pulses.charge)
    sections = np.diff(pulses.section_first)
    source = payload + PULSE_WORDS
    words[source] = SOURCE
    words[source + 1] = INTRA_PULSE
    words[source + SOURCE_OFFSET_WORD] = CORRECTED
    words[source + SOURCE_BANKS_WORD] = sections
    nth = np.arange(pulses.bank.size, dtype=np.int64)
    before = pulses.section_first[:-1]
    base = source + SOURCE_WORDS - BANK_WORDS * before - EVENT_WORDS * pulses.event_first[before]
    at = np.repeat(base, sections) + BANK_WORDS * nth + EVENT_WORDS * pulses.event_first[:-1]
    counts = np.diff(pulses.event_first)
    words[at] = pulses.bank
    words[at + 1] = counts
    events = EVENT_WORDS * np.arange(pulses.tof.size)
    place = np.repeat(at + BANK_WORDS - EVENT_WORDS * pulses.event_first[:-1], counts) + events
    words[place] = pulses.tof
    words[place + 1] = pulses.pixel


def lay_out(pulses: Pulses) -> Template:
    """All packets of the pulses, in the order of a real server: RTDL, monitors, neutrons, choppers."""
    sizes = _sizes(pulses)
    n, kinds = sizes.shape
    begin = starts_of(sizes.ravel())
    words = np.zeros(int(begin[-1]), np.uint32)
    header = begin[:-1].reshape(n, kinds)
    formats = [Type.RTDL << 8 | 1, Type.BEAM_MONITOR_EVENT << 8 | 1, Type.BANKED_EVENT << 8 | 1]
    formats += [Type.VARIABLE_U32 << 8] * pulses.choppers
    words[header] = 4 * (sizes - HEADER_WORDS)
    words[header + FORMAT_WORD] = formats
    payload = header + HEADER_WORDS
    words[payload[:, :1] + np.arange(len(RTDL_HEAD))] = RTDL_HEAD
    words[payload[:, 0]] |= pulses.charge
    _put_monitors(words, payload[:, 1], pulses)
    _put_neutrons(words, payload[:, 2], pulses)
    nth: I4 = np.arange(pulses.choppers, dtype=np.int32)
    words[payload[:, 3:]] = CHOPPER_DEVICE + nth.astype(np.uint32)
    words[payload[:, 3:] + 1] = CHOPPER_VARIABLE
    words[payload[:, 3:] + VARIABLE_WORDS] = CHOPPER_NS * (nth + 1)
    delay_ns = np.concatenate([np.zeros(3, np.int64), CHOPPER_NS * (nth + 1)])
    return Template(
        words=words,
        begin=4 * begin,
        pulse=np.repeat(np.arange(n), kinds),
        delay_ns=np.tile(delay_ns, n),
        cycle_at=payload[:, :3] + np.array([RTDL_CYCLE_WORD, CYCLE_WORD, CYCLE_WORD]),
    )
