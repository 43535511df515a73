"""One spectrum of a workspace, Mantid's ISpectrum and EventList: its number, its detectors, its events."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.mantid_api.modules.kernel.enumerations import EventType
from livereduce.engine.mantid_api.objects.spectra import event_editing
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.values.date_and_time import DateAndTime, times64
from livereduce.stream.items import B1, F8, I4, I8
from livereduce.stream.stretches import starts_of


class ISpectrum:
    """A spectrum of a workspace; what is set here changes the workspace."""

    def __init__(self, workspace: SpectraHolder, row: int) -> None:
        self._workspace = workspace
        self._row = row

    def getSpectrumNo(self) -> int:
        """The spectrum number."""
        return int(self._workspace.table.number[self._row])

    def setSpectrumNo(self, number: int) -> None:
        """Set the spectrum number."""
        table = self._workspace.table
        numbers = table.number.copy()
        numbers[self._row] = number
        self._workspace.with_table(SpectrumTable(numbers, table.ids, table.first))

    def getDetectorIDs(self) -> list[int]:
        """Ids of its detectors, ascending."""
        return sorted(self._workspace.table.ids_of(self._row).tolist())

    def hasDetectorID(self, detector: int) -> bool:
        """True if a detector belongs to it."""
        return detector in self.getDetectorIDs()

    def setDetectorID(self, detector: int) -> None:
        """Make a detector its only one."""
        self._set_ids(np.array([detector], np.int32))

    def addDetectorID(self, detector: int) -> None:
        """Add a detector."""
        self._set_ids(np.union1d(self._workspace.table.ids_of(self._row), [detector]).astype(np.int32))

    def clearDetectorIDs(self) -> None:
        """Remove all detectors."""
        self._set_ids(np.empty(0, np.int32))

    def _set_ids(self, ids: I4) -> None:
        table = self._workspace.table
        groups = [table.ids[: table.first[self._row]], ids, table.ids[table.first[self._row + 1] :]]
        sizes = np.diff(table.first)
        sizes[self._row] = len(ids)
        first = starts_of(sizes)
        self._workspace.with_table(SpectrumTable(table.number, np.concatenate(groups), first))

    def getNumberEvents(self) -> int:
        """Number of its events."""
        return int(self._workspace.event_reader().numbers[self._row])

    def getTofs(self) -> F8:
        """X of its events, in the unit of the workspace."""
        return self._events().x_of.copy()

    def getWeights(self) -> F8:
        """Weights of its events."""
        events = self._events()
        return np.ones(len(events.x_of)) if events.weight is None else events.weight.copy()

    def getWeightErrors(self) -> F8:
        """Standard deviations of the weights."""
        events = self._events()
        return np.ones(len(events.x_of)) if events.variance is None else np.sqrt(events.variance)

    def getPulseTimes(self) -> list[DateAndTime]:
        """Times of the pulses of its events."""
        return [DateAndTime(int(ns)) for ns in self._pulse_ns()]

    def getPulseTimesAsNumpy(self) -> NDArray[np.datetime64]:
        """Times of the pulses of its events, for numpy."""
        return times64(self._pulse_ns())

    def getTofMin(self) -> float:
        """The least x of its events; 0 without."""
        return float(self._events().x_of.min(initial=np.inf)) if self.getNumberEvents() else 0.0

    def getTofMax(self) -> float:
        """The greatest x of its events; 0 without."""
        return float(self._events().x_of.max(initial=-np.inf)) if self.getNumberEvents() else 0.0

    def getPulseTimeMin(self) -> DateAndTime:
        """Time of the first pulse of its events."""
        times = self._pulse_ns()
        return DateAndTime(int(times.min()) if len(times) else 0)

    def getPulseTimeMax(self) -> DateAndTime:
        """Time of the last pulse of its events."""
        return DateAndTime(int(self._pulse_ns().max(initial=0)))

    def getX(self) -> F8:
        """Its edges or points."""
        return self._workspace.readX(self._row)

    def getY(self) -> F8:
        """Its values."""
        return self._workspace.readY(self._row)

    def getE(self) -> F8:
        """Its standard deviations."""
        return self._workspace.readE(self._row)

    def getEventType(self) -> EventType:
        """``TOF`` for raw events, ``WEIGHTED`` for weighted ones, ``WEIGHTED_NOTIME`` if they have no pulses."""
        events = self._events()
        if events.weight is None:
            return EventType.TOF
        return EventType.WEIGHTED if events.pulse_ns is not None else EventType.WEIGHTED_NOTIME

    def isWeighted(self) -> bool:
        """True if the events have weights."""
        return self._events().weight is not None

    def isSortedByTof(self) -> bool:
        """True if the events are in the order of their x."""
        return bool(np.all(np.diff(self._events().x_of) >= 0))

    def getMemorySize(self) -> int:
        """Memory of the events in bytes."""
        return self._events().nbytes

    def integrate(self, minX: float, maxX: float, entireRange: bool) -> float:
        """Sum of the weights of the events from one x to another, or of all."""
        chosen = np.ones(self.getNumberEvents(), np.bool_) if entireRange else self._between(minX, maxX)
        return float(self.getWeights()[chosen].sum())

    def addTof(self, offset: float) -> None:
        """Add to the x of each event."""
        self.convertTof(1.0, offset)

    def scaleTof(self, factor: float) -> None:
        """Multiply the x of each event."""
        self.convertTof(factor, 0.0)

    def convertTof(self, factor: float, offset: float) -> None:
        """Multiply the x of each event, and add to it."""
        self._change(lambda lists: event_editing.with_x(lists, self._row, factor, offset))

    def addPulsetime(self, seconds: float) -> None:
        """Make the pulse of each event later."""
        self._change(lambda lists: event_editing.with_pulses(lists, self._row, seconds))

    addPulsetimes = addPulsetime

    def multiply(self, value: float, error: float = 0.0) -> None:
        """Multiply the weights by a value with an error."""
        self._change(lambda lists: event_editing.weighted(lists, self._row, value, error))

    def divide(self, value: float, error: float = 0.0) -> None:
        """Divide the weights by a value with an error."""
        self._change(lambda lists: event_editing.divided(lists, self._row, value, error))

    def maskTof(self, tofMin: float, tofMax: float) -> None:
        """Remove the events from one x to another, both included."""
        x = self._events().x_of
        self.maskCondition((x >= tofMin) & (x <= tofMax))

    def maskCondition(self, mask: Any) -> None:
        """Remove the events that a mask marks."""
        self._change(lambda lists: event_editing.without(lists, self._row, np.asarray(mask, np.bool_)))

    def _between(self, low: float, high: float) -> B1:
        x = self._events().x_of
        return (x >= low) & (x < high)

    def _change(self, change: Callable[[EventLists], EventLists]) -> None:
        event_editing.changed(self._workspace, change)

    def __len__(self) -> int:
        return self.getNumberEvents()

    def _events(self) -> EventLists:
        return self._workspace.event_reader().of(self._row)

    def _pulse_ns(self) -> I8:
        times = self._events().pulse_ns
        if times is None:
            raise RuntimeError(f"the events of {self._workspace.name()!r} have lost their pulses: they were compressed")
        return times
