import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from livereduce.base.errors import OperatorError
from livereduce.config.keys import MAX_BINS, count_bins
from livereduce.engine.counting.binning import make_edges_ns


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


def test_the_engine_takes_as_many_bins_as_the_configuration() -> None:
    """A rest of less than a quarter of a step widens the last bin, and is no bin too many."""
    assert len(make_edges_ns(0.0, 1.0, MAX_BINS + 0.2)) == MAX_BINS + 1
    with pytest.raises(OperatorError, match=r"1e\+06 bins are more than 1,000,000"):
        make_edges_ns(0.0, 1.0, MAX_BINS + 1.0)


@pytest.mark.parametrize("step", [1e-320, -1e-320])
def test_bins_that_cannot_be_counted_are_refused(step: float) -> None:
    with pytest.raises(OperatorError, match=r"tof_bins_us: .* more bins than can be counted"):
        make_edges_ns(1.0, step, 1e6)
