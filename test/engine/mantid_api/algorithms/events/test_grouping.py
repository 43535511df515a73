from pathlib import Path
from typing import Any

import pytest

from helpers.spectra import pulsed_events, six_spectra
from livereduce.engine.matrix.events.pending_events import PendingEvents


def test_map_files(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "groups.map"
    path.write_text("2\n5\n2\n1 2\n3\n2\n5 6\n")
    made = simpleapi.GroupDetectors(six_spectra(simpleapi), MapFile=str(path))
    assert [made.readY(row)[0] for row in range(2)] == [11, 3]
    assert made.matrix.spectra.number.tolist() == [1, 2]
    made = simpleapi.GroupDetectors("six", MapFile=str(path), IgnoreGroupNumber=False, KeepUngroupedSpectra=True)
    assert made.matrix.spectra.number.tolist() == [3, 5, 3, 4]
    path.write_text("1\n1\n1\n77\n")
    with pytest.raises(ValueError, match="MapFile, group 1: no spectrum has the number 77"):
        simpleapi.GroupDetectors("six", MapFile=str(path), OutputWorkspace="x")


def test_what_is_missing_or_wrong_is_said(simpleapi: Any) -> None:
    with pytest.raises(ValueError, match="nothing says which spectra belong together"):
        simpleapi.GroupDetectors(six_spectra(simpleapi), OutputWorkspace="x")
    with pytest.raises(ValueError, match="WorkspaceIndexList: there is no spectrum of index 6"):
        simpleapi.GroupDetectors("six", WorkspaceIndexList=[5, 6], OutputWorkspace="x")
    with pytest.raises(ValueError, match="GroupingPattern: 'b' cannot be read"):
        simpleapi.GroupDetectors("six", GroupingPattern="b", OutputWorkspace="x")


def test_events_are_joined_without_looking_at_them(simpleapi: Any) -> None:
    data = pulsed_events()
    made = simpleapi.GroupDetectors(data, WorkspaceIndexList="0", OutputWorkspace="made")
    assert isinstance(made.matrix.content, PendingEvents)
    assert (made.getNumberEvents(), made.readY(0).tolist()) == (200, [200])
    assert made.matrix.spectra.ids.tolist() == [5]


def test_masked_members_do_not_count_in_a_mean(simpleapi: Any) -> None:
    simpleapi.MaskDetectors(six_spectra(simpleapi), WorkspaceIndexList=[0])
    made = simpleapi.GroupDetectors("six", GroupingPattern="0+1+2,0", Behaviour="Average")
    assert [made.readY(row)[0] for row in range(2)] == [2.5, 0]
    assert made.matrix.is_masked.tolist() == [False, True]
