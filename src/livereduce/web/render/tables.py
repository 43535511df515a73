"""Products that are tables, for the page: their first rows, since a mean of neighbours would mean nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.publish.product import Axis


def table_cells(signal: Any, errors: Any, axes: Sequence[Axis], most: int) -> dict[str, Any]:
    """The first rows of a dataset of one or two dimensions, at most `most` values, as fields of a `Shown`."""
    columns = min(signal.shape[-1], most)
    rows = min(signal.shape[0], max(1, most // max(1, columns))) if signal.ndim == 2 else 1
    where = (slice(rows), slice(columns)) if signal.ndim == 2 else (slice(columns),)
    sizes = (rows, columns)[-signal.ndim :]
    all_of_it = " × ".join(map(str, signal.shape))
    return {
        "kind": "1d" if signal.ndim == 1 else "2d",
        "signal": np.asarray(signal[where], dtype=np.float64),
        "errors": None if errors is None else np.asarray(errors[where], dtype=np.float64),
        "axes": tuple(_beginning(axis, size) for axis, size in zip(axes, sizes, strict=True)),
        "row_numbers": (),
        "thinned": f"the first {' × '.join(map(str, sizes))} of {all_of_it}" if sizes != signal.shape else "",
    }


def _beginning(axis: Axis, size: int) -> Axis:
    """As much of an axis as is shown; of edges one more."""
    return axis if len(axis.values) <= size + 1 else replace(axis, values=axis.values[:size])
