"""Algorithms that make workspaces of numbers."""

from livereduce.catalog.declaration import (
    REQUIRED,
    Algorithm,
    flag,
    ignored,
    integer,
    makes,
    number,
    numbers,
    reads,
    text,
    texts,
)

CREATE_WORKSPACE = Algorithm(
    name="CreateWorkspace",
    summary="Make a workspace of lists of numbers",
    source="Mantid docs/source/algorithms/CreateWorkspace-v1.rst; Framework/Algorithms/src/CreateWorkspace.cpp",
    family="spectra.creating",
    arguments=(
        makes(),
        numbers("DataX", REQUIRED),
        numbers("DataY", REQUIRED),
        numbers("DataE"),
        integer("NSpec", 1),
        text("UnitX"),
        text("VerticalAxisUnit", "SpectraNumber"),
        texts("VerticalAxisValues"),
        flag("Distribution", default=False),
        text("YUnitLabel"),
        text("WorkspaceTitle"),
        reads("ParentWorkspace", default=None),
        ignored(numbers("Dx")),
    ),
    differs="Dx is not kept.",
)
CREATE_SINGLE_VALUED_WORKSPACE = Algorithm(
    name="CreateSingleValuedWorkspace",
    summary="Make a workspace of one number and its error",
    source="Mantid docs/source/algorithms/CreateSingleValuedWorkspace-v1.rst",
    family="spectra.creating",
    arguments=(makes(), number("DataValue", 0.0), number("ErrorValue", 0.0)),
)
CONVERT_TO_EVENT_WORKSPACE = Algorithm(
    name="ConvertToEventWorkspace",
    summary="Make weighted events of counts, one or more in each bin",
    source="Mantid Framework/Algorithms/src/ConvertToEventWorkspace.cpp, Framework/DataObjects/src/EventList.cpp",
    family="spectra.creating",
    arguments=(
        reads(),
        flag("GenerateZeros", default=False),
        flag("GenerateMultipleEvents", default=False),
        integer("MaxEventsPerBin", 10),
        makes(),
    ),
)

ALGORITHMS = (CREATE_WORKSPACE, CREATE_SINGLE_VALUED_WORKSPACE, CONVERT_TO_EVENT_WORKSPACE)
