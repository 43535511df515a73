"""An event file in the order of its pulses: what is known of the run, and the events of some pulses at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from livereduce.base.times import epics_ns_of
from livereduce.stream.adara.wire.layout import CHARGE_UNIT_PC
from livereduce.stream.items import (
    F8,
    I4,
    I8,
    U2,
    EventBatch,
    Geometry,
    LogBatch,
    MonitorBatch,
    RunEnded,
    RunStarted,
)
from livereduce.stream.nexus.clock import parsed
from livereduce.stream.nexus.contents import IndexedFile
from livereduce.stream.nexus.event_file import index_of
from livereduce.stream.nexus.log_batches import between, log_batches, standing_at
from livereduce.stream.nexus.pulses import pulses_of
from livereduce.stream.nexus.sorted_rows import SortedRows, events_between, events_of_pulses, pixels_of, sorted_rows

Array = TypeVar("Array", bound=NDArray[Any])

NO_PIXELS = np.empty(0, np.int32)
WINDOW_EVENTS = 1 << 22
"""Events that are read together. Each bank is one read of the file for it, which costs as much as many events."""
CHUNK_CACHE_BYTES = 1 << 24
"""For each column: compressed files have chunks of up to some MiB, which would be unpacked again for each read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderedFile:
    """An open event file.

    Attributes
    ----------
    pulse_ns, charge_pc, period
        Shape (p,): times since 1990, ascending, charges and periods.
    first
        Shape (p + 1,): number of events before each pulse, and of all.
    monitor_firsts
        The same for each monitor.
    """

    file: h5py.File
    index: IndexedFile
    start_ns: int
    pulse_ns: I8
    charge_pc: F8
    period: U2
    first: I8
    banks: tuple[SortedRows, ...]
    monitors: tuple[SortedRows, ...]
    monitor_firsts: tuple[I8, ...]
    logs: tuple[LogBatch, ...]
    geometry: Geometry

    @property
    def run(self) -> int:
        """Number of the run."""
        return self.index.run

    @property
    def pulses(self) -> int:
        """Number of all pulses."""
        return len(self.pulse_ns)

    def head(self, pulse: int) -> list[RunStarted | Geometry | LogBatch]:
        """What holds before a pulse: the run, the instrument, the values of all logs."""
        before_ns = int(self.pulse_ns[max(min(pulse, self.pulses) - 1, 0)])
        started = RunStarted(run=self.run, time_ns=self.start_ns, from_start=pulse == 0)
        return [started, self.geometry, *standing_at(self.logs, before_ns)]

    def end(self) -> RunEnded:
        """The end of the run, when the file says; else with the last pulse."""
        last_ns, said = int(self.pulse_ns[-1]), parsed(self.index.end)
        if said is None:
            return RunEnded(run=self.run, time_ns=last_ns)
        end = said if said.tzinfo else said.replace(tzinfo=self.index.start.tzinfo)
        return RunEnded(run=self.run, time_ns=max(epics_ns_of(end), last_ns))

    def window_from(self, pulse: int) -> int:
        """The end of the window of pulses that begins with this one."""
        enough = int(np.searchsorted(self.first, self.first[pulse] + WINDOW_EVENTS, "right")) - 1
        return min(max(enough, pulse + 1), self.pulses)

    def events(self, start: int, stop: int, by_bank: tuple[I4, I4], in_order: tuple[I4, I4]) -> None:
        """Read the events of some pulses, see `events_between`.

        Raises
        ------
        OperatorError
            The file has a bad value.
        OSError, RuntimeError
            HDF5 cannot read it.
        """
        events_between(self.banks, slice(start, stop), by_bank, in_order)

    def monitor_batches(self, start: int, stop: int) -> Iterator[MonitorBatch]:
        """The monitors of some pulses; raises as `events`."""
        for monitor, first in zip(self.monitors, self.monitor_firsts, strict=True):
            begin = int(first[start])
            tof_ns = np.empty(int(first[stop]) - begin, np.int32)
            monitor.copy(begin, tof_ns, NO_PIXELS)
            yield MonitorBatch(
                run=self.run,
                monitor=monitor.rows.id,
                tof_ns=_read_only(tof_ns),
                first=_read_only(first[start : stop + 1] - begin),
                pulse_ns=self.pulse_ns[start:stop],
            )

    def logs_between(self, start: int, stop: int) -> Iterator[LogBatch]:
        """New values from one pulse on until the last one before another."""
        return between(self.logs, int(self.pulse_ns[max(start - 1, 0)]), int(self.pulse_ns[stop - 1]))

    def event_batch(self, start: int, stop: int, columns: tuple[I4, I4]) -> EventBatch:
        """The batch of some pulses with these columns."""
        tof_ns, pixel = columns
        return EventBatch(
            run=self.run,
            tof_ns=tof_ns,
            pixel=pixel,
            state=None,
            first=_read_only(self.first[start : stop + 1] - self.first[start]),
            pulse_ns=self.pulse_ns[start:stop],
            charge_pc=self.charge_pc[start:stop],
            flags=np.zeros(stop - start, np.uint32),
            period=self.period[start:stop],
        )


def open_in_order(path: Path) -> OrderedFile:
    """Open a file, and read everything but its events.

    Raises
    ------
    OperatorError
        It is no event file, or has bad values.
    OSError, RuntimeError
        HDF5 cannot read it.
    """
    file = h5py.File(path, "r", rdcc_nbytes=CHUNK_CACHE_BYTES)
    try:
        return _ordered(file)
    except BaseException:
        file.close()
        raise


def _ordered(file: h5py.File) -> OrderedFile:
    index = index_of(file)
    pulses = pulses_of(index, file.filename)
    start_ns = epics_ns_of(index.start)
    banks = tuple(sorted_rows(rows, pulses) for rows in sorted(index.banks, key=lambda rows: rows.id))
    monitors = tuple(sorted_rows(rows, pulses) for rows in index.monitors)
    return OrderedFile(
        file=file,
        index=index,
        start_ns=start_ns,
        pulse_ns=_read_only(start_ns + pulses.time_ns),
        charge_pc=_read_only(CHARGE_UNIT_PC * pulses.charge.astype(np.float64)),
        period=_read_only(pulses.period),
        first=events_of_pulses(banks, pulses.time_ns.size),
        banks=banks,
        monitors=monitors,
        monitor_firsts=tuple(events_of_pulses([one], pulses.time_ns.size) for one in monitors),
        logs=log_batches(index.logs, index.run, start_ns),
        geometry=_geometry(index, start_ns),
    )


def _geometry(index: IndexedFile, start_ns: int) -> Geometry:
    pixels = np.unique(np.concatenate([np.empty(0, np.int64), *map(pixels_of, index.banks)]))
    return Geometry(
        run=index.run,
        time_ns=start_ns,
        instrument=index.instrument,
        definition_xml=index.definition_xml,
        title=index.title,
        proposal=index.proposal,
        pixels=_read_only(pixels.astype(np.uint32).view(np.int32)),
    )


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array
