"""Convert the result of a cycle to the plain arrays that are published."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from livereduce.engine.counting.counts import Counts
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.members import members_of
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.matrix.grid import is_like_common
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.sparse_histograms import SparseHistograms
from livereduce.engine.showing.part import ShownPart
from livereduce.engine.showing.scipp_arrays import part_of_array
from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspace_axes import rows_axis, x_axis, y_units
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.tally import Tally
from livereduce.publish.parameters import PARAMETERS
from livereduce.publish.product import MAX_CELLS, MAX_OWN_AXES, Axis, Product
from livereduce.publish.provenance import Provenance
from livereduce.stream.items import F8

if TYPE_CHECKING:
    import scipp as sc


def products_of(
    result: MatrixWorkspace | WorkspaceGroup,
    *,
    pipeline: str,
    run: int,
    name: str,
    incomplete: str,
    parameters: str = "",
    provenance: Provenance | None = None,
    accumulated_as: str = "",
    ended: bool = False,
    start_ns: int = 0,
    end_ns: int = 0,
) -> tuple[Product, ...]:
    """Make the products of a result: one, or one for each member of a group (``result_1``, ``result_2`` …).

    Up to 16 spectra with bins of their own are published one by one (``result_spectrum_1`` …), as with Mantid.

    Parameters
    ----------
    incomplete
        Why data of the run are missing, empty if none are.
    parameters
        Those that the scripts have asked for (`livereduce.publish.parameters`); empty if none.
    provenance
        What the result is made of and by.
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
    ValueError
        It has no spectra.
    """
    of_run: dict[str, float | int | str] = {"incomplete": incomplete, "ended": int(ended)}
    of_run |= {"start_time": _iso(start_ns), "end_time": _iso(end_ns)}
    if parameters:
        of_run[PARAMETERS] = parameters
    if accumulated_as:
        of_run["accumulated_as"] = accumulated_as
    products: list[Product] = []
    for number, member in enumerate(members_of(result), start=1):
        own = f"{name}_{number}" if result.isGroup() else name
        facts = {**_attributes(member.tally), **of_run, "invalid_logs": ", ".join(member.logs.invalid_now())}
        products += (_product(member, part, pipeline, run, own, facts) for part in _shown_parts(member))
    return tuple(replace(product, provenance=provenance) for product in products)


def _product(
    workspace: MatrixWorkspace,
    part: ShownPart,
    pipeline: str,
    run: int,
    name: str,
    facts: dict[str, float | int | str],
) -> Product:
    return Product(
        pipeline=pipeline,
        run=run,
        name=f"{name}{part.suffix}",
        signal=part.signal,
        axes=part.axes,
        errors=part.errors,
        units=part.units,
        title=workspace.getTitle(),
        attributes={**facts, **part.facts},
    )


def workspace_parts(data: Any) -> tuple[ShownPart, ...] | None:
    """The parts of a workspace that a script reports, or of all members of a group; None for anything else.

    Raises
    ------
    TypeError, ValueError
        As `products_of`; or a group has a member without spectra.
    """
    if not isinstance(data, MatrixWorkspace | WorkspaceGroup):
        return None
    parts: list[ShownPart] = []
    for number, member in enumerate(members_of(data), start=1):
        if not isinstance(member, MatrixWorkspace):
            raise TypeError(f"expected a group of workspaces with spectra; got one with a {type(member).__name__}")
        own = f"_{number}" if data.isGroup() else ""
        parts += (replace(part, suffix=f"{own}{part.suffix}") for part in _shown_parts(member))
    return tuple(parts)


def _shown_parts(workspace: MatrixWorkspace) -> tuple[ShownPart, ...]:
    held = workspace.held
    if isinstance(held, Matrix):
        return _of_matrix(workspace, held)
    if convert.is_data_array(held):
        return (part_of_array(_dense(held, workspace)),)
    counts, summed = _shown(held, workspace)
    facts: dict[str, float | int | str] = {}
    if summed:
        facts = {"summed_over_spectra": summed, "thinned": f"sum over {summed} spectra"}
    facts |= {"outside_tof": counts.outside_tof, "unknown_pixel": counts.unknown_pixel}
    return (replace(_of_counts(counts), facts=facts),)


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
    return f"{DateAndTime(time_ns).to_datetime64()}Z" if time_ns else ""


def _shown(held: Events | Counts, result: MatrixWorkspace) -> tuple[Counts, int]:
    """Counts of a size to publish, and the number of spectra that are summed (0: none)."""
    if isinstance(held, Events):
        counts, spectra = result.binned.shown(held, MAX_CELLS), result.binned.table.rows
    else:
        spectra = len(held.pixels)
        counts = held.total() if held.counts.size > MAX_CELLS else held
    return counts, 0 if len(counts.pixels) else spectra


def _of_counts(counts: Counts) -> ShownPart:
    tof = Axis(name="tof", values=counts.binning.edges_us, units="µs")
    values = counts.table()
    if not len(counts.pixels) and len(values) == 1:
        return ShownPart(signal=values[0], axes=(tof,), errors=np.sqrt(values[0]), units="counts")
    # Rows are in the order in which pixels appeared; people and viewers expect an ascending axis.
    if (order := np.argsort(counts.pixels, kind="stable")).tolist() != list(range(len(order))):
        values = values[order]
    pixel = Axis(name="pixel", values=counts.pixels[order].astype(np.float64))
    return ShownPart(signal=values, axes=(pixel, tof), errors=np.sqrt(values), units="counts")


def _of_matrix(workspace: MatrixWorkspace, matrix: Matrix) -> tuple[ShownPart, ...]:
    """Values over the vertical axis and x, or over x alone for a single spectrum; too many spectra are summed."""
    content = matrix.content
    if isinstance(content, SparseHistograms) and content.counts.size > MAX_CELLS:
        return (_of_sparse(workspace, content),)
    histograms = matrix.histograms
    if not histograms.rows:
        raise ValueError("the result has no spectra")
    if not is_like_common(histograms.x, histograms.rows):
        return _of_ragged(workspace, histograms)
    x, y, e = x_axis(workspace, 0), histograms.y_table(), histograms.e_table()
    units = y_units(workspace)
    if y.size > MAX_CELLS and len(y) > 1:
        thinned = f"sum over {len(y)} spectra"
        errors = np.sqrt((e * e).sum(axis=0))
        return (ShownPart(signal=y.sum(axis=0), axes=(x,), errors=errors, units=units, facts={"thinned": thinned}),)
    if len(y) == 1:
        return (ShownPart(signal=y[0], axes=(x,), errors=e[0], units=units),)
    return (ShownPart(signal=y, axes=(rows_axis(workspace), x), errors=e, units=units),)


def _of_sparse(workspace: MatrixWorkspace, content: SparseHistograms) -> ShownPart:
    _, y = content.counts.sums()
    facts: dict[str, float | int | str] = {"thinned": f"sum over {content.rows} spectra"}
    return ShownPart(signal=y, axes=(x_axis(workspace, 0),), errors=np.sqrt(y), units=y_units(workspace), facts=facts)


def _of_ragged(workspace: MatrixWorkspace, histograms: Histograms) -> tuple[ShownPart, ...]:
    """Spectra with bins of their own: each alone, or, of many, their integrals."""
    units, rows = y_units(workspace), histograms.rows
    if rows <= MAX_OWN_AXES:
        return tuple(
            ShownPart(
                signal=histograms.y_of(row),
                axes=(x_axis(workspace, row),),
                errors=histograms.e_of(row),
                units=units,
                suffix=f"_spectrum_{number}",
            )
            for row, number in enumerate(workspace.getSpectrumNumbers())
        )
    owner = np.repeat(np.arange(rows), np.diff(histograms.first))
    integrals: F8 = np.bincount(owner, histograms.y, minlength=rows).astype(np.float64)
    errors = np.sqrt(np.bincount(owner, histograms.e**2, minlength=rows))
    facts: dict[str, float | int | str] = {"thinned": "integral of each spectrum, as their bins differ"}
    return (ShownPart(signal=integrals, axes=(rows_axis(workspace),), errors=errors, units=units, facts=facts),)


def _dense(array: "sc.DataArray", result: MatrixWorkspace) -> "sc.DataArray":
    if convert.is_event_table(array) and "tof" in array.coords:
        return convert.table_histogram(array, result.binned.binning)
    return convert.binned_sum(array)
