"""Algorithms that write and delete logs."""

from livereduce.catalog.declaration import REQUIRED, Algorithm, changes_any, flag, integer, reads, text, texts

_TYPES = ("String", "Number", "Number Series")
_NUMBERS = ("AutoDetect", "Int", "Double")

ADD_SAMPLE_LOG = Algorithm(
    name="AddSampleLog",
    summary="Add a log, or replace it",
    source="Mantid docs/source/algorithms/AddSampleLog-v1.rst; Framework/Algorithms/src/AddSampleLog.cpp",
    family="beamline.logs",
    arguments=(
        changes_any(),
        text("LogName", REQUIRED),
        text("LogText"),
        text("LogType", "String", _TYPES),
        text("LogUnit"),
        text("NumberType", "AutoDetect", _NUMBERS),
        reads("TimeSeriesWorkspace", default=None),
        integer("WorkspaceIndex", 0),
        flag("AutoMetaData", default=False),
        text("TimeUnit", "Second", ("Second", "Nanosecond")),
        flag("RelativeTime", default=True),
    ),
)
ADD_SAMPLE_LOG_MULTIPLE = Algorithm(
    name="AddSampleLogMultiple",
    summary="Add several logs, or replace them",
    source="Mantid docs/source/algorithms/AddSampleLogMultiple-v1.rst",
    family="beamline.logs",
    arguments=(
        changes_any(),
        texts("LogNames"),
        texts("LogValues"),
        texts("LogUnits"),
        flag("ParseType", default=True),
        texts("LogTypes"),
    ),
)
ADD_TIME_SERIES_LOG = Algorithm(
    name="AddTimeSeriesLog",
    summary="Add a value at a time to a log",
    source="Mantid docs/source/algorithms/AddTimeSeriesLog-v1.rst; Framework/DataHandling/src/AddTimeSeriesLog.cpp",
    family="beamline.logs",
    arguments=(
        changes_any(),
        text("Name", REQUIRED),
        text("Time", REQUIRED),
        text("Value", REQUIRED),
        text("Type", "double", ("double", "int", "string")),
        flag("DeleteExisting", default=False),
    ),
)
DELETE_LOG = Algorithm(
    name="DeleteLog",
    summary="Delete a log",
    source="Mantid docs/source/algorithms/DeleteLog-v1.rst",
    family="beamline.logs",
    arguments=(changes_any(), text("Name", REQUIRED)),
)

ALGORITHMS = (ADD_SAMPLE_LOG, ADD_SAMPLE_LOG_MULTIPLE, ADD_TIME_SERIES_LOG, DELETE_LOG)
