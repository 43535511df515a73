"""The compiled map from time of flight to x: the same loop for events and for edges, so that both agree to the bit."""

import math
from typing import Any

import numpy as np

from livereduce.stream.compiled import kernel
from livereduce.stream.items import F8, I4

SCALE, ZERO, OFFSET, DIFC, DIFA = range(5)
"""Columns of the table of parameters."""
PLAIN_COLUMNS, CALIBRATED_COLUMNS = 4, 8
"""Powers of two: what an event needs of its pixel then lies in one cache line."""


@kernel("", "f8[]", "i4[]", "f8[,]", "f8", "f8[=]")
def map_x(t: Any, pixel: Any, table: Any, power: Any, x: Any) -> None:
    """Map times (µs) of events to x; `x` may be `t`. See `PixelMaps` for the formulas."""
    last = np.uint32(table.shape[0] - 1)
    if table.shape[1] == CALIBRATED_COLUMNS:
        for i in range(t.size):
            p = min(np.uint32(pixel[i]), last)
            rest = t[i] - table[p, ZERO]
            difc = table[p, DIFC]
            x[i] = 2 * rest / (difc + math.sqrt(difc * difc + 4 * table[p, DIFA] * rest))
    else:
        for i in range(t.size):
            x[i] = t[i] - table[min(np.uint32(pixel[i]), last), ZERO]
    if power != 1:
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
        x[i] = table[p, OFFSET] + table[p, SCALE] * x[i]


def packed(scale: F8, zero: F8, offset: F8 | None, calibration: tuple[F8, F8] | None) -> F8:
    """The table of parameters for `map_x`, one row a pixel."""
    table: F8 = np.zeros((len(scale), CALIBRATED_COLUMNS if calibration else PLAIN_COLUMNS))
    table[:, SCALE], table[:, ZERO] = scale, zero
    if offset is not None:
        table[:, OFFSET] = offset
    if calibration:
        table[:, DIFC], table[:, DIFA] = calibration
    return table


def mapped(t_us: F8, pixel: I4, table: F8, power: float) -> F8:
    """X of times of flight; both of shape (n,)."""
    x = np.empty(len(t_us))
    map_x(np.ascontiguousarray(t_us, np.float64), np.ascontiguousarray(pixel, np.int32), table, float(power), x)
    return x
