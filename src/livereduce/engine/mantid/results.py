"""Convert Mantid's result to the plain arrays that are published. Changes nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.mantid.inspect_workspace import is_group, members
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.publish.product import Axis, Product

MAX_CELLS = 4_000_000
"""Most spectra × bins published as they are (64 MB with errors); a larger result is summed over its spectra."""
MAX_OWN_AXES = 16
"""Most spectra with bins of their own that are published one by one; more are published as their integrals."""

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownWorkspace:
    suffix: str
    signal: F8
    errors: F8
    axes: tuple[Axis, ...]
    thinned: str = ""


def products_of(result: Any, *, pipeline: str, name: str, book: RunLedger) -> tuple[Product, ...]:
    """Make the products of a result: one, or one for each member of a group (``result_1``, ``result_2`` …).

    Raises
    ------
    TypeError
        The result is of a kind without counts in bins, such as a table.
    """
    parts = members(result)
    products: list[Product] = []
    for k, part in enumerate(parts, start=1):
        if not hasattr(part, "getNumberHistograms"):
            raise TypeError(f"a result of type {type(part).__name__} has no spectra; it is not published")
        own = f"{name}_{k}" if is_group(result) else name
        products += (_product(part, shown, pipeline, own, book) for shown in _shown(part))
    return tuple(products)


def _product(workspace: Any, shown: _ShownWorkspace, pipeline: str, name: str, book: RunLedger) -> Product:
    return Product(
        pipeline=pipeline,
        run=book.run,
        name=name + shown.suffix,
        signal=shown.signal,
        axes=shown.axes,
        errors=shown.errors,
        units=_y_units(workspace),
        title=_text(workspace.getTitle()),
        attributes=_attributes(book) | ({"thinned": shown.thinned} if shown.thinned else {}),
    )


def _attributes(book: RunLedger) -> dict[str, float | int | str]:
    return {
        "events": book.run_events,
        "pulses": book.run_pulses,
        "proton_charge_pc": book.charge_pc,
        "chunks": book.run_chunks,
        "first_pulse": _iso(book.first_ns),
        "last_pulse": _iso(book.last_ns),
        "ended": int(book.ended),
        "start_time": book.start_time,
        "end_time": book.end_time,
        "incomplete": book.incomplete,
    }


def _iso(time_ns: int) -> str:
    return f"{np.datetime64(time_ns, 'ns')}Z" if time_ns else ""


def _shown(workspace: Any) -> tuple[_ShownWorkspace, ...]:
    rows = int(workspace.getNumberHistograms())
    sizes = {len(workspace.readY(k)) for k in range(rows)}
    if len(sizes) == 1 and (rows == 1 or workspace.isCommonBins()):
        return (_table(workspace, rows, sizes.pop()),)
    if rows <= MAX_OWN_AXES:
        return tuple(_single(workspace, k) for k in range(rows))
    return (_integrals(workspace, rows),)


def _table(workspace: Any, rows: int, bins: int) -> _ShownWorkspace:
    x = _x_axis(workspace, 0)
    if rows * bins > MAX_CELLS:
        signal, variances = np.zeros(bins), np.zeros(bins)
        for k in range(rows):  # row by row: all rows at once would be a second copy of something large
            signal += workspace.readY(k)
            variances += np.square(workspace.readE(k))
        thinned = f"sum over {rows} spectra"
        return _ShownWorkspace(suffix="", signal=signal, errors=np.sqrt(variances), axes=(x,), thinned=thinned)
    signal, errors = np.array(workspace.extractY(), np.float64), np.array(workspace.extractE(), np.float64)
    if rows == 1:
        return _ShownWorkspace(suffix="", signal=signal.reshape(bins), errors=errors.reshape(bins), axes=(x,))
    shape = (rows, bins)
    return _ShownWorkspace(
        suffix="", signal=signal.reshape(shape), errors=errors.reshape(shape), axes=(_rows(workspace), x)
    )


def _single(workspace: Any, k: int) -> _ShownWorkspace:
    """One spectrum with bins of its own."""
    return _ShownWorkspace(
        suffix=f"_spectrum_{int(workspace.getSpectrum(k).getSpectrumNo())}",
        signal=np.array(workspace.readY(k), np.float64),
        errors=np.array(workspace.readE(k), np.float64),
        axes=(_x_axis(workspace, k),),
    )


def _integrals(workspace: Any, rows: int) -> _ShownWorkspace:
    signal = np.array([np.sum(workspace.readY(k)) for k in range(rows)])
    errors = np.sqrt([np.sum(np.square(workspace.readE(k))) for k in range(rows)])
    thinned = "integral of each spectrum, as their bins differ"
    return _ShownWorkspace(suffix="", signal=signal, errors=errors, axes=(_rows(workspace),), thinned=thinned)


def _x_axis(workspace: Any, k: int) -> Axis:
    unit = workspace.getAxis(0).getUnit()
    values = np.array(workspace.readX(k), np.float64)
    if unit.unitID() == "TOF":
        return Axis(name="tof", values=values, units="µs")
    return Axis(name=_text(unit.caption()) or "x", values=values, units=_text(unit.symbol().ascii()))


def _rows(workspace: Any) -> Axis:
    axis = workspace.getAxis(1)
    if axis.isNumeric():
        unit = axis.getUnit()
        values = np.array(axis.extractValues(), np.float64)
        return Axis(name=_text(unit.caption()) or "y", values=values, units=_text(unit.symbol().ascii()))
    rows = range(int(workspace.getNumberHistograms()))
    if axis.isSpectra():
        return Axis(name="spectrum", values=np.array([workspace.getSpectrum(k).getSpectrumNo() for k in rows], float))
    return Axis(name="row", values=np.array(rows, float))


def _y_units(workspace: Any) -> str:
    unit = _text(workspace.YUnit())
    return "counts" if unit == "Counts" else unit


def _text(value: object) -> str:
    return str(value).strip()
