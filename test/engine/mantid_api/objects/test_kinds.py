from typing import Any

import pytest

from helpers.workspaces import events_workspace, histogram_workspace
from livereduce.engine.matrix.matrix import MatrixKind


@pytest.fixture
def mantid(simpleapi: Any) -> Any:
    import mantid as package  # type: ignore[import-not-found,unused-ignore]
    import mantid.api
    import mantid.dataobjects  # type: ignore[import-not-found,unused-ignore]
    import mantid.geometry  # type: ignore[import-not-found,unused-ignore]
    import mantid.kernel

    return package


def kinds_of(package: Any, thing: object) -> set[str]:
    names = {
        "dataobjects": ("EventWorkspace", "Workspace2D", "WorkspaceSingleValue", "MaskWorkspace", "TableWorkspace"),
        "api": ("Workspace", "MatrixWorkspace", "IEventWorkspace", "ITableWorkspace", "ExperimentInfo"),
    }
    rooms = [(getattr(package, room), few) for room, few in names.items()]
    return {name for room, few in rooms for name in few if isinstance(thing, getattr(room, name))}


def test_a_workspace_is_of_the_kind_that_it_holds(mantid: Any) -> None:
    ws = events_workspace()
    assert (ws.id(), ws.isGroup()) == ("EventWorkspace", False)
    all_have = {"Workspace", "MatrixWorkspace", "ExperimentInfo"}
    assert kinds_of(mantid, ws) == all_have | {"EventWorkspace", "IEventWorkspace"}
    more_of: dict[MatrixKind, set[str]] = {
        MatrixKind.PLAIN: set(),
        MatrixKind.SINGLE: {"WorkspaceSingleValue"},
        MatrixKind.MASK: {"MaskWorkspace"},
    }
    for kind, more in more_of.items():
        ws.matrix = histogram_workspace([[1]], kind=kind).matrix
        assert ws.id() == kind.value
        assert kinds_of(mantid, ws) == all_have | {"Workspace2D"} | more
    assert not isinstance(3, mantid.api.Workspace)
    assert not isinstance(ws, mantid.api.IMDHistoWorkspace)
    with pytest.raises(RuntimeError, match="EventWorkspace cannot be made directly"):
        mantid.dataobjects.EventWorkspace()


def test_tables_groups_and_what_hangs_on_workspaces(mantid: Any) -> None:
    assert kinds_of(mantid, mantid.dataobjects.TableWorkspace()) == {"Workspace", "TableWorkspace", "ITableWorkspace"}
    assert isinstance(mantid.api.WorkspaceGroup(), mantid.api.Workspace)
    ws = events_workspace()
    assert isinstance(ws.run(), mantid.api.Run)
    assert isinstance(ws.getInstrument(), mantid.geometry.Instrument)
    assert isinstance(ws.getSpectrum(0), mantid.api.IEventList)
    assert isinstance(ws.getAxis(0), mantid.api.NumericAxis)
    assert isinstance(ws.getAxis(1), mantid.api.SpectraAxis)


def test_series_are_made_filled_and_recognised(mantid: Any) -> None:
    """As Mantid's test TimeSeriesPropertyTest.py does."""
    ws, start = events_workspace(), mantid.kernel.DateAndTime("2008-12-18T17:58:38")
    for kind, values, letter in (("Float", [0.5, 1.5], "f"), ("Int64", [17, 1436], "i"), ("String", ["a", "bc"], "S2")):
        series = getattr(mantid.kernel, f"{kind}TimeSeriesProperty")(kind)
        for number, value in enumerate(values):
            series.addValue(start + number * 10**9, value)
        ws.run().addProperty(series.name, series, True)
        found = ws.run()[kind]
        assert isinstance(found, getattr(mantid.kernel, f"{kind}TimeSeriesProperty"))
        assert isinstance(found, mantid.kernel.TimeSeriesProperty)
        assert (list(found.value), found.dtype(), found.nthTime(1)) == (values, letter, start + 10**9)
    assert not isinstance(ws.run()["Float"], mantid.kernel.Int64TimeSeriesProperty)
    ws.run()["plain"] = 2
    assert isinstance(ws.run()["plain"], mantid.kernel.IntPropertyWithValue)
