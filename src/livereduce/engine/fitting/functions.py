"""Functions that are fitted: peaks and backgrounds, and sums of them, as Mantid writes them in a text.

``name=Gaussian,Height=10,PeakCentre=1.2,Sigma=0.05;name=LinearBackground,A0=1``
Source: Mantid docs/source/fitting/fitfunctions.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from livereduce.base.names import missing
from livereduce.stream.items import F8

Formula = Callable[..., F8]


def _gaussian(x: F8, height: float, centre: float, sigma: float) -> F8:
    values: F8 = height * np.exp(-0.5 * ((x - centre) / sigma) ** 2)
    return values


def _lorentzian(x: F8, amplitude: float, centre: float, fwhm: float) -> F8:
    half = 0.5 * fwhm
    values: F8 = amplitude / np.pi * half / ((x - centre) ** 2 + half**2)
    return values


def _polynomial(x: F8, *coefficients: float) -> F8:
    values = np.zeros(len(x))
    for coefficient in reversed(coefficients):
        values = values * x + coefficient
    return values


def _decay(x: F8, height: float, lifetime: float) -> F8:
    values: F8 = height * np.exp(-x / lifetime)
    return values


SHAPES: Mapping[str, tuple[tuple[str, ...], Formula]] = {
    "Gaussian": (("Height", "PeakCentre", "Sigma"), _gaussian),
    "Lorentzian": (("Amplitude", "PeakCentre", "FWHM"), _lorentzian),
    "FlatBackground": (("A0",), _polynomial),
    "LinearBackground": (("A0", "A1"), _polynomial),
    "Quadratic": (("A0", "A1", "A2"), _polynomial),
    "ExpDecay": (("Height", "Lifetime"), _decay),
}
"""Parameters and formula of each function, by Mantid's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFunction:
    """A sum of shapes with their parameters.

    Attributes
    ----------
    shapes
        Names of the shapes.
    names, values
        Of all parameters; ``f0.Height`` if there are several shapes.
    fixed
        True for parameters that a tie holds.
    """

    shapes: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[float, ...]
    fixed: tuple[bool, ...]

    def at(self, x: F8, values: F8) -> F8:
        """The sum for these parameters."""
        total, place = np.zeros(len(x)), 0
        for shape in self.shapes:
            names, formula = SHAPES[shape]
            total += formula(x, *values[place : place + len(names)])
            place += len(names)
        return total

    def text(self, values: F8) -> str:
        """The function with other parameters, as Mantid writes it."""
        parts, place = [], 0
        for shape in self.shapes:
            names = SHAPES[shape][0]
            given = (f"{name}={value:.10g}" for name, value in zip(names, values[place:], strict=False))
            parts.append(",".join([f"name={shape}", *given]))
            place += len(names)
        return ";".join(parts)


def function_of(text: str, ties: str = "") -> FitFunction:
    """Read a function, and ties that hold parameters at numbers: ``f0.Sigma=0.1, A0=0``.

    Raises
    ------
    ValueError
        It cannot be read, or a shape or parameter is not there.
    """
    parts = [part for part in _without_brackets(text)[0].split(";") if part.strip()]
    if not parts:
        raise ValueError("Function is empty")
    shapes: list[str] = []
    values: dict[str, float] = {}
    for number, part in enumerate(parts):
        prefix = f"f{number}." if len(parts) > 1 else ""
        shape, own = _shape(part)
        shapes.append(shape)
        values |= {prefix + name: value for name, value in own.items()}
    held = [*_without_brackets(text)[1], *re.split(r"[,;]", ties)]
    fixed = set()
    for tie in (one for one in held if one.strip()):
        name, _, value = (word.strip() for word in tie.partition("="))
        if name not in values:
            raise ValueError(f"Ties: {missing('parameter', name, values)}")
        values[name] = _number(value, f"Ties: {name}")
        fixed.add(name)
    return FitFunction(
        shapes=tuple(shapes),
        names=tuple(values),
        values=tuple(values.values()),
        fixed=tuple(name in fixed for name in values),
    )


def _without_brackets(text: str) -> tuple[str, list[str]]:
    """The text without ``ties=(…)``, and the ties."""
    if "constraints=" in text.replace(" ", ""):
        raise ValueError("Function: constraints are not there")
    found = re.findall(r"ties\s*=\s*\(([^)]*)\)", text)
    return re.sub(r",?\s*ties\s*=\s*\([^)]*\)", "", text), [tie for one in found for tie in one.split(",")]


def _shape(part: str) -> tuple[str, dict[str, float]]:
    words = dict(_pair(word) for word in part.split(",") if word.strip())
    shape = words.pop("name", "")
    if shape not in SHAPES:
        raise ValueError(f"Function: {missing('function', shape, SHAPES)}")
    values = dict.fromkeys(SHAPES[shape][0], 0.0)
    for name, value in words.items():
        if name not in values:
            raise ValueError(f"Function: {shape}: {missing('parameter', name, values)}")
        values[name] = _number(value, f"Function: {shape}: {name}")
    return shape, values


def _pair(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign:
        raise ValueError(f"Function: {word.strip()!r} is not like Height=10")
    return name.strip(), value.strip().strip("\"'")


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} must be a number, not {text!r}") from None
