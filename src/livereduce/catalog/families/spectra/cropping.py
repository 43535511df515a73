"""Algorithms that take some spectra or bins, or put spectra together."""

from livereduce.catalog.declaration import (
    REQUIRED,
    Algorithm,
    changes,
    flag,
    integer,
    integers,
    makes,
    number,
    numbers,
    reads,
    reads_any,
    text,
)

_CROP = "Framework/Algorithms/src/ExtractSpectra.cpp"

CROP_WORKSPACE = Algorithm(
    name="CropWorkspace",
    summary="Take the bins between limits, and a range of spectra",
    source=f"Mantid docs/source/algorithms/CropWorkspace-v1.rst; {_CROP}",
    family="spectra.cropping",
    arguments=(
        reads(),
        makes(),
        number("XMin"),
        number("XMax"),
        integer("StartWorkspaceIndex", 0),
        integer("EndWorkspaceIndex"),
    ),
)
EXTRACT_SPECTRA = Algorithm(
    name="ExtractSpectra",
    summary="Take some spectra, and the bins between limits",
    source=f"Mantid docs/source/algorithms/ExtractSpectra-v1.rst; {_CROP}",
    family="spectra.cropping",
    arguments=(*CROP_WORKSPACE.arguments, integers("WorkspaceIndexList"), integers("DetectorList")),
)
EXTRACT_SINGLE_SPECTRUM = Algorithm(
    name="ExtractSingleSpectrum",
    summary="Take one spectrum",
    source="Mantid docs/source/algorithms/ExtractSingleSpectrum-v1.rst",
    family="spectra.cropping",
    arguments=(reads(), makes(), integer("WorkspaceIndex", REQUIRED)),
)
CROP_WORKSPACE_RAGGED = Algorithm(
    name="CropWorkspaceRagged",
    summary="Take the bins of each spectrum between limits of its own",
    source="Mantid docs/source/algorithms/CropWorkspaceRagged-v1.rst",
    family="spectra.cropping",
    arguments=(reads(), makes(), numbers("XMin"), numbers("XMax")),
)
APPEND_SPECTRA = Algorithm(
    name="AppendSpectra",
    summary="Put the spectra of a workspace behind those of another",
    source="Mantid docs/source/algorithms/AppendSpectra-v1.rst; Framework/Algorithms/src/AppendSpectra.cpp",
    family="spectra.cropping",
    arguments=(
        reads("InputWorkspace1"),
        reads("InputWorkspace2"),
        flag("ValidateInputs", default=True),
        integer("Number", 1),
        makes(),
        flag("MergeLogs", default=False),
        flag("AppendYAxisLabels", default=False),
    ),
)
CONJOIN_WORKSPACES = Algorithm(
    name="ConjoinWorkspaces",
    summary="Put the spectra of a workspace behind those of another, which is changed",
    source="Mantid docs/source/algorithms/ConjoinWorkspaces-v1.rst; Framework/Algorithms/src/ConjoinWorkspaces.cpp",
    family="spectra.cropping",
    arguments=(
        changes("InputWorkspace1"),
        reads_any("InputWorkspace2"),
        flag("CheckOverlapping", default=True),
        text("YAxisLabel"),
        text("YAxisUnit"),
        flag("CheckMatchingBins", default=True),
    ),
)

ALGORITHMS = (
    CROP_WORKSPACE,
    EXTRACT_SPECTRA,
    EXTRACT_SINGLE_SPECTRUM,
    CROP_WORKSPACE_RAGGED,
    APPEND_SPECTRA,
    CONJOIN_WORKSPACES,
)
