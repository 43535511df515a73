"""Algorithms that change bins: Rebin and what is like it."""

from livereduce.catalog.declaration import REQUIRED, Algorithm, flag, integer, makes, number, numbers, reads, text

REBIN = Algorithm(
    name="Rebin",
    summary="Put counts or events into other bins",
    source="Mantid docs/source/algorithms/Rebin-v1.rst; Framework/Algorithms/src/Rebin.cpp, VectorHelper.cpp",
    family="spectra.rebinning",
    arguments=(
        reads(),
        makes(),
        numbers("Params", REQUIRED),
        flag("PreserveEvents", default=True),
        flag("FullBinsOnly", default=False),
        flag("IgnoreBinErrors", default=False),
        flag("UseReverseLogarithmic", default=False),
        number("Power"),
        text("BinningMode", "Default", ("Default", "Linear", "Logarithmic", "ReverseLogarithmic", "Power")),
    ),
)
REBIN_TO_WORKSPACE = Algorithm(
    name="RebinToWorkspace",
    summary="Put counts or events into the bins of another workspace",
    source="Mantid Framework/Algorithms/src/RebinToWorkspace.cpp",
    family="spectra.rebinning",
    arguments=(
        reads("WorkspaceToRebin"),
        reads("WorkspaceToMatch"),
        makes(),
        flag("PreserveEvents", default=True),
        flag("IgnoreBinErrors", default=False),
    ),
)
RESAMPLE_X = Algorithm(
    name="ResampleX",
    summary="Put counts or events into a number of bins",
    source="Mantid Framework/Algorithms/src/ResampleX.cpp",
    family="spectra.rebinning",
    arguments=(
        reads(),
        makes(),
        numbers("XMin"),
        numbers("XMax"),
        integer("NumberBins", REQUIRED),
        flag("LogBinning", default=False),
        flag("PreserveEvents", default=True),
    ),
)
REBIN_RAGGED = Algorithm(
    name="RebinRagged",
    summary="Put counts or events into bins that are different for each spectrum",
    source="Mantid docs/source/algorithms/RebinRagged-v2.rst",
    family="spectra.rebinning",
    arguments=(
        reads(),
        makes(),
        numbers("XMin"),
        numbers("XMax"),
        numbers("Delta", REQUIRED),
        flag("PreserveEvents", default=True),
        flag("FullBinsOnly", default=False),
    ),
)

ALGORITHMS = (REBIN, REBIN_TO_WORKSPACE, RESAMPLE_X, REBIN_RAGGED)
