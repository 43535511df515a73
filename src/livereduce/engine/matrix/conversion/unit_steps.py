"""The maps that lead from one unit of X to another, for each spectrum.

Most changes are one map of the closed set, so that events stay pending. From energy transfer, and to or from
dSpacingPerpendicular, X is computed at once. Source: Mantid Framework/Kernel/src/Unit.cpp.
"""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.conversion import unit_maps
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.matrix.events.event_changes import mapped
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8, I8

QUICK = (
    frozenset({"Wavelength", "Energy", "Energy_inWavenumber", "Momentum"}),
    frozenset({"dSpacing", "MomentumTransfer", "QSquared"}),
)
"""Units that go over into each other without a flight path or an angle."""
WITH_FIXED_ENERGY = frozenset({"Wavelength", "Momentum"})
"""Units of the neutron, which has another energy before or after the sample if scattering is not elastic."""
PERPENDICULAR = "dSpacingPerpendicular"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flight:
    """What a change of unit needs of the spectra; arrays of shape (rows,).

    Attributes
    ----------
    mode
        ``Elastic``, ``Direct`` or ``Indirect``.
    efixed_mev
        Energy before (Direct) or after the sample (Indirect).
    """

    mode: str
    l1: float
    l2: F8
    two_theta: F8
    efixed_mev: F8

    def taken(self, rows: I8) -> "Flight":
        """Some spectra."""
        return replace(self, l2=self.l2[rows], two_theta=self.two_theta[rows], efixed_mev=self.efixed_mev[rows])


def is_quick(source: str, target: str) -> bool:
    """True if one unit goes over into the other without positions."""
    return {source, target} <= set(unit_maps.ENERGY_TRANSFERS) or any({source, target} <= one for one in QUICK)


def quick_map(source: str, target: str, rows: int) -> PixelMaps:
    """The map between two units of `is_quick`, the same for all spectra."""
    transfers = unit_maps.ENERGY_TRANSFERS
    if source in transfers:
        return PixelMaps(scale=np.full(rows, transfers[target] / transfers[source]), zero=np.zeros(rows))
    return unit_maps.elastic(source, target, 0.0, np.ones(rows), np.full(rows, np.pi))


def between(source: str, target: str, flight: Flight) -> tuple[PixelMaps, ...]:
    """The maps to be done one after the other; neither unit may be one of `needs_values`."""
    is_elastic = flight.mode == "Elastic"
    if not {source, target} & _inelastic(is_elastic):
        return (unit_maps.elastic(source, target, flight.l1, flight.l2, flight.two_theta),)
    to_tof = () if source == "TOF" else (unit_maps.elastic(source, "TOF", flight.l1, flight.l2, flight.two_theta),)
    return (*to_tof, from_tof(target, flight))


def _inelastic(is_elastic: bool) -> frozenset[str]:
    return frozenset() if is_elastic else WITH_FIXED_ENERGY | frozenset(unit_maps.ENERGY_TRANSFERS)


def from_tof(target: str, flight: Flight) -> PixelMaps:
    """The map from time of flight to a unit, by the energy mode."""
    if target in unit_maps.ENERGY_TRANSFERS:
        make = unit_maps.direct if flight.mode == "Direct" else unit_maps.indirect
        return make(target, flight.efixed_mev, flight.l1, flight.l2)
    if flight.mode == "Elastic" or target not in WITH_FIXED_ENERGY:
        return unit_maps.elastic("TOF", target, flight.l1, flight.l2, flight.two_theta)
    known, moving = (flight.l1, flight.l2) if flight.mode == "Direct" else (flight.l2, flight.l1)
    with np.errstate(all="ignore"):
        before_us = known * unit_maps.US_PER_M_ROOT_MEV / np.sqrt(flight.efixed_mev)
    rows = len(flight.l2)
    scale, power = (A_US_PER_M / moving, 1.0) if target == "Wavelength" else (2 * np.pi * moving / A_US_PER_M, -1.0)
    return PixelMaps(
        scale=np.broadcast_to(scale, rows).copy(), zero=np.broadcast_to(before_us, rows).copy(), power=power
    )


def needs_values(source: str, target: str, mode: str) -> bool:
    """True if the change is none of the closed set of maps: X of all events is computed at once."""
    return PERPENDICULAR in (source, target) or source in _inelastic(mode == "Elastic")


def values_between(source: str, target: str, flight: Flight, x: F8, row: I8) -> F8:
    """X of values of some spectra in another unit, by way of the time of flight; NaN where there is none."""
    rows = row.astype(np.int32)
    if source == PERPENDICULAR:
        x, source = _from_perpendicular(x, flight.two_theta[row]), "Wavelength"
    tof = x if source == "TOF" else from_tof(source, flight).tof_us_of(x, rows)
    if target == PERPENDICULAR:
        return _to_perpendicular(from_tof("Wavelength", flight).apply(tof, rows), flight.two_theta[row])
    return tof if target == "TOF" else from_tof(target, flight).apply(tof, rows)


def _to_perpendicular(wavelength: F8, two_theta: F8) -> F8:
    """√(λ² - 2 ln cos θ)."""
    with np.errstate(all="ignore"):
        d: F8 = np.sqrt(wavelength**2 - 2 * np.log(np.cos(two_theta / 2)))
    return d


def _from_perpendicular(d: F8, two_theta: F8) -> F8:
    with np.errstate(all="ignore"):
        wavelength: F8 = np.sqrt(d**2 + 2 * np.log(np.cos(two_theta / 2)))
    return wavelength


def events_between(events: EventContent, source: str, target: str, flight: Flight) -> EventContent:
    """Events and their edges in another unit; events without a value in it are left out."""
    if not needs_values(source, target, flight.mode):
        for change in between(source, target, flight):
            events = mapped(events, change)
        return events
    lists = carried_out(events)
    new = values_between(source, target, flight, lists.x_of, lists.row_of)
    changed = replace(lists, x_of=new, x=grid_by_values(events.x, lists.rows, source, target, flight))
    kept: EventLists = changed.where(np.isfinite(new))
    return kept


def grid_by_values(grid: Grid, rows: int, source: str, target: str, flight: Flight) -> Grid:
    """X of all spectra, ascending, without what has no value; a spectrum without any keeps its X."""
    sizes, old = grid.sizes(rows), np.concatenate([np.empty(0), *grid.rows(rows)])
    new = values_between(source, target, flight, old, np.repeat(np.arange(rows), sizes))
    cuts = np.cumsum(sizes)[:-1]
    parts = []
    for was, part in zip(np.split(old, cuts), np.split(new, cuts), strict=True):
        has_value = np.isfinite(part)
        kept = part[has_value] if has_value.any() else was
        parts.append(kept[::-1] if len(kept) > 1 and kept[0] > kept[-1] else kept)
    return Grid.ragged(parts)


def histograms_between(bins: Histograms, source: str, target: str, flight: Flight) -> Histograms:
    """Values in bins of another unit, reversed where X falls; bins that have no value in it are left out."""
    if needs_values(source, target, flight.mode):
        x = grid_by_values(bins.x, bins.rows, source, target, flight)
    else:
        x = bins.x
        for change in between(source, target, flight):
            x = x.mapped(change)
    is_falling = _falls(bins.x, source, target, flight)
    y, e = bins.y, bins.e
    if is_falling:
        y, e = reversed_rows(bins, y), reversed_rows(bins, e)
    made = replace(bins, x=x, y=y, e=e)
    is_whole = target not in unit_maps.ENERGY_TRANSFERS or np.array_equal(x.sizes(bins.rows), bins.x.sizes(bins.rows))
    return made if is_whole else _shortened(made, is_falling)


def _falls(grid: Grid, source: str, target: str, flight: Flight) -> bool:
    """True if X falls in the new unit, by two values of a spectrum that have one there."""
    for row in range(len(flight.l2)):
        old = grid.row(row)
        only, place = flight.taken(np.array([row])), np.zeros(len(old), np.int64)
        if needs_values(source, target, flight.mode):
            new = values_between(source, target, only, old, place)
        else:
            new = old
            for change in between(source, target, only):
                new = change.apply(new, place.astype(np.int32))
        new = new[np.isfinite(new)]
        if len(new) > 1 and new[0] != new[-1]:
            return bool(new[0] > new[-1])
    return False


def reversed_rows(bins: Histograms, values: F8) -> F8:
    """Values of each spectrum in the other order."""
    if bins.is_even:
        return np.ascontiguousarray(values.reshape(bins.rows, -1)[:, ::-1]).ravel()
    parts = [values[a:b][::-1] for a, b in zip(bins.first[:-1], bins.first[1:], strict=True)]
    return np.concatenate([np.empty(0), *parts])


def _shortened(bins: Histograms, is_falling: bool) -> Histograms:
    """Spectra whose X has lost values that cannot be reached: the earliest, which are at the end if X was reversed.

    As in Mantid all keep the number of bins of the longest: X goes on in steps of 1, and Y is 0 there.
    """
    all_edges = bins.x.rows(bins.rows)
    longest = max(map(len, all_edges), default=0)
    if longest < 2:
        raise ValueError("no bin can be reached with this EFixed: check it")
    x = np.empty((bins.rows, longest))
    y, e = np.zeros((bins.rows, longest - 1)), np.zeros((bins.rows, longest - 1))
    for row, edges in enumerate(all_edges):
        used = max(len(edges) - 1, 0)
        x[row, : len(edges)] = edges
        last = edges[-1] if len(edges) else 0.0
        x[row, len(edges) :] = last + 1 + np.arange(longest - len(edges))
        kept = slice(0, used) if is_falling else slice(len(bins.y_of(row)) - used, None)
        y[row, :used], e[row, :used] = bins.y_of(row)[kept], bins.e_of(row)[kept]
    return Histograms.table(Grid.ragged(list(x)), y, e)
