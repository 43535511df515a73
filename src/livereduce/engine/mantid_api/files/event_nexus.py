"""An event file of SNS as spectra: each bank is a piece of the events, 8 bytes an event as in the stream.

Source: Mantid Framework/DataHandling/src/LoadEventNexus.cpp, LoadNexusLogs.cpp.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.from_data import detectors_of, row_table
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.values.date_and_time import DateAndTime, ns_of
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import END_NAMES, START_NAMES, RunLogs
from livereduce.stream.items import B1, F8, I4, I8, EventBatch
from livereduce.stream.nexus.contents import EventFile
from livereduce.stream.nexus.events import EventColumns
from livereduce.stream.nexus.logs import Log
from livereduce.stream.stretches import starts_of

logger = logging.getLogger("livereduce.engine")

_MOST_NS, _MOST_PIXEL = 2**31 - 2, 2**31 - 2
"""The largest that an event of the stream can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TofLimits:
    """Times of flight that are kept, both limits included."""

    least_us: float | None = None
    most_us: float | None = None


class BankEvents:
    """The events of banks, taken one after the other, so that no more than one is in memory as the file has it.

    The charge of pulses is in the logs, not here.

    Attributes
    ----------
    banks
        Number of banks that were taken.
    """

    def __init__(self, window: TofLimits) -> None:
        self._window = window
        self._pieces: list[EventBatch] = []
        self._pixels: list[I4] = []
        self.banks = 0

    def take(self, start: datetime, bank: EventColumns) -> None:
        """Take a bank of a file with this start."""
        self.banks += 1
        if bank.tof_us.size:
            self._pieces.append(_piece(bank, ns_since_1990(start), self._window))
        if bank.pixels is not None:
            self._pixels.append(bank.pixels[bank.pixels <= _MOST_PIXEL].astype(np.int32))

    def events(self, run: int) -> Events:
        """The events, as those of a run."""
        return Events(tuple(replace(piece, run=run) for piece in self._pieces))

    @property
    def pixels(self) -> I4:
        """The pixels of all banks, ascending."""
        return np.unique(np.concatenate([np.empty(0, np.int32), *self._pixels]))


def ns_since_1990(moment: datetime) -> int:
    """A moment as the stream counts time."""
    return ns_of(moment.isoformat())


def _piece(columns: EventColumns, start_ns: int, window: TofLimits) -> EventBatch:
    columns = _in_order(columns)
    pixel = np.full(columns.tof_us.size, columns.id) if columns.pixel is None else columns.pixel
    tof_ns = np.rint(columns.tof_us * 1000)
    keep: B1 = (tof_ns <= _MOST_NS) & (pixel <= _MOST_PIXEL)
    if lost := int(np.count_nonzero(~keep)):
        logger.warning("%d events with an impossible time of flight or pixel are left out", lost)
    if window.least_us is not None:
        keep &= columns.tof_us >= window.least_us
    if window.most_us is not None:
        keep &= columns.tof_us <= window.most_us
    passed = starts_of(keep)
    pulses = len(columns.pulse_ns)
    return EventBatch(
        run=0,
        tof_ns=tof_ns[keep].astype(np.int32),
        pixel=pixel[keep].astype(np.int32),
        state=None,
        first=passed[columns.first].astype(np.int64),
        pulse_ns=columns.pulse_ns + start_ns,
        charge_pc=np.broadcast_to(np.float64(0), pulses),
        flags=np.broadcast_to(np.uint32(0), pulses),
        period=np.broadcast_to(np.uint16(0), pulses),
    )


def _in_order(columns: EventColumns) -> EventColumns:
    """The same with pulses in the order of their times."""
    if not (np.diff(columns.pulse_ns) < 0).any():
        return columns
    order = np.argsort(columns.pulse_ns, kind="stable")
    count = np.diff(columns.first)[order]
    first = starts_of(count)
    gather = np.repeat(columns.first[:-1][order] - first[:-1], count) + np.arange(first[-1])
    return replace(
        columns,
        pulse_ns=columns.pulse_ns[order],
        first=first,
        tof_us=columns.tof_us[gather],
        pixel=None if columns.pixel is None else columns.pixel[gather],
    )


def matrix_of(file: EventFile, banks: BankEvents, logs: RunLogs, bins: int, only: I4 | None, origin: str) -> Matrix:
    """A spectrum for each detector of the instrument; without its definition for each pixel of the banks.

    Parameters
    ----------
    only
        Make spectra of these pixels alone; None: all.
    """
    geometry = Definition(file.definition_xml, origin)
    pixels = detectors_of(geometry)
    if pixels is None:
        pixels = banks.pixels
    if only is not None:
        pixels = pixels[np.isin(pixels, only)]
    events = banks.events(file.run)
    content = PendingEvents(
        events=events, row_of_pixel=row_table(pixels, events), rows=len(pixels), x=Grid(_edges(events, bins))
    )
    return Matrix(
        content=content, spectra=SpectrumTable.of_pixels(pixels), logs=logs, geometry=geometry, title=file.title
    )


def monitors_of(file: EventFile, logs: RunLogs, window: TofLimits, bins: int, origin: str) -> Matrix:
    """A spectrum for each monitor."""
    start_ns = ns_since_1990(file.start)
    events = Events(tuple(replace(_piece(one, start_ns, window), run=file.run) for one in file.monitors))
    numbers = np.array([one.id for one in file.monitors], np.int32)
    content = PendingEvents(
        events=events, row_of_pixel=row_table(numbers, events), rows=len(numbers), x=Grid(_edges(events, bins))
    )
    return Matrix(
        content=content,
        spectra=SpectrumTable.of_monitors(numbers),
        logs=logs,
        geometry=Definition(file.definition_xml, origin),
    )


def _edges(events: Events, bins: int) -> F8:
    """Edges over all events, 1 µs beyond them; [0, 1] without events."""
    limits_ns = events.tof_range_ns
    if limits_ns is None:
        return np.array([0.0, 1.0])
    least, most = limits_ns
    return np.linspace(least / 1000 - 1, most / 1000 + 1, bins + 1)


def logs_of(file: EventFile, keep: frozenset[str], leave: frozenset[str]) -> RunLogs:
    """The logs of the file, and what it says of the run.

    Parameters
    ----------
    keep, leave
        Names of logs: only those, if there are any; and without these.
    """
    logs = RunLogs()
    start_ns = ns_since_1990(file.start)
    for log in file.logs:
        if (not keep or log.name in keep) and log.name not in leave:
            logs.add_series(log.name, log.units, _times_ns(log, start_ns), _values(log))
    if file.charge_ns.size:
        logs.add_charge(file.charge_ns + start_ns, file.charge_pc)
        logs.integrateProtonCharge()
    end = _moment(file.end)
    said = {
        "run_number": str(file.run),
        "run_title": file.title,
        **dict.fromkeys(START_NAMES, DateAndTime(start_ns).toISO8601String()),
        **dict.fromkeys(END_NAMES, end),
        "experiment_identifier": file.proposal,
        "instrument_name": file.instrument,
    }
    for name, value in said.items():
        if value:
            logs.set_plain(name, value)
    return logs


def _moment(words: str) -> str:
    """A time as Mantid writes it; empty if it is none."""
    try:
        return DateAndTime(words).toISO8601String() if words else ""
    except (ValueError, RuntimeError):
        return ""


def _times_ns(log: Log, start_ns: int) -> I8:
    times: I8 = np.rint(log.time_s * NS_PER_S).astype(np.int64)
    return times + start_ns


def _values(log: Log) -> F8 | tuple[str, ...]:
    if log.value.dtype.kind in "SUO":
        return tuple(one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in log.value)
    numbers: F8 = log.value
    return numbers
