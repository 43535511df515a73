"""What is counted of the present run; after its end of that one, until the next begins."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.finding import definition_file
from livereduce.engine.geometry.reading.elements import text_of
from livereduce.messages.regions import Region
from livereduce.messages.views import ViewerJob
from livereduce.stream.items import (
    I4,
    EventBatch,
    Gap,
    Geometry,
    HistogramSnapshot,
    Item,
    LogBatch,
    MonitorBatch,
    RunEnded,
    RunStarted,
)
from livereduce.viewer.findings.watch import FindingsWatch
from livereduce.viewer.held_events import HeldEvents
from livereduce.viewer.instrument import ViewedInstrument
from livereduce.viewer.over_log.log_values import RunLogValues
from livereduce.viewer.pixel_counts import PixelCounts
from livereduce.viewer.pulses import MonitorColumns, PulseColumns
from livereduce.viewer.regions.counted import CountedRegion, RegionCounts
from livereduce.viewer.regions.counting import SpectrumBins


@dataclass(slots=True, kw_only=True)
class CountedRun:
    """All that is counted of a run.

    Attributes
    ----------
    number
        0 between runs.
    is_whole
        It is counted from its first pulse.
    pixels_first
        Number of the first event that the pixels were counted from: those before were given up when the instrument
        was told.
    has_histograms
        Its source counts by itself: there are no events to count.
    missing
        Why parts of it are missing; empty if none are.
    """

    number: int
    is_whole: bool
    pixels: PixelCounts
    regions: RegionCounts
    held: HeldEvents = field(default_factory=HeldEvents)
    pulses: PulseColumns = field(default_factory=PulseColumns)
    monitors: dict[int, MonitorColumns] = field(default_factory=dict)
    logs: RunLogValues = field(default_factory=RunLogValues)
    pixels_first: int = 0
    is_over: bool = False
    has_histograms: bool = False
    missing: str = ""

    @property
    def version(self) -> str:
        """Another one whenever anything was counted."""
        return f"{self.number}-{len(self.pulses)}-{self.held.total}"

    def add(self, batch: EventBatch) -> None:
        """Count a batch."""
        self.pulses.add(batch)
        self.held.add(batch)
        if not len(batch.tof_ns):
            return
        self.regions.note(int(batch.pulse_ns[0]))
        rows = self.pixels.table.rows
        self.pixels.add(batch.tof_ns, batch.pixel)
        if self.pixels.table.rows != rows:
            self.regions.extend(self.pixels.table.pixels)
        self.regions.add(batch.tof_ns, batch.pixel)
        self.regions.note(self.pulses.newest_ns)

    def region(self, region: Region) -> CountedRegion:
        """A region, counted."""
        return self.regions.of(region, self.pixels.table.pixels, self.held)

    def since_ns(self, first_event: int = 0) -> int:
        """Since when it is counted, from this event on; 0: from its start."""
        if first_event:
            return self.pulses.time_of_event(first_event)
        return 0 if self.is_whole or not len(self.pulses) else int(self.pulses.time_ns[0])


class ViewedStream:
    """Takes the items of a stream, and keeps the present run counted.

    Attributes
    ----------
    run
        The one that is shown.
    watch
        Looks for pixels and banks that are not well.
    """

    def __init__(self, job: ViewerJob) -> None:
        self._job = job
        self._folders = tuple(map(Path, job.folders))
        self._bins = SpectrumBins(Binning(make_edges_ns(*job.tof_bins_us)))
        self._kept: tuple[Region, ...] = ()
        self._xml, self._name = "", job.instrument
        self._pixel_map: I4 | None = None
        self._instrument: ViewedInstrument | None = None
        self._is_live = True
        self.watch = FindingsWatch()
        self.run = self._new_run(0, is_whole=True)

    @property
    def instrument(self) -> ViewedInstrument:
        """The instrument of the run."""
        if self._instrument is None:
            xml = self._xml or _definition_beside(self._name, self._folders)
            self._instrument = ViewedInstrument(Definition(xml, folders=self._folders), self._pixel_map)
        return self._instrument

    @property
    def told(self) -> str:
        """What people should know of how it is counted; empty if there is nothing."""
        return self._job.note

    def take(self, items: Iterable[Item], *, live: bool = True) -> None:
        """Take what has come; `live`: there is not much more to read."""
        self._is_live = live
        for item in items:
            self._take(item)

    def keep(self, regions: tuple[Region, ...]) -> None:
        """Count these regions from now on."""
        self._kept = regions
        self.run.regions.keep(regions, self.instrument.table.pixels, self.run.held)

    def drop(self, still_holds: Callable[[NDArray[Any]], bool]) -> None:
        """Drop references to what the receiver holds no longer."""
        self.run.held.drop(still_holds)

    def _take(self, item: Item) -> None:
        match item:
            case RunStarted():
                self.run = self._new_run(item.run, is_whole=item.from_start)
            case RunEnded():
                self.run.is_over = True
            case Geometry():
                self._learn(item)
            case EventBatch() | MonitorBatch() | LogBatch() | HistogramSnapshot() | Gap():
                if self._is_of_shown(item.run):
                    self._add(item)

    def _is_of_shown(self, run: int) -> bool:
        """It belongs to the run that is shown; one may have begun before we did, and what is between runs is not."""
        if run == self.run.number:
            return not self.run.is_over
        if run == 0:
            return False
        self.run = self._new_run(run, is_whole=False)
        return True

    def _add(self, item: EventBatch | MonitorBatch | LogBatch | HistogramSnapshot | Gap) -> None:
        match item:
            case EventBatch():
                self.run.add(item)
                pixels, banks = self.run.pixels, self.instrument.banks
                self.watch.take(item, pixels.table, pixels.cells, (banks.names, banks.of_row), live=self._is_live)
            case MonitorBatch():
                self.run.monitors.setdefault(item.monitor, MonitorColumns()).add(item)
            case LogBatch():
                self.run.logs.take(item)
            case HistogramSnapshot():
                self.run.has_histograms = True
            case Gap():
                self.run.missing = item.reason

    def _new_run(self, number: int, *, is_whole: bool) -> CountedRun:
        before: CountedRun | None = getattr(self, "run", None)
        logs = before.logs if before else RunLogValues()
        logs.begin_run()
        low_ns, high_ns = (int(one) for one in self._bins.binning.edges_ns[[0, -1]])
        instrument = self.instrument
        run = CountedRun(
            number=number,
            is_whole=is_whole,
            pixels=PixelCounts(instrument.table, low_ns, high_ns),
            regions=before.regions.for_next_run() if before else RegionCounts(self._bins, self._place),
            logs=logs,
        )
        run.regions.keep(self._kept, instrument.table.pixels, run.held)
        return run

    def _place(self, region: Region) -> NDArray[np.bool_]:
        return self.instrument.place(region)

    def _learn(self, item: Geometry) -> None:
        """Take news of the instrument; in mid-run all is counted again with it, as far as it is held."""
        news = (
            bool(item.definition_xml) and item.definition_xml != self._xml,
            item.pixels is not None and (self._pixel_map is None or not np.array_equal(item.pixels, self._pixel_map)),
            bool(item.instrument) and not self._xml and item.instrument != self._name,
        )
        if not any(news):
            return
        self._xml, self._name = item.definition_xml or self._xml, item.instrument or self._name
        self._pixel_map = self._pixel_map if item.pixels is None else item.pixels.copy()
        self._instrument = None
        pixels, held = self.run.pixels, self.run.held
        self.run.pixels_first = held.first
        self.run.pixels = PixelCounts(self.instrument.table, *pixels.inner)
        for one in held:
            self.run.pixels.add(one.tof_ns, one.pixel)
        self.run.regions.place_again(self.instrument.table.pixels, held)


def _definition_beside(name: str, folders: tuple[Path, ...]) -> str:
    """The definition in a file beside the scripts, where the stream has none; empty without one."""
    path = definition_file(name, folders) if name else None
    try:
        return text_of(path.read_bytes()) if path is not None else ""
    except (OSError, ValueError):
        return ""
