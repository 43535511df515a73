"""What is recorded of a run, as stretches of time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livereduce.stream.recording.coverage import Coverage, coverage_of

SPAN = st.tuples(st.integers(0, 50), st.integers(0, 50))


@given(st.lists(SPAN, max_size=12))
def test_it_covers_exactly_what_was_added(spans: list[tuple[int, int]]) -> None:
    coverage = coverage_of(spans)
    for time_ns in range(52):
        assert coverage.has(time_ns) == any(min(one) <= time_ns <= max(one) for one in spans)
    assert list(coverage.spans) == sorted(coverage.spans)
    assert all(last < first for (_, last), (first, _) in zip(coverage.spans, coverage.spans[1:], strict=False))


def test_the_ends_of_a_stretch_are_not_inside() -> None:
    coverage = Coverage(((10, 20), (30, 30)))
    assert coverage.inside(np.array([9, 10, 11, 19, 20, 30])).tolist() == [False, False, True, True, False, False]
    assert (coverage.newest_ns, coverage.before(25), coverage.before(15), coverage.before(5)) == (30, 20, 15, 0)
