"""Byte streams to measure with: pulses of a given size, with what real pulses have around them.

In two forms. Fully random: any pixel and any time anywhere, the worst case for counting. By bank, as real packets
come: each bank has pixels of its own, and in a pulse its events are in order of time.
"""

from collections.abc import Iterator

import numpy as np

from livereduce.simulate.adara.pulses import Template, lay_out
from livereduce.simulate.beams.beam import Monitor, Pulses, pulse_times
from livereduce.stream.items import I8, U4

FRAME_TICKS = 166_667
"""One 60 Hz frame in units of 100 ns."""
EPOCH_NS = 1_160_000_000 * 1_000_000_000


def template(events_per_pulse: int, pixels: int, *, bare: bool, pulses: int, by_bank: bool = False) -> Template:
    """So many pulses; `bare` without monitor events and variables (RTDL is always there)."""
    rng = np.random.default_rng(events_per_pulse)
    banks = max(1, min(50, events_per_pulse // 24))
    sections = pulses * banks
    sizes = np.full(sections, events_per_pulse // banks)
    sizes[::banks] += events_per_pulse - banks * (events_per_pulse // banks)
    bank = np.tile(np.arange(banks, dtype=np.uint32), pulses)
    tof = rng.integers(0, FRAME_TICKS, pulses * events_per_pulse, dtype=np.uint32)
    pixel = rng.integers(0, pixels, pulses * events_per_pulse, dtype=np.uint32)
    if by_bank:
        tof, pixel = _in_order(tof, sizes), _of_bank(pixel, np.repeat(bank, sizes), pixels // banks)
    monitor = Monitor(
        id=1,
        first=np.arange(pulses + 1, dtype=np.int64) * 10,
        tof=rng.integers(0, FRAME_TICKS, 10 * pulses, dtype=np.uint32),
    )
    return lay_out(
        Pulses(
            charge=np.full(pulses, 1800, np.uint32),
            section_first=np.arange(0, sections + 1, banks),
            bank=bank + np.uint32(1),
            event_first=np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]),
            tof=tof,
            pixel=pixel,
            monitors=() if bare else (monitor,),
            choppers=0 if bare else 4,
        )
    )


def _in_order(tof: U4, sizes: I8) -> U4:
    """Times ascending within each section."""
    section = np.repeat(np.arange(sizes.size, dtype=np.uint64), sizes)
    return np.sort(section << np.uint64(32) | tof).astype(np.uint32)


def _of_bank(pixel: U4, bank: U4, each: int) -> U4:
    """Random pixels, moved into the `each` pixels of their bank."""
    return pixel % np.uint32(each) + bank * np.uint32(each)


def stamped(pulses: Template, count: int, first_pulse: int = 0) -> U4:
    """The pulses of the template at their places in a 60 Hz stream."""
    times = EPOCH_NS + np.array(pulse_times(first_pulse, first_pulse + count))
    data, _ = pulses.stamped(times, first_pulse)
    return data.view(np.uint32)


def stream(events_per_pulse: int, pixels: int, total_bytes: int, *, by_bank: bool = False) -> tuple[U4, int]:
    """A stream in memory of about `total_bytes`, and its number of pulses."""
    per_template = max(1, min(2000, 16_000_000 // max(1, 8 * events_per_pulse)))
    bare = events_per_pulse >= 100_000
    pulses = template(events_per_pulse, pixels, bare=bare, pulses=per_template, by_bank=by_bank)
    repeats = max(1, round(total_bytes / pulses.words.nbytes))
    parts = [stamped(pulses, per_template, k * per_template) for k in range(repeats)]
    return np.concatenate(parts), repeats * per_template


def pieces(words: U4, piece_words: int) -> Iterator[U4]:
    """The stream as it would be received: pieces of equal length."""
    for start in range(0, len(words), piece_words):
        yield words[start : start + piece_words]
