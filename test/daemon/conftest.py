import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.beamline import LIMIT_S, Beamline, processes_of


@pytest.fixture
def beamline(tmp_path: Path) -> Iterator[Beamline]:
    (tmp_path / "scripts").mkdir()
    beamline = Beamline(tmp_path)
    beamline.configure()
    beamline.script()
    yield beamline
    for daemon in beamline.daemons:
        daemon.kill()
        daemon.wait()
    deadline = time.monotonic() + LIMIT_S  # workers see the end of their daemon, or are killed by the test itself
    while left := processes_of(tmp_path):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.01)
