"""Convert the result of a cycle to the plain arrays that are published."""

from typing import TYPE_CHECKING, Any

import numpy as np

from livereduce.engine.counting.histogram import Counts
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.matrix.grid import is_like_common
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.units import UNITS
from livereduce.engine.values.date_and_time import EPICS_EPOCH
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.tally import Tally
from livereduce.publish.product import Axis, Product
from livereduce.stream.items import F8

if TYPE_CHECKING:
    import scipp as sc

MAX_CELLS = 4_000_000
"""Most spectra × bins published as they are (64 MB with errors); a larger result is summed."""


NOT_SCALARS = frozenset({"vector3", "linear_transform3", "affine_transform3", "rotation3", "translation3"})
"""scipp types that hold several numbers per point."""


def product_of(
    result: MatrixWorkspace,
    *,
    pipeline: str,
    run: int,
    name: str,
    incomplete: str,
    accumulated_as: str = "",
    ended: bool = False,
    start_ns: int = 0,
    end_ns: int = 0,
) -> Product:
    """Make the product of a result.

    Parameters
    ----------
    incomplete
        Why data of the run are missing, empty if none are.
    accumulated_as
        How the run was accumulated, if not as configured.
    ended
        The run has ended: this is its last result.
    start_ns, end_ns
        Start and end of the run; 0 if not known.

    Raises
    ------
    TypeError
        The values of the result are not numbers.
    """
    attributes = {**_attributes(result.tally), "incomplete": incomplete}
    attributes |= {"ended": int(ended), "start_time": _iso(start_ns), "end_time": _iso(end_ns)}
    attributes["invalid_logs"] = ", ".join(result.logs.invalid_now())
    if accumulated_as:
        attributes["accumulated_as"] = accumulated_as
    held = result.held
    if isinstance(held, Matrix):
        signal, axes, errors, units = _of_matrix(held)
    elif convert.is_data_array(held):
        signal, axes, errors, units = _of_array(_dense(held, result))
    else:
        counts, summed = _shown(held, result)
        if summed:
            attributes["summed_over_spectra"] = summed
        attributes |= {"outside_tof": counts.outside_tof, "unknown_pixel": counts.unknown_pixel}
        signal, axes, errors, units = _of_counts(counts)
    return Product(
        pipeline=pipeline,
        run=run,
        name=name,
        signal=signal,
        axes=axes,
        errors=errors,
        units=units,
        title=result.getTitle(),
        attributes=attributes,
    )


def _attributes(tally: Tally) -> dict[str, float | int | str]:
    return {
        "events": tally.events,
        "pulses": tally.pulses,
        "proton_charge_pc": tally.charge_pc,
        "unmapped": tally.unmapped,
        "erroneous": tally.erroneous,
        "chunks": tally.chunks,
        "first_pulse": _iso(tally.first_ns),
        "last_pulse": _iso(tally.last_ns),
    }


def _iso(time_ns: int) -> str:
    return f"{EPICS_EPOCH + np.timedelta64(time_ns, 'ns')}Z" if time_ns else ""


_Parts = tuple[F8, tuple[Axis, ...], F8 | None, str]


def _shown(held: Events | Counts, result: MatrixWorkspace) -> tuple[Counts, int]:
    """Counts of a size to publish, and the number of spectra that are summed (0: none)."""
    if isinstance(held, Events):
        counts, spectra = result.binned.shown(held, MAX_CELLS), result.binned.table.rows
    else:
        spectra = len(held.pixels)
        counts = held.total() if held.counts.size > MAX_CELLS else held
    return counts, 0 if len(counts.pixels) else spectra


def _of_counts(counts: Counts) -> _Parts:
    tof = Axis(name="tof", values=counts.binning.edges_us, units="µs")
    values = counts.counts.astype(np.float64)
    if not len(counts.pixels) and len(values) == 1:
        return values[0], (tof,), np.sqrt(values[0]), "counts"
    # Rows are in the order in which pixels appeared; people and viewers expect an ascending axis.
    if (order := np.argsort(counts.pixels, kind="stable")).tolist() != list(range(len(order))):
        values = values[order]
    pixel = Axis(name="pixel", values=counts.pixels[order].astype(np.float64))
    return values, (pixel, tof), np.sqrt(values), "counts"


def _of_matrix(matrix: Matrix) -> _Parts:
    """Values over spectrum number and x, or over x alone for a single spectrum; too many spectra are summed."""
    histograms = matrix.histograms
    if not is_like_common(histograms.x, histograms.rows):
        raise ValueError("the spectra of the result have different bins (ragged): rebin them to common bins first")
    known = UNITS.get(matrix.unit)
    x = Axis(name=known.dimension if known else "x", values=histograms.x.row(0), units=known.symbol if known else "")
    y, e = histograms.y_table(), histograms.e_table()
    units = "counts" if matrix.y_unit == "Counts" else matrix.y_label or matrix.y_unit
    if len(y) == 1 or y.size > MAX_CELLS:
        return y.sum(axis=0), (x,), np.sqrt((e * e).sum(axis=0)), units
    return y, (Axis(name="spectrum", values=matrix.spectra.number.astype(np.float64)), x), e, units


def _dense(array: "sc.DataArray", result: MatrixWorkspace) -> "sc.DataArray":
    if convert.is_event_table(array) and "tof" in array.coords:
        return convert.table_histogram(array, result.binned.binning)
    return convert.binned_sum(array)


def _of_array(array: "sc.DataArray") -> _Parts:
    if str(array.dtype) in NOT_SCALARS:
        raise TypeError(
            f"the values of a result must be numbers, one a point: along {_dims(array)} they are {array.dtype}; "
            "publish one of their components or their length, as in `output.fields.x` or `sc.norm(output)`"
        )
    signal = _numbers(array.values)
    errors = None if array.variances is None else np.sqrt(_numbers(array.variances))
    for mask in array.masks.values():
        signal = np.where(mask.broadcast(sizes=array.sizes).values, np.nan, signal)
    axes = tuple(_axis(array, dim) for dim in array.dims)
    return signal, axes, errors, _unit(array.unit)


def _axis(array: "sc.DataArray", dim: str) -> Axis:
    size = array.sizes[dim]
    coord = array.coords.get(dim)
    values = None if coord is None else np.asarray(coord.values)
    if coord is None or values is None or coord.dims != (dim,) or not _are_numbers(values):
        return Axis(name=dim, values=np.arange(size, dtype=np.float64))
    return Axis(name=dim, values=values.astype(np.float64), units=_unit(coord.unit))


def _are_numbers(values: "np.ndarray[Any, Any]") -> bool:
    # vectors have one dimension more than they report
    return values.ndim == 1 and np.issubdtype(values.dtype, np.number)


def _dims(array: "sc.DataArray") -> str:
    return ", ".join(map(repr, array.dims)) or "no dimension"


def _unit(unit: object) -> str:
    return "" if unit is None or str(unit) in ("None", "dimensionless") else str(unit)


def _numbers(values: object) -> F8:
    array = np.asarray(values)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
        raise TypeError(f"the values of a result must be numbers, not {array.dtype}")
    return array.astype(np.float64)
