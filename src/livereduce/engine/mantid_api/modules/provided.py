"""The names of Mantid's modules, beside the algorithms, that the builtin engine has, and where they are."""

from importlib import import_module
from typing import Any

from livereduce.catalog.mantid_names import version

_API = "livereduce.engine.mantid_api"
_VALUES = "livereduce.engine.values"
_LOGS = "livereduce.engine.workspaces.logs"
_IN: dict[str, tuple[str, ...]] = {
    f"{_VALUES}.date_and_time": ("DateAndTime",),
    f"{_VALUES}.v3d": ("V3D",),
    f"{_API}.objects.kinds": (
        *("Workspace", "MatrixWorkspace", "EventWorkspace", "IEventWorkspace", "Workspace2D", "WorkspaceSingleValue"),
        *("MaskWorkspace", "IMaskWorkspace", "GroupingWorkspace", "OffsetsWorkspace", "SpecialWorkspace2D"),
        *("TableWorkspace", "ITableWorkspace", "WorkspaceGroup", "IMDWorkspace", "IMDHistoWorkspace"),
        *("IMDEventWorkspace", "MDHistoWorkspace", "IPeaksWorkspace", "PeaksWorkspace", "ExperimentInfo", "Run"),
        *("Sample", "Instrument", "IComponent", "Component", "IDetector", "Detector", "DetectorGroup"),
        *("ReferenceFrame", "DetectorInfo", "DetectorInfoItem", "SpectrumInfo", "SpectrumInfoItem", "ComponentInfo"),
        *("ISpectrum", "IEventList", "EventList", "MantidAxis", "NumericAxis", "BinEdgeAxis", "SpectraAxis"),
        *("TextAxis", "IMDDimension", "Unit", "UnitLabel", "WorkspaceHistory"),
    ),
    f"{_LOGS}.log_kinds": (
        *("FloatTimeSeriesProperty", "Int32TimeSeriesProperty", "Int64TimeSeriesProperty", "BoolTimeSeriesProperty"),
        *("StringTimeSeriesProperty", "TimeSeriesProperty", "TimeSeriesPropertyStatistics", "Property"),
        *("FloatPropertyWithValue", "IntPropertyWithValue", "BoolPropertyWithValue", "StringPropertyWithValue"),
    ),
    f"{_API}.modules.api.data_service": ("AnalysisDataService", "AnalysisDataServiceImpl", "mtd"),
    f"{_API}.modules.kernel.logger": ("Logger", "logger"),
    f"{_API}.modules.kernel.config_service": ("ConfigService", "ConfigServiceImpl", "amend_config", "config"),
    f"{_API}.modules.kernel.facilities": ("FacilityInfo", "InstrumentInfo"),
    f"{_API}.modules.kernel.property_managers": (
        "PropertyManager",
        "PropertyManagerDataService",
        "PropertyManagerDataServiceImpl",
        "pmds",
    ),
    f"{_API}.modules.kernel.properties": (
        "Direction",
        "Property",
        "FloatArrayProperty",
        "IntArrayProperty",
        "UnsignedIntArrayProperty",
        "CIntArrayProperty",
        "StringArrayProperty",
        "PythonObjectProperty",
        "PropertyManagerProperty",
    ),
    f"{_API}.modules.api.algorithm": ("Algorithm", "IAlgorithm"),
    f"{_API}.modules.api.python_algorithm": ("PythonAlgorithm", "DataProcessorAlgorithm"),
    f"{_API}.modules.api.managed_algorithm": ("AlgorithmManager", "AlgorithmManagerImpl"),
    f"{_API}.modules.api.algorithm_factory": ("AlgorithmFactory", "AlgorithmFactoryImpl"),
    f"{_API}.modules.api.progress": ("Progress",),
    f"{_API}.modules.kernel.enumerations": (
        *("PropertyCriterion", "LogicOperator", "CompositeRelation", "DeltaEModeType", "EventType"),
        *("OptionalBoolValue", "SpecialCoordinateSystem", "std_set_int", "std_set_str", "std_vector_bool"),
        *("std_vector_dateandtime", "std_vector_dbl", "std_vector_int", "std_vector_long", "std_vector_quat"),
        *("std_vector_size_t", "std_vector_str", "std_vector_v3d"),
    ),
    f"{_API}.modules.kernel.conversion": ("PhysicalConstants", "UnitConversion"),
    f"{_API}.modules.api.factories": (
        *("WorkspaceFactory", "WorkspaceFactoryImpl", "FunctionFactory", "FunctionFactoryImpl"),
    ),
    f"{_API}.modules.api.file_finder": ("FileFinder", "FileFinderImpl"),
    f"{_API}.modules.api.services": (
        *("FrameworkManager", "FrameworkManagerImpl", "UsageService", "UsageServiceImpl"),
        *("apiVersion", "version", "version_str", "VersionInfo", "revision", "revision_full"),
    ),
    f"{_API}.modules.utils.helpers": (
        *("is_required_version", "package_installed", "run_exists", "capture_logs", "log_to_python", "lhs_info"),
        *("deprecated_algorithm", "deprecated_alias"),
    ),
}
"""Names of the objects of each module of ours."""
_VALIDATORS = f"{_API}.modules.kernel.validators"
_PROPERTIES = f"{_API}.modules.api.workspace_properties"
_MODES = ("PropertyMode", "LockMode", "FileAction", "InputWorkspaceType")
_PLACES = {name: module for module, names in _IN.items() for name in names}
_MODULES = {
    "mantid": "mantid",
    "plots": "mantid.plots",
    "datetime": "datetime",
    "np": "numpy",
    "os": "os",
    "sys": "sys",
}
_OF_LIBRARIES = {"OrderedDict": "collections", "namedtuple": "collections", "contextmanager": "contextlib"}
"""Names of libraries that ``from mantid.simpleapi import *`` brings along."""


def provided(name: str) -> Any:
    """The object of a name; None if the builtin engine does not have it."""
    if name in _MODULES:
        return import_module(_MODULES[name])
    place = _OF_LIBRARIES.get(name) or _PLACES.get(name) or _by_ending(name)
    return getattr(import_module(place), name, None) if place else None


def _by_ending(name: str) -> str | None:
    if name.endswith("Validator") or name in ("EnabledWhenProperty", "VisibleWhenProperty"):
        return _VALIDATORS
    return _PROPERTIES if name.endswith("Property") or name in _MODES else None


def version_of() -> str:
    """The version that scripts see: that of Mantid's names, with our mark."""
    return f"{version()}+livereduce"
