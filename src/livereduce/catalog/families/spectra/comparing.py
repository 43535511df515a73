"""Algorithms that compare workspaces."""

from livereduce.catalog.declaration import Algorithm, flag, ignored, integer, makes, number, reads_any, returns

COMPARE_WORKSPACES = Algorithm(
    name="CompareWorkspaces",
    summary="Tell whether two workspaces are the same, and what differs",
    source="Mantid docs/source/algorithms/CompareWorkspaces-v1.rst; Framework/Algorithms/src/CompareWorkspaces.cpp",
    family="spectra.comparing",
    differs="instruments and samples are not compared",
    arguments=(
        reads_any("Workspace1"),
        reads_any("Workspace2"),
        returns("Result"),
        makes("Messages", "compare_msgs"),
        number("Tolerance", 1e-10),
        flag("CheckUncertainty", default=True),
        flag("CheckType", default=True),
        flag("CheckAxes", default=True),
        flag("CheckSpectraMap", default=True),
        ignored(flag("CheckInstrument", default=True)),
        flag("CheckMasking", default=True),
        ignored(flag("CheckSample", default=False)),
        flag("ToleranceRelErr", default=False),
        flag("CheckAllData", default=False),
        ignored(integer("NumberMismatchedSpectraToPrint", 1)),
        ignored(integer("DetailedPrintIndex")),
    ),
)

ALGORITHMS = (COMPARE_WORKSPACES,)
