"""The total of a product: one number with its error, for readers that want no curve, such as a control system.

It is made where the product is written, from values that lie in memory anyway, so that who reads it needs only the
index.
"""

import math
from typing import Any

import numpy as np

from livereduce.publish.product import Product

TOTAL, TOTAL_ERROR, TOTAL_UNITS = "total", "total_error", "total_units"
"""Names of these facts in a product's file."""


def totals_of(product: Product) -> dict[str, float | str]:
    """Sum of all values, without those that are masked (NaN), and its standard deviation if errors are known.

    Empty for a product without any finite value, or with infinite ones.
    """
    if product.signal.dtype.kind not in "iufb":
        return {}
    there = ~np.isnan(product.signal)
    with np.errstate(all="ignore"):  # a script's values may be anything
        total = float(product.signal.sum(where=there)) if there.any() else math.nan
        error = math.nan if product.errors is None else float(np.sqrt(np.square(product.errors).sum(where=there)))
    if not math.isfinite(total):
        return {}
    known: dict[str, float | str] = {TOTAL: total, TOTAL_UNITS: product.units}
    return known | ({TOTAL_ERROR: error} if math.isfinite(error) else {})


def finite(value: Any) -> float | None:
    """The number that a fact is; None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
