"""Algorithms that add bins or spectra of one workspace."""

from livereduce.catalog.declaration import Algorithm, flag, ignored, integer, integers, makes, number, numbers, reads

SUM_SPECTRA = Algorithm(
    name="SumSpectra",
    summary="Add spectra into one",
    source="Mantid docs/source/algorithms/SumSpectra-v1.rst; Framework/Algorithms/src/SumSpectra.cpp",
    family="spectra.summing",
    differs="the log NumZeroSpectra is not set for events of the stream, since it would need a pass over them",
    arguments=(
        reads(),
        makes(),
        integer("StartWorkspaceIndex", 0),
        integer("EndWorkspaceIndex"),
        integers("ListOfWorkspaceIndices"),
        flag("IncludeMonitors", default=True),
        flag("WeightedSum", default=False),
        flag("MultiplyBySpectra", default=True),
        flag("RemoveSpecialValues", default=False),
        ignored(flag("UseFractionalArea", default=True)),
    ),
)
INTEGRATION = Algorithm(
    name="Integration",
    summary="Add the bins of each spectrum between limits",
    source="Mantid docs/source/algorithms/Integration-v1.rst; Framework/Algorithms/src/Integration.cpp",
    family="spectra.summing",
    arguments=(
        reads(),
        makes(),
        number("RangeLower"),
        number("RangeUpper"),
        integer("StartWorkspaceIndex", 0),
        integer("EndWorkspaceIndex"),
        flag("IncludePartialBins", default=False),
        numbers("RangeLowerList"),
        numbers("RangeUpperList"),
    ),
)

ALGORITHMS = (SUM_SPECTRA, INTEGRATION)
