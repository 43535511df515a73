"""The largest detectors fit into the memory that a viewer may have."""

import subprocess
import sys

import pytest

from helpers.paths import ROOT
from livereduce.viewer.main import MEMORY_BYTES

LARGE = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({limit}, {limit}))
sys.path.insert(0, {tests!r})
import numpy as np
from helpers.items import event_batch
from livereduce.messages.regions import Region, RegionKind
from livereduce.messages.views import DetectorQuestion, RegionsQuestion, SpectrumQuestion, ViewerJob
from livereduce.stream.items import Geometry, RunStarted
from livereduce.viewer.answers import answer
from livereduce.viewer.counted_run import ViewedStream

pixels, events = {pixels}, 3_000_000
stream = ViewedStream(ViewerJob(instrument="X", tof_bins_us=(0.0, 100.0, 16_700.0)))
rng = np.random.default_rng(1)
tof_ns = rng.integers(0, 16_700_000, events).astype(np.int32)
batch = event_batch(1, tof_ns, rng.integers(0, pixels, events).astype(np.int32))
known = np.arange(pixels, dtype=np.int32)
stream.take([RunStarted(run=1, time_ns=0), Geometry(run=1, time_ns=0, pixels=known), batch])
assert json.loads(answer(stream, DetectorQuestion()))["total"] == events
drawn = Region(name="all", kind=RegionKind.RECTANGLE, projection="map", points=((-1, -1), (5000, 5000)))
assert json.loads(answer(stream, SpectrumQuestion(region=drawn)))["counts"] == events
stream.keep((drawn,))
assert json.loads(answer(stream, RegionsQuestion(can_save=False)))["regions"][0]["pixels_count"] == pixels
"""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("pixels", [1_000_000, 12_000_000])
def test_a_detector_of_many_pixels_fits(pixels: int) -> None:
    program = LARGE.format(limit=MEMORY_BYTES, tests=str(ROOT / "test"), pixels=pixels)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
