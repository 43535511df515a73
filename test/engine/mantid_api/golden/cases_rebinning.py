"""Rebin and what is like it."""

from typing import Any

import numpy as np

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
