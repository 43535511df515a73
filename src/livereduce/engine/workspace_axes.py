"""Axes and units of a result for publishing, of any workspace with Mantid's interface: of both engines alike."""

from typing import Any

import numpy as np

from livereduce.publish.product import Axis


def x_axis(workspace: Any, k: int) -> Axis:
    """X of a spectrum."""
    unit = workspace.getAxis(0).getUnit()
    values = np.array(workspace.readX(k), np.float64)
    if unit.unitID() == "TOF":
        return Axis(name="tof", values=values, units="µs")
    return Axis(name=plain_text(unit.caption()) or "x", values=values, units=plain_text(unit.symbol().ascii()))


def rows_axis(workspace: Any) -> Axis:
    """The axis across the spectra: values, numbers of spectra, or their places."""
    axis = workspace.getAxis(1)
    if axis.isNumeric():
        unit = axis.getUnit()
        values = np.array(axis.extractValues(), np.float64)
        return Axis(name=plain_text(unit.caption()) or "y", values=values, units=plain_text(unit.symbol().ascii()))
    rows = range(int(workspace.getNumberHistograms()))
    if axis.isSpectra():
        return Axis(name="spectrum", values=np.array([workspace.getSpectrum(k).getSpectrumNo() for k in rows], float))
    return Axis(name="row", values=np.array(rows, float))


def y_units(workspace: Any) -> str:
    """The unit of the values, with what they are divided by: ``Counts per microAmp.hour``."""
    unit = plain_text(workspace.YUnit())
    label = plain_text(workspace.YUnitLabel()) if unit else ""
    return "counts" if (label or unit) == "Counts" else label or unit


def plain_text(value: object) -> str:
    """A text of Mantid's without spaces around it."""
    return str(value).strip()
