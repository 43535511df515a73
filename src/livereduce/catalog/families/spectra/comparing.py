"""Algorithms that compare workspaces."""

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind, flag, makes, number, returns


def _any(name: str) -> Argument:
    return Argument(name=name, kind=ArgumentKind.READS_ANY)


COMPARE_WORKSPACES = Algorithm(
    name="CompareWorkspaces",
    summary="Tell whether two workspaces are the same, and what differs",
    source="Mantid docs/source/algorithms/CompareWorkspaces-v1.rst; Framework/Algorithms/src/CompareWorkspaces.cpp",
    family="spectra.comparing",
    differs="instruments and samples are not compared",
    arguments=(
        _any("Workspace1"),
        _any("Workspace2"),
        returns("Result"),
        makes("Messages", "compare_msgs"),
        number("Tolerance", 1e-10),
        flag("CheckUncertainty", default=True),
        flag("CheckType", default=True),
        flag("CheckAxes", default=True),
        flag("CheckSpectraMap", default=True),
        Argument(name="CheckInstrument", kind=ArgumentKind.FLAG, default=True, ignored=True),
        flag("CheckMasking", default=True),
        Argument(name="CheckSample", kind=ArgumentKind.FLAG, default=False, ignored=True),
        flag("ToleranceRelErr", default=False),
        flag("CheckAllData", default=False),
        Argument(name="NumberMismatchedSpectraToPrint", kind=ArgumentKind.INTEGER, default=1, ignored=True),
        Argument(name="DetailedPrintIndex", kind=ArgumentKind.INTEGER, default=None, ignored=True),
    ),
)

ALGORITHMS = (COMPARE_WORKSPACES,)
