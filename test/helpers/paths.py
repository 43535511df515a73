"""Paths of the project and of the shared data, which are not in a plain clone."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data) are not in this clone")
