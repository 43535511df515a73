"""Algorithms about the energy of the neutrons that come in."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.fitting.monitor_peak import peak_time_us
from livereduce.engine.geometry.equation import evaluated
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.mantid_api.algorithms.events.grouping import rows_of_numbers
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.conversion.units import MEV_US2_PER_M2
from livereduce.engine.matrix.matrix import Matrix

logger = logging.getLogger("livereduce.engine")
MONITOR_PARAMETERS = ("ei-mon1-spec", "ei-mon2-spec")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEnergy:
    """The result of GetEi: energy in meV, peak of the first monitor and t0 in µs, its workspace index."""

    ei_mev: float
    peak_us: float = 0.0
    row: int = 0
    tzero_us: float = 0.0


@implements("GetEi")
def get_ei(
    *,
    input_workspace: Matrix,
    monitor_1_spec: int | None,
    monitor_2_spec: int | None,
    energy_estimate: float | None,
    fix_ei: bool,
    peak_search_range: float,
) -> tuple[Matrix, float, float, int, float]:
    """The energy, which becomes the log Ei; the first monitor's peak and index; t0."""
    if input_workspace.unit != "TOF":
        raise ValueError(f"InputWorkspace must be in TOF, not in {input_workspace.unit or 'no unit'}")
    guess = _guess(input_workspace) if energy_estimate is None else energy_estimate
    if not guess > 0:
        raise ValueError(f"EnergyEstimate must be above 0 meV, not {guess:g}")
    found = _found(input_workspace, guess, (monitor_1_spec, monitor_2_spec), fix_ei, peak_search_range)
    logs = input_workspace.logs.copy()
    logs.set_plain("Ei", found.ei_mev)
    return replace(input_workspace, logs=logs), found.ei_mev, found.peak_us, found.row, found.tzero_us


def _guess(matrix: Matrix) -> float:
    if "EnergyRequest" not in matrix.logs:
        raise ValueError("EnergyEstimate is missing, and there is no log EnergyRequest")
    return float(np.mean(np.asarray(matrix.logs["EnergyRequest"].value, np.float64)))


def _found(
    matrix: Matrix, guess: float, monitors: tuple[int | None, int | None], is_fixed: bool, reach: float
) -> IncidentEnergy:
    formula = _parameter(matrix, "t0_formula")
    if formula:
        return IncidentEnergy(ei_mev=guess, tzero_us=evaluated(formula.replace("incidentEnergy", "value"), guess))
    wanted = [
        number if number is not None else _monitor(matrix, name)
        for number, name in zip(monitors, MONITOR_PARAMETERS, strict=True)
    ]
    if wanted[0] is None or (wanted[1] is None and not is_fixed):
        if is_fixed:
            logger.warning("GetEi: no monitor is known: the energy is the estimate of %g meV", guess)
            return IncidentEnergy(ei_mev=guess)
        raise ValueError("Monitor1Spec and Monitor2Spec are needed: the instrument definition names no monitors")
    first = _peak(matrix, wanted[0], guess, reach, is_fixed)
    if is_fixed or wanted[1] is None:
        return IncidentEnergy(ei_mev=guess, peak_us=first[1], row=first[2])
    second = _peak(matrix, wanted[1], guess, reach, is_fixed)
    if second[1] == first[1]:
        raise ValueError("the peaks of both monitors are at the same time")
    speed = (second[0] - first[0]) / (second[1] - first[1])
    return IncidentEnergy(
        ei_mev=speed * speed * MEV_US2_PER_M2,
        peak_us=first[1],
        row=first[2],
        tzero_us=second[1] - second[0] / speed,
    )


def _parameter(matrix: Matrix, name: str) -> str:
    try:
        tree = matrix.instrument().tree
    except GeometryError:
        return ""
    found = tree.parameter(0, name)
    return found.value if found is not None else ""


def _monitor(matrix: Matrix, name: str) -> int | None:
    text = _parameter(matrix, name).strip()
    return int(float(text)) if text else None


def _peak(matrix: Matrix, number: int, guess: float, reach: float, is_fixed: bool) -> tuple[float, float, int]:
    """Distance of a monitor from the source in m, the time of its peak in µs, and its row."""
    row = int(rows_of_numbers(matrix.spectra, [number], "Monitor1Spec, Monitor2Spec")[0])
    instrument = matrix.instrument()
    at = instrument.index_of(matrix.spectra.ids_of(row)[:1])
    if not len(at) or at[0] < 0:
        raise ValueError(f"spectrum {number} has no detector whose position is known")
    distance = float(np.linalg.norm(instrument.position[at[0]] - instrument.source))
    expected = distance * float(np.sqrt(MEV_US2_PER_M2 / guess))
    low, high = (1 - reach) * expected, (1 + reach) * expected
    bins = matrix.taken(np.array([row])).histograms
    try:
        return distance, peak_time_us(bins.x.row(0), bins.y, bins.e, low, high), row
    except ValueError as error:
        if not is_fixed:
            raise ValueError(
                f"spectrum {number}, {distance:.4g} m from the source, has no peak between {low:.6g} and {high:.6g} µs:"
                f" {error}"
            ) from None
        return distance, expected, row
