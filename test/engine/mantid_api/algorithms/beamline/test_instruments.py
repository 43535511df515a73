from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from livereduce.engine.geometry.errors import GeometryError

DEFINITION = """<?xml version="1.0" encoding="UTF-8"?><instrument name="TOY" valid-from="{since}">
<component type="m"><location z="-7"/></component><type name="m" is="Source"/>
<component type="s"><location/></component><type name="s" is="SamplePos"/>
<component type="mon" idlist="n"><location z="-1"/></component><type name="mon" is="monitor"/>
<component type="bank" idlist="a"><location name="bank1" z="2"/></component>
<type name="bank"><component type="px"><location x="1"/><location x="2"/></component></type>
<type name="px" is="detector"/>
<idlist idname="n"><id val="-1"/></idlist><idlist idname="a" start="10" end="11"/></instrument>"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "TOY_Definition.xml"
    path.write_text(DEFINITION.format(since="1990-01-01 00:00:00"))
    return path


def test_an_empty_instrument_of_a_file(simpleapi: Any, toy: Path) -> None:
    ws = simpleapi.LoadEmptyInstrument(str(toy))
    assert ws.matrix.spectra.ids.tolist() == [-1, 10, 11]
    assert ws.extractY().tolist() == [[2.0], [1.0], [1.0]]
    assert ws.matrix.instrument().l1 == 7
    events = simpleapi.LoadEmptyInstrument(Filename=str(toy), MakeEventWorkspace=True)
    assert events.getNumberEvents() == 0


def test_the_newest_definition_beside_the_scripts(simpleapi: Any, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy.parent / "TOY_Definition_2.xml").write_text(DEFINITION.format(since="2001-01-01").replace("-7", "-8"))
    (toy.parent / "TOY_Definition_future.xml").write_text(DEFINITION.format(since="2999-01-01"))
    (toy.parent / "TOY_Definition_bad.xml").write_text(DEFINITION.format(since="2999-99-01"))
    monkeypatch.syspath_prepend(str(toy.parent))
    assert simpleapi.LoadEmptyInstrument(InstrumentName="TOY").matrix.instrument().l1 == 8


def test_the_definition_of_the_stream(simpleapi: Any) -> None:
    from livereduce.engine.geometry.definition import Definition

    chunk = simpleapi.CreateSampleWorkspace()
    chunk.geometry = Definition(DEFINITION.format(since="1990-01-01"))
    assert simpleapi.LoadEmptyInstrument(InstrumentName="toy").matrix.instrument().l1 == 7


def test_names_are_those_of_the_facility_table(simpleapi: Any, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.rename(toy.parent / "EQ-SANS_Definition.xml")
    monkeypatch.syspath_prepend(str(toy.parent))
    ws = simpleapi.LoadEmptyInstrument(InstrumentName="EQSANS")
    assert ws.matrix.instrument().l1 == 7


def test_a_script_goes_on_without_a_definition(simpleapi: Any, caplog: pytest.LogCaptureFixture) -> None:
    ws = simpleapi.LoadEmptyInstrument(InstrumentName="REF_M", OutputWorkspace="result")
    assert ws.getNumberHistograms() == 1
    assert "no definition of instrument REF_M is at hand" in caplog.text
    with pytest.raises(GeometryError, match="LoadEmptyInstrument for REF_M has no instrument definition"):
        ws.matrix.instrument()


def test_load_instrument(simpleapi: Any, toy: Path) -> None:
    ws = simpleapi.CreateWorkspace(DataX=[0, 1], DataY=[1, 2, 3], NSpec=3)
    monitors = simpleapi.LoadInstrument(ws, InstrumentXML=toy.read_text(), RewriteSpectraMap=True)
    assert list(monitors) == [-1]
    assert ws.matrix.spectra.ids.tolist() == [-1, 10, 11]
    simpleapi.LoadInstrument(ws, Filename=str(toy), RewriteSpectraMap=False)
    assert_allclose(ws.matrix.instrument().l2, [1, np.sqrt(5), np.sqrt(8)])
    with pytest.raises(ValueError, match="LoadInstrument: no definition of instrument NONE"):
        simpleapi.LoadInstrument(ws, InstrumentName="NONE", RewriteSpectraMap=False)
    with pytest.raises(RuntimeError, match="line 1"):
        simpleapi.LoadInstrument(ws, InstrumentXML="<instrument>", RewriteSpectraMap=False)


def test_edit_instrument_geometry(simpleapi: Any) -> None:
    ws = simpleapi.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2)
    simpleapi.EditInstrumentGeometry(
        ws, PrimaryFlightPath=60, SpectrumIDs=[2, 1], L2=[3, 4], Polar=[90, 30], Azimuthal=[0, 45], InstrumentName="P"
    )
    instrument = ws.matrix.instrument()
    assert instrument.name == "P"
    assert instrument.l1 == 60
    assert ws.matrix.spectra.ids.tolist() == [100, 101]
    assert_allclose(instrument.l2, [4, 3])
    assert_allclose(np.degrees(instrument.two_theta), [30, 90])
    assert_allclose(np.degrees(instrument.phi), [45, 0], atol=1e-9)
    simpleapi.EditInstrumentGeometry(ws, L2="1, 2", Polar="10, 20", DetectorIDs="7, 5")
    assert ws.matrix.instrument().l1 == 60
    assert ws.matrix.instrument().ids.tolist() == [5, 7]
    assert_allclose(ws.matrix.instrument().l2, [2, 1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"L2": [1], "Polar": [1, 2]}, "L2 has 1 values; the workspace has 2 spectra"),
        ({"L2": [1, 0], "Polar": [1, 2]}, "L2 is 0"),
        ({"L2": [1, 1], "Polar": [1, 2], "SpectrumIDs": [1, 9]}, "no spectrum named '9'"),
    ],
)
def test_edit_instrument_geometry_wrongly(simpleapi: Any, arguments: dict[str, Any], said: str) -> None:
    ws = simpleapi.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2)
    with pytest.raises(ValueError, match=said):
        simpleapi.EditInstrumentGeometry(ws, PrimaryFlightPath=1, **arguments)


def test_without_an_instrument_it_says_what_is_missing(simpleapi: Any) -> None:
    ws = simpleapi.CreateWorkspace(DataX=[0, 1], DataY=[1])
    with pytest.raises(RuntimeError, match=r"EditInstrumentGeometry: .* has no instrument definition"):
        simpleapi.EditInstrumentGeometry(ws, L2=[1], Polar=[2])


def test_move_and_rotate_a_component(simpleapi: Any, toy: Path) -> None:
    ws = simpleapi.LoadEmptyInstrument(str(toy))
    simpleapi.MoveInstrumentComponent(ws, "bank1", X=1, Z=1)
    assert_allclose(ws.matrix.instrument().position[1:], [[2, 0, 3], [3, 0, 3]])
    simpleapi.MoveInstrumentComponent(ws, ComponentName="bank1", X=0, Y=0, Z=5, RelativePosition=False)
    assert_allclose(ws.matrix.instrument().position[1:], [[1, 0, 5], [2, 0, 5]])
    simpleapi.RotateInstrumentComponent(ws, "bank1", X=0, Y=1, Z=0, Angle=90)
    assert_allclose(ws.matrix.instrument().position[1:], [[0, 0, 4], [0, 0, 3]], atol=1e-12)
    simpleapi.RotateInstrumentComponent(ws, "bank1", X=0, Y=1, Z=0, Angle=180, RelativeRotation=False)
    assert_allclose(ws.matrix.instrument().position[1:], [[-1, 0, 5], [-2, 0, 5]], atol=1e-12)
    simpleapi.MoveInstrumentComponent(ws, DetectorID=11, Y=1)
    assert_allclose(ws.matrix.instrument().position[2], [-2, 1, 5], atol=1e-12)
    simpleapi.MoveInstrumentComponent(ws, "TOY/m", Z=-1)
    assert ws.matrix.instrument().l1 == 8
    with pytest.raises(ValueError, match="no component named 'bank9'"):
        simpleapi.MoveInstrumentComponent(ws, "bank9", X=1)
    with pytest.raises(ValueError, match="axis"):
        simpleapi.RotateInstrumentComponent(ws, "bank1", Angle=1)


def test_parameters_of_a_file_beside_the_definition(
    simpleapi: Any, toy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    link = '<component-link name="{0}"><parameter name="{1}"><value val="{2}"/></parameter></component-link>'
    (toy.parent / "TOY_Parameters.xml").write_text(
        f'<parameter-file instrument="TOY">{link.format("TOY", "Efixed", 2.08)}{link.format("bank1", "z", 3)}'
        "</parameter-file>"
    )
    ws = simpleapi.LoadEmptyInstrument(str(toy))
    assert ws.getInstrument().getNumberParameter("Efixed") == [2.08]
    assert ws.matrix.instrument().position[1].tolist() == [1, 0, 3]
    (toy.parent / "TOY_Parameters.xml").write_text("<parameter-file>")
    toy.write_text(toy.read_text() + "\n")
    ws = simpleapi.LoadEmptyInstrument(str(toy))
    assert ws.matrix.instrument().position[1].tolist() == [1, 0, 2]
    assert "TOY_Parameters.xml is left out" in caplog.text
