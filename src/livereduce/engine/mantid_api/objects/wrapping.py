"""The object that a script gets for what an algorithm has made."""

from typing import Any

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.experiment_info import run_number_in
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.named import NamedWorkspace
from livereduce.engine.matrix.matrix import Matrix, single_value
from livereduce.engine.workspaces.workspace import Binned


def wrapped(name: str, made: Any, parent: MatrixWorkspace | None) -> Any:
    """A workspace of a `Matrix`, with what its parent knows of the run; other things, but that tables get a name."""
    if isinstance(made, NamedWorkspace) and not made.name():
        made.renamed(name)
    if not isinstance(made, Matrix):
        return made
    if parent is None:
        logs = made.logs.copy()
        run = run_number_in(logs) or 0
        return MatrixWorkspace(name, made, binned=_no_bins(), logs=logs, run=run, geometry=made.geometry)
    return MatrixWorkspace(
        name,
        made,
        binned=parent.binned.fresh(),
        logs=made.logs.copy(),
        run=parent.run_number,
        monitors=parent.monitors,
        tally=parent.tally,
        geometry=made.geometry,
    )


def number_workspace(value: float) -> MatrixWorkspace:
    """A number as a workspace without a name: Mantid's WorkspaceSingleValue."""
    return MatrixWorkspace("", single_value(value), binned=_no_bins())


def _no_bins() -> Binned:
    return Binned(Binning(np.array([0, 1], np.int64)), PixelTable())
