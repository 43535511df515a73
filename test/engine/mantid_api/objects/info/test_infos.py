"""Positions, angles and masks as scripts ask for them, on an instrument that can be computed by hand."""

import math

import numpy as np
import pytest

from helpers.workspaces import events_workspace, histogram_workspace, small_instrument
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.objects.info.component import Detector, DetectorGroup
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.values.v3d import V3D

RIGHT = math.pi / 2


def workspace() -> MatrixWorkspace:
    return histogram_workspace([[1], [2], [3], [4]], ids=[5, 6, 7, 8], geometry=small_instrument())


def grouped() -> MatrixWorkspace:
    """Pixels 5 and 6 together, a spectrum without a detector, and pixel 7."""
    ws = histogram_workspace([[1], [2], [3]], geometry=small_instrument())
    groups = [np.array(ids, np.int32) for ids in ([5, 6], [], [7])]
    ws.with_table(SpectrumTable.of_groups(np.array([1, 2, 3], np.int32), groups))
    return ws


def test_spectrum_info_gives_lengths_and_angles() -> None:
    info = workspace().spectrumInfo()
    assert (info.size(), len(info), info.l1(), [info.l2(row) for row in range(4)]) == (4, 4, 10, [2, 1, 2**0.5, -2])
    assert [info.twoTheta(row) for row in range(3)] == pytest.approx([RIGHT, RIGHT, math.pi / 4])
    assert info.signedTwoTheta(0) == pytest.approx(RIGHT)
    assert info.signedTwoTheta(1) == pytest.approx(-RIGHT), "it is below the beam"
    assert [info.azimuthal(row) for row in range(3)] == pytest.approx([0, -RIGHT, 0])
    assert (info.isMonitor(0), info.isMonitor(3), info.hasUniqueDetector(1)) == (False, True, True)
    assert (info.position(0), info.sourcePosition(), info.samplePosition()) == (V3D(2, 0, 0), V3D(0, 0, -10), V3D())
    assert info.difcUncalibrated(0) == pytest.approx(12 * 2**0.5 / A_US_PER_M)
    assert info.geographicalAngles(0) == pytest.approx((0, RIGHT))
    assert (info.getSpectrumDefinition(2), len(info.getAllSpectrumDefinitions())) == ([(2, 0)], 4)
    assert [one.l2 for one in info][:2] == [2, 1]
    with pytest.raises(RuntimeError, match="spectrum 3 of 'histogram' is a beam monitor: it has no angle"):
        info.twoTheta(3)
    with pytest.raises(RuntimeError, match="has 4 spectra, none at 4"):
        info.l2(4)


def test_grouped_spectra_have_means() -> None:
    ws = grouped()
    info = ws.spectrumInfo()
    assert (info.l2(0), info.position(0)) == (1.5, V3D(1, -0.5, 0))
    assert info.twoTheta(0) == pytest.approx(RIGHT)
    assert (info.hasDetectors(1), info.hasUniqueDetector(0), info.isMonitor(1)) == (False, False, False)
    with pytest.raises(RuntimeError, match="spectrum 1 of 'histogram' has no detector"):
        info.l2(1)
    group = ws.getDetector(0)
    assert isinstance(group, DetectorGroup)
    assert (group.getID(), group.getDetectorIDs(), group.nDets(), group.getPos()) == (5, [5, 6], 2, V3D(1, -0.5, 0))
    assert group.getTwoTheta(V3D(), V3D(0, 0, 1)) == pytest.approx(RIGHT)
    with pytest.raises(RuntimeError, match="spectrum 1 of 'histogram' has no detector"):
        ws.getDetector(1)


def test_masks_are_set_and_go_with_the_workspace() -> None:
    ws = workspace()
    ws.spectrumInfo().setMasked(1, True)
    ws.detectorInfo().setMasked(ws.detectorInfo().indexOf(7), True)
    assert [ws.spectrumInfo().isMasked(row) for row in range(4)] == [False, True, True, False]
    assert [one.isMasked for one in ws.detectorInfo()] == [False, True, True, False]
    assert (ws.getDetector(1).isMasked(), ws.getNumberMasked(), ws.readY(1).tolist()) == (True, 2, [2])
    assert ws.clone().spectrumInfo().hasMaskedDetectors()
    ws.maskDetectors([5, 99])
    assert ws.spectrumInfo().isMasked(0)
    ws.detectorInfo().clearMaskFlags()
    assert (ws.spectrumInfo().hasMaskedDetectors(), ws.detectorInfo().hasMaskedDetectors()) == (False, False)
    with pytest.raises(RuntimeError, match="detector 5 shares its spectrum with others"):
        grouped().detectorInfo().setMasked(0, True)


def test_detector_info_is_in_the_order_of_ids() -> None:
    ws = workspace()
    info = ws.detectorInfo()
    assert (info.detectorIDs().tolist(), info.size(), info.indexOf(7), info.l1()) == ([5, 6, 7, 8], 4, 2, 10)
    assert (info.l2(1), info.l2(3), info.position(1), info.isMonitor(3)) == (1, -2, V3D(0, -1, 0), True)
    assert (info.twoTheta(2), info.signedTwoTheta(1)) == pytest.approx((math.pi / 4, -RIGHT))
    assert ws.detectorTwoTheta(ws.getDetector(2)) == pytest.approx(math.pi / 4)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="detector 8 is a beam monitor"):
        info.twoTheta(3)
    with pytest.raises(IndexError, match="'TINY' has no detector 9"):
        info.indexOf(9)


def test_the_instrument_has_its_parts() -> None:
    ws = workspace()
    instrument = ws.getInstrument()
    source, sample = instrument.getSource(), instrument.getSample()
    assert source is not None
    assert sample is not None
    assert (instrument.getName(), source.getPos().Z(), source.getDistance(sample)) == ("TINY", -10, 10)
    assert (instrument.getNumberDetectors(), instrument.getNumberDetectors(skipMonitors=True)) == (4, 3)
    detector = instrument.getDetector(7)
    assert (detector.getID(), detector.getPos(), detector.isMonitor(), detector.getName()) == (
        7,
        V3D(1, 0, 1),
        False,
        "detector7",
    )
    found = instrument.getComponentByName("detector6")
    assert isinstance(found, Detector)
    assert (found.getFullName(), found.type(), found.getID()) == ("TINY/detector6", "DetectorComponent", 6)
    assert instrument.getComponentByName("nothing") is None
    assert (instrument.getNumberParameter("x"), instrument.hasParameter("x"), instrument.getStringParameter("x")) == (
        [],
        False,
        [],
    )
    assert instrument.getReferenceFrame().pointingUpAxis() == "Y"
    assert [one.getID() for one in instrument.getDetectors([5, 8])] == [5, 8]
    with pytest.raises(RuntimeError, match="instrument 'TINY' has no detector 99"):
        instrument.getDetector(99)


def test_component_info_has_detectors_first_and_the_instrument_last() -> None:
    info = workspace().componentInfo()
    assert (info.size(), info.root(), info.name(info.root())) == (7, 6, "TINY")
    assert [info.name(place) for place in range(4)] == ["detector5", "detector6", "detector7", "detector8"]
    assert (info.position(info.source()), info.position(info.sample()), info.l1()) == (V3D(0, 0, -10), V3D(), 10)
    assert (info.indexOfAny("detector7"), info.isDetector(2), info.isDetector(6), info.parent(2)) == (2, True, False, 6)
    assert (sorted(info.detectorsInSubtree(6)), len(info.componentsInSubtree(6)), len(info.children(6))) == (
        [0, 1, 2, 3],
        7,
        6,
    )
    with pytest.raises(ValueError, match=r"no component named 'detector77'"):
        info.indexOfAny("detector77")


def test_without_a_definition_only_positions_are_missing() -> None:
    ws = events_workspace()
    ws.logs.set_plain("instrument_name", "POWGEN")
    assert (ws.getInstrument().getName(), ws.spectrumInfo().isMasked(0), ws.spectrumInfo().isMonitor(0)) == (
        "POWGEN",
        False,
        False,
    )
    assert (ws.spectrumInfo().hasDetectors(0), ws.detectorInfo().size(), ws.sample().getName()) == (True, 0, "")
    for ask in (
        lambda: ws.spectrumInfo().twoTheta(0),
        lambda: ws.getDetector(0).getPos(),
        lambda: ws.getInstrument().getSource(),
        lambda: ws.componentInfo().size(),
    ):
        with pytest.raises(RuntimeError, match="no instrument definition"):
            ask()
    assert [ws.getDetector(row).getID() for row in range(3)] == [5, 6, 7], "ids are known without positions"
    ws.geometry = Definition()
    assert ws.getEMode() == 0
