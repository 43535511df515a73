"""Algorithms that change every value by itself."""

from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.matrix import Matrix


@implements("Exponential")
def exponential(*, input_workspace: Matrix) -> Matrix:
    """E to the power of each value; events become counts first."""
    counts = input_workspace.histograms
    values = np.exp(counts.y)
    return replace(input_workspace, content=counts.with_values(values, counts.e * values))
