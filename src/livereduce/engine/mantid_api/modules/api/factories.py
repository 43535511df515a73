"""``WorkspaceFactory`` and ``FunctionFactory``: empty workspaces, and functions that libraries register."""

from typing import Any

import numpy as np

from livereduce.catalog.declared import declared
from livereduce.catalog.wording import not_implemented_name
from livereduce.engine.mantid_api.calling.call import call
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace


class WorkspaceFactoryImpl:
    """Makes workspaces that are not in the store."""

    def Instance(self) -> "WorkspaceFactoryImpl":
        """The factory itself."""
        return self

    def create(
        self,
        what: Any,
        NVectors: int | None = None,
        XLength: int | None = None,
        YLength: int | None = None,
    ) -> Any:
        """Spectra of zeros: of a kind, with these sizes; or like a workspace, with its sizes where none are given."""
        parent = what if isinstance(what, MatrixWorkspace) else None
        rows = NVectors or (parent.getNumberHistograms() if parent else 1)
        size = YLength or (parent.blocksize() if parent else 1)
        edges = XLength or (len(parent.readX(0)) if parent else size)
        x = np.arange(edges, dtype=np.float64) if parent is None or len(parent.readX(0)) != edges else parent.readX(0)
        settings = {"DataX": x, "DataY": np.zeros(rows * size), "NSpec": rows, "ParentWorkspace": parent}
        if parent is not None:
            settings["UnitX"] = parent.getAxis(0).getUnit().unitID()
        return call(declared()["CreateWorkspace"], (), {**settings, "StoreInADS": False}, ())

    def createTable(self, kind: str = "TableWorkspace") -> TableWorkspace:  # noqa: ARG002
        """An empty table."""
        return TableWorkspace()


class FunctionFactoryImpl:
    """Takes the functions that libraries register; none can be fitted by its class here."""

    def Instance(self) -> "FunctionFactoryImpl":
        """The factory itself."""
        return self

    def subscribe(self, function: Any) -> None:
        """Nothing: the class can be imported, not fitted."""

    unsubscribe = subscribe

    def getFunctionNames(self) -> list[str]:
        """None."""
        return []

    def createFunction(self, name: str) -> Any:
        """Nothing can be made.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(not_implemented_name("mantid.api", "FunctionFactory.createFunction"))

    createInitialized = createCompositeFunction = createFunction


WorkspaceFactory = WorkspaceFactoryImpl()
FunctionFactory = FunctionFactoryImpl()
