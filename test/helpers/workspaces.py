"""Workspaces with few words, as scripts hold them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.workspace import Binned, Data

BINS = Binning(np.array([0, 10_000, 20_000, 40_000], np.int64))
TOF, PIXEL = [1000, 11_000, 12_000, 39_000], [5, 5, 6, 7]


def small_instrument() -> InstrumentGeometry:
    """Source 10 m before the sample; pixel 5 at 90°, 6 at 90° above, 7 behind at 45°; 8 is a monitor in the beam."""
    return InstrumentGeometry(
        name="TINY",
        source=np.array([0.0, 0.0, -10.0]),
        sample=np.zeros(3),
        ids=np.array([5, 6, 7, 8], np.int32),
        position=np.array([[2.0, 0, 0], [0, -1.0, 0], [1.0, 0, 1.0], [0, 0, -2.0]]),
        is_monitor=np.array([False, False, False, True]),
    )


def workspace_of(data: Data, name: str = "chunk", *, geometry: InstrumentGeometry | None = None) -> MatrixWorkspace:
    """A workspace of run 3."""
    return MatrixWorkspace(name, data, binned=Binned(BINS, PixelTable()), run=3, geometry=geometry)


def events_workspace(name: str = "chunk", *, geometry: InstrumentGeometry | None = None) -> MatrixWorkspace:
    """Four events of pixels 5, 5, 6 and 7 in two pulses; bins 0, 10, 20, 40 µs."""
    pieces = (event_batch(3, TOF[:2], PIXEL[:2], pulse_ns=1), event_batch(3, TOF[2:], PIXEL[2:], pulse_ns=2))
    return workspace_of(Events(pieces), name, geometry=geometry)


def histogram_workspace(
    y: Sequence[ArrayLike],
    x: Sequence[Any] | NDArray[np.float64] | None = None,
    e: Sequence[ArrayLike] | None = None,
    *,
    name: str = "histogram",
    ids: Sequence[int] = (),
    kind: MatrixKind = MatrixKind.PLAIN,
    geometry: InstrumentGeometry | None = None,
) -> MatrixWorkspace:
    """Spectra in time of flight; errors are square roots, x counts from 0, unless given (a list of lists: of each)."""
    rows = [np.asarray(row, np.float64) for row in y]
    errors = [np.sqrt(np.abs(row)) for row in rows] if e is None else [np.asarray(row, np.float64) for row in e]
    if x is None:
        grid = Grid(np.arange(len(rows[0]) + 1, dtype=np.float64))
    elif np.ndim(x[0]) == 0:
        grid = Grid(np.asarray(x, np.float64))
    else:
        grid = Grid.ragged([np.asarray(row, np.float64) for row in x])
    table = SpectrumTable.of_pixels(np.array(ids, np.int32)) if ids else SpectrumTable.without_detectors(len(rows))
    content = Histograms.ragged(grid, rows, errors)
    made = Matrix(content=content, spectra=table, kind=kind, geometry=geometry or Definition())
    return workspace_of(made, name, geometry=geometry)
