"""The compiled map from time of flight to x: the same loop for events and for edges, so that both agree to the bit."""

import math
from typing import Any

import numpy as np

from livereduce.stream.compiled import kernel
from livereduce.stream.items import F8, I4

SCALE, ZERO, OFFSET = 0, 1, 2
DIFC, DIFA = 2, 3
COLUMNS = 4
"""What an event needs of its pixel, in half a cache line; a calibration leaves no room for an offset."""


@kernel("", "f8[]", "i4[]", "f8[,]", "b1", "f8", "f8[=]")
def map_x(t: Any, pixel: Any, table: Any, is_calibrated: Any, power: Any, x: Any) -> None:
    """Map times (µs) of events to x; `x` may be `t`. See `PixelMaps` for the formulas."""
    last = np.uint32(table.shape[0] - 1)
    # the two frequent cases touch each event's row of the table once (measured: five times as fast as twice)
    if is_calibrated:
        outer = 1.0 if power != 1 else 0.0
        for i in range(t.size):
            p = min(np.uint32(pixel[i]), last)
            rest, difc = t[i] - table[p, ZERO], table[p, DIFC]
            d = 2 * rest / (difc + math.sqrt(difc * difc + 4 * table[p, DIFA] * rest))
            x[i] = d if outer else table[p, SCALE] * d
        if power == 1:
            return
    elif power == 1:
        for i in range(t.size):
            p = min(np.uint32(pixel[i]), last)
            x[i] = table[p, OFFSET] + table[p, SCALE] * (t[i] - table[p, ZERO])
        return
    else:
        for i in range(t.size):
            x[i] = t[i] - table[min(np.uint32(pixel[i]), last), ZERO]
    for i in range(t.size):
        core = x[i] if x[i] > 0 else math.nan
        if power == -1:
            x[i] = 1 / core
        elif power == -2:
            x[i] = 1 / (core * core)
        else:
            x[i] = core**power
    for i in range(t.size):
        p = min(np.uint32(pixel[i]), last)
        x[i] = table[p, SCALE] * x[i] if is_calibrated else table[p, OFFSET] + table[p, SCALE] * x[i]


def packed(scale: F8, zero: F8, offset: F8 | None, calibration: tuple[F8, F8] | None) -> F8:
    """The table of parameters for `map_x`, one row a pixel."""
    table: F8 = np.zeros((len(scale), COLUMNS))
    table[:, SCALE], table[:, ZERO] = scale, zero
    if calibration:
        table[:, DIFC], table[:, DIFA] = calibration
    elif offset is not None:
        table[:, OFFSET] = offset
    return table


def mapped(t_us: F8, pixel: I4, table: F8, is_calibrated: bool, power: float) -> F8:
    """X of times of flight; both of shape (n,)."""
    x = np.empty(len(t_us))
    times, pixels = np.ascontiguousarray(t_us, np.float64), np.ascontiguousarray(pixel, np.int32)
    map_x(times, pixels, table, is_calibrated, float(power), x)
    return x
