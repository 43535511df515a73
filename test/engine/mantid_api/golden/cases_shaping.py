"""Events, bins, points, distributions, axes; special values."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError)


def case_distribution(api: Any, expect: Any) -> None:
    """ConvertToDistribution: divided by widths, in place. Source: Mantid ConvertToDistribution-v1.rst."""
    ws = api.CreateWorkspace(DataX=[0.0, 200, 400], DataY=[0.3, 8.3], DataE=[0.2, 2])
    api.ConvertToDistribution(ws)
    expect("Y", ws.readY(0), [0.0015, 0.0415], 1e-15)
    expect("E", ws.readE(0), [0.001, 0.01], 1e-15)
    expect("is a distribution", ws.isDistribution(), True)
    expect.raises("twice", ERRORS, lambda: api.ConvertToDistribution(ws))
    api.ConvertFromDistribution(ws)
    expect("Y again", ws.readY(0), [0.3, 8.3], 1e-15)
    expect("is no distribution", ws.isDistribution(), False)


def case_points(api: Any, expect: Any) -> None:
    """ConvertToHistogram: edges half way between points. Source: Mantid VectorHelper.cpp (convertToBinBoundary)."""
    ws = api.CreateWorkspace(DataX=[1.0, 2, 4], DataY=[1.0, 2, 3])
    bins = api.ConvertToHistogram(ws)
    expect("edges", bins.readX(0), [0.5, 1.5, 3, 5])
    expect("Y", bins.readY(0), [1, 2, 3])
    points = api.ConvertToPointData(bins)
    expect("points", points.readX(0), [1, 2.25, 4])
    expect("are bins", bins.isHistogramData(), True)
    expect("are no bins", points.isHistogramData(), False)


def case_matrix_workspace(api: Any, expect: Any) -> None:
    """ConvertToMatrixWorkspace: events are counted in their bins. Source: Mantid ConvertToMatrixWorkspace.cpp."""
    counts = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2], DataE=[1.0, 2])
    events = api.ConvertToEventWorkspace(counts)
    made = api.ConvertToMatrixWorkspace(events)
    expect("kind", made.id(), "Workspace2D")
    expect("Y", made.readY(0), [1, 2])
    expect("E", made.readE(0), [1, 2])


def case_transpose(api: Any, expect: Any) -> None:
    """Transpose: spectra become bins. Source: Mantid Transpose.cpp."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=range(6), DataE=range(6), NSpec=2)
    made = api.Transpose(ws)
    expect("Y", made.extractY(), [[0, 3], [1, 4], [2, 5]])
    expect("E", made.extractE(), [[0, 3], [1, 4], [2, 5]])
    expect("X", made.readX(0), [1, 2])
    expect("vertical axis", made.getAxis(1).extractValues(), [0, 1, 2, 3])


def case_replace_special_values(api: Any, expect: Any) -> None:
    """ReplaceSpecialValues: NaN, infinite and big values. Source: Mantid ReplaceSpecialValues.cpp."""
    y = [np.nan, np.inf, -np.inf, 1e6, 1.0, 1e-9]
    ws = api.CreateWorkspace(DataX=range(7), DataY=y, DataE=[1.0] * 6)
    made = api.ReplaceSpecialValues(ws, NaNValue=5, InfinityValue=7, InfinityError=2, BigNumberThreshold=1e5)
    expect("Y", made.readY(0), [5, 7, 7, 0, 1, 1e-9])
    expect("E", made.readE(0), [0, 2, 2, 0, 1, 1])
    made = api.ReplaceSpecialValues(ws, SmallNumberThreshold=1e-6, SmallNumberValue=3)
    expect("small ones", made.readY(0)[-1], 3)
    expect.raises("nothing to do", ERRORS, lambda: api.ReplaceSpecialValues(ws, OutputWorkspace="made"))
