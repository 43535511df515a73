"""Convert between our arrays and scipp, which is imported on first use: it costs time and memory."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.values.date_and_time import EPICS_EPOCH
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import F8

if TYPE_CHECKING:
    import scipp as sc
    from typing_extensions import TypeIs

EVENT = "event"
"""Dimension of a table of events."""


def is_data_array(thing: object) -> "TypeIs[sc.DataArray]":
    """True for a scipp DataArray; scipp need not be imported to say no."""
    sc = sys.modules.get("scipp")
    return sc is not None and isinstance(thing, sc.DataArray)


def events_to_scipp(events: Events, *, pulse_time: bool = False) -> "sc.DataArray":
    """A table of events: dimension ``event``, coordinates ``tof`` (ns) and ``pixel``, both int32; 24 bytes per event.

    Weights are float64 with variances, because a float32 histogram stops counting at 16.7 million per bin.
    """
    import scipp as sc

    table = sc.DataArray(sc.ones(sizes={EVENT: events.n}, unit="counts", with_variances=True))
    # Written piece by piece: joining the pieces first would take the same memory twice.
    tof = sc.empty(sizes={EVENT: events.n}, unit="ns", dtype="int32")
    pixel = sc.empty(sizes={EVENT: events.n}, unit=None, dtype="int32")
    if events.n:
        np.concatenate([piece.tof_ns for piece in events.pieces], out=tof.values)
        np.concatenate([piece.pixel for piece in events.pieces], out=pixel.values)
    table.coords["tof"], table.coords["pixel"] = tof, pixel
    if pulse_time:
        since = events.event_pulse_ns.view("timedelta64[ns]")
        table.coords["pulse_time"] = sc.datetimes(dims=[EVENT], values=EPICS_EPOCH + since, unit="ns")
    return table


def counts_to_scipp(counts: Counts) -> "sc.DataArray":
    """Dimensions ``spectrum`` (unless it is the sum over all) and ``tof`` (edges, µs); Poisson variances."""
    import scipp as sc

    values = counts.table()
    edges = sc.array(dims=["tof"], values=counts.binning.edges_us, unit="us")
    if not len(counts.pixels):
        total = sc.array(dims=["tof"], values=values[0], variances=values[0], unit="counts")
        return sc.DataArray(total, coords={"tof": edges})
    data = sc.array(dims=["spectrum", "tof"], values=values, variances=values, unit="counts")
    pixels = sc.array(dims=["spectrum"], values=counts.pixels, unit=None, dtype="int32")
    return sc.DataArray(data, coords={"tof": edges, "pixel": pixels})


def is_event_table(array: "sc.DataArray") -> bool:
    """True if each element is an event, as `events_to_scipp` makes them, and not a bin."""
    return array.dims == (EVENT,)


def binned_sum(array: "sc.DataArray") -> "sc.DataArray":
    """Histogram binned events in their own bins; anything else is returned unchanged."""
    return array.bins.sum() if array.is_binned else array


def table_histogram(table: "sc.DataArray", binning: Binning) -> "sc.DataArray":
    """Histogram all events of a table, in the unit of its ``tof``.

    Raises
    ------
    RuntimeError
        There is no such coordinate, or it is not a time.
    """
    import scipp as sc

    if "tof" not in table.coords:
        raise RuntimeError(f"events without a coordinate 'tof' cannot be put into {binning}")
    edges_ns = sc.array(dims=["tof"], values=binning.edges_ns.astype(np.float64), unit="ns")
    return table.hist(tof=edges_ns.to(unit=str(table.coords["tof"].unit)))


def number_of_events(array: "sc.DataArray") -> int:
    """Number of events of a table or of bins; counts of a histogram, rounded."""
    if array.is_binned:
        return int(array.bins.size().sum().value)
    if is_event_table(array):
        return int(array.sizes[EVENT])
    return round(float(array.data.nansum().value))


def spectra_of(array: "sc.DataArray") -> tuple[F8, F8, F8]:
    """X (edges or points), values and standard deviations as spectra × bins: the last dimension is x."""
    dense = binned_sum(array)
    width = dense.sizes[dense.dims[-1]] if dense.dims else 1
    values = _flat(dense.values, width)
    errors = np.zeros_like(values) if dense.variances is None else np.sqrt(_flat(dense.variances, width))
    return x_of(dense), values, errors


def x_of(dense: "sc.DataArray") -> F8:
    """The coordinate of the last dimension if it has numbers, else the index."""
    width = dense.sizes[dense.dims[-1]] if dense.dims else 1
    coord = dense.coords.get(dense.dims[-1]) if dense.dims else None
    if coord is None or coord.ndim != 1 or not np.issubdtype(np.asarray(coord.values).dtype, np.number):
        return np.arange(width, dtype=np.float64)
    return np.asarray(coord.values, np.float64)


def _flat(values: Any, width: int) -> F8:
    array: NDArray[np.float64] = np.asarray(values, np.float64)
    return array.reshape(-1, width)


def tof_range_us(array: "sc.DataArray") -> tuple[float, float]:
    """Least and greatest ``tof``, of events or edges.

    Raises
    ------
    RuntimeError
        There is no such coordinate.
    """
    content: Any = array.bins.constituents["data"] if array.is_binned else array
    if "tof" not in content.coords:
        raise RuntimeError(f"there is no coordinate 'tof', only {', '.join(map(str, content.coords)) or 'none'}")
    tof = content.coords["tof"].to(dtype="float64").to(unit="us")
    return float(tof.min().value), float(tof.max().value)
