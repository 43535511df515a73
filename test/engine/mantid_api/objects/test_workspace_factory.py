import pytest

from helpers.workspaces import events_workspace
from livereduce.engine.mantid_api.objects.workspace_factory import WorkspaceFactory


def test_empty_workspaces_are_made_and_filled() -> None:
    """As Mantid's MatrixWorkspaceTest.py does."""
    ws = WorkspaceFactory.create("Workspace2D", NVectors=2, XLength=4, YLength=3)
    assert (ws.getSpectrumNumbers(), ws.blocksize(), ws.isHistogramData(), ws.id()) == ([1, 2], 3, True, "Workspace2D")
    for row in range(2):
        ws.setX(row, list(range(4)))
        ws.setY(row, list(range(3)))
    assert (ws.extractX().tolist(), ws.extractY().tolist()) == ([[0, 1, 2, 3]] * 2, [[0, 1, 2]] * 2)
    parent = events_workspace()
    like = WorkspaceFactory.create(parent)
    assert (like.getNumberHistograms(), like.blocksize(), like.getRunNumber(), like.extractY().sum()) == (3, 3, 3, 0)
    assert WorkspaceFactory.create(parent, NVectors=1).getNumberHistograms() == 1
    assert len(WorkspaceFactory.createTable()) == 0
    with pytest.raises(RuntimeError, match=r"no kind of workspace named 'Workspace2d'; did you mean 'Workspace2D'"):
        WorkspaceFactory.create("Workspace2d", 1, 1, 1)
    with pytest.raises(ValueError, match="needs NVectors, XLength and YLength"):
        WorkspaceFactory.create("Workspace2D", 1)
