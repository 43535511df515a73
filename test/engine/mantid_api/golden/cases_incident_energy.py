"""GetEi."""

from typing import Any

import numpy as np

MONITORS = """<instrument name="two monitors" valid-from="1900-01-31 23:59:59">
<defaults><length unit="meter"/><angle unit="degree"/>
<reference-frame><along-beam axis="z"/><pointing-up axis="y"/></reference-frame></defaults>
<component type="source"><location z="-20"/></component><type name="source" is="Source"/>
<component type="sample"><location/></component><type name="sample" is="SamplePos"/>
<component type="monitor" idlist="both"><location z="-9" name="near"/><location z="-2" name="far"/></component>
<type name="monitor" is="monitor"/><idlist idname="both"><id val="1"/><id val="2"/></idlist></instrument>"""


def case_energy_of_two_monitors(api: Any, expect: Any) -> None:
    """GetEi: a broad and a narrow peak, 11 m and 18 m from the source. Source: Mantid GetEiTest.h."""
    x = 5.0 + 5.5 * np.arange(2001)
    broad = 3000 * np.exp(-0.5 * ((x[:-1] - 6493) / 250) ** 2)
    narrow = 1000 * np.exp(-0.5 * ((x[:-1] - 10625) / 50) ** 2)
    y = np.concatenate([broad, narrow])
    ws = api.CreateWorkspace(DataX=x, DataY=y, DataE=np.full(len(y), np.sqrt(2)), NSpec=2, UnitX="TOF")
    api.LoadInstrument(ws, InstrumentXML=MONITORS, InstrumentName="two monitors", RewriteSpectraMap=True)
    ei, peak, index, tzero = api.GetEi(ws, Monitor1Spec=1, Monitor2Spec=2, EnergyEstimate=15.0)
    expect("energy in meV", ei, 15.00322845, 1e-9)
    expect("peak of the first monitor in µs", peak, 6496.00571578, 1e-11)
    expect("its index", index, 0)
    expect("t0 in µs", tzero, 3.2641273, 1e-7)
