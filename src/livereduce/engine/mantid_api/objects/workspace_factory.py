"""Mantid's WorkspaceFactory: empty workspaces and tables, which are in no store."""

from typing import Any

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable

_KINDS = {"Workspace2D": MatrixKind.PLAIN, "WorkspaceSingleValue": MatrixKind.SINGLE}


class WorkspaceFactoryImpl:
    """Makes workspaces without data."""

    @staticmethod
    def Instance() -> "WorkspaceFactoryImpl":
        """The factory."""
        return WorkspaceFactory

    def create(
        self,
        kind: "str | MatrixWorkspace",
        NVectors: int | None = None,
        XLength: int | None = None,
        YLength: int | None = None,
    ) -> Any:
        """A workspace of zeros: of a kind, or like another one, whose unit, logs and geometry it has.

        Raises
        ------
        RuntimeError
            There is no such kind here.
        ValueError
            Sizes are missing.
        """
        if isinstance(kind, MatrixWorkspace):
            return _like(kind, NVectors, XLength, YLength)
        if kind not in _KINDS:
            raise RuntimeError(f"WorkspaceFactory: {missing('kind of workspace', kind, _KINDS)}")
        if NVectors is None or XLength is None or YLength is None:
            raise ValueError("WorkspaceFactory.create needs NVectors, XLength and YLength")
        matrix = Matrix(
            content=_zeros(NVectors, XLength, YLength),
            spectra=SpectrumTable.without_detectors(NVectors),
            unit="",
            y_unit="",
            kind=_KINDS[kind],
        )
        return wrapped("", matrix, None)

    def createTable(self, kind: str = "TableWorkspace") -> TableWorkspace:
        """A table without columns."""
        if kind != "TableWorkspace":
            raise RuntimeError(f"WorkspaceFactory: {missing('kind of table', kind, ['TableWorkspace'])}")
        return TableWorkspace()


def _like(parent: MatrixWorkspace, vectors: int | None, x_length: int | None, y_length: int | None) -> Any:
    rows = parent.getNumberHistograms() if vectors is None else vectors
    bins = parent.blocksize() if y_length is None else y_length
    edges = len(parent.readX(0)) if x_length is None else x_length
    matrix, content = parent.matrix, _zeros(rows, edges, bins)
    if rows != matrix.rows:
        spectra = SpectrumTable.without_detectors(rows)
        made = Matrix(content=content, spectra=spectra, logs=matrix.logs, unit=matrix.unit, geometry=matrix.geometry)
        return wrapped("", made, parent)
    return wrapped("", matrix.with_histograms(content), parent)


def _zeros(rows: int, edges: int, bins: int) -> Histograms:
    return Histograms.table(np.zeros(edges), np.zeros((rows, bins)), np.zeros((rows, bins)))


WorkspaceFactory = WorkspaceFactoryImpl()
