"""Algorithms that divide by what was measured beside."""

from livereduce.catalog.declaration import Algorithm, flag, integer, makes, number, reads

NORMALISE_BY_CURRENT = Algorithm(
    name="NormaliseByCurrent",
    summary="Divide by the proton charge in µAh",
    source="Mantid docs/source/algorithms/NormaliseByCurrent-v1.rst; Framework/Algorithms/src/NormaliseByCurrent.cpp",
    family="spectra.normalising",
    arguments=(reads(), makes(), flag("RecalculatePCharge", default=False)),
)
NORMALISE_TO_UNITY = Algorithm(
    name="NormaliseToUnity",
    summary="Divide by the sum over bins and spectra",
    source="Mantid docs/source/algorithms/NormaliseToUnity-v1.rst; Framework/Algorithms/src/NormaliseToUnity.cpp",
    family="spectra.normalising",
    arguments=(
        reads(),
        makes(),
        number("RangeLower"),
        number("RangeUpper"),
        integer("StartWorkspaceIndex", 0),
        integer("EndWorkspaceIndex"),
        flag("IncludePartialBins", default=False),
    ),
)

ALGORITHMS = (NORMALISE_BY_CURRENT, NORMALISE_TO_UNITY)
