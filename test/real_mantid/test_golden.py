"""The golden table on a real Mantid: the same cases that the builtin engine passes."""

import os
import subprocess

import pytest

from helpers.paths import ROOT

PYTHON = os.environ.get("LIVEREDUCE_MANTID_PYTHON", "")


@pytest.mark.skipif(not PYTHON, reason="no real Mantid here: make test-mantid MANTID_PYTHON=/path/to/python")
@pytest.mark.timeout(600)
def test_every_figure_is_mantids() -> None:
    script = ROOT / "test" / "engine" / "mantid_api" / "golden" / "golden.py"
    ended = subprocess.run([PYTHON, script], capture_output=True, text=True, timeout=580, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
