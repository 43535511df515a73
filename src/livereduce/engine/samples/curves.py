"""Sums of simple functions, given as text: ``name=Gaussian,PeakCentre=5,Height=1,Sigma=2;name=FlatBackground,A0=1``."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from livereduce.base.names import missing
from livereduce.stream.items import F8

PRESETS = {
    "One Peak": "name=LinearBackground,A0=0.3;name=Gaussian,PeakCentre=$PC5$,Height=10,Sigma=0.7",
    "Multiple Peaks": "name=LinearBackground,A0=0.3;name=Gaussian,PeakCentre=$PC3$,Height=10,Sigma=0.7;"
    "name=Gaussian,PeakCentre=$PC6$,Height=8,Sigma=0.5",
    "Flat background": "name=LinearBackground,A0=1",
    "Exp Decay": "name=ExpDecay,Height=100,Lifetime=1000",
    "Powder Diffraction": "name=LinearBackground,A0=0.0850208,A1=-4.89583e-06;"
    + ";".join(
        f"name=Gaussian,Height={height},PeakCentre=$PC{k}$,Sigma={sigma}"
        for k, height, sigma in (
            (1, 0.584528, 14.3772),
            (2, 1.33361, 15.2516),
            (3, 1.74691, 15.8395),
            (4, 0.950388, 19.8408),
            (5, 1.92185, 18.0844),
            (6, 3.64069, 19.2404),
            (7, 2.8998, 21.1127),
            (8, 2.05237, 21.9932),
            (9, 8.40976, 25.2751),
        )
    ),
    "Quasielastic": "name=Lorentzian,FWHM=0.3,PeakCentre=$PC5$,Amplitude=0.8;"
    "name=Lorentzian,FWHM=0.1,PeakCentre=$PC5$,Amplitude=1;name=LinearBackground,A0=0.1",
    "Quasielastic Tunnelling": "name=LinearBackground,A0=0.1;name=Lorentzian,FWHM=0.1,PeakCentre=$PC5$,Amplitude=1;"
    + ";".join(
        f"name=Lorentzian,FWHM=0.05,PeakCentre=$PC{k}$,Amplitude={amplitude}"
        for k, amplitude in ((7, 0.04), (3, 0.04), (8, 0.02), (2, 0.02))
    ),
}
"""``$PC0$`` to ``$PC10$`` stand for places along x, from its beginning to its end in tenths."""


def _linear(x: F8, p: Mapping[str, float]) -> F8:
    return p.get("A0", 0.0) + p.get("A1", 0.0) * x


def _gaussian(x: F8, p: Mapping[str, float]) -> F8:
    curve: F8 = p.get("Height", 0.0) * np.exp(-0.5 * ((x - p.get("PeakCentre", 0.0)) / p.get("Sigma", 1.0)) ** 2)
    return curve


def _lorentzian(x: F8, p: Mapping[str, float]) -> F8:
    half = p.get("FWHM", 0.0) / 2
    curve: F8 = p.get("Amplitude", 1.0) / math.pi * half / ((x - p.get("PeakCentre", 0.0)) ** 2 + half**2)
    return curve


def _decay(x: F8, p: Mapping[str, float]) -> F8:
    curve: F8 = p.get("Height", 1.0) * np.exp(-x / p.get("Lifetime", 1.0))
    return curve


_CURVES: dict[str, Callable[[F8, Mapping[str, float]], F8]] = {
    "LinearBackground": _linear,
    "FlatBackground": _linear,
    "Gaussian": _gaussian,
    "Lorentzian": _lorentzian,
    "ExpDecay": _decay,
}


def curve(text: str, x: F8) -> F8:
    """The sum of the functions of a text at x.

    Raises
    ------
    ValueError
        A function is not known, or a parameter is no number.
    """
    total = np.zeros(len(x))
    for part in with_places(text, x).split(";"):
        if part.strip():
            total += _one(part, x)
    return total


def with_places(text: str, x: F8) -> str:
    """The text with the places along x filled in."""
    for tenth in range(11):
        at = len(x) // 10 * tenth
        place = at - 1 if tenth == 10 and at > 0 else at
        text = text.replace(f"$PC{tenth}$", repr(float(x[min(place, len(x) - 1)])))
    return text


def _one(text: str, x: F8) -> F8:
    given = dict(part.split("=", 1) for part in text.replace(" ", "").split(",") if "=" in part)
    name = given.pop("name", "")
    if name not in _CURVES:
        raise ValueError(missing("function", name, _CURVES))
    try:
        return _CURVES[name](x, {key: float(value) for key, value in given.items()})
    except ValueError:
        raise ValueError(f"function {name}: a parameter is no number in {text.strip()!r}") from None
