"""Algorithms that put spectra together."""

from livereduce.catalog.declaration import Algorithm, file, flag, integer, integers, makes, reads, returns, text

GROUP_DETECTORS = Algorithm(
    name="GroupDetectors",
    summary="Add spectra in groups",
    source="Mantid docs/source/algorithms/GroupDetectors-v2.rst; Framework/DataHandling/src/GroupDetectors2.cpp",
    family="events.grouping",
    arguments=(
        reads(),
        makes(),
        file("MapFile", ""),
        flag("IgnoreGroupNumber", default=True),
        text("GroupingPattern"),
        integers("SpectraList"),
        integers("DetectorList"),
        integers("WorkspaceIndexList"),
        flag("KeepUngroupedSpectra", default=False),
        text("Behaviour", "Sum", ("Sum", "Average")),
        flag("PreserveEvents", default=True),
        reads("CopyGroupingFromWorkspace", None),
    ),
)

_WAYS = ("", "All", "Group", "2_4Grouping", "Column", "bank")

CREATE_GROUPING_WORKSPACE = Algorithm(
    name="CreateGroupingWorkspace",
    summary="Say which detectors belong together, by parts of the instrument or an older calibration file",
    source="Mantid Framework/Algorithms/src/CreateGroupingWorkspace.cpp",
    family="events.grouping_workspaces",
    arguments=(
        reads("InputWorkspace", None),
        text("InstrumentName"),
        file("InstrumentFilename", ""),
        file("OldCalFilename", ""),
        text("GroupNames"),
        text("GroupDetectorsBy", "", _WAYS),
        integer("MaxRecursionDepth", 5),
        integer("FixedGroupCount", 0),
        text("CustomGroupingString"),
        text("ComponentName"),
        makes(),
        returns("NumberGroupedSpectraResult"),
        returns("NumberGroupsResult"),
    ),
)

LOAD_DETECTORS_GROUPING_FILE = Algorithm(
    name="LoadDetectorsGroupingFile",
    summary="Read which detectors belong together from an XML file or a map file",
    source="Mantid docs/source/algorithms/LoadDetectorsGroupingFile-v1.rst",
    family="events.grouping_workspaces",
    arguments=(file("InputFile"), reads("InputWorkspace", None), makes()),
)

ALGORITHMS = (GROUP_DETECTORS, CREATE_GROUPING_WORKSPACE, LOAD_DETECTORS_GROUPING_FILE)
