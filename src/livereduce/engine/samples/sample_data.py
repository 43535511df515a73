"""Counts or events of a curve, the same in every pixel."""

from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.samples.curves import curve
from livereduce.stream.items import F8

HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleShape:
    """The curve, the bins and the number of spectra.

    Attributes
    ----------
    generator
        Makes the noise and the places of events within bins. Begun with 0 it gives Mantid's own.
    noise
        Height of the noise on the curve.
    """

    function: str
    edges: F8
    spectra: int
    generator: np.random.RandomState
    noise: float = 0.0


def uniform(generator: np.random.RandomState, count: int) -> F8:
    """Numbers from 0 to 1 as boost's mt19937 and uniform_real_distribution give them: one draw of 32 bits each.

    Source: Mantid Framework/Kernel/src/MersenneTwister.cpp.
    """
    numbers: F8 = generator.randint(0, 2**32, size=count, dtype=np.uint32) / np.float64(2.0**32)
    return numbers


def _curve(shape: SampleShape, x: F8) -> F8:
    noise = (uniform(shape.generator, len(x)) - 0.5) * shape.noise if shape.noise else 0.0
    height: F8 = np.abs(curve(shape.function, x) + noise)
    return height


def sample_histograms(shape: SampleShape) -> Histograms:
    """The curve at the middle of each bin, with the error √y."""
    y = _curve(shape, (shape.edges[:-1] + shape.edges[1:]) / 2)
    table = np.tile(y, (shape.spectra, 1))
    return Histograms.table(shape.edges, table, np.sqrt(table))


def sample_events(shape: SampleShape, events: int, start_ns: int) -> EventLists:
    """About as many events in each spectrum, spread over the bins as the curve and over an hour."""
    low, width = shape.edges[:-1], np.diff(shape.edges)
    height = _curve(shape, low)
    in_bin = (height * (events / height.sum() if height.sum() else 0.0)).astype(np.int64)
    bin_of = np.tile(np.repeat(np.arange(len(low)), in_bin), shape.spectra)
    drawn = uniform(shape.generator, 2 * len(bin_of))
    return EventLists(
        x_of=low[0] + (bin_of + drawn[1::2]) * width[0],
        first=np.arange(shape.spectra + 1, dtype=np.int64) * int(in_bin.sum()),
        x=Grid(shape.edges),
        pulse_ns=start_ns + (drawn[0::2] * HOUR_NS).astype(np.int64),
    )
