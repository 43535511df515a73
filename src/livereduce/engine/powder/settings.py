"""The settings of AlignAndFocusPowder, and what follows from them for the bins.

Source: Mantid Framework/WorkflowAlgorithms/src/AlignAndFocusPowder.cpp.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FROM_MANAGER = {
    "d_min": "d_min",
    "d_max": "d_max",
    "delta_ragged": "delta",
    "t_min": "tof_min",
    "t_max": "tof_max",
    "crop_wavelength_min": "wavelength_min",
    "crop_wavelength_max": "wavelength_max",
}
"""Arguments that are looked up in the property manager where a call does not give them, by its names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowderBins:
    """The bins of a pattern.

    Attributes
    ----------
    is_in_d
        They are made in d; else in time of flight.
    params
        As Rebin takes them; empty with `resample` or `delta`.
    resample
        Number of bins for each spectrum, negative for logarithmic ones; 0: `params` count.
    d_min, d_max, delta
        Limits and steps for each group.
    tof_min, tof_max
        Limits of time of flight in µs; None for no limit.
    """

    is_in_d: bool
    params: tuple[float, ...]
    resample: int
    d_min: tuple[float, ...]
    d_max: tuple[float, ...]
    delta: tuple[float, ...]
    tof_min: float | None
    tof_max: float | None


def completed(given: Mapping[str, Any], manager: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with values of a property manager for those that are not given (None or empty)."""
    found = dict(given)
    for name, key in FROM_MANAGER.items():
        if found.get(name) in (None, ()) and key in manager:
            found[name] = manager[key]
    return found


def powder_bins(given: Mapping[str, Any]) -> PowderBins:
    """The bins that the arguments mean.

    A single step is completed with the limits of d, or, where there are none, with those of time of flight.

    Raises
    ------
    ValueError
        Arguments contradict each other.
    """
    params, resample, delta = tuple(given["params"]), int(given["resample_x"]), tuple(given["delta_ragged"])
    d_min, d_max = _numbers(given["d_min"]), _numbers(given["d_max"])
    if delta and resample:
        raise ValueError("give DeltaRagged or ResampleX, not both")
    t_min, t_max = given["t_min"], given["t_max"]
    is_in_d = bool(given["dspacing"])
    if resample:
        params = ()
    elif len(params) == 1 and not delta:
        is_in_d = bool(d_max) and d_max[0] > 0
    low, high = (_first(d_min), _first(d_max)) if is_in_d else (t_min, t_max)
    if len(params) == 1 and low is not None and high is not None and 0 < low < high:
        params = (low, params[0], high)
    if not is_in_d and len(params) == 3:
        t_min, t_max = params[0], params[2]
    return PowderBins(
        is_in_d=is_in_d,
        params=params,
        resample=resample,
        d_min=d_min,
        d_max=d_max,
        delta=delta,
        tof_min=max(t_min, 0.0) if t_min is not None else None,
        tof_max=t_max if t_max is not None and t_max > 0 else None,
    )


def _numbers(values: Sequence[float] | float) -> tuple[float, ...]:
    return tuple(values) if isinstance(values, Sequence) else (float(values),)


def _first(values: tuple[float, ...]) -> float:
    return values[0] if values else 0.0
