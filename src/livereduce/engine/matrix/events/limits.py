"""Limits of x as whole nanoseconds of time of flight: exact, since times of flight are whole."""

from collections.abc import Callable

import numpy as np

from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.stream.items import B1, F8, I4, I8

LEAST_NS, END_NS = -(2**31), 2**31
"""Times of flight are 32-bit numbers: no event is outside of these."""


def times_ns(edges_us: F8) -> I8:
    """The first whole ns t with ``t / 1000 >= edge`` for each edge; same shape."""
    edges = np.clip(edges_us, LEAST_NS / 1000, END_NS / 1000)
    first = np.ceil(edges * 1000)
    first = np.where((first - 1) / 1000 >= edges, first - 1, first)
    whole: I8 = np.where(first / 1000 < edges, first + 1, first).astype(np.int64)
    return whole


def limits_ns(maps: PixelMaps | None, low: F8, high: F8) -> tuple[I8, I8]:
    """Limits [least, end) in ns of each pixel that mean ``low <= x < high``; all of shape (pixels + 1,).

    The map is inverted, and what that gives corrected by evaluating the map at the whole ns around it.
    """
    if maps is None:
        return times_ns(low), times_ns(high)
    pixel = np.arange(len(low), dtype=np.int32)
    rises = np.broadcast_to(maps.scale * maps.power > 0, low.shape)
    at_low, at_high = (_guess(maps, x, pixel) for x in (low, high))
    least = _first(_passed(maps, np.where(rises, low, high), rises), np.where(rises, at_low, at_high), pixel)
    end = _first(_passed(maps, np.where(rises, high, low), rises), np.where(rises, at_high, at_low), pixel)
    return least, end


def _guess(maps: PixelMaps, x: F8, pixel: I4) -> I8:
    with np.errstate(all="ignore"):
        time = maps.tof_us_of(x, pixel) * 1000
    whole: I8 = np.rint(np.clip(np.nan_to_num(time, nan=0.0), LEAST_NS, END_NS)).astype(np.int64)
    return whole


def _passed(maps: PixelMaps, limit: F8, rises: B1) -> Callable[[I8, I4], B1]:
    """A function that is False for early times of a pixel and True for late ones, and changes at the limit."""

    def passed(time_ns: I8, pixel: I4) -> B1:
        time_us = time_ns / 1000
        x = maps.apply(time_us, pixel)
        reached = np.where(rises[pixel], x >= limit[pixel], x < limit[pixel])
        # a time without a value is early or late as it is before or after the zero of the map
        late: B1 = np.where(np.isnan(x), time_us > maps.zero[pixel], reached)
        return late

    return passed


def _first(passed: Callable[[I8, I4], B1], guess: I8, pixel: I4) -> I8:
    """The first time of each pixel for which a function becomes True: bisected from close to the guess."""
    before, after = np.full(len(pixel), LEAST_NS - 1), np.full(len(pixel), END_NS)
    tries = [guess - 2, guess + 1]
    open_ones = np.arange(len(pixel))
    while len(open_ones):
        middle = tries.pop(0)[open_ones] if tries else (before[open_ones] + after[open_ones]) // 2
        middle = np.clip(middle, before[open_ones] + 1, after[open_ones] - 1)
        is_late = passed(middle, pixel[open_ones])
        after[open_ones[is_late]] = middle[is_late]
        before[open_ones[~is_late]] = middle[~is_late]
        open_ones = open_ones[after[open_ones] - before[open_ones] > 1]
    return after
