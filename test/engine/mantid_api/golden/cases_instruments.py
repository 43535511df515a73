"""Instruments."""

from typing import Any

import numpy as np

XML = """<?xml version="1.0" encoding="UTF-8"?>
<instrument name="TOY" valid-from="1990-01-01 00:00:00" valid-to="2100-01-31 23:59:59" last-modified="2020-01-01">
<component type="m"><location z="-7"/></component><type name="m" is="Source"/>
<component type="s"><location/></component><type name="s" is="SamplePos"/>
<component type="bank" idlist="a"><location name="bank1" z="2"/></component>
<type name="bank"><component type="px"><location x="1"/><location x="2"/></component></type>
<type name="px" is="detector"/><idlist idname="a"><id start="10" end="11"/></idlist></instrument>"""


def case_load_instrument_xml(api: Any, expect: Any) -> None:
    """LoadInstrument: ids and positions of a definition. Source: an own definition; by hand."""
    ws = api.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2, OutputWorkspace="toy")
    api.LoadInstrument(ws, InstrumentXML=XML, InstrumentName="TOY", RewriteSpectraMap=True)
    info = ws.spectrumInfo()
    expect("L1", info.l1(), 7.0, 1e-12)
    expect("L2", [info.l2(0), info.l2(1)], [np.sqrt(5), np.sqrt(8)], 1e-12)
    expect("two theta", [info.twoTheta(0), info.twoTheta(1)], [np.arctan2(1, 2), np.arctan2(2, 2)], 1e-12)
    expect("ids", [next(iter(ws.getSpectrum(i).getDetectorIDs())) for i in (0, 1)], [10, 11])


def case_move_component(api: Any, expect: Any) -> None:
    """MoveInstrumentComponent: by a step, to a place. Source: an own definition; by hand."""
    ws = api.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2, OutputWorkspace="toy")
    api.LoadInstrument(ws, InstrumentXML=XML, InstrumentName="TOY", RewriteSpectraMap=True)
    api.MoveInstrumentComponent(ws, ComponentName="bank1", Z=1)
    expect("L2 after a step", ws.spectrumInfo().l2(0), np.sqrt(10), 1e-12)
    api.MoveInstrumentComponent(ws, ComponentName="bank1", X=1, Y=2, Z=0, RelativePosition=False)
    expect("L2 at a place", ws.spectrumInfo().l2(0), np.sqrt(8), 1e-12)


def case_rotate_component(api: Any, expect: Any) -> None:
    """RotateInstrumentComponent: about y. Source: an own definition; by hand."""
    ws = api.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2, OutputWorkspace="toy")
    api.LoadInstrument(ws, InstrumentXML=XML, InstrumentName="TOY", RewriteSpectraMap=True)
    api.RotateInstrumentComponent(ws, ComponentName="bank1", X=0, Y=1, Z=0, Angle=90)
    expect("L2", [ws.spectrumInfo().l2(0), ws.spectrumInfo().l2(1)], [1.0, 0.0], 1e-12)


def case_edit_instrument_geometry(api: Any, expect: Any) -> None:
    """EditInstrumentGeometry: by spectrum numbers. Source: Mantid EditInstrumentGeometry.cpp."""
    ws = api.CreateWorkspace(DataX=[0, 1], DataY=[1, 2], NSpec=2, OutputWorkspace="edited")
    api.EditInstrumentGeometry(
        ws, PrimaryFlightPath=60, SpectrumIDs=[2, 1], L2=[3, 4], Polar=[90, 30], Azimuthal=[0, 45], InstrumentName="P"
    )
    info = ws.spectrumInfo()
    expect("L1", info.l1(), 60.0, 1e-12)
    expect("L2", [info.l2(0), info.l2(1)], [4.0, 3.0], 1e-12)
    expect("two theta", [info.twoTheta(0), info.twoTheta(1)], np.radians([30.0, 90.0]), 1e-12)
    expect("ids", [next(iter(ws.getSpectrum(i).getDetectorIDs())) for i in (0, 1)], [100, 101])


def case_empty_instrument_file(api: Any, expect: Any) -> None:
    """LoadEmptyInstrument: one bin of 1 for a detector. Source: Mantid LoadEmptyInstrument-v1.rst."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "TOY_Definition.xml")  # noqa: PTH118 (runs on any Mantid)
        with open(path, "w") as file:  # noqa: PTH123
            file.write(XML)
        ws = api.LoadEmptyInstrument(Filename=path, OutputWorkspace="empty")
    expect("number of spectra", ws.getNumberHistograms(), 2)
    expect("Y", [ws.readY(0)[0], ws.readY(1)[0]], [1.0, 1.0])
