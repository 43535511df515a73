"""Algorithms that put spectra together."""

from livereduce.catalog.declaration import Algorithm, file, flag, integers, makes, reads, text

GROUP_DETECTORS = Algorithm(
    name="GroupDetectors",
    summary="Add spectra in groups",
    source="Mantid docs/source/algorithms/GroupDetectors-v2.rst; Framework/DataHandling/src/GroupDetectors2.cpp",
    family="grouping",
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

ALGORITHMS = (GROUP_DETECTORS,)
