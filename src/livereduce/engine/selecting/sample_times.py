"""When neutrons were at the sample: FilterEvents' corrections of their times.

Sources: Mantid Framework/API/src/TimeAtSampleStrategy*.cpp, Framework/Algorithms/src/FilterEvents.cpp.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.engine.matrix.conversion.flight import flight_paths
from livereduce.engine.matrix.conversion.units import MEV_J, NEUTRON_KG
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.selecting.splitting import TimeAtSample
from livereduce.engine.values.date_and_time import ns_of
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import F8


def origin(logs: RunLogs, start: str) -> int:
    """The time from which relative times count: as given, else the start of the run, in ns."""
    return ns_of(start) if start else logs.startTime().totalNanoseconds()


def correction(matrix: Matrix, kind: str, table: Any, energy_mev: float | None) -> TimeAtSample | None:
    """The correction of a kind; None if there is to be none.

    Raises
    ------
    ValueError
        What it needs is missing.
    """
    if kind == "None":
        return None
    if kind == "Customized":
        if table is None:
            raise ValueError("DetectorTOFCorrectionWorkspace is missing")
        return _of_table(matrix, table)
    paths = flight_paths(matrix)
    elastic = paths.l1 / (paths.l1 + paths.l2)
    if kind == "Elastic":
        return TimeAtSample(factor=elastic, shift_s=np.zeros(matrix.rows))
    if kind == "Direct":
        shift = paths.l1 / _speed(np.array(_incident(matrix, energy_mev)))
        return TimeAtSample(factor=np.zeros(matrix.rows), shift_s=np.full(matrix.rows, float(shift)))
    if np.any(np.isnan(paths.efixed_mev) & ~paths.is_monitor):
        raise ValueError("CorrectionToSample Indirect: the instrument definition has no Efixed for some detectors")
    after = -paths.l2 / _speed(paths.efixed_mev)
    return TimeAtSample(factor=np.where(paths.is_monitor, elastic, 1.0), shift_s=np.where(paths.is_monitor, 0.0, after))


def _speed(energy_mev: F8) -> F8:
    speed: F8 = np.sqrt(2 * energy_mev * MEV_J / NEUTRON_KG)
    return speed


def _incident(matrix: Matrix, energy_mev: float | None) -> float:
    if energy_mev is not None:
        return energy_mev
    if "Ei" not in matrix.logs:
        raise ValueError("IncidentEnergy is missing, and there is no log Ei")
    return float(matrix.logs.getPropertyAsSingleValue("Ei"))


def _of_table(matrix: Matrix, table: Any) -> TimeAtSample:
    """Of a table: detector (or place of spectrum), factor from 0 to 1, and perhaps a shift in s."""
    columns, names = [table.column(place) for place in range(table.columnCount())], table.getColumnNames()
    if len(columns) < 2 or names[0] not in ("DetectorID", "Spectrum"):
        raise RuntimeError("DetectorTOFCorrectionWorkspace must begin with DetectorID or Spectrum, and a factor")
    keys, factors = np.asarray(columns[0], np.int64), np.asarray(columns[1], np.float64)
    if np.any((factors < 0) | (factors > 1)):
        raise RuntimeError("DetectorTOFCorrectionWorkspace: factors must lie between 0 and 1")
    shifts = np.asarray(columns[2], np.float64) if len(columns) > 2 else np.zeros(len(keys))
    spectra = matrix.spectra
    if names[0] == "DetectorID" and np.any(np.diff(spectra.first) != 1):
        raise RuntimeError("DetectorTOFCorrectionWorkspace by DetectorID needs one detector for each spectrum")
    wanted = spectra.ids.astype(np.int64) if names[0] == "DetectorID" else np.arange(matrix.rows)
    order = np.argsort(keys, kind="stable")
    place = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    if np.any(keys[place] != wanted):
        lacking = wanted[keys[place] != wanted]
        raise RuntimeError(f"DetectorTOFCorrectionWorkspace has no row for {names[0]} {lacking[0]}")
    return TimeAtSample(factor=factors[place], shift_s=shifts[place])


def as_matrix(matrix: Matrix, at_sample: TimeAtSample | None) -> Matrix:
    """Factor and shift of each spectrum as two points; 0 without a correction, as Mantid has it."""
    values = np.zeros((matrix.rows, 2))
    if at_sample is not None:
        values = np.stack([at_sample.factor, at_sample.shift_s], axis=1)
    content = Histograms.table(np.zeros(2), values, np.zeros_like(values))
    return replace(matrix, content=content, unit="", y_unit="", masked=None, vertical=None, title="", comment="")
