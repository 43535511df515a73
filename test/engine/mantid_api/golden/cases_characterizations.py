"""Characterizations of powder instruments."""

import itertools
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

_NUMBERS = itertools.count()
ROWS = (
    [60.0, 0.533, 1, "17702", "1234", "17711", "0", "0", "0.05", "2.20", 0.0, 16666.67, 0.0, 0.0, "12345"],
    [60.0, 1.333, 3, "17703", "1235", "17712", "0", "0", "0.43", "5.40", 12500.0, 29166.67, 0.0, 0.0, "12346"],
    [60.0, 2.665, 4, "17704", "1236", "17713", "0", "0", "1.15", "9.20", 33333.33, 50000.0, 0.0, 0.0, "12347"],
    [60.0, 4.797, 5, "17705", "1237", "17714", "0", "0", "2.00", "15.35", 66666.67, 83333.67, 0.0, 0.0, "12348"],
)
"""Those of Mantid's PDDetermineCharacterizationsTest."""
COLUMNS = (
    *(("double", name) for name in ("frequency", "wavelength")),
    ("int", "bank"),
    *(("str", name) for name in ("vanadium", "vanadium_background", "container", "empty_environment")),
    *(("str", name) for name in ("empty_instrument", "d_min", "d_max")),
    *(("double", name) for name in ("tof_min", "tof_max", "wavelength_min", "wavelength_max")),
    ("str", "PAC08"),
)


def _table(api: Any) -> Any:
    table = api.CreateEmptyTableWorkspace(OutputWorkspace="characterizations")
    for kind, name in COLUMNS:
        table.addColumn(kind, name)
    for row in ROWS:
        table.addRow(row)
    return table


def _run(api: Any, wavelength: str, container: str = "") -> Any:
    ws = api.CreateWorkspace([-1.0, 0.0, 1.0], [1.0, 2.0], OutputWorkspace="logs")
    api.AddSampleLog(ws, "frequency", "60.", "Number", "Hz")
    api.AddSampleLog(ws, "LambdaRequest", wavelength, "Number", "Angstrom")
    if container:
        api.AddSampleLog(ws, "SampleContainer", container)
    return ws


def _determined(api: Any, **given: Any) -> Any:
    kernel: Any = import_module("mantid.kernel")

    properties = f"golden{next(_NUMBERS)}"  # what a manager has already is kept
    api.PDDetermineCharacterizations(ReductionProperties=properties, **given)
    manager = kernel.PropertyManagerDataService.retrieve(properties)
    return {name: manager.getPropertyValue(name) for name in manager.keys()}  # noqa: SIM118 (Mantid's has no iterator)


def case_row_of_the_logs(api: Any, expect: Any) -> None:
    """PDDetermineCharacterizations: a row. Source: Mantid PDDetermineCharacterizationsTest, testFullChar."""
    found = _determined(api, InputWorkspace=_run(api, "0.533"), Characterizations=_table(api))
    for name, figure in (("vanadium", "17702"), ("vanadium_background", "1234"), ("container", "17711")):
        expect(name, found[name], figure)
    for name, number in (("frequency", 60), ("wavelength", 0.533), ("bank", 1), ("d_min", 0.05), ("tof_max", 16666.67)):
        expect(name, float(found[name]), number, 1e-9)


def case_runs_that_are_given(api: Any, expect: Any) -> None:
    """PDDetermineCharacterizations: runs of the call. Source: Mantid's test, testFullCharDisableChar, …MultiChar."""
    given = {"InputWorkspace": _run(api, "0.533"), "Characterizations": _table(api)}
    found = _determined(api, **given, BackRun=-1, NormRun=-1, NormBackRun=-1)
    expect("none", [found[name] for name in ("vanadium", "vanadium_background", "container")], ["0", "0", "0"])
    found = _determined(api, **given, NormRun="1,  2", BackRun="3,4", NormBackRun="5,6")
    expect("several", [found["vanadium"], found["container"], found["vanadium_background"]], ["1,2", "3,4", "5,6"])


def case_container_of_the_sample(api: Any, expect: Any) -> None:
    """PDDetermineCharacterizations: a container. Source: Mantid's test, testFullCharWithCan."""
    found = _determined(api, InputWorkspace=_run(api, "0.533", "PAC 08"), Characterizations=_table(api))
    expect("container", found["container"], "12345")


def case_without_a_table(api: Any, expect: Any) -> None:
    """PDDetermineCharacterizations: the defaults. Source: Mantid's test, testNoChar."""
    found = _determined(api, InputWorkspace=_run(api, "0.533"))
    expect("bank", float(found["bank"]), 1)
    expect("vanadium", found["vanadium"], "0")
    expect("numbers", [float(found[name]) for name in ("frequency", "wavelength", "tof_min", "tof_max")], [0] * 4)


def case_file_of_characterizations(api: Any, expect: Any) -> None:
    """PDLoadCharacterizations: positions and rows. Source: Mantid PDLoadCharacterizationsTest, test_FocusAndChar."""
    lines = [
        "Instrument parameter file: dummy.iparm",
        "1 3.18 90.0000",
        "L1 60.0",
        "#S 1 characterization runs",
        "#L frequency(Hz) center_wavelength(angstrom) bank_num vanadium_run empty_run vanadium_back d_min(A) d_max(A)",
        "60 0.900 1 15030 15039 0 0.20 4.12 4700.00 21200.00",
        "10 3.198 1 15033 15042 0 0.05 15.40 0.00 100000.00",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "characterizations.txt"
        path.write_text("\n".join(lines) + "\n")
        made = api.PDLoadCharacterizations(Filename=str(path), OutputWorkspace="characterizations")
    expect("parameter file", made.IParmFilename, "dummy.iparm")
    expect("L1", made.PrimaryFlightPath, 60.0)
    expect("spectra", list(made.SpectrumIDs), [1])
    expect("L2, polar, azimuthal", [made.L2[0], made.Polar[0], made.Azimuthal[0]], [3.18, 90.0, 0.0], 1e-12)
    table = made.OutputWorkspace
    expect("size", [table.columnCount(), table.rowCount()], [14, 2])
    expect("texts", [table.cell(0, place) for place in (3, 4, 5, 8, 9)], ["15030", "0", "15039", "0.20", "4.12"])
    expect("numbers", [table.cell(1, place) for place in (0, 1, 2, 10, 11)], [10.0, 3.198, 1, 0.0, 100000.0], 1e-12)
