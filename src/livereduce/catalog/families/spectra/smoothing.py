"""Algorithms that smooth spectra, or take a background from them."""

from livereduce.catalog.declaration import Algorithm, flag, integer, integers, makes, number, reads, text

FFT_SMOOTH = Algorithm(
    name="FFTSmooth",
    summary="Smooth spectra by leaving out high frequencies",
    source="Mantid docs/source/algorithms/FFTSmooth-v2.rst; Framework/Algorithms/src/FFTSmooth2.cpp",
    family="spectra.smoothing",
    arguments=(
        reads(),
        makes(),
        integer("WorkspaceIndex", 0),
        text("Filter", "Zeroing", ("Zeroing", "Butterworth")),
        text("Params"),
        flag("IgnoreXBins", default=False),
        flag("AllSpectra", default=False),
    ),
)
SMOOTH_DATA = Algorithm(
    name="SmoothData",
    summary="Smooth spectra by the mean of neighbours",
    source="Mantid docs/source/algorithms/SmoothData-v1.rst; Framework/Algorithms/src/SmoothData.cpp",
    family="spectra.smoothing",
    arguments=(reads(), makes(), integers("NPoints", (3,)), reads("GroupingWorkspace", default=None)),
)
CALCULATE_FLAT_BACKGROUND = Algorithm(
    name="CalculateFlatBackground",
    summary="Take a flat background from spectra",
    source="Mantid docs/source/algorithms/CalculateFlatBackground-v1.rst; "
    "Framework/Algorithms/src/CalculateFlatBackground.cpp",
    family="spectra.smoothing",
    arguments=(
        reads(),
        makes(),
        number("StartX"),
        number("EndX"),
        integers("WorkspaceIndexList"),
        text("Mode", "Linear Fit", ("Linear Fit", "Mean", "Moving Average")),
        text("OutputMode", "Subtract Background", ("Subtract Background", "Return Background")),
        flag("SkipMonitors", default=False),
        flag("NullifyNegativeValues", default=True),
        integer("AveragingWindowWidth"),
    ),
)

ALGORITHMS = (FFT_SMOOTH, SMOOTH_DATA, CALCULATE_FLAT_BACKGROUND)
