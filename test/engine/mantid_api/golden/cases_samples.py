"""CreateSampleWorkspace."""

from typing import Any

import numpy as np


def case_sample_histograms(api: Any, expect: Any) -> None:
    """CreateSampleWorkspace: curves of histograms. Source: Mantid CreateSampleWorkspace-v1.rst, worked examples."""
    ws = api.CreateSampleWorkspace(OutputWorkspace="sample")
    expect("number of spectra", ws.getNumberHistograms(), 200)
    expect("number of bins", ws.blocksize(), 100)
    y, e = ws.readY(0), ws.readE(0)
    expect("ground and peak", [y[0], y[50]], [0.3, 10.3], 1e-12)
    expect("errors", e, np.sqrt(y), 1e-12)
    expect("X", ws.readX(0), np.arange(101) * 200.0)
    flat = api.CreateSampleWorkspace(Function="Flat background", OutputWorkspace="flat")
    expect("flat", flat.readY(0), np.ones(100), 1e-12)
    two = api.CreateSampleWorkspace(Function="Multiple Peaks", OutputWorkspace="two")
    expect("two peaks", two.readY(0)[[30, 60]], [10.3, 8.3], 1e-12)


def case_sample_events(api: Any, expect: Any) -> None:
    """CreateSampleWorkspace: events in bins. Source: Mantid CreateSampleWorkspace-v1.rst, FilterBadPulses-v1.rst."""
    ws = api.CreateSampleWorkspace("Event", OutputWorkspace="events")
    y = ws.readY(0)
    expect("ground and peak", [y[0], y[50]], [7.0, 257.0])
    small = api.CreateSampleWorkspace("Event", BankPixelWidth=1, OutputWorkspace="small")
    expect("number of events", small.getNumberEvents(), 1900)


def case_sample_instrument(api: Any, expect: Any) -> None:
    """CreateSampleWorkspace: its instrument. Source: Mantid Framework/Algorithms/src/CreateSampleWorkspace.cpp."""
    ws = api.CreateSampleWorkspace(OutputWorkspace="sample")
    info = ws.spectrumInfo()
    expect("L1", info.l1(), 10.0, 1e-12)
    expect("L2", [info.l2(0), info.l2(100)], [5.0, 10.0], 1e-12)
    expect("L2 of the second pixel", info.l2(1), np.hypot(5, 0.008), 1e-12)
    expect("ids", [next(iter(ws.getSpectrum(i).getDetectorIDs())) for i in (0, 199)], [100, 299])
