"""Where stretches of arrays begin and end."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livereduce.stream.stretches import by_owner, starts_of, stretches_of


def test_starts_of_sizes() -> None:
    np.testing.assert_array_equal(starts_of([2, 0, 3]), [0, 2, 2, 5])
    assert starts_of([]).tolist() == [0]
    assert starts_of(np.array([True, False, True])).dtype == np.int64


@given(st.lists(st.booleans(), max_size=20))
def test_stretches_cover_what_a_mask_has(mask: list[bool]) -> None:
    covered = np.zeros(len(mask), np.bool_)
    stretches = stretches_of(np.array(mask, np.bool_))
    for start, end in stretches:
        assert start < end
        covered[start:end] = True
    assert covered.tolist() == mask
    assert np.all(stretches[1:, 0] > stretches[:-1, 1])  # those that touch would be one


@given(st.lists(st.integers(-1, 4), max_size=20))
def test_each_owner_has_its_entries_in_their_order(owners: list[int]) -> None:
    order, first = by_owner(np.array(owners, np.int64), 5)
    for owner in range(5):
        entries = [place for place, one in enumerate(owners) if one == owner]
        assert order[first[owner] : first[owner + 1]].tolist() == entries
    assert first[-1] == len(order)
