"""A NeXus event file prepared for playing: pulses in order, their bank sections, and times as the stream carries them.

Every event is kept; what a pulse is, and how numbers become those of the stream, `stream.nexus.pulses` says.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.base.times import NS_PER_S, epics_ns_of
from livereduce.simulate.beams.beam import Monitor
from livereduce.stream.adara.wire.layout import MONITOR_TOF_BITS
from livereduce.stream.items import I8, U4
from livereduce.stream.nexus.event_file import read_event_file
from livereduce.stream.nexus.events import TICKS_PER_US, EventColumns
from livereduce.stream.nexus.logs import Log
from livereduce.stream.nexus.pulses import FilePulses, pulses_of, ticks_of
from livereduce.stream.stretches import starts_of

MAX_MONITOR_TICKS = (1 << MONITOR_TOF_BITS) - 1
"""A monitor's time of flight has 21 bits in the stream: 209 ms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """Contents of a file, sorted by pulse and bank; fields of the pulses as in `pulses.Pulses`.

    Attributes
    ----------
    start_ns
        Time of the first pulse, with which the run starts, in nanoseconds since 1990.
    pulse_ns
        Shape (p,), nanoseconds after the first pulse; ascending.
    pixels
        Pixels of each bank id, ascending.
    logs
        Their times count from the first pulse.
    notes
        What was left out or changed, one sentence each.
    """

    run: int
    instrument: str
    title: str
    proposal: str
    definition_xml: str
    start_ns: int
    pulse_ns: I8
    charge: U4
    section_first: I8
    bank: U4
    event_first: I8
    tof: U4
    pixel: U4
    monitors: tuple[Monitor, ...]
    pixels: dict[int, I8]
    logs: tuple[Log, ...]
    notes: tuple[str, ...] = ()


def read_nexus(path: Path) -> Recorded:
    """Read everything that will be played.

    Raises
    ------
    OperatorError
        The file cannot be read, is not an SNS event file, holds a bad field, or has no pulses.
    """
    file = read_event_file(path)
    pulses = pulses_of(file, str(path))
    first_ns = pulses.time_ns[0]
    first_s = float(first_ns) / NS_PER_S
    return Recorded(
        run=file.run,
        instrument=file.instrument,
        title=file.title,
        proposal=file.proposal,
        definition_xml=file.definition_xml,
        start_ns=epics_ns_of(file.start) + int(first_ns),
        pulse_ns=pulses.time_ns - first_ns,
        charge=pulses.charge,
        monitors=tuple(_monitor(path, events, pulses) for events in file.monitors),
        pixels={events.id: events.pixels for events in file.banks if events.pixels is not None},
        logs=tuple(replace(log, time_s=log.time_s - first_s) for log in file.logs),
        notes=file.notes + pulses.notes,
        **_sorted_events(file.banks, pulses),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Rows with events, of all banks: their pulse, bank, first event in the joined columns, and number of events."""

    pulse: I8
    bank: U4
    begin: I8
    count: I8


def _rows(banks: tuple[EventColumns, ...], pulses: FilePulses) -> _Rows:
    before = starts_of(np.array([events.tof_us.size for events in banks], np.int64))
    counts = [np.diff(events.first) for events in banks]
    used = [count > 0 for count in counts]
    return _Rows(
        pulse=np.concatenate([pulses.number(e.pulse_ns)[u] for e, u in zip(banks, used, strict=True)]),
        bank=np.concatenate([np.full(np.count_nonzero(u), e.id, np.uint32) for e, u in zip(banks, used, strict=True)]),
        begin=np.concatenate([e.first[:-1][u] + b for e, u, b in zip(banks, used, before[:-1], strict=True)]),
        count=np.concatenate([count[u] for count, u in zip(counts, used, strict=True)]),
    )


def _sorted_events(banks: tuple[EventColumns, ...], pulses: FilePulses) -> dict[str, Any]:
    """Events of all banks by pulse, then bank; rows of one bank at one time are one section, in the file's order."""
    rows = _rows(banks, pulses)
    order = np.lexsort((rows.bank, rows.pulse))  # a stable sort: rows of one section keep the order of the file
    pulse, bank, count = rows.pulse[order], rows.bank[order], rows.count[order]
    event_first = starts_of(count)
    gather = np.repeat(rows.begin[order] - event_first[:-1], count) + np.arange(event_first[-1])
    new = np.ones(pulse.size, np.bool_)
    new[1:] = (np.diff(pulse) != 0) | (bank[1:] != bank[:-1])
    return {
        "section_first": np.searchsorted(pulse[new], np.arange(pulses.time_ns.size + 1)).astype(np.int64),
        "bank": bank[new],
        "event_first": np.append(event_first[:-1][new], event_first[-1]),
        "tof": np.concatenate([ticks_of(events.tof_us) for events in banks])[gather],
        "pixel": np.concatenate([events.pixel for events in banks if events.pixel is not None]).astype(np.uint32)[
            gather
        ],
    }


def _monitor(path: Path, events: EventColumns, pulses: FilePulses) -> Monitor:
    """A monitor's events by pulse."""
    ticks = ticks_of(events.tof_us)
    if ticks.size and ticks.max() > MAX_MONITOR_TICKS:
        index = int(ticks.argmax())
        raise OperatorError(
            f"{path}: /entry/monitor{events.id}/event_time_offset[{index}]: expected at most "
            f"{MAX_MONITOR_TICKS / TICKS_PER_US:g} µs, which the stream can carry, found {events.tof_us[index]:g}"
        )
    pulse = np.repeat(pulses.number(events.pulse_ns), np.diff(events.first))
    order = np.argsort(pulse, kind="stable")
    first = np.searchsorted(pulse[order], np.arange(pulses.time_ns.size + 1)).astype(np.int64)
    return Monitor(id=events.id, first=first, tof=ticks[order])
