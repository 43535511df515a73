"""Algorithms that change the unit of X."""

import logging
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.algorithms.spectra.cropping import spectra_between
from livereduce.engine.mantid_api.algorithms.spectra.rebinning import in_bins
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.bins.edges import edges_of
from livereduce.engine.matrix.bins.points import as_edges, as_points
from livereduce.engine.matrix.bins.widths import per_width, times_width
from livereduce.engine.matrix.conversion import unit_steps
from livereduce.engine.matrix.conversion.flight import FlightPaths, flight_paths
from livereduce.engine.matrix.conversion.unit_maps import ENERGY_TRANSFERS
from livereduce.engine.matrix.conversion.unit_steps import (
    Flight,
    events_between,
    histograms_between,
    is_quick,
    quick_map,
)
from livereduce.engine.matrix.conversion.units import UNITS
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid, is_like_common
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.powder.calibrated import to_d, to_tof
from livereduce.stream.items import B1, F8

logger = logging.getLogger("livereduce.engine")
WITH_ANGLE = frozenset({"dSpacing", "MomentumTransfer", "QSquared"})
"""Units that have no value where 2θ is 0, as for a monitor."""


@implements("ConvertUnits")
def convert_units(
    *,
    input_workspace: Matrix,
    target: str,
    e_mode: str,
    e_fixed: float | None,
    align_bins: bool,
    convert_from_point_data: bool,
) -> Matrix:
    """X in another unit; counts stay, a distribution is divided by its new widths, events stay events."""
    matrix = input_workspace
    if matrix.unit == target:
        return replace(matrix, logs=matrix.logs.copy())
    if not (matrix.unit in UNITS and UNITS[matrix.unit].caption):
        raise ValueError(f"InputWorkspace has no unit of X that can be converted: {matrix.unit or 'none'}")
    is_points = matrix.events is None and matrix.histograms.is_points
    if is_points and not convert_from_point_data:
        raise ValueError("InputWorkspace has points, not bins: ConvertToHistogram first, or ConvertFromPointData=True")
    if is_points:
        matrix = matrix.with_histograms(as_edges(matrix.histograms))
    is_height = matrix.is_distribution and matrix.y_unit != "" and matrix.events is None
    if is_height:
        matrix = matrix.with_histograms(times_width(matrix.histograms))
    made = _converted(matrix, target, e_mode, e_fixed)
    made = replace(made, unit=target)
    made.logs.set_plain("deltaE-mode", e_mode)
    if align_bins:
        made = _aligned(made)
    if is_height:
        made = made.with_histograms(per_width(made.histograms))
    return made.with_histograms(as_points(made.histograms)) if is_points else made


def _converted(matrix: Matrix, target: str, mode: str, efixed: float | None) -> Matrix:
    if matrix.constants is not None and {matrix.unit, target} == {"TOF", "dSpacing"} and mode == "Elastic":
        change = to_d if target == "dSpacing" else to_tof
        return replace(change(matrix, matrix.constants), logs=matrix.logs.copy())
    return _quick(matrix, target) if is_quick(matrix.unit, target) else _by_flight(matrix, target, mode, efixed)


def _quick(matrix: Matrix, target: str) -> Matrix:
    """By one factor and power for all spectra; bins that were common stay so."""
    change = quick_map(matrix.unit, target, matrix.rows)
    common = _common(matrix.content.x, quick_map(matrix.unit, target, 1))
    logs = matrix.logs.copy()
    if matrix.events is not None:
        events = event_changes.mapped(matrix.events, change)
        return replace(matrix, content=events if common is None else replace(events, x=common), logs=logs)
    bins = matrix.histograms
    x = common or bins.x.mapped(change)
    y, e = bins.y, bins.e
    if change.power < 0:
        y, e = unit_steps.reversed_rows(bins, y), unit_steps.reversed_rows(bins, e)
    return replace(matrix, content=replace(bins, x=x, y=y, e=e), logs=logs)


def _common(grid: Grid, change: PixelMaps) -> Grid | None:
    return Grid(np.array(grid.mapped(change).row(0))) if grid.is_common else None


def _by_flight(matrix: Matrix, target: str, mode: str, efixed: float | None) -> Matrix:
    """By the flight path and angle of each spectrum; those that cannot be converted keep X, are zeroed and masked."""
    paths = flight_paths(matrix)
    logs = matrix.logs.copy()
    energy = _energy(matrix, paths, {matrix.unit, target}, mode, efixed)
    if mode == "Direct" and efixed is not None:
        logs.set_plain("Ei", efixed)
    failed = _failed(paths, {matrix.unit, target}, mode, energy)
    flight = Flight(
        mode=mode,
        l1=paths.l1,
        l2=np.where(failed, np.nan, paths.l2),
        two_theta=np.where(failed, np.nan, paths.two_theta),
        efixed_mev=np.where(failed, np.nan, energy),
    )
    if failed.all():
        raise ValueError(f"none of the {matrix.rows} spectra can be converted to {target}: detectors are not known")
    if failed.any():
        logger.warning("ConvertUnits: %d spectra have no place or no value in the unit: they become 0", failed.sum())
    cleared = matrix.with_mask(failed)
    source = matrix.unit
    if cleared.events is not None:
        return replace(cleared, content=events_between(cleared.events, source, target, flight), logs=logs)
    return replace(cleared, content=histograms_between(cleared.histograms, source, target, flight), logs=logs)


def _energy(matrix: Matrix, paths: FlightPaths, units: set[str], mode: str, efixed: float | None) -> F8:
    """The fixed energy of each spectrum; 1 where the mode needs none."""
    needs = bool(units & (unit_steps.WITH_FIXED_ENERGY | set(ENERGY_TRANSFERS)))
    if mode == "Elastic":
        if units & set(ENERGY_TRANSFERS):
            raise ValueError("EMode must be Direct or Indirect for energy transfer")
        return np.ones(matrix.rows)
    if efixed is None and mode == "Direct":
        if "Ei" in matrix.logs:
            efixed = float(matrix.logs["Ei"].lastValue())
        elif needs:
            raise ValueError("EFixed is missing, and there is no log 'Ei': give the incident energy in meV")
    if efixed is not None and not efixed > 0:
        raise ValueError(f"EFixed must be above 0 meV, not {efixed:g}")
    if efixed is not None or mode == "Direct":
        return np.full(matrix.rows, efixed or 1.0)
    if needs and np.isnan(paths.efixed_mev).all():
        raise ValueError("EFixed is missing, and the instrument definition has none: give the final energy in meV")
    return paths.efixed_mev if needs else np.ones(matrix.rows)


def _failed(paths: FlightPaths, units: set[str], mode: str, energy: F8) -> B1:
    """Spectra without a detector or an energy, and monitors in units that have no value for them."""
    failed = ~paths.is_known | np.isnan(energy) | ~np.isfinite(paths.l2)
    if units & WITH_ANGLE:
        failed |= ~(paths.two_theta > 0)
    if mode != "Elastic" and units & set(ENERGY_TRANSFERS):
        failed |= paths.is_monitor
    return failed


def _aligned(matrix: Matrix) -> Matrix:
    """As many bins as before, linear between the least and greatest X of all spectra that are not masked."""
    x = matrix.content.x
    if is_like_common(x, matrix.rows):
        return matrix
    low, high = x.ends(matrix.rows)
    used = ~matrix.is_masked & np.isfinite(low) & np.isfinite(high)
    least, most = float(low[used].min()), float(high[used].max())
    bins = len(x.row(0)) - 1
    return in_bins(matrix, Grid(edges_of((least, (most - least) / bins, most))))


@implements("ScaleX")
def scale_x(
    *,
    input_workspace: Matrix,
    factor: float,
    operation: str,
    index_min: int | None,
    index_max: int | None,
    instrument_parameter: str,
    combine: bool,  # noqa: ARG001 (only with InstrumentParameter)
) -> Matrix:
    """X × a factor, or X + a number, of all spectra or of a range; a negative factor turns the order round."""
    if instrument_parameter:
        raise ValueError("InstrumentParameter is not possible on the builtin engine: give Factor")
    matrix, rows = input_workspace, input_workspace.rows
    chosen = np.isin(np.arange(rows), spectra_between(rows, index_min, index_max))
    times, shift = (factor, 0.0) if operation == "Multiply" else (1.0, factor)
    if times == 0:
        raise ValueError("Factor must not be 0")
    change = PixelMaps(scale=np.where(chosen, times, 1.0), zero=np.where(chosen, -shift, 0.0))
    common = None
    if chosen.all() and matrix.content.x.is_common:
        common = Grid(np.array(matrix.content.x.mapped(change.taken(np.zeros(1, np.int64))).row(0)))
    if matrix.events is not None:
        events = event_changes.mapped(matrix.events, change)
        return replace(matrix, content=events if common is None else replace(events, x=common))
    bins = matrix.histograms
    y, e = bins.y, bins.e
    if times < 0:
        turned = np.repeat(chosen, np.diff(bins.first))
        y = np.where(turned, unit_steps.reversed_rows(bins, y), y)
        e = np.where(turned, unit_steps.reversed_rows(bins, e), e)
    return matrix.with_histograms(replace(bins, x=common or bins.x.mapped(change), y=y, e=e))
