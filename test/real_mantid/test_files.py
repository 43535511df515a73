"""Processed files between the builtin engine and a real Mantid, both ways."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.spectra import pulsed_events
from livereduce.engine.mantid_api import hook
from livereduce.engine.mantid_api.session import using
from livereduce.engine.workspaces.mtd import WorkspaceStore

PYTHON = os.environ.get("LIVEREDUCE_MANTID_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no real Mantid here: make test-mantid MANTID_PYTHON=/path/to/python"),
    pytest.mark.timeout(600),
]

TELL = """
import json
def told(ws):
    return {"kind": ws.id(), "x": ws.readX(0).tolist(), "y": ws.extractY().tolist(), "e": ws.extractE().tolist(),
            "unit": ws.getAxis(0).getUnit().unitID(), "number": ws.getSpectrum(0).getSpectrumNo(),
            "ids": list(ws.getSpectrum(0).getDetectorIDs()), "title": ws.getTitle()}
"""
READ = (
    TELL
    + """
import sys
from mantid.simpleapi import *
print(json.dumps(told(LoadNexusProcessed(sys.argv[1], OutputWorkspace="read"))))
"""
)
WRITE = (
    TELL
    + """
import sys
from mantid.simpleapi import *
ws = CreateSampleWorkspace(WorkspaceType=sys.argv[2], BankPixelWidth=2, NumBanks=1)
SaveNexus(ws, sys.argv[1])
print(json.dumps(told(ws)))
"""
)


@pytest.fixture
def simpleapi() -> Any:
    hook.install()
    import mantid.simpleapi  # type: ignore[import-not-found,unused-ignore]

    with using(WorkspaceStore()):
        yield mantid.simpleapi
    hook.uninstall()


def _asked(script: str, *words: str) -> dict[str, Any]:
    ended = subprocess.run([PYTHON, "-c", script, *words], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("preserve", [True, False])
def test_mantid_reads_ours(simpleapi: Any, tmp_path: Path, preserve: bool) -> None:
    ours = pulsed_events()
    path = str(tmp_path / "ours.nxs")
    simpleapi.SaveNexusProcessed(ours, path, PreserveEvents=preserve, Title="a title")
    seen = _asked(READ, path)
    assert seen["kind"] == ("EventWorkspace" if preserve else "Workspace2D")
    assert (seen["unit"], seen["title"], seen["ids"]) == ("TOF", "a title", ours.matrix.spectra.ids_of(0).tolist())
    np.testing.assert_array_equal(seen["x"], ours.readX(0))
    np.testing.assert_array_equal(seen["y"], ours.extractY())
    np.testing.assert_allclose(seen["e"], ours.extractE(), rtol=1e-7)


@pytest.mark.parametrize("kind", ["Histogram", "Event"])
def test_we_read_mantids(simpleapi: Any, tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "mantids.nxs")
    theirs = _asked(WRITE, path, kind)
    ours = simpleapi.LoadNexusProcessed(path, OutputWorkspace="back")
    np.testing.assert_array_equal(ours.readX(0), theirs["x"])
    np.testing.assert_array_equal(ours.extractY(), theirs["y"])
    np.testing.assert_allclose(ours.extractE(), theirs["e"], rtol=1e-7)
    assert (ours.getAxis(0).getUnit().unitID(), ours.getSpectrum(0).getSpectrumNo()) == (
        theirs["unit"],
        theirs["number"],
    )
    assert ours.matrix.instrument().l1 > 0
