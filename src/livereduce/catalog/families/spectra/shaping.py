"""Algorithms that change what values and X mean: events, bins, points, distributions, axes."""

from livereduce.catalog.declaration import Algorithm, changes, flag, makes, number, reads


def _read_and_made(name: str, summary: str, source: str = "") -> Algorithm:
    page = source or f"Mantid docs/source/algorithms/{name}-v1.rst"
    return Algorithm(name=name, summary=summary, source=page, family="spectra.shaping", arguments=(reads(), makes()))


def _changed(name: str, summary: str) -> Algorithm:
    page = f"Mantid docs/source/algorithms/{name}-v1.rst; Framework/API/src/WorkspaceFactory.cpp (WorkspaceHelpers)"
    return Algorithm(name=name, summary=summary, source=page, family="spectra.shaping", arguments=(changes(),))


CONVERT_TO_MATRIX_WORKSPACE = _read_and_made("ConvertToMatrixWorkspace", "Count events in their bins")
CONVERT_TO_HISTOGRAM = _read_and_made("ConvertToHistogram", "Make bins around points")
CONVERT_TO_POINT_DATA = _read_and_made("ConvertToPointData", "Make points of the middles of bins")
CONVERT_TO_DISTRIBUTION = _changed("ConvertToDistribution", "Divide values by the widths of their bins")
CONVERT_FROM_DISTRIBUTION = _changed("ConvertFromDistribution", "Multiply values with the widths of their bins")
TRANSPOSE = _read_and_made("Transpose", "Exchange spectra and bins", "Mantid Framework/Algorithms/src/Transpose.cpp")
REPLACE_SPECIAL_VALUES = Algorithm(
    name="ReplaceSpecialValues",
    summary="Replace NaN, infinity, and values that are too large or too small",
    source="Mantid docs/source/algorithms/ReplaceSpecialValues-v1.rst",
    family="spectra.shaping",
    arguments=(
        reads(),
        makes(),
        number("NaNValue"),
        number("NaNError", 0.0),
        number("InfinityValue"),
        number("InfinityError", 0.0),
        number("BigNumberThreshold"),
        number("BigNumberValue", 0.0),
        number("BigNumberError", 0.0),
        number("SmallNumberThreshold"),
        number("SmallNumberValue", 0.0),
        number("SmallNumberError", 0.0),
        flag("CheckErrorAxis", default=False),
    ),
)

ALGORITHMS = (
    CONVERT_TO_MATRIX_WORKSPACE,
    CONVERT_TO_HISTOGRAM,
    CONVERT_TO_POINT_DATA,
    CONVERT_TO_DISTRIBUTION,
    CONVERT_FROM_DISTRIBUTION,
    TRANSPOSE,
    REPLACE_SPECIAL_VALUES,
)
