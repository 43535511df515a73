"""AlignAndFocusPowder: from the events of pixels to powder patterns in one call."""

from livereduce.catalog.declaration import (
    Algorithm,
    Argument,
    ArgumentKind,
    file,
    flag,
    integer,
    integers,
    makes,
    number,
    numbers,
    reads,
    text,
)


def _any(name: str) -> Argument:
    return Argument(name=name, kind=ArgumentKind.READS_ANY, default=None)


_SETTINGS = (
    reads("GroupingWorkspace", None),
    _any("CalibrationWorkspace"),
    reads("OffsetsWorkspace", None),
    reads("MaskWorkspace", None),
    _any("MaskBinTable"),
    numbers("Params"),
    integer("ResampleX", 0),
    flag("Dspacing", default=True),
    numbers("DMin"),
    numbers("DMax"),
    numbers("DeltaRagged"),
    number("TMin"),
    number("TMax"),
    flag("PreserveEvents", default=True),
    number("RemovePromptPulseWidth", 0.0),
    text("ResonanceFilterUnits", "Wavelength", ("Energy", "Wavelength")),
    numbers("ResonanceFilterLowerLimits"),
    numbers("ResonanceFilterUpperLimits"),
    number("CompressTolerance", 1e-5),
    number("CompressWallClockTolerance"),
    text("CompressStartTime"),
    text("CompressBinningMode", "Default", ("Default", "Linear", "Logarithmic")),
    flag("LorentzCorrection", default=False),
    number("UnwrapRef", 0.0),
    number("LowResRef", 0.0),
    number("CropWavelengthMin", 0.0),
    number("CropWavelengthMax"),
    number("PrimaryFlightPath", -1.0),
    integers("SpectrumIDs"),
    numbers("L2"),
    numbers("Polar"),
    numbers("Azimuthal"),
    integer("LowResSpectrumOffset", -1),
    text("ReductionProperties", "__powdereduction"),
)
"""What AlignAndFocusPowder and AlignAndFocusPowderFromFiles have in common, in their order."""

ALIGN_AND_FOCUS_POWDER = Algorithm(
    name="AlignAndFocusPowder",
    summary="Make powder patterns: mask, change to dSpacing by a calibration, add groups, change back to TOF",
    source="Mantid Framework/WorkflowAlgorithms/src/AlignAndFocusPowder.cpp",
    family="align_and_focus",
    arguments=(
        reads(),
        makes(),
        text("UnfocussedWorkspace"),
        file("CalFileName", ""),
        file("GroupFilename", ""),
        *_SETTINGS,
    ),
    differs="Events are not compressed for a CompressTolerance of 1e-5 µs or less: no count depends on it. "
    "With ResampleX events are put into bins once. UnwrapRef and LowResRef are not there.",
)

ALGORITHMS = (ALIGN_AND_FOCUS_POWDER,)
