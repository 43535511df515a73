"""The difference between the shadow's result and the one in use in the API's form: in words, and to be drawn. Pure."""

from typing import Any

import numpy as np

from livereduce.publish.difference import Difference, in_words
from livereduce.publish.product import Axis
from livereduce.web.render.downsample import downsample_axis, group_sizes, largest
from livereduce.web.render.encode import shown_body
from livereduce.web.render.reading import MAX_LABEL, Shown

UNITS = "sigma"


def difference_body(found: Difference, run: int, name: str, version: str, most: int) -> dict[str, Any]:
    """The answer of the API; `drawn` has at most about `most` values."""
    ours, theirs = found.events
    shown = _shown(found, most)
    return {
        "run": run,
        "name": name,
        "version": version,
        "text": "; ".join(in_words(found))[:MAX_LABEL],
        "problem": found.problem[:MAX_LABEL],
        "same": found.is_none,
        "compared": found.compared,
        "differ": found.differ,
        "one_sided": found.one_sided,
        "worst": found.worst,
        "worst_at": found.worst_at[:MAX_LABEL],
        "largest": found.largest,
        "chi2_per_n": found.chi2_per_n,
        "events_shadow": ours,
        "events_in_use": theirs,
        "drawn": None if shown is None else shown_body(shown, run, name, version),
    }


def _shown(found: Difference, most: int) -> Shown | None:
    """The deviation as a product; None if there is nothing to draw: a single value, or nothing with errors."""
    deviation = found.deviation
    if not deviation.ndim or not np.isfinite(deviation).any():
        return None
    flat = deviation.reshape(-1, *deviation.shape[-2:])[0] if deviation.ndim > 2 else deviation
    cells = np.atleast_2d(flat)
    by = group_sizes(cells.shape[0], cells.shape[1], most)
    signal = largest(cells, *by)
    is_curve = deviation.ndim == 1
    sizes = by[1:] if is_curve else by
    across = zip(found.axes[-flat.ndim :], flat.shape, sizes, strict=True)
    return Shown(
        title="",
        kind="1d" if is_curve else "2d",
        rows=1 if is_curve else deviation.shape[-2],
        signal=signal[0] if is_curve else signal,
        errors=None,
        label="deviation",
        units=UNITS,
        axes=tuple(_thinned(axis, length, size) for axis, length, size in across),
        attributes={},
        thinned=f"each value is the largest of {by[0] * by[1]} neighbouring ones" if by != (1, 1) else "",
        note=f"of {deviation.ndim} dimensions the last two are drawn, at 0 of the others" if deviation.ndim > 2 else "",
    )


def _thinned(axis: Axis, length: int, by: int) -> Axis:
    """The axis of so many cells with a value for each group of them; with edges, one more."""
    edges = len(axis.values) == length + 1
    values = downsample_axis(axis.values[:length], by, edges=edges)
    if edges:
        values = np.append(values, axis.values[-1])
    return Axis(name=axis.name[:MAX_LABEL], units=axis.units[:MAX_LABEL], values=values)
