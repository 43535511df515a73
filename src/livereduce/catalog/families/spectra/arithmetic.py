"""Algorithms that calculate with the values of workspaces."""

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind, flag, ignored, makes, number, reads, text

_DIFFERS = "ClearRHSWorkspace changes nothing: no memory would be saved, since values are shared"


def _two_sided(name: str, summary: str, *more: Argument) -> Algorithm:
    return Algorithm(
        name=name,
        summary=summary,
        source=f"Mantid Framework/Algorithms/src/{name}.cpp, BinaryOperation.cpp; DataObjects/src/EventList.cpp",
        family="spectra.arithmetic",
        differs=_DIFFERS,
        arguments=(
            reads("LHSWorkspace"),
            reads("RHSWorkspace"),
            makes(),
            flag("AllowDifferentNumberSpectra", default=False),
            ignored(flag("ClearRHSWorkspace", default=False)),
            *more,
        ),
    )


PLUS = _two_sided("Plus", "Add two workspaces; events are joined")
MINUS = _two_sided("Minus", "Subtract a workspace from another; events are joined, with the weight -1")
MULTIPLY = _two_sided("Multiply", "Multiply two workspaces")
DIVIDE = _two_sided(
    "Divide",
    "Divide a workspace by another",
    flag("WarnOnZeroDivide", default=True),
    Argument(name="IsDistribution", kind=ArgumentKind.FLAG, default=None),
)
SCALE = Algorithm(
    name="Scale",
    summary="Multiply all values by a number, or add it",
    source="Mantid docs/source/algorithms/Scale-v1.rst; Framework/Algorithms/src/Scale.cpp",
    family="spectra.arithmetic",
    arguments=(reads(), makes(), number("Factor", 1.0), text("Operation", "Multiply", ("Multiply", "Add"))),
)
POWER = Algorithm(
    name="Power",
    summary="Raise all values to a power",
    source="Mantid docs/source/algorithms/Power-v1.rst; Framework/Algorithms/src/Power.cpp",
    family="spectra.arithmetic",
    arguments=(reads(), makes(), number("Exponent", 1.0)),
)

LESS_THAN = _two_sided("LessThan", "1 where the left side is less than the right one, else 0")
GREATER_THAN = _two_sided("GreaterThan", "1 where the left side is greater than the right one, else 0")

ALGORITHMS = (PLUS, MINUS, MULTIPLY, DIVIDE, LESS_THAN, GREATER_THAN, SCALE, POWER)
