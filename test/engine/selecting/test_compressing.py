import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.pending_events import batch, contents, pending
from livereduce.engine.matrix.events.event_pass import carried_out, counted
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.selecting import compressing
from livereduce.engine.selecting.compressing import compressed


@settings(max_examples=40)
@given(contents(), st.sampled_from([0.0, 0.1, 1.0, 50.0]), st.booleans(), st.integers(1, 4))
def test_pending_events_are_joined_as_lists_are(
    content: PendingEvents, tolerance: float, is_logarithmic: bool, size: int
) -> None:
    try:
        lists = compressed(carried_out(content), tolerance, is_logarithmic=is_logarithmic)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:20]):
            compressed(content, tolerance, is_logarithmic=is_logarithmic)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressing, "LEAST_BATCH", size)
        joined = compressed(content, tolerance, is_logarithmic=is_logarithmic)
    np.testing.assert_array_equal(joined.first, lists.first)
    np.testing.assert_allclose(joined.x_of, lists.x_of, rtol=1e-12)
    assert joined.weight is not None
    assert lists.weight is not None
    np.testing.assert_allclose(joined.weight, lists.weight)
    total = Grid(np.array([-np.inf, np.inf]))
    np.testing.assert_allclose(counted(joined, total).y, counted(content, total).y)


def test_a_group_ends_at_the_tolerance_from_its_first_event() -> None:
    content = pending(batch([1000, 1400, 2000, 2001, 500], [0, 0, 0, 0, 2]))
    joined = compressed(content, 1.0, is_logarithmic=False)
    assert joined.x_of.tolist() == pytest.approx([(1 + 1.4 + 2) / 3, 2.001, 0.5])
    assert joined.first.tolist() == [0, 2, 2, 3, 3]
    assert joined.pulse_ns is None
