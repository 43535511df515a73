"""Beam monitors that a file has as histograms: ``monitorN/data`` over ``monitorN/time_of_flight``.

Source: Mantid Framework/DataHandling/src/LoadNexusMonitors2.cpp.
"""

import re
from pathlib import Path

import h5py
import numpy as np

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import F8

_MONITOR = re.compile(r"monitor(\d+)")


def histograms_of_monitors(path: Path, entry: str, logs: RunLogs, definition: Definition) -> Matrix | None:
    """A spectrum for each monitor with a histogram, E = √Y; None if there is none.

    Raises
    ------
    OSError, ValueError
        The file cannot be read; counts and times of flight do not fit together.
    """
    with h5py.File(path, "r") as file:
        group = file.get(entry)
        found = {} if not isinstance(group, h5py.Group) else dict(_monitors(path, group))
    if not found:
        return None
    numbers = np.array(sorted(found), np.int32)
    x, y = zip(*(found[int(number)] for number in numbers), strict=True)
    content = Histograms.ragged(Grid.ragged(x), y, [np.sqrt(np.abs(counts)) for counts in y])
    if all(np.array_equal(edges, x[0]) for edges in x):
        content = Histograms.table(x[0], np.array(y), np.sqrt(np.abs(y)))
    return Matrix(content=content, spectra=SpectrumTable.of_monitors(numbers), logs=logs, geometry=definition)


def _monitors(path: Path, entry: h5py.Group) -> list[tuple[int, tuple[F8, F8]]]:
    """Number, edges in µs and counts of each monitor."""
    found = []
    for name, group in entry.items():
        number = _MONITOR.fullmatch(name)
        if number is None or not isinstance(group, h5py.Group):
            continue
        data, tof = group.get("data"), group.get("time_of_flight")
        if isinstance(data, h5py.Dataset) and isinstance(tof, h5py.Dataset):
            counts, edges = (np.asarray(field[()], np.float64).ravel() for field in (data, tof))
            if len(edges) - len(counts) not in (0, 1):
                raise ValueError(f"{path}: {group.name} has {len(counts)} counts and {len(edges)} times of flight")
            found.append((int(number[1]), (edges, counts)))
    return found
