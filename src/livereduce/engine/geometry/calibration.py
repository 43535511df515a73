"""Diffraction constants of detectors, which stand in for their positions."""

from dataclasses import dataclass

from livereduce.stream.items import F8, I4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Constants of detectors, all of shape (n,): t = DIFC·d + DIFA·d² + TZERO.

    Attributes
    ----------
    detector
        Ids.
    difc, difa, tzero
        In µs/Å, µs/Å² and µs.
    """

    detector: I4
    difc: F8
    difa: F8
    tzero: F8
