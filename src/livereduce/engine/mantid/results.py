"""Convert Mantid's result to the plain arrays that are published. Changes nothing."""

from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.engine.mantid.inspect_workspace import is_group, members
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.engine.showing.part import ShownPart
from livereduce.engine.workspace_axes import plain_text, rows_axis, x_axis, y_units
from livereduce.publish.parameters import PARAMETERS
from livereduce.publish.product import MAX_CELLS, MAX_OWN_AXES, Product


def products_of(result: Any, *, pipeline: str, name: str, book: RunLedger, parameters: str = "") -> tuple[Product, ...]:
    """Make the products of a result: one, or one for each member of a group (``result_1``, ``result_2`` …).

    Parameters
    ----------
    parameters
        Those that the scripts have asked for (`livereduce.publish.parameters`); empty if none.

    Raises
    ------
    TypeError
        The result is of a kind without counts in bins, such as a table.
    """
    facts = _attributes(book) | ({PARAMETERS: parameters} if parameters else {})
    products: list[Product] = []
    for k, part in enumerate(members(result), start=1):
        if not hasattr(part, "getNumberHistograms"):
            raise TypeError(f"a result of type {type(part).__name__} has no spectra; it is not published")
        own = f"{name}_{k}" if is_group(result) else name
        products += (_product(part, shown, pipeline, own, book.run, facts) for shown in _shown(part))
    return tuple(products)


def workspace_parts(data: Any) -> tuple[ShownPart, ...] | None:
    """The parts of a workspace that a script reports, or of all members of a group; None for anything else.

    Raises
    ------
    TypeError
        A group has a member without spectra.
    """
    if not is_group(data) and not hasattr(data, "getNumberHistograms"):
        return None
    parts: list[ShownPart] = []
    for k, member in enumerate(members(data), start=1):
        if not hasattr(member, "getNumberHistograms"):
            raise TypeError(f"expected a group of workspaces with spectra; got one with a {type(member).__name__}")
        own = f"_{k}" if is_group(data) else ""
        parts += (replace(part, suffix=f"{own}{part.suffix}") for part in _shown(member))
    return tuple(parts)


def _product(
    workspace: Any, shown: ShownPart, pipeline: str, name: str, run: int, facts: dict[str, float | int | str]
) -> Product:
    return Product(
        pipeline=pipeline,
        run=run,
        name=name + shown.suffix,
        signal=shown.signal,
        axes=shown.axes,
        errors=shown.errors,
        units=shown.units,
        title=plain_text(workspace.getTitle()),
        attributes=facts | shown.facts,
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


def _shown(workspace: Any) -> tuple[ShownPart, ...]:
    rows = int(workspace.getNumberHistograms())
    sizes = {len(workspace.readY(k)) for k in range(rows)}
    if len(sizes) == 1 and (rows == 1 or workspace.isCommonBins()):
        return (_table(workspace, rows, sizes.pop()),)
    if rows <= MAX_OWN_AXES:
        return tuple(_single(workspace, k) for k in range(rows))
    return (_integrals(workspace, rows),)


def _table(workspace: Any, rows: int, bins: int) -> ShownPart:
    x, units = x_axis(workspace, 0), y_units(workspace)
    if rows * bins > MAX_CELLS:
        signal, variances = np.zeros(bins), np.zeros(bins)
        for k in range(rows):  # row by row: all rows at once would be a second copy of something large
            signal += workspace.readY(k)
            variances += np.square(workspace.readE(k))
        facts: dict[str, float | int | str] = {"thinned": f"sum over {rows} spectra"}
        return ShownPart(signal=signal, errors=np.sqrt(variances), axes=(x,), units=units, facts=facts)
    signal, errors = np.array(workspace.extractY(), np.float64), np.array(workspace.extractE(), np.float64)
    if rows == 1:
        return ShownPart(signal=signal.reshape(bins), errors=errors.reshape(bins), axes=(x,), units=units)
    shape, axes = (rows, bins), (rows_axis(workspace), x)
    return ShownPart(signal=signal.reshape(shape), errors=errors.reshape(shape), axes=axes, units=units)


def _single(workspace: Any, k: int) -> ShownPart:
    """One spectrum with bins of its own."""
    return ShownPart(
        suffix=f"_spectrum_{int(workspace.getSpectrum(k).getSpectrumNo())}",
        signal=np.array(workspace.readY(k), np.float64),
        errors=np.array(workspace.readE(k), np.float64),
        axes=(x_axis(workspace, k),),
        units=y_units(workspace),
    )


def _integrals(workspace: Any, rows: int) -> ShownPart:
    signal = np.array([np.sum(workspace.readY(k)) for k in range(rows)])
    errors = np.sqrt([np.sum(np.square(workspace.readE(k))) for k in range(rows)])
    facts: dict[str, float | int | str] = {"thinned": "integral of each spectrum, as their bins differ"}
    axes, units = (rows_axis(workspace),), y_units(workspace)
    return ShownPart(signal=signal, errors=errors, axes=axes, units=units, facts=facts)
