"""Rebin and what is like it."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError)
ONES = {"DataX": list(range(10)), "DataY": [1.0] * 9, "DataE": [1.0] * 9}


def case_rebin_one_step(api: Any, expect: Any) -> None:
    """Rebin: one step alone spans the data, and the last bin is short. Source: Mantid Rebin-v1.rst, worked example."""
    ws = api.CreateWorkspace(**ONES)
    made = api.Rebin(ws, Params=2)
    expect("X", made.readX(0), [0, 2, 4, 6, 8, 9])
    expect("Y", made.readY(0), [2, 2, 2, 2, 1], 1e-14)
    expect("E", made.readE(0), np.sqrt([2, 2, 2, 2, 1]), 1e-14)


def case_rebin_params(api: Any, expect: Any) -> None:
    """Rebin: edges of Params. Source: Mantid Rebin-v1.rst, worked examples."""
    ws = api.CreateWorkspace(DataX=list(range(1, 11)), DataY=[1.0] * 9)
    full = {"FullBinsOnly": True}
    for params, more, edges in (
        ("1,2,3,3,9", {}, [1, 3, 6, 9]),
        ("0,2,4.5,3,11", full, [0, 2, 4, 7, 10]),
        ("-0.5", {}, [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10]),
        ("1,-1,9", {"UseReverseLogarithmic": True}, [1, 6, 8, 9]),
        ("1,3,10", {"Power": 0.5}, [1, 4, 6.12132034, 7.85337115, 9.35337115, 10]),
        ("1,-1,1000", {}, [*(2.0**k for k in range(10)), 1000]),
    ):
        made = api.Rebin(ws, Params=params, **more)
        expect(f"X for {params}", made.readX(0), edges, 1e-8)


def case_rebin_full_bins(api: Any, expect: Any) -> None:
    """Rebin: FullBinsOnly drops the short last bin. Source: Mantid Rebin-v1.rst, worked example."""
    ws = api.CreateWorkspace(**ONES)
    made = api.Rebin(ws, Params=2, FullBinsOnly=True)
    expect("X", made.readX(0), [0, 2, 4, 6, 8])
    expect("Y", made.readY(0), [2, 2, 2, 2], 1e-14)


def case_rebin_counts_and_errors(api: Any, expect: Any) -> None:
    """Rebin: shares of counts and of variances. Source: Mantid RebinTest.h, testworkspace1D."""
    x = 0.75 * np.arange(51)
    ws = api.CreateWorkspace(DataX=x, DataY=np.full(50, 3.0), DataE=np.full(50, np.sqrt(3.0)))
    made = api.Rebin(ws, Params="1.5,2,20,-0.1,30,1,35")
    edges = [*np.arange(1.5, 20, 2), 20, 22, 24.2, 26.62, 29.282, 30, 31, 32, 33, 34, 35]
    expect("X", made.readX(0), edges, 1e-13)
    bins = [7, 12, 17]
    expect("Y", made.readY(0)[bins], [8, 9.68, 4], 1e-13)
    expect("E", made.readE(0)[bins], [np.sqrt(8), np.sqrt(9.68), 2], 1e-13)


def case_rebin_distribution(api: Any, expect: Any) -> None:
    """Rebin: a distribution keeps its height. Source: Mantid RebinTest.h, testworkspace1D_dist."""
    x = 0.75 * np.arange(51)
    one = {"DataX": x, "DataY": np.full(50, 3.0), "DataE": np.full(50, np.sqrt(3.0))}
    ws = api.CreateWorkspace(**one, Distribution=True)
    made = api.Rebin(ws, Params="1.5,2,20,-0.1,30,1,35")
    bins = [7, 12, 17]
    expect("Y", made.readY(0)[bins], [3, 3, 3], 1e-13)
    expect("E", made.readE(0)[bins], [np.sqrt(4.5) / 2, np.sqrt(5.445) / 2.42, 1.5], 1e-13)
    expect("is a distribution", made.isDistribution(), True)


def case_rebin_points(api: Any, expect: Any) -> None:
    """Rebin: points become bins and points again. Source: own arithmetic from Rebin-v1.rst."""
    ws = api.CreateWorkspace(DataX=[1.0, 2, 3, 4], DataY=[1.0, 2, 3, 4])
    made = api.Rebin(ws, Params="0.5,2,4.5")
    expect("X", made.readX(0), [1.5, 3.5], 1e-14)
    expect("Y", made.readY(0), [3, 7], 1e-14)


def case_rebin_events(api: Any, expect: Any) -> None:
    """Rebin: events stay events, and what is outside stays in the list. Source: Mantid Rebin-v1.rst, EventList.cpp."""
    ws = api.CreateWorkspace(**ONES)
    events = api.ConvertToEventWorkspace(ws)
    kept = api.Rebin(events, Params="2,2,8")
    expect("events", kept.getNumberEvents(), 9)
    expect("Y", kept.readY(0), [2, 2, 2])
    expect("E", kept.readE(0), np.sqrt([2, 2, 2]), 1e-15)
    expect("kind", kept.id(), "EventWorkspace")
    counted = api.Rebin(events, Params="2,2,8", PreserveEvents=False)
    expect("Y of counts", counted.readY(0), [2, 2, 2])
    expect("kind of counts", counted.id(), "Workspace2D")


def case_rebin_wrong(api: Any, expect: Any) -> None:
    """Rebin: Params that make no bins. Source: Mantid VectorHelper.cpp."""
    ws = api.CreateWorkspace(**ONES)
    for params in ("5,1,2", "0,0,9", "0,1", "-1,-0.1,9"):
        expect.raises(params, ERRORS, lambda params=params: api.Rebin(ws, Params=params, OutputWorkspace="out"))


def case_resample_x(api: Any, expect: Any) -> None:
    """ResampleX: a number of bins; the last edge is exact. Source: Mantid ResampleX.cpp, followed by hand."""
    ws = api.CreateWorkspace(DataX=list(range(1, 11)), DataY=[1.0] * 9)
    made = api.ResampleX(ws, NumberBins=3)
    expect("X", made.readX(0), [1, 4, 7, 10], 1e-14)
    made = api.ResampleX(ws, XMin=1, XMax=8, NumberBins=3, LogBinning=True)
    step = np.log(8.0) / 3 * 1.1**4  # four tries make a bin too many
    expect("logarithmic", made.readX(0), [1, 1 + step, (1 + step) ** 2, 8], 1e-12)


def case_rebin_to_workspace(api: Any, expect: Any) -> None:
    """RebinToWorkspace: each spectrum gets the bins of its partner. Source: Mantid RebinToWorkspace.cpp."""
    ws = api.CreateWorkspace(**ONES)
    like = api.CreateWorkspace(DataX=[0.0, 3, 9], DataY=[0.0, 0])
    made = api.RebinToWorkspace(ws, like)
    expect("Y", made.readY(0), [3, 6], 1e-14)


def case_rebin_ragged(api: Any, expect: Any) -> None:
    """RebinRagged: bins of each spectrum's own. Source: Mantid RebinRagged2.cpp, followed by hand."""
    two = api.CreateWorkspace(DataX=list(range(10)), DataY=[1.0] * 18, NSpec=2)
    made = api.RebinRagged(two, XMin=[0, 3], XMax=[4, 9], Delta=[2, 3])
    expect("X of 0", made.readX(0), [0, 2, 4])
    expect("X of 1", made.readX(1), [3, 6, 9])
    expect("Y of 1", made.readY(1), [3, 3], 1e-14)


def case_rebin_sample_events(api: Any, expect: Any) -> None:
    """Rebin: a step over the X of events. Source: Mantid Rebin-v1.rst, worked example; Rebin.cpp."""
    ws = api.CreateSampleWorkspace(WorkspaceType="Event", NumBanks=1, BankPixelWidth=1)
    made = api.Rebin(ws, 2000)
    expect("kind", made.id(), "EventWorkspace")
    expect("X", made.readX(0), list(range(0, 20001, 2000)))
    counted = api.Rebin(ws, 2000, PreserveEvents=False)
    expect("kind of counts", counted.id(), "Workspace2D")
    expect("Y", counted.readY(0), made.readY(0))


def case_rebin_power_limit(api: Any, expect: Any) -> None:
    """Rebin: Power that would need more than 10 000 bins. Source: Mantid Rebin-v1.rst (Power option)."""
    ws = api.CreateWorkspace(**ONES)
    call = {"Params": "1,0.1,9", "Power": 1, "OutputWorkspace": "out"}
    expect.raises("too many bins", ERRORS, lambda: api.Rebin(ws, **call))


def case_resample_where_no_step_fits(api: Any, expect: Any) -> None:
    """ResampleX: as many logarithmic bins as are wanted, and they increase. Source: Mantid ResampleXTest.h."""
    ws = api.CreateWorkspace(DataX=[0.05, 0.5, 2], DataY=[1.0, 2])
    made = api.ResampleX(ws, XMin=0.1, XMax=1.0, NumberBins=3000, LogBinning=True)
    x = made.readX(0)
    expect("edges", len(x), 3001)
    expect("limits", x[[0, -1]], [0.1, 1.0])
    expect("step", x[1] / x[0] - 1, 0.00077, 1e-5)
    expect("all increase", bool(np.all(np.diff(x) > 0)), True)
