"""The double, fresh for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mantid_double_tests.driving import Double, fresh


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    yield from fresh(tmp_path, monkeypatch)
