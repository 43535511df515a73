"""The fits of vanadium's peaks: two programs give one answer where there are peaks; in noise each finds its own."""

import numpy as np

from livereduce.engine.fitting.peaks import VANADIUM_D, PeakRules, without_peaks
from mantid_double_tests.driving import Double


def test_peaks_are_fitted_as_the_builtin_engine_fits_them(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, StripVanadiumPeaks, mtd

    edges = 0.93 * 1.002 ** np.arange(430)
    d = (edges[1:] + edges[:-1]) / 2
    peaks = sum(5000 * np.exp(-0.5 * ((d - at) / (0.004 * at)) ** 2) for at in VANADIUM_D)
    counts = np.random.default_rng(1).poisson(10_000 + peaks).astype(float)
    CreateWorkspace(DataX=edges, DataY=counts, DataE=np.sqrt(counts), UnitX="dSpacing", OutputWorkspace="van")
    StripVanadiumPeaks(
        InputWorkspace="van", OutputWorkspace="smooth", BackgroundType="Quadratic", PeakPositionTolerance=0.05
    )
    rules = PeakRules(position_tolerance=0.05, background_order=2)
    expected = without_peaks(d, counts, np.sqrt(counts), VANADIUM_D, rules)
    assert np.abs(expected - counts).max() > 4000
    np.testing.assert_allclose(mtd["smooth"].readY(0), expected, rtol=1e-5)
