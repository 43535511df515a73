"""Answers as in Mantid's AxisTest.py and MatrixWorkspaceTest.py."""

import numpy as np
import pytest

from helpers.workspaces import events_workspace, histogram_workspace
from livereduce.engine.mantid_api.objects.spectra.axes import BinEdgeAxis, NumericAxis, SpectraAxis, TextAxis


def test_x_has_a_unit_with_caption_symbol_and_label() -> None:
    axis = events_workspace().getAxis(0)
    unit = axis.getUnit()
    assert (unit.unitID(), unit.caption(), str(unit.symbol()), unit.label()) == (
        "TOF",
        "Time-of-flight",
        "microsecond",
        "microsecond",
    )
    assert (unit.symbol().utf8(), unit.symbol().ascii()) == ("µs", "microsecond")
    assert (axis.isNumeric(), axis.isSpectra(), axis.length(), axis.getMax()) == (True, False, 4, 40)
    assert axis.extractValues().tolist() == [0, 10, 20, 40]


def test_the_vertical_axis_has_numbers_of_spectra() -> None:
    ws = events_workspace()
    axis = ws.getAxis(1)
    assert (axis.isSpectra(), len(axis), axis.getUnit().caption(), axis.getUnit().unitID()) == (
        True,
        3,
        "Spectrum",
        "Label",
    )
    assert (axis.getValue(1), axis.extractValues().tolist(), axis.title()) == (2, [1, 2, 3], "")
    assert ws.axes() == 2
    assert isinstance(SpectraAxis.create(ws), SpectraAxis)
    with pytest.raises(IndexError, match="two axes"):
        ws.getAxis(2)


def test_units_are_replaced_and_labels_set() -> None:
    ws = histogram_workspace([[1], [2], [3]])
    ws.getAxis(0).setUnit("Label").setLabel("Time", "ns")
    ws.getAxis(1).setUnit("Label").setLabel("Temperature", "K")
    x, vertical = (ws.getAxis(number).getUnit() for number in (0, 1))
    assert (x.caption(), x.label(), vertical.caption(), vertical.label()) == ("Time", "ns", "Temperature", "K")
    ws.getAxis(0).setUnit("dSpacing")
    assert (ws.matrix.unit, ws.getAxis(0).getUnit().symbol().utf8()) == ("dSpacing", "Å")
    with pytest.raises(RuntimeError, match=r"no unit named 'dspacing'; did you mean 'dSpacing'"):
        ws.getAxis(0).setUnit("dspacing")
    with pytest.raises(RuntimeError, match="only the unit Label"):
        ws.getAxis(0).getUnit().setLabel("a", "b")


def test_an_axis_that_a_script_makes_replaces_the_vertical_one() -> None:
    ws = histogram_workspace([[1], [2]])
    axis = NumericAxis.create(2)
    axis.setValue(1, 0.5)
    axis.setUnit("MomentumTransfer")
    ws.replaceAxis(1, axis)
    assert (ws.getAxis(1).extractValues().tolist(), ws.getAxis(1).getUnit().unitID()) == ([0, 0.5], "MomentumTransfer")
    ws.getAxis(1).setValue(0, 0.25)
    assert ws.getAxis(1).extractValues().tolist() == [0.25, 0.5]
    edges = BinEdgeAxis.create(3)
    ws.replaceAxis(1, edges)
    assert isinstance(ws.getAxis(1), BinEdgeAxis)
    words = TextAxis.create(2)
    words.setLabel(0, "first")
    ws.replaceAxis(1, words)
    assert (ws.getAxis(1).isText(), ws.getAxis(1).extractValues(), ws.getAxis(1).label(0)) == (
        True,
        ["first", ""],
        "first",
    )
    with pytest.raises(ValueError, match="an axis of 5 values does not fit to the 2 spectra"):
        ws.replaceAxis(1, NumericAxis.create(5))


def test_dimensions_have_limits_and_bins() -> None:
    ws = histogram_workspace([[1, 2], [3, 4], [5, 6]], np.array([0.0, 2.0, 6.0]))
    x, y = ws.getDimension(0), ws.getYDimension()
    assert (x.getNBins(), x.getMinimum(), x.getMaximum(), x.getX(1), x.getUnits()) == (2, 0, 6, 2, "microsecond")
    assert (x.getName(), x.getBinWidth(), x.getNBoundaries(), x.getDimensionId()) == (
        "Time-of-flight",
        3,
        3,
        "xDimension",
    )
    assert (y.getNBins(), y.name, len(ws.getNonIntegratedDimensions())) == (3, "Spectrum", 2)
    assert ws.getSignalArray().shape == (2, 3)
