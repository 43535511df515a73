"""The regions that are counted: their pixels, their spectra, and how fast they grow."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.messages.regions import MAX_REGIONS, Region
from livereduce.stream.items import B1, I4, I8, U1, U8
from livereduce.viewer.growing import GrowingColumn
from livereduce.viewer.held_events import HeldEvents
from livereduce.viewer.regions.counting import MOST_SLOTS, SpectrumBins, count_of_pulses

PIXELS_AT_ONCE = 1 << 20
EVERY_NS, WITHIN_NS = NS_PER_S // 2, 10 * NS_PER_S
"""How often the counts are noted, and for how long, to say how fast they grow."""
LONGEST_NS = (1 << 31) - 1
MOST_CURVES = 4
"""Regions whose events are kept pulse by pulse, 4 bytes each."""
LEAST_SLOTS = 32
MOST_CELLS = 1 << 25
"""256 MiB of spectra: with very many bins there are fewer slots."""

Place = Callable[[Region], B1]
"""Which rows of the pixel table lie in a region."""


@dataclass(slots=True)
class CountedRegion:
    """A region as it is counted.

    Attributes
    ----------
    pixel
        Its pixels, ascending.
    spectrum
        Counts in each bin, shape (bins,): a row of those of all regions.
    first
        Number of the first event of the run that was looked at; 0: the whole run is counted.
    """

    region: Region
    pixel: I4
    spectrum: I8
    first: int = 0
    _noted: deque[tuple[int, int]] = field(default_factory=deque)

    @property
    def counts(self) -> int:
        """In all bins."""
        return int(self.spectrum.sum())

    @property
    def limits_ns(self) -> tuple[int, int]:
        """Only events from the first to below the second time of flight count."""
        low, high = self.region.tof_min_us, self.region.tof_max_us
        if low is None or high is None:
            return -LONGEST_NS - 1, LONGEST_NS
        return min(round(low * 1000), LONGEST_NS), min(round(high * 1000), LONGEST_NS)

    @property
    def rate_per_s(self) -> float:
        """Counts per second of beam, over the last seconds; 0 if not known."""
        if len(self._noted) < 2:
            return 0.0
        (since_ns, before), (now_ns, now) = self._noted[0], self._noted[-1]
        return max(0.0, (now - before) * NS_PER_S / max(now_ns - since_ns, 1))

    def note(self, now_ns: int) -> None:
        """Note the counts at a time of the beam."""
        if self._noted and now_ns - self._noted[-1][0] < EVERY_NS:
            return
        self._noted.append((now_ns, self.counts))
        while len(self._noted) > 2 and now_ns - self._noted[1][0] >= WITHIN_NS:
            self._noted.popleft()

    def has_pixel(self) -> U1:
        """A table by pixel: 1 for those of the region; the last entry is for pixels beyond, always 0."""
        table = np.zeros(int(self.pixel[-1]) + 2 if len(self.pixel) else 1, np.uint8)
        table[self.pixel] = 1
        return table

    def in_pulses(self, held: HeldEvents, first: I8) -> I8:
        """Its events in each pulse, as far as they are held; events of pulse k are ``first[k]:first[k + 1]``."""
        found, table, limits = np.zeros(len(first) - 1, np.int64), self.has_pixel(), self.limits_ns
        for one in held:
            if one.first + one.size <= first[0] or one.first >= first[-1]:
                continue
            low = max(0, int(np.searchsorted(first, one.first, "right")) - 1)
            high = int(np.searchsorted(first, one.first + one.size, "left"))
            part = np.clip(first[low : high + 1] - one.first, 0, one.size)
            count_of_pulses(one.tof_ns, one.pixel, table, *limits, part, found[low:high])
        return found


class PulseCounts:
    """The events of a region in each pulse, counted when somebody asks, and only for the pulses since.

    Attributes
    ----------
    first
        Number of the first event that was looked at.
    """

    def __init__(self, held: HeldEvents) -> None:
        self.first = held.first
        self._counts = GrowingColumn(np.int32)

    def is_cut_off(self, held: HeldEvents, first: I8) -> bool:
        """Events of pulses that were not looked at yet are not held any more: they can never be counted here."""
        return held.first > int(first[len(self._counts)])

    def of(self, one: CountedRegion, held: HeldEvents, first: I8) -> I8:
        """Counts of all pulses so far, shape (p,)."""
        done = len(self._counts)
        if done < len(first) - 1:
            self._counts.append(one.in_pulses(held, first[done:]))
        return self._counts.values.astype(np.int64)


class RegionCounts:
    """All regions of a run: those that are kept, and the last ones that came in addresses.

    Parameters
    ----------
    place
        Finds the rows of a region in the pixel table.
    """

    def __init__(self, bins: SpectrumBins, place: Place) -> None:
        self.bins = bins
        self._place = place
        size = max(LEAST_SLOTS, min(MOST_SLOTS, MOST_CELLS // bins.binning.bins))
        self._spectra = np.zeros((size, bins.binning.bins), np.int64)
        self._slots: list[CountedRegion | None] = [None] * size
        self._kept: tuple[Region, ...] = ()
        self._recent: list[Region] = []
        self._bits: U8 = np.zeros(1, np.uint64)
        self._in_pulses: OrderedDict[Region, PulseCounts] = OrderedDict()
        self._low, self._high = np.zeros(size, np.int32), np.zeros(size, np.int32)

    @property
    def kept(self) -> tuple[Region, ...]:
        """Those that are kept."""
        return self._kept

    def keep(self, regions: Iterable[Region], pixels: I4, held: HeldEvents) -> None:
        """Keep these regions; the ones that are new are counted from the first event that is held."""
        self._kept = tuple(regions)[:MAX_REGIONS]
        self._settle(pixels, held)

    def of(self, region: Region, pixels: I4, held: HeldEvents) -> CountedRegion:
        """A region, counted; one that is not kept stays until others have come in addresses."""
        shape = _shape(region)
        if shape not in map(_shape, self._kept):
            others = [one for one in self._recent if _shape(one) != shape]
            most = len(self._slots) - MAX_REGIONS
            self._recent = [*others[1 - most :], region]
            self._settle(pixels, held)
        return next(one for one in self._slots if one is not None and _shape(one.region) == shape)

    def in_pulses(self, one: CountedRegion, held: HeldEvents, first: I8) -> tuple[int, I8]:
        """The first event that was looked at, and the events of a region in each pulse; kept for the newest few."""
        shape = _shape(one.region)
        known = self._in_pulses.pop(shape, None)
        if known is None or known.is_cut_off(held, first):
            known = PulseCounts(held)
        self._in_pulses[shape] = known
        while len(self._in_pulses) > MOST_CURVES:
            self._in_pulses.popitem(last=False)
        return known.first, known.of(one, held, first)

    def add(self, tof_ns: I4, pixel: I4) -> None:
        """Count new events."""
        if len(self._bits) > 1:
            self.bins.count(tof_ns, pixel, self._bits, self._low, self._high, self._spectra)

    def note(self, now_ns: int) -> None:
        """Note all counts at a time of the beam."""
        for one in self._slots:
            if one is not None:
                one.note(now_ns)

    def place_again(self, pixels: I4, held: HeldEvents) -> None:
        """The instrument is another one: find the pixels of all regions anew, and count them again."""
        self._slots = [None] * len(self._slots)
        self._in_pulses.clear()
        self._settle(pixels, held)

    def extend(self, pixels: I4) -> None:
        """Pixels have appeared, none of whose events were counted here yet."""
        for slot in self._slots:
            if slot is not None:
                slot.pixel = np.sort(pixels[self._place(slot.region)])
        self._tabulate()

    def for_next_run(self) -> "RegionCounts":
        """The same regions with nothing counted."""
        twin = RegionCounts(self.bins, self._place)
        twin._kept, twin._recent = self._kept, list(self._recent)
        return twin

    def _settle(self, pixels: I4, held: HeldEvents) -> None:
        """Give each wanted region a slot, and count those that are new."""
        wanted = {_shape(one): one for one in (*self._recent, *self._kept)}
        for at, slot in enumerate(self._slots):
            if slot is not None and wanted.pop(_shape(slot.region), None) is None:
                self._slots[at] = None
        new = []
        for region in wanted.values():
            at = self._slots.index(None)
            self._spectra[at] = 0
            where = np.sort(pixels[self._place(region)])
            slot = self._slots[at] = CountedRegion(region, where, self._spectra[at], held.first)
            self._low[at], self._high[at] = slot.limits_ns
            new.append(at)
        if new:
            self._tabulate(new)
            for one in held:
                self.bins.count(one.tof_ns, one.pixel, self._bits, self._low, self._high, self._spectra)
        self._tabulate()

    def _tabulate(self, only: list[int] | None = None) -> None:
        """Make the table of bits by pixel, of some slots or of all."""
        slots = [(at, one) for at, one in enumerate(self._slots) if one is not None and (only is None or at in only)]
        most = max((int(one.pixel[-1]) for _, one in slots if len(one.pixel)), default=-1)
        self._bits = np.zeros(1, np.uint64)  # there is no room for two tables of the largest detectors, nor for copies
        self._bits = np.zeros(most + 2, np.uint64)
        for at, one in slots:
            for start in range(0, len(one.pixel), PIXELS_AT_ONCE):
                self._bits[one.pixel[start : start + PIXELS_AT_ONCE]] |= np.uint64(1 << at)


def _shape(region: Region) -> Region:
    """What is counted of a region, whatever its name is."""
    return replace(region, name="")
