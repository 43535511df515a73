"""CreateWorkspace, CreateSingleValuedWorkspace, LoadEmptyInstrument, CloneWorkspace, GroupWorkspaces."""

import numpy as np

from mantid._algorithms.base import in_out
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.properties import OUT, Property
from mantid.api.workspaces import UNITS, Instrument, Workspace2D, WorkspaceGroup

_OUTPUT = ("OutputWorkspace", "workspace", "", OUT)


@subscribe
class CreateWorkspace(Algorithm):
    """A workspace from lists of numbers."""

    def declare(self) -> list[Property]:
        return [
            Property(*_OUTPUT, mandatory=True),
            Property("DataX", "floats", [], mandatory=True),
            Property("DataY", "floats", [], mandatory=True),
            Property("DataE", "floats", []),
            Property("NSpec", "int", 1),
            Property("UnitX", allowed=list(UNITS)),
            Property("YUnitLabel"),
            Property("WorkspaceTitle"),
        ]

    def exec(self) -> None:
        spectra = self.getProperty("NSpec").value
        x, y, e = (np.array(self.getProperty(name).value, dtype=float) for name in ("DataX", "DataY", "DataE"))
        if not spectra or len(y) % spectra:
            raise RuntimeError(f"CreateWorkspace: {len(y)} values of Y are not {spectra} spectra")
        y = y.reshape(spectra, -1)
        e = e.reshape(y.shape) if len(e) else np.zeros_like(y)
        if len(x) in (y.shape[1], y.shape[1] + 1):
            x = np.tile(x, (spectra, 1))
        made = Workspace2D(x.reshape(spectra, -1), y, e)
        made._unit = str(self.getProperty("UnitX").value)
        made._y_unit = str(self.getProperty("YUnitLabel").value)
        made._title = str(self.getProperty("WorkspaceTitle").value)
        self.getProperty("OutputWorkspace").held = made


@subscribe
class CreateSingleValuedWorkspace(Algorithm):
    """A workspace of one number."""

    def declare(self) -> list[Property]:
        return [
            Property(*_OUTPUT, mandatory=True),
            Property("DataValue", "float", 0.0),
            Property("ErrorValue", "float", 0.0),
        ]

    def exec(self) -> None:
        y, e = ([[self.getProperty(name).value]] for name in ("DataValue", "ErrorValue"))
        made = Workspace2D(np.array([[0.0]]), np.array(y), np.array(e))
        made._unit, made._y_unit = "", ""
        self.getProperty("OutputWorkspace").held = made


@subscribe
class LoadEmptyInstrument(Algorithm):
    """The geometry without data: what scripts end with to please StartLiveData."""

    def declare(self) -> list[Property]:
        return [Property(*_OUTPUT, mandatory=True), Property("Filename"), Property("InstrumentName")]

    def exec(self) -> None:
        name = str(self.getProperty("InstrumentName").value or self.getProperty("Filename").value)
        if not name:
            raise RuntimeError("LoadEmptyInstrument: neither Filename nor InstrumentName is given")
        made = Workspace2D(np.array([[0.0, 1.0]]), np.array([[1.0]]), np.array([[1.0]]))
        made._instrument = Instrument(name)
        self.getProperty("OutputWorkspace").held = made


@subscribe
class CloneWorkspace(Algorithm):
    """A copy of a workspace or of a group."""

    def declare(self) -> list[Property]:
        return in_out()

    def exec(self) -> None:
        self.getProperty("OutputWorkspace").held = self.getProperty("InputWorkspace").value.clone()


@subscribe
class GroupWorkspaces(Algorithm):
    """A group of workspaces that have names."""

    def declare(self) -> list[Property]:
        return [Property("InputWorkspaces", "strings", [], mandatory=True), Property(*_OUTPUT, mandatory=True)]

    def exec(self) -> None:
        members = [AnalysisDataService._held(name) for name in self.getProperty("InputWorkspaces").value]
        self.getProperty("OutputWorkspace").held = WorkspaceGroup(members)
