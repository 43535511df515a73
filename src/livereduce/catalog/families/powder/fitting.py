"""Algorithms that fit functions."""

from livereduce.catalog.declaration import (
    Algorithm,
    Argument,
    ArgumentKind,
    flag,
    integer,
    number,
    numbers,
    returns,
    text,
)


def _ignored(name: str, kind: ArgumentKind, default: object) -> Argument:
    return Argument(name=name, kind=kind, default=default, ignored=True)


FIT = Algorithm(
    name="Fit",
    summary="Fit peaks and backgrounds to a spectrum",
    source="Mantid docs/source/algorithms/Fit-v1.rst; Framework/CurveFitting/src/FitMW.cpp",
    family="powder.fitting",
    arguments=(
        Argument(name="Function", kind=ArgumentKind.ANYTHING),
        Argument(name="InputWorkspace", kind=ArgumentKind.READS_ANY),
        integer("WorkspaceIndex", 0),
        number("StartX"),
        number("EndX"),
        flag("Normalise", default=False),
        numbers("Exclude"),
        flag("IgnoreInvalidData", default=False),
        _ignored("DomainType", ArgumentKind.TEXT, "Simple"),
        text("EvaluationType", "CentrePoint", ("CentrePoint", "Histogram")),
        _ignored("StepSizeMethod", ArgumentKind.TEXT, "Default"),
        _ignored("PeakRadius", ArgumentKind.INTEGER, 0),
        text("Ties"),
        text("Constraints"),
        integer("MaxIterations", 500),
        returns("OutputStatus"),
        returns("OutputChi2overDoF"),
        _ignored("Minimizer", ArgumentKind.TEXT, "Levenberg-Marquardt"),
        text("CostFunction", "Least squares"),
        flag("CreateOutput", default=False),
        text("Output"),
        returns("OutputNormalisedCovarianceMatrix"),
        returns("OutputParameters"),
        returns("OutputWorkspace"),
        returns("FittedFunction"),
        _ignored("CalcErrors", ArgumentKind.FLAG, False),
        _ignored("OutputCompositeMembers", ArgumentKind.FLAG, False),
        _ignored("ConvolveMembers", ArgumentKind.FLAG, False),
        _ignored("OutputParametersOnly", ArgumentKind.FLAG, False),
        text("XColumn"),
        text("YColumn"),
        text("ErrColumn"),
    ),
    differs="Function is a text of Gaussian, Lorentzian, FlatBackground, LinearBackground, Quadratic and ExpDecay."
    " It is fitted by least squares at bin centres. Ties hold parameters at numbers; Constraints are not there.",
)

ALGORITHMS = (FIT,)
