"""Algorithms that take spectra or bins out of the data."""

from livereduce.catalog.declaration import (
    Algorithm,
    changes,
    file,
    flag,
    integer,
    integers,
    makes,
    number,
    reads,
    returns,
    text,
    texts,
)

MASK_DETECTORS = Algorithm(
    name="MaskDetectors",
    summary="Set the counts of spectra to 0 and mark their detectors as masked",
    source="Mantid docs/source/algorithms/MaskDetectors-v1.rst; Framework/DataHandling/src/MaskDetectors.cpp",
    family="events.masking",
    arguments=(
        changes(),
        integers("SpectraList"),
        integers("DetectorList"),
        integers("WorkspaceIndexList"),
        reads("MaskedWorkspace", None),
        flag("ForceInstrumentMasking", default=False),
        integer("StartWorkspaceIndex", 0),
        integer("EndWorkspaceIndex"),
        texts("ComponentList"),
    ),
)

MASK_BINS = Algorithm(
    name="MaskBins",
    summary="Set the counts of a range of x to 0",
    source="Mantid docs/source/algorithms/MaskBins-v1.rst; Framework/Algorithms/src/MaskBins.cpp",
    family="events.masking",
    arguments=(
        reads(),
        makes(),
        number("XMin"),
        number("XMax"),
        integers("SpectraList"),
        text("InputWorkspaceIndexType", "WorkspaceIndex", ("WorkspaceIndex", "SpectrumNumber")),
        integers("InputWorkspaceIndexSet"),
    ),
)

CLEAR_MASK_FLAG = Algorithm(
    name="ClearMaskFlag",
    summary="Mark detectors as not masked; counts that were set to 0 stay 0",
    source="Mantid docs/source/algorithms/ClearMaskFlag-v1.rst",
    family="events.masking",
    arguments=(
        changes(),
        text("ComponentName"),
    ),
)

EXTRACT_MASK = Algorithm(
    name="ExtractMask",
    summary="The mask of a workspace as a workspace of its own, 1 where a detector is masked",
    source="Mantid docs/source/algorithms/ExtractMask-v1.rst",
    family="events.masking",
    arguments=(reads(), makes(), flag("UngroupDetectors", default=False), returns("DetectorList")),
)

LOAD_MASK = Algorithm(
    name="LoadMask",
    summary="Read a mask from an XML file, or from numbers of spectra",
    source="Mantid docs/source/algorithms/LoadMask-v1.rst",
    family="events.grouping_workspaces",
    arguments=(text("Instrument"), file("InputFile"), reads("RefWorkspace", None), makes()),
)

MASK_BTP = Algorithm(
    name="MaskBTP",
    summary="Mask banks, tubes and pixels by their numbers",
    source="Mantid docs/source/algorithms/MaskBTP-v1.rst; Framework/PythonInterface/plugins/algorithms/MaskBTP.py",
    family="events.mask_banks",
    arguments=(
        changes(default=None),
        text("Instrument"),
        texts("Components"),
        integers("Bank"),
        text("Tube"),
        text("Pixel"),
        returns("MaskedDetectors"),
    ),
    differs="Banks of an instrument with several definitions are found by the names that its own has, not by its date.",
)

ALGORITHMS = (LOAD_MASK, MASK_DETECTORS, MASK_BINS, CLEAR_MASK_FLAG, EXTRACT_MASK, MASK_BTP)
