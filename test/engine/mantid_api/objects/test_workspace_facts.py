"""What a workspace says of itself beside its values."""

import pytest

from helpers.workspaces import events_workspace, histogram_workspace
from livereduce.engine.mantid_api.objects.info.sample import SampleInBeam
from livereduce.engine.matrix.matrix import MatrixKind
from livereduce.engine.workspaces.runlogs import RunLogs


def test_units_of_the_values_and_distributions() -> None:
    ws = histogram_workspace([[1, 2]])
    assert (ws.YUnit(), ws.YUnitLabel(), ws.isDistribution()) == ("Counts", "Counts", False)
    ws.setDistribution(True)
    assert (ws.YUnitLabel(), ws.isDistribution(), ws.readY(0).tolist()) == ("Counts per microsecond", True, [1, 2])
    ws.setYUnitLabel("Reflectivity")
    assert (ws.YUnitLabel(), ws.clone().YUnitLabel()) == ("Reflectivity", "Reflectivity")
    ws.setYUnit("Counts per microAmp.hour")
    assert (ws.YUnit(), ws.matrix.y_label) == ("Counts per microAmp.hour", "")
    with pytest.raises(TypeError, match="no fact named 'y_units'"):
        ws.with_said(y_units="x")


def test_workspaces_are_compared_within_a_tolerance() -> None:
    one = histogram_workspace([[1, 2], [3, 4]])
    assert one.equals(one.clone())
    assert one.equals(histogram_workspace([[1, 2], [3, 4.1]]), 0.2)
    for other in (
        histogram_workspace([[1, 2], [3, 4.1]]),
        histogram_workspace([[1, 2]]),
        histogram_workspace([[1], [3]]),
    ):
        assert not one.equals(other)
    other = one.clone()
    other.getAxis(0).setUnit("dSpacing")
    assert not one.equals(other)


def test_a_mask_says_which_detectors_are_masked() -> None:
    mask = histogram_workspace([[0], [1], [1]], ids=[5, 6, 7], kind=MatrixKind.MASK)
    assert (mask.getNumberMasked(), mask.isMasked(6), mask.isMasked(5), mask.isMasked([6, 7])) == (2, True, False, True)
    assert not mask.isMasked(99)
    assert (mask.hasMaskedBins(0), mask.hasAnyMaskedBins(), mask.maskedBinsIndices(0)) == (False, False, [])


def test_run_sample_and_monitors_are_set() -> None:
    ws, monitors = events_workspace(), events_workspace("monitors")
    ws.setMonitorWorkspace(monitors)
    assert ws.getMonitorWorkspace() is monitors
    ws.clearMonitorWorkspace()
    with pytest.raises(RuntimeError, match="has no monitor workspace"):
        ws.getMonitorWorkspace()
    run = RunLogs()
    run.addProperty("run_number", 48127, True)
    ws.setRun(run)
    assert (ws.getRunNumber(), ws.run() is run, ws.mutableRun() is ws.run()) == (48127, False, True)
    sample = SampleInBeam("quartz")
    sample.setThickness(12.5)
    ws.setSample(sample)
    sample.setThickness(1)
    assert (ws.sample().getName(), ws.sample().getThickness(), ws.sample().hasOrientedLattice()) == (
        "quartz",
        12.5,
        False,
    )
    assert ws.getMemorySize() > 0
    assert (ws.isDirty(), ws.threadSafe(), ws.getEMode()) == (False, True, 0)
