"""Algorithms that read, write and use the calibration of a powder instrument."""

from livereduce.catalog.declaration import (
    Algorithm,
    changes,
    file,
    flag,
    makes,
    number,
    reads,
    reads_any,
    returns,
    text,
)

_CONSTANTS = (
    file("CalibrationFile", ""),
    reads_any("CalibrationWorkspace", None),
    reads("OffsetsWorkspace", None),
)
"""One of them gives the constants."""

LOAD_DIFF_CAL = Algorithm(
    name="LoadDiffCal",
    summary="Read a calibration file into a table, a grouping and a mask",
    source="Mantid docs/source/algorithms/LoadDiffCal-v1.rst; Framework/DataHandling/src/LoadDiffCal.cpp",
    family="powder.calibration",
    arguments=(
        reads("InputWorkspace", None),
        text("InstrumentName"),
        file("InstrumentFilename", ""),
        file("Filename"),
        file("GroupFilename", ""),
        flag("MakeGroupingWorkspace", default=True),
        flag("MakeCalWorkspace", default=True),
        flag("MakeMaskWorkspace", default=True),
        text("WorkspaceName"),
        number("TofMin", 0.0),
        number("TofMax"),
        flag("FixConversionIssues", default=True),
        returns("OutputGroupingWorkspace"),
        returns("OutputMaskWorkspace"),
        returns("OutputCalWorkspace"),
    ),
    differs="Without InputWorkspace or InstrumentFilename grouping and mask have the detectors of the file alone.",
)

SAVE_DIFF_CAL = Algorithm(
    name="SaveDiffCal",
    summary="Write a calibration table, with grouping and mask, to an HDF5 file",
    source="Mantid docs/source/algorithms/SaveDiffCal-v1.rst",
    family="powder.calibration",
    arguments=(
        reads_any("CalibrationWorkspace", None),
        reads("GroupingWorkspace", None),
        reads("MaskWorkspace", None),
        file("Filename"),
    ),
)

APPLY_DIFF_CAL = Algorithm(
    name="ApplyDiffCal",
    summary="Let changes between TOF and dSpacing use a calibration",
    source="Mantid docs/source/algorithms/ApplyDiffCal-v1.rst",
    family="powder.calibration",
    arguments=(changes("InstrumentWorkspace"), *_CONSTANTS, flag("ClearCalibration", default=False)),
)

ALIGN_DETECTORS = Algorithm(
    name="AlignDetectors",
    summary="Change TOF to dSpacing by a calibration",
    source="Mantid docs/source/algorithms/AlignDetectors-v1.rst",
    family="powder.calibration",
    arguments=(reads(), makes(), *_CONSTANTS),
)

CONVERT_DIFF_CAL = Algorithm(
    name="ConvertDiffCal",
    summary="Make a calibration table of offsets, one a spectrum",
    source="Mantid docs/source/algorithms/ConvertDiffCal-v1.rst",
    family="powder.calibration",
    arguments=(
        reads("OffsetsWorkspace"),
        makes(),
        text("OffsetMode", "Relative", ("Relative", "Absolute", "Signed")),
        number("BinWidth"),
        reads_any("PreviousCalibration", None),
    ),
    differs="Relative offsets only; PreviousCalibration must be left out.",
)

ALGORITHMS = (LOAD_DIFF_CAL, SAVE_DIFF_CAL, APPLY_DIFF_CAL, ALIGN_DETECTORS, CONVERT_DIFF_CAL)
