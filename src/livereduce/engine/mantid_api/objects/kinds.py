"""Mantid's names of what scripts hold; its classes of workspaces for `isinstance`: it is of the kind that it holds now.

Our `MatrixWorkspace` is one handle for all of them: Rebin without events makes an EventWorkspace a Workspace2D under
the same name.
"""

from collections.abc import Callable
from typing import Any

from livereduce.engine.mantid_api.objects.experiment_info import ExperimentInfo
from livereduce.engine.mantid_api.objects.info.component import Component, Detector, DetectorGroup
from livereduce.engine.mantid_api.objects.info.component_info import ComponentInfo
from livereduce.engine.mantid_api.objects.info.detector_info import DetectorInfo, DetectorInfoItem
from livereduce.engine.mantid_api.objects.info.instrument_view import InstrumentView, ReferenceFrame
from livereduce.engine.mantid_api.objects.info.sample import SampleInBeam
from livereduce.engine.mantid_api.objects.info.spectrum_info import SpectrumInfo, SpectrumInfoItem
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.named import EmptyHistory, NamedWorkspace
from livereduce.engine.mantid_api.objects.spectra.axes import (
    AxisUnit,
    BinEdgeAxis,
    MantidAxis,
    NumericAxis,
    SpectraAxis,
    TextAxis,
    UnitLabel,
)
from livereduce.engine.mantid_api.objects.spectra.dimension import AxisDimension
from livereduce.engine.mantid_api.objects.spectra.spectrum import ISpectrum
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.workspaces.runlogs import RunLogs

__all__ = [
    "BinEdgeAxis",
    "ComponentInfo",
    "DetectorGroup",
    "DetectorInfo",
    "DetectorInfoItem",
    "ExperimentInfo",
    "MantidAxis",
    "MatrixWorkspace",
    "NumericAxis",
    "ReferenceFrame",
    "SpectraAxis",
    "SpectrumInfo",
    "SpectrumInfoItem",
    "TableWorkspace",
    "TextAxis",
    "UnitLabel",
    "WorkspaceGroup",
]


class WorkspaceKind(type):
    """A class whose instances are the workspaces that `holds` says; it cannot be called."""

    holds: Callable[[Any], bool]

    def __instancecheck__(cls, thing: Any) -> bool:
        return bool(cls.holds(thing))

    def __call__(cls, *_: Any, **__: Any) -> Any:
        """Mantid's classes of workspaces cannot be called either.

        Raises
        ------
        RuntimeError
            Always.
        """
        raise RuntimeError(
            f"{cls.__name__} cannot be made directly: use WorkspaceFactory or an algorithm like CreateWorkspace"
        )


def _kind(name: str, holds: Callable[[Any], bool]) -> WorkspaceKind:
    return WorkspaceKind(name, (), {"holds": staticmethod(holds), "__doc__": f"Mantid's {name}, for `isinstance`."})


def _of_id(*ids: str) -> Callable[[Any], bool]:
    return lambda thing: isinstance(thing, MatrixWorkspace) and thing.id() in ids


IEventWorkspace = EventWorkspace = _kind("EventWorkspace", _of_id("EventWorkspace"))
Workspace2D = _kind("Workspace2D", lambda thing: isinstance(thing, MatrixWorkspace) and thing.id() != "EventWorkspace")
WorkspaceSingleValue = _kind("WorkspaceSingleValue", _of_id("WorkspaceSingleValue"))
SpecialWorkspace2D = _kind("SpecialWorkspace2D", _of_id("MaskWorkspace", "GroupingWorkspace", "OffsetsWorkspace"))
IMaskWorkspace = MaskWorkspace = _kind("MaskWorkspace", _of_id("MaskWorkspace"))
GroupingWorkspace = _kind("GroupingWorkspace", _of_id("GroupingWorkspace"))
OffsetsWorkspace = _kind("OffsetsWorkspace", _of_id("OffsetsWorkspace"))
ITableWorkspace = _kind("ITableWorkspace", lambda thing: isinstance(thing, TableWorkspace))
Workspace = _kind("Workspace", lambda thing: isinstance(thing, NamedWorkspace))
"""Any workspace."""
IMDWorkspace, IMDHistoWorkspace, IMDEventWorkspace, MDHistoWorkspace, IPeaksWorkspace, PeaksWorkspace = (
    _kind(name, lambda _: False)
    for name in (
        "IMDWorkspace",
        "IMDHistoWorkspace",
        "IMDEventWorkspace",
        "MDHistoWorkspace",
        "IPeaksWorkspace",
        "PeaksWorkspace",
    )
)
"""Kinds that the builtin engine does not have: nothing is an instance of them."""
Run = RunLogs
Instrument = InstrumentView
Sample = SampleInBeam
IComponent, IDetector = Component, Detector
IEventList = EventList = ISpectrum
IMDDimension = AxisDimension
Unit = AxisUnit
WorkspaceHistory = EmptyHistory
