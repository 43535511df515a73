"""AlignAndFocusPowder: from the events of pixels to powder patterns in one call."""

from livereduce.catalog.declaration import (
    REQUIRED,
    Algorithm,
    Argument,
    file,
    flag,
    ignored,
    integer,
    integers,
    makes,
    number,
    numbers,
    reads,
    reads_any,
    text,
    texts,
)
from livereduce.catalog.families.powder.characterizations import PD_DETERMINE_CHARACTERIZATIONS

_SETTINGS = (
    reads("GroupingWorkspace", None),
    reads_any("CalibrationWorkspace", None),
    reads("OffsetsWorkspace", None),
    reads("MaskWorkspace", None),
    reads_any("MaskBinTable", None),
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
    family="powder.align_and_focus",
    arguments=(
        reads(),
        makes(),
        text("UnfocussedWorkspace"),
        file("CalFileName", ""),
        file("GroupFilename", ""),
        *_SETTINGS,
    ),
    differs="Events are not compressed for a CompressTolerance of 1e-5 µs or less: no count depends on it. "
    "With ResampleX events are put into bins once.",
)


def _chosen(*names: str) -> tuple[Argument, ...]:
    """Some of the arguments of AlignAndFocusPowder, in this order."""
    return tuple(one for name in names for one in ALIGN_AND_FOCUS_POWDER.arguments if one.name == name)


ALIGN_AND_FOCUS_POWDER_FROM_FILES = Algorithm(
    name="AlignAndFocusPowderFromFiles",
    summary="Read event files, make powder patterns of them, and add these",
    source="Mantid docs/source/algorithms/AlignAndFocusPowderFromFiles-v1.rst; "
    "Framework/PythonInterface/plugins/algorithms/AlignAndFocusPowderFromFiles.py",
    family="powder.align_and_focus_files",
    arguments=(
        texts("Filename", REQUIRED),
        number("MaxChunkSize", 0.0),
        ignored(number("MinSizeCompressOnLoad", 0.0)),
        number("FilterBadPulses", 0.0),
        reads("AbsorptionWorkspace", None),
        text("CacheDir"),
        makes(),
        text("UnfocussedWorkspace"),
        reads_any("Characterizations", None),
        texts("LogAllowList"),
        texts("LogBlockList"),
        *_chosen("CalFileName", "GroupFilename", "GroupingWorkspace", "CalibrationWorkspace", "OffsetsWorkspace"),
        *_chosen("MaskWorkspace", "MaskBinTable", "Params", "ResampleX", "Dspacing", "PreserveEvents"),
        *_chosen("RemovePromptPulseWidth", "ResonanceFilterUnits", "ResonanceFilterLowerLimits"),
        *_chosen("ResonanceFilterUpperLimits", "CompressTolerance", "CompressWallClockTolerance", "CompressStartTime"),
        *_chosen("CompressBinningMode", "LorentzCorrection", "UnwrapRef", "LowResRef", "LowResSpectrumOffset"),
        *_chosen("ReductionProperties", "DMin", "DMax", "DeltaRagged", "TMin", "TMax"),
        *_chosen("CropWavelengthMin", "CropWavelengthMax", "PrimaryFlightPath", "SpectrumIDs", "L2", "Polar"),
        *_chosen("Azimuthal"),
        *PD_DETERMINE_CHARACTERIZATIONS.arguments[-2:],
    ),
    differs="A file larger than MaxChunkSize is read some banks at a time, if its bins are given. The name of a "
    "cached file also says which event file it is of. AbsorptionWorkspace has no effect, and a warning says so.",
)

ALGORITHMS = (ALIGN_AND_FOCUS_POWDER, ALIGN_AND_FOCUS_POWDER_FROM_FILES)
