"""Algorithms that change every value by itself."""

from typing import Any

import numpy as np


def case_exponential(api: Any, expect: Any) -> None:
    """Exponential: e to the power of Y, errors E·e^Y. Source: Mantid Framework/Algorithms/src/Exponential.cpp."""
    ws = api.CreateWorkspace(DataX=[0, 1, 2], DataY=[0.0, 1.0], DataE=[0.5, 0.1])
    made = api.Exponential(ws)
    expect("Y", made.readY(0), [1, np.e], 1e-15)
    expect("E", made.readE(0), [0.5, 0.1 * np.e], 1e-15)
