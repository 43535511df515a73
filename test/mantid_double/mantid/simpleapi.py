"""``mantid.simpleapi``: each algorithm as a function, and StartLiveData's own form."""

import sys
from typing import Any

from mantid._double.switches import is_on
from mantid._lhs import assigned_names
from mantid.api import AnalysisDataService, mtd
from mantid.api.algorithm import Algorithm
from mantid.api.factory import algorithm_names
from mantid.api.manager import AlgorithmManager
from mantid.api.properties import OUT
from mantid.api.python_algorithm import parent_of
from mantid.kernel import ConfigService, config, logger

__all__ = [
    "AlgorithmManager",
    "AlignAndFocusPowder",
    "AnalysisDataService",
    "AppendSpectra",
    "CloneWorkspace",
    "CompressEvents",
    "ConfigService",
    "ConvertToMatrixWorkspace",
    "ConvertUnits",
    "CreateSingleValuedWorkspace",
    "CreateWorkspace",
    "CropWorkspace",
    "DeleteWorkspace",
    "Divide",
    "FFTSmooth",
    "FakeISISEventDAE",
    "FakeISISHistoDAE",
    "FilterByLogValue",
    "GroupWorkspaces",
    "Integration",
    "LoadEmptyInstrument",
    "LoadEventNexus",
    "LoadLiveData",
    "Minus",
    "MonitorLiveData",
    "NormaliseByCurrent",
    "PDDetermineCharacterizations",
    "PDLoadCharacterizations",
    "Plus",
    "Rebin",
    "RefRoi",
    "RenameWorkspace",
    "ReplaceSpecialValues",
    "SavePlot1D",
    "StartLiveData",
    "StripVanadiumPeaks",
    "SumSpectra",
    "config",
    "logger",
    "mtd",
]


class _UnlikeMantid(Exception):
    """Raised with the switch ``other_error_type``: that errors are RuntimeError is not verified."""


def _call(name: str, names: list[str], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Run an algorithm as a function; `names` are those on the left of the call."""
    algorithm = _create(name)
    known_names = {known.lower(): known for known in algorithm._properties}
    for key in keywords:
        if key.lower() not in known_names:
            raise TypeError(f"'{key}' is an invalid keyword argument for {name}-v1")
    keywords = {known_names[key.lower()]: value for key, value in keywords.items()}
    given = dict(zip(algorithm.mandatoryProperties(), args, strict=False)) | keywords
    outputs = [
        known for known in algorithm._properties.values() if known.direction == OUT and known.kind == "workspace"
    ]
    for output, assigned in zip(outputs, names, strict=False):
        given.setdefault(output.name, assigned)
    for output in outputs:
        if output.mandatory and output.name not in given:
            raise RuntimeError(f"Unable to set output workspace name of {name}: assign the output or use {output.name}")
    for key, value in given.items():
        algorithm.setProperty(key, value)
    _execute(algorithm)
    made = [AnalysisDataService[known.workspace_name] for known in outputs if known.workspace_name]
    made += [known.value for known in algorithm._properties.values() if known.direction == OUT and known not in outputs]
    return made[0] if len(made) == 1 else tuple(made) or None


def _create(name: str) -> Algorithm:
    """Managed, or a child of the script that calls."""
    parent = parent_of(sys._getframe(1))
    algorithm = AlgorithmManager.create(name) if parent is None else parent.createChildAlgorithm(name)
    algorithm.setRethrows(True)
    return algorithm


def _execute(algorithm: Algorithm) -> None:
    try:
        algorithm.execute()
    except RuntimeError as error:
        if is_on("other_error_type"):
            raise _UnlikeMantid(str(error)) from None
        raise


def StartLiveData(*args: Any, **keywords: Any) -> None:
    """Instrument first, then Connection and Listener, then the rest; what is not known then is dropped with a warning.

    Raises
    ------
    RuntimeError
        Instrument is missing, or the result is assigned.
    """
    given = dict(zip(["Instrument"], args, strict=False)) | keywords
    if "Instrument" not in given or len(args) > 1:
        raise RuntimeError("StartLiveData argument not supplied: Instrument")
    algorithm = _create("StartLiveData")
    for name in ("Instrument", "Connection", "Listener"):
        if name in given:
            algorithm.setProperty(name, given.pop(name))
    if assigned_names(sys._getframe(1)):
        raise RuntimeError("Assigning the output of StartLiveData is currently unsupported")
    for name, value in given.items():
        if name in algorithm:
            algorithm.setProperty(name, value)
        elif is_on("drops_keywords"):
            logger.warning(
                f"You've passed a property ({name}) to StartLiveData() that doesn't apply to this Instrument."
            )
        else:
            raise TypeError(f"StartLiveData: {name} is no property of this instrument's")
    _execute(algorithm)


def RenameWorkspace(*args: Any, **keywords: Any) -> Any:
    """Input and output by position too, as only this algorithm has it."""
    given = dict(zip(("InputWorkspace", "OutputWorkspace", "RenameMonitors"), args, strict=False)) | keywords
    names = assigned_names(sys._getframe(1))
    return _call("RenameWorkspace", names, (), given)


def DeleteWorkspace(Workspace: Any) -> None:
    """Delete a workspace by name or object."""
    _call("DeleteWorkspace", [], (), {"Workspace": Workspace})


def _function(name: str) -> Any:
    def call(*args: Any, **keywords: Any) -> Any:
        return _call(name, assigned_names(sys._getframe(1)), args, keywords)

    call.__name__ = call.__qualname__ = name
    return call


AlignAndFocusPowder = _function("AlignAndFocusPowder")
AppendSpectra = _function("AppendSpectra")
CloneWorkspace = _function("CloneWorkspace")
CompressEvents = _function("CompressEvents")
ConvertToMatrixWorkspace = _function("ConvertToMatrixWorkspace")
ConvertUnits = _function("ConvertUnits")
CreateSingleValuedWorkspace = _function("CreateSingleValuedWorkspace")
CreateWorkspace = _function("CreateWorkspace")
CropWorkspace = _function("CropWorkspace")
Divide = _function("Divide")
FFTSmooth = _function("FFTSmooth")
FakeISISEventDAE = _function("FakeISISEventDAE")
FakeISISHistoDAE = _function("FakeISISHistoDAE")
FilterByLogValue = _function("FilterByLogValue")
GroupWorkspaces = _function("GroupWorkspaces")
Integration = _function("Integration")
LoadEmptyInstrument = _function("LoadEmptyInstrument")
LoadEventNexus = _function("LoadEventNexus")
LoadLiveData = _function("LoadLiveData")
Minus = _function("Minus")
MonitorLiveData = _function("MonitorLiveData")
NormaliseByCurrent = _function("NormaliseByCurrent")
PDDetermineCharacterizations = _function("PDDetermineCharacterizations")
PDLoadCharacterizations = _function("PDLoadCharacterizations")
Plus = _function("Plus")
Rebin = _function("Rebin")
RefRoi = _function("RefRoi")
ReplaceSpecialValues = _function("ReplaceSpecialValues")
SavePlot1D = _function("SavePlot1D")
StripVanadiumPeaks = _function("StripVanadiumPeaks")
SumSpectra = _function("SumSpectra")


def __getattr__(name: str) -> Any:
    """Say plainly what the double has not."""
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"the double's simpleapi has no {name}; its algorithms are {', '.join(algorithm_names())}")
