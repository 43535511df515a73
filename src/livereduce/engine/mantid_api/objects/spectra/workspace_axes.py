"""The two axes of a workspace, and what a script sets on them."""

from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.objects.spectra.axes import AxisContent, MantidAxis, axis_of
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.matrix.matrix import VerticalAxis


def axis(workspace: SpectraHolder, index: int) -> MantidAxis:
    """Axis 0, x as spectrum 0 has it, or 1, across the spectra.

    Raises
    ------
    IndexError
        There are two.
    """
    if index not in (0, 1):
        raise IndexError(f"workspace {workspace.name()!r} has two axes, 0 and 1, none {index}")
    if index == 1:
        return axis_of(_vertical(workspace), lambda said: take(workspace, 1, said), points=workspace.static.rows)
    unit, (caption, symbol) = workspace.static.unit, workspace.static.x_label
    x = workspace.readX(0) if workspace.getNumberHistograms() else np.empty(0)
    content = AxisContent(values=np.array(x), unit=unit or "Empty", caption=caption, symbol=symbol)
    return axis_of(content, lambda said: take(workspace, 0, said))


def _vertical(workspace: SpectraHolder) -> AxisContent:
    said = workspace.static.vertical
    if said is None:
        return AxisContent(values=workspace.table.number.astype(np.float64))
    return AxisContent(
        values=said.values, unit=said.unit or "Empty", caption=said.caption, symbol=said.symbol, labels=said.labels
    )


def take(workspace: SpectraHolder, index: int, said: AxisContent) -> None:
    """Set an axis of a workspace to what one says; of x the unit, since its values belong to the spectra.

    Raises
    ------
    ValueError
        It has not a value, or an edge, for each spectrum.
    """
    if index == 0:
        unit = "" if said.unit in (None, "Empty") else str(said.unit)
        workspace.take(replace(workspace.static, unit=unit, x_label=(said.caption, said.symbol)))
        return
    rows, size = workspace.static.rows, len(said.labels) if said.unit == "Text" else len(said.values)
    if size not in (rows, rows + 1):
        raise ValueError(f"an axis of {size} values does not fit to the {rows} spectra of {workspace.name()!r}")
    vertical = None
    if said.unit is not None:
        vertical = VerticalAxis(
            values=said.values,
            unit="" if said.unit == "Empty" else said.unit,
            caption=said.caption,
            symbol=said.symbol,
            labels=said.labels,
        )
    workspace.with_said(vertical=vertical)
