"""The simulated diffractometer, focused by its own definition: the peaks of diamond are where they belong."""

from pathlib import Path

import numpy as np

from helpers.bench import bench, job, start
from helpers.items import event_batch
from livereduce.simulate.beams.powder import PIXELS, d_spacings, definition_xml, draw_tof
from livereduce.stream.items import Geometry

POST_PROC = """
from mantid.simpleapi import ConvertUnits, Rebin, SumSpectra
d = ConvertUnits(InputWorkspace=input, Target="dSpacing")
d = Rebin(InputWorkspace=d, Params="0.6,0.002,2.4", PreserveEvents=False)
SumSpectra(InputWorkspace=d, OutputWorkspace=output)
"""


def test_peaks_of_diamond(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixel = rng.integers(0, PIXELS, 40_000)
    tof_ns = draw_tof(rng, pixel).astype(np.int64) * 100
    made = bench(job(tmp_path, post_proc=POST_PROC))
    geometry = Geometry(run=5, time_ns=0, definition_xml=definition_xml())
    progress = made.play([start(5), geometry, event_batch(5, tof_ns.tolist(), pixel.tolist())])
    assert progress.last_errors == {}
    product = made.shelf.last_of(5)
    counts, edges = product.signal.ravel(), product.axes[-1].values
    centre = (edges[:-1] + edges[1:]) / 2
    for expected in d_spacings():
        near = np.abs(centre - expected) < 0.03
        found = np.average(centre[near], weights=np.maximum(counts[near] - np.median(counts), 0))
        assert abs(found - expected) < 0.004, expected
