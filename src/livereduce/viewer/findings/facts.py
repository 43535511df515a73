"""What the search for faults of the detector is given, and what it gives. Values only."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from livereduce.stream.items import F8, I4


class FindingKind(StrEnum):
    """What is wrong.

    Attributes
    ----------
    HOT
        A rate far above that of the surroundings, without a pause.
    DEAD
        No counts where there were some, or where the neighbors have some.
    NOISY
        Bursts, or counts while there is no beam.
    SHIFTED
        Times of flight are displaced.
    """

    HOT = "hot"
    DEAD = "dead"
    NOISY = "noisy"
    SHIFTED = "shifted"


class FoundIn(StrEnum):
    """Where something is wrong."""

    PIXEL = "pixel"
    BANK = "bank"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectorLayout:
    """The detector: its pixels, and the bank of each.

    Attributes
    ----------
    pixel
        Pixel numbers, shape (n,).
    bank
        The bank of each pixel, as an index of `names`.
    names
        The names of the banks.
    """

    pixel: I4
    bank: I4
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectorLook:
    """What was counted in about a second of beam, or of time without beam.

    Attributes
    ----------
    run
        The run, in which a look lies as a whole.
    at_ns
        Time of its newest pulse.
    exposure
        How much beam there was: the sum of the proton charge, or the number of pulses where no charge is told. Only the
        ratio to other looks matters. 0: there was none, and the counts are those without beam.
    counts
        Events of each pixel, in the order of the layout.
    spectra
        Events of each bank by coarse time of flight, shape (banks, bins).
    """

    run: int
    at_ns: int
    exposure: float
    counts: F8
    spectra: F8


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with pixels of one bank, or with a bank.

    Attributes
    ----------
    pixels
        Their numbers, ``1-3,9``; empty for a bank.
    since_ns
        When it began, as far as it was seen.
    text
        The finding in words.
    """

    kind: FindingKind
    what: FoundIn
    bank: str
    pixels: str
    since_ns: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbors:
    """The pixels next to each pixel in its bank, by number: along a tube, or a row of a panel.

    Attributes
    ----------
    near
        Shape (`NEAR`, n): indices of the layout.
    by_bank
        Indices of the pixels, those of one bank after those of another.
    first
        Where each bank begins there; one more, for the end.
    """

    near: I4
    by_bank: I4
    first: I4


NEAR = 8
"""Neighbors of a pixel: four to each side, or more to one side at an end."""


def neighbors_of(layout: DetectorLayout) -> Neighbors:
    """Find the neighbors of every pixel; a pixel of a bank of fewer pixels has some of them, or itself, twice."""
    order = np.lexsort((layout.pixel, layout.bank)).astype(np.int32)
    banks = layout.bank[order]
    first = np.searchsorted(banks, np.arange(len(layout.names) + 1)).astype(np.int32)
    low, high = first[banks], first[banks + 1] - 1
    place = np.arange(len(order), dtype=np.int32)
    start = np.clip(place - NEAR // 2, low, np.maximum(high - NEAR, low))
    near = np.empty((NEAR, len(order)), np.int32)
    for k in range(NEAR):
        beside = start + k
        beside += beside >= place  # never the pixel itself
        near[k, order] = order[np.clip(beside, low, high)]
    return Neighbors(near=near, by_bank=order, first=first)
