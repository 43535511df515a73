from hypothesis import assume, given
from hypothesis import strategies as st

from livereduce.config.keys import count_bins
from livereduce.engine.builtin.counting.binning import make_edges_ns


@given(st.integers(0, 1000), st.integers(1, 500), st.integers(1, 300), st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.6, 0.9]))
def test_check_counts_the_bins_that_the_engine_makes(low: int, step: int, steps: int, rest: float) -> None:
    bins = (float(low), float(step), low + step * (steps + rest))
    assert count_bins(bins) == len(make_edges_ns(*bins)) - 1


@given(st.integers(1, 1000), st.sampled_from([0.01, 0.1, 1.0]), st.integers(1, 60), st.sampled_from([0.1, 0.5, 0.9]))
def test_check_counts_logarithmic_bins_too(low: int, step: float, steps: int, rest: float) -> None:
    edge = low * (1 + step) ** steps
    bins = (float(low), -step, edge + rest * (edge - edge / (1 + step)))
    assume(bins[2] < 1e6)
    assert count_bins(bins) == len(make_edges_ns(*bins)) - 1
