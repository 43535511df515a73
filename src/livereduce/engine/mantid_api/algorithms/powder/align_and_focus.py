"""AlignAndFocusPowder: from the events of pixels to powder patterns in one call.

Events stay pending through the whole chain: masks, limits and the change to d are tables, and what remains is one pass
that counts, or none if events are preserved. The calibration is read once and left in the store.
"""

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from livereduce.config.instrument import lookup
from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.grouping.focus import FocusBins, focussed, groups_of_rows
from livereduce.engine.mantid_api.algorithms.beamline.instruments import edit_instrument_geometry
from livereduce.engine.mantid_api.algorithms.events.event_filters import compress_events
from livereduce.engine.mantid_api.algorithms.events.grouping import rows_with
from livereduce.engine.mantid_api.algorithms.events.masking import masked_like, without_range
from livereduce.engine.mantid_api.algorithms.powder.calibration import (
    constants_of,
    grouping_workspace,
    groups_of_file,
    left_in_store,
    of_offsets,
    workspaces_of,
)
from livereduce.engine.mantid_api.algorithms.powder.focussing import groups_in, without_prompt_pulse
from livereduce.engine.mantid_api.algorithms.powder.frames import remove_low_res_tof, unwrap_sns
from livereduce.engine.mantid_api.algorithms.spectra.rebinning import in_bins, resample_x, with_limits
from livereduce.engine.mantid_api.algorithms.spectra.units import convert_units
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.calling.values import integers
from livereduce.engine.mantid_api.modules.kernel.property_managers import PropertyManagerDataService
from livereduce.engine.matrix.bins.edges import edges_of
from livereduce.engine.matrix.conversion.flight import flight_paths
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.powder.calibrated import to_d
from livereduce.engine.powder.settings import PowderBins, completed, powder_bins
from livereduce.stream.items import F8

logger = logging.getLogger("livereduce.engine")
LOW_RESOLUTION_K = 3.22
"""Mantid's own factor of RemoveLowResTOF."""
LEAST_TOLERANCE = 1e-5
"""Mantid's default: joins what is the same to 10 ps, so no count depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowderParts:
    """Calibration, groups and mask; None for what there is not."""

    constants: Calibration | None
    grouping: Matrix | None
    mask: Matrix | None


@implements("AlignAndFocusPowder")
def align_and_focus_powder(*, input_workspace: Matrix, context: CallContext, **given: Any) -> Matrix:
    """The whole chain; the result is in TOF."""
    arguments = completed(given, manager_values(given["reduction_properties"]))
    parts = _parts(input_workspace, arguments, context)
    return pattern(input_workspace, parts, arguments, context)


def pattern(matrix: Matrix, parts: PowderParts, given: dict[str, Any], context: CallContext) -> Matrix:
    """The chain from events to patterns, by arguments that are complete."""
    bins = powder_bins(given)
    in_d = replace(_in_d(_cleaned(matrix, parts, bins, given), parts, bins, given, context), constants=None)
    if name := given["unfocussed_workspace"]:
        left_in_store(context, name, in_d)
    focus = _edited(_focussed(in_d, parts, bins, given["preserve_events"]), parts, given)
    in_tof = _converted(focus, "TOF")
    return _compressed(in_tof, given)


def manager_values(name: str) -> dict[str, Any]:
    """What a property manager of this name holds; nothing if there is none."""
    if not PropertyManagerDataService.doesExist(name):
        return {}
    manager = PropertyManagerDataService.retrieve(name)
    return {key: manager[key].value for key in manager}


def _parts(matrix: Matrix, given: dict[str, Any], context: CallContext) -> PowderParts:
    """What the call gives, else what is in the store, else what the files hold; this is left in the store."""
    parts = {
        "cal": given["calibration_workspace"],
        "group": given["grouping_workspace"],
        "mask": given["mask_workspace"],
    }
    path, offsets = given["group_filename"], given["offsets_workspace"]
    if given["cal_file_name"]:
        parts = _with_calibration(parts, matrix, given, context)
    elif path and parts["group"] is None:
        parts["group"] = grouping_workspace(matrix, *groups_of_file(path, matrix))
        left_in_store(context, f"{short_name(matrix)}_group", parts["group"])
    constants = constants_of(parts["cal"]) if parts["cal"] is not None else None
    if constants is None and offsets is not None:
        constants = of_offsets(offsets)
    return PowderParts(constants=constants, grouping=parts["group"], mask=parts["mask"])


def _with_calibration(
    parts: dict[str, Any], matrix: Matrix, given: dict[str, Any], context: CallContext
) -> dict[str, Any]:
    """The parts with those that the call does not give: of the store, else of the calibration file."""
    prefix = short_name(matrix)
    stored = {
        "cal": context.store.get(f"{prefix}_cal"),
        "group": _held(context, f"{prefix}_group"),
        "mask": _held(context, f"{prefix}_mask"),
    }
    known = {name: stored[name] if one is None else one for name, one in parts.items()}
    lacking = [name for name, one in known.items() if one is None]
    if not lacking:
        return known
    made = workspaces_of(
        given["cal_file_name"],
        matrix,
        group_filename=given["group_filename"],
        tof_min=given["t_min"] or 0.0,
        tof_max=given["t_max"],
    )
    contents = {"cal": made.table, "group": made.grouping, "mask": made.mask}
    for name in lacking:
        left_in_store(context, f"{prefix}_{name}", contents[name])
    return known | {name: contents[name] for name in lacking}


def _held(context: CallContext, name: str) -> Matrix | None:
    held = context.store.get(name)
    return held.matrix if held is not None else None


def short_name(matrix: Matrix) -> str:
    """The short name of the instrument, which the names of what is left in the store begin with."""
    known = lookup(matrix.instrument_name)
    return known.short_name if known is not None else matrix.instrument_name


def _cleaned(matrix: Matrix, parts: PowderParts, bins: PowderBins, given: dict[str, Any]) -> Matrix:
    """Without masked detectors, without times of flight beyond the limits, of prompt pulses and of masked bins."""
    if parts.mask is not None:
        matrix = matrix.with_mask(masked_like(matrix.spectra, parts.mask, by_detectors=True))
    matrix = _within(matrix, _or_nan(bins.tof_min), _or_nan(bins.tof_max))
    if given["remove_prompt_pulse_width"] > 0:
        span = (bins.tof_min or None, bins.tof_max)
        matrix = without_prompt_pulse(matrix, given["remove_prompt_pulse_width"], None, span)
    if given["mask_bin_table"] is not None:
        matrix = _without_bins(matrix, given["mask_bin_table"])
    return matrix if bins.is_in_d else _binned(matrix, bins)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _within(matrix: Matrix, low: float | F8, high: float | F8) -> Matrix:
    """Events between two x, these included, or bins that reach between them; NaN is no limit."""
    if np.all(np.isnan(low)) and np.all(np.isnan(high)):
        return matrix
    if matrix.events is not None:
        return replace(matrix, content=event_changes.within(matrix.events, low, high, is_closed=True))
    bins = matrix.histograms
    lower, upper = (np.broadcast_to(limit, (matrix.rows,)) for limit in (low, high))
    outside = np.concatenate(
        [(x[1:] <= lower[row]) | (x[:-1] >= upper[row]) for row, x in enumerate(bins.x.rows(matrix.rows))]
    )
    return matrix.with_histograms(bins.with_values(np.where(outside, 0.0, bins.y), np.where(outside, 0.0, bins.e)))


def _without_bins(matrix: Matrix, table: Any) -> Matrix:
    """Without the bins that a table of MaskBinsFromTable names."""
    columns = table.toDict()
    for place in range(table.rowCount()):
        rows = None
        for name in ("SpectraList", "DetectorIDsList"):
            if name in columns and columns[name][place]:
                wanted = np.asarray(integers(columns[name][place]), np.int64)
                rows = wanted if name == "SpectraList" else rows_with(matrix.spectra, wanted)
        matrix = without_range(matrix, columns["XMin"][place], columns["XMax"][place], rows)
    return matrix


def _in_d(matrix: Matrix, parts: PowderParts, bins: PowderBins, given: dict[str, Any], context: CallContext) -> Matrix:
    """In d, filtered by wavelength, and in the bins of a pattern if these are in d."""
    if parts.constants is not None:
        matrix = to_d(matrix, parts.constants)
    else:
        matrix = _converted(matrix, "dSpacing")
    if given["resonance_filter_lower_limits"]:
        matrix = _without_resonances(matrix, given)
    if given["lorentz_correction"]:
        matrix = _scaled(matrix, np.sin(flight_paths(matrix).two_theta / 2))
    matrix = _in_frame(matrix, bins, given, context)
    return _binned(matrix, bins) if bins.is_in_d and not bins.resample else matrix


def _in_frame(matrix: Matrix, bins: PowderBins, given: dict[str, Any], context: CallContext) -> Matrix:
    """In the frame of UnwrapRef; then of the wavelengths that are asked for, or else those of good resolution."""
    first = bins.tof_min if bins.tof_min and bins.tof_min > 0 else None
    last = bins.tof_max if bins.tof_max is not None and bins.tof_max > (first or 0.0) else None
    if given["unwrap_ref"] > 0:
        in_tof = _converted(matrix, "TOF")
        moved = unwrap_sns(input_workspace=in_tof, l_ref=given["unwrap_ref"], tmin=first, tmax=last)
        matrix = _converted(moved, "dSpacing")
    low, high = given["crop_wavelength_min"] or 0.0, given["crop_wavelength_max"] or None
    if low > 0 or high is not None:
        return _within_wavelength(matrix, low, high)
    if not given["low_res_ref"] > 0:
        return matrix
    late, _ = remove_low_res_tof(
        input_workspace=_converted(matrix, "TOF"),
        reference_difc=given["low_res_ref"],
        k=LOW_RESOLUTION_K,
        tmin=first,
        min_wavelength=None,
        context=context,
    )
    return _converted(late, "dSpacing")


def _within_wavelength(matrix: Matrix, low: float, high: float | None) -> Matrix:
    """Wavelengths as limits of d, by the angle of each spectrum: λ = 2 d sin θ."""
    with np.errstate(divide="ignore", invalid="ignore"):
        per_angstrom = 1 / (2 * np.sin(flight_paths(matrix).two_theta / 2))
    usable = np.where(np.isfinite(per_angstrom), per_angstrom, np.nan)
    return _within(matrix, low * usable, usable * (np.nan if high is None else high))


def _without_resonances(matrix: Matrix, given: dict[str, Any]) -> Matrix:
    lower, upper = given["resonance_filter_lower_limits"], given["resonance_filter_upper_limits"]
    if len(lower) != len(upper) or any(one >= two for one, two in zip(lower, upper, strict=False)):
        raise ValueError("ResonanceFilterLowerLimits and ResonanceFilterUpperLimits must be pairs, the lower one first")
    matrix = _converted(matrix, given["resonance_filter_units"])
    for low, high in zip(lower, upper, strict=True):
        matrix = without_range(matrix, low, high)
    return _converted(matrix, "dSpacing")


def _scaled(matrix: Matrix, factor: F8) -> Matrix:
    if matrix.events is not None:
        return replace(matrix, content=event_changes.scaled(matrix.events, factor))
    bins = matrix.histograms
    each = np.repeat(factor, np.diff(bins.first))
    return matrix.with_histograms(bins.with_values(bins.y * each, bins.e * each))


def _converted(matrix: Matrix, target: str) -> Matrix:
    return convert_units(
        input_workspace=matrix,
        target=target,
        e_mode="Elastic",
        e_fixed=None,
        align_bins=False,
        convert_from_point_data=True,
    )


def _binned(matrix: Matrix, bins: PowderBins) -> Matrix:
    if bins.delta:
        return matrix
    if not bins.params:
        raise ValueError("Params, ResampleX or DeltaRagged is missing: they say which bins are made")
    return in_bins(matrix, Grid(edges_of(with_limits(matrix, bins.params))))


def _focussed(matrix: Matrix, parts: PowderParts, bins: PowderBins, preserve_events: bool) -> Matrix:
    """The groups added, in their own bins if they are to have some."""
    ragged = None
    if bins.is_in_d and bins.delta and bins.d_min and bins.d_max:
        ragged = FocusBins(low=bins.d_min, high=bins.d_max, step=bins.delta)
    late = bool(bins.is_in_d and bins.resample) or (bool(bins.delta) and ragged is None)
    pixels = matrix
    if parts.grouping is not None:
        rows = groups_of_rows(matrix.spectra, *groups_in(parts.grouping))
        matrix = focussed(matrix, rows, preserve_events=preserve_events or late, bins=ragged)
    if bins.is_in_d and bins.resample:
        low, high = pixels.content.x.ends(pixels.rows)
        if matrix is not pixels:
            used = np.where(pixels.is_masked, -1, rows)
            members = [used == number for number in matrix.spectra.number]
            low, high = np.array([low[one].min() for one in members]), np.array([high[one].max() for one in members])
        fits = len(bins.d_min) == len(bins.d_max) == matrix.rows
        return resample_x(
            input_workspace=matrix,
            x_min=bins.d_min if fits else low.tolist(),
            x_max=bins.d_max if fits else high.tolist(),
            number_bins=abs(bins.resample),
            log_binning=bins.resample < 0,
            preserve_events=preserve_events,
        )
    return matrix


def _edited(matrix: Matrix, parts: PowderParts, given: dict[str, Any]) -> Matrix:
    """The focussed spectra at the places that the call gives; as it is, with a warning, if these do not fit."""
    l1, l2, polar, azimuthal = (given[name] for name in ("primary_flight_path", "l_2", "polar", "azimuthal"))
    if parts.grouping is None or not (l1 > 0 or l2 or polar or azimuthal):
        return matrix
    try:
        return edit_instrument_geometry(
            workspace=matrix,
            primary_flight_path=l1 if l1 > 0 else None,
            spectrum_ids=given["spectrum_ids"],
            l_2=l2,
            polar=polar,
            azimuthal=azimuthal,
            detector_ids=(),
            instrument_name="",
        )
    except ValueError as error:
        logger.warning("AlignAndFocusPowder: the focussed spectra stay where they are: %s", error)
        return matrix


def _compressed(matrix: Matrix, given: dict[str, Any]) -> Matrix:
    tolerance, slices = given["compress_tolerance"] or 0.0, given["compress_wall_clock_tolerance"]
    mode = given["compress_binning_mode"]
    is_coarse = tolerance > LEAST_TOLERANCE or tolerance < 0 or mode == "Logarithmic"
    if matrix.events is None or tolerance == 0 or not (is_coarse or slices is not None):
        return matrix
    return compress_events(
        input_workspace=matrix,
        tolerance=tolerance,
        wall_clock_tolerance=slices,
        start_time=given["compress_start_time"],
        binning_mode=mode,
        sort_first=True,
    )
