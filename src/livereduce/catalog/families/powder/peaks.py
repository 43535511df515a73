"""Algorithms that find and subtract peaks."""

from livereduce.catalog.declaration import Algorithm, flag, integer, makes, number, numbers, reads, text

BACKGROUNDS = ("Linear", "Quadratic")
DIFFERS = (
    "Each peak is fitted with its background at once, in the window that FindPeaks takes; heights agree where peaks"
    " stand clear. HighBackground and Tolerance have no effect."
)

STRIP_PEAKS = Algorithm(
    name="StripPeaks",
    summary="Fit Gaussians at known places, and subtract them",
    source="Mantid Framework/Algorithms/src/StripPeaks.cpp, FindPeaks.cpp",
    family="powder.peaks",
    arguments=(
        reads(),
        makes(),
        integer("FWHM", 7),
        integer("Tolerance", 4),
        numbers("PeakPositions"),
        number("PeakPositionTolerance", 0.01),
        text("BackgroundType", "Linear", BACKGROUNDS),
        flag("HighBackground", default=True),
        integer("WorkspaceIndex"),
        number("MaximumChisq", 100.0),
    ),
    differs=f"PeakPositions must be given. {DIFFERS}",
)

STRIP_VANADIUM_PEAKS = Algorithm(
    name="StripVanadiumPeaks",
    summary="Subtract the peaks of vanadium from spectra in dSpacing",
    source="Mantid docs/source/algorithms/StripVanadiumPeaks-v2.rst; Framework/Algorithms/src/StripVanadiumPeaks2.cpp",
    family="powder.peaks",
    arguments=(
        reads(),
        makes(),
        integer("FWHM", 7),
        integer("Tolerance", 4),
        text("BackgroundType", "Linear", BACKGROUNDS),
        flag("HighBackground", default=True),
        number("PeakPositionTolerance", -1.0),
        integer("WorkspaceIndex"),
    ),
    differs=DIFFERS,
)

ALGORITHMS = (STRIP_PEAKS, STRIP_VANADIUM_PEAKS)
