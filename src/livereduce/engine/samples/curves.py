"""Sums of simple functions, given as text: ``name=Gaussian,PeakCentre=5,Height=1,Sigma=2;name=FlatBackground,A0=1``."""

from collections.abc import Mapping

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.fitting.functions import SHAPES
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


_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "LinearBackground": {},
    "FlatBackground": {},
    "Gaussian": {"Sigma": 1.0},
    "Lorentzian": {"Amplitude": 1.0},
    "ExpDecay": {"Height": 1.0, "Lifetime": 1.0},
}
"""The functions that are known here, with the parameters that are not 0 if they are not given."""


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
    if name not in _DEFAULTS:
        raise ValueError(missing("function", name, _DEFAULTS))
    try:
        values = {**_DEFAULTS[name], **{key: float(value) for key, value in given.items()}}
    except ValueError:
        raise ValueError(f"function {name}: a parameter is no number in {text.strip()!r}") from None
    parameters, formula = SHAPES[name]
    return formula(x, *(values.get(one, 0.0) for one in parameters))
