"""The difference of two results, in units of their errors."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.difference import compare, compare_all, in_words
from livereduce.publish.product import Axis, Product


def product(values: Any, errors: Any = None, *, name: str = "result", units: str = "counts", **changes: Any) -> Product:
    signal = np.asarray(values, np.float64)
    axes = tuple(Axis(name=f"x{k}", values=np.arange(n + 1.0), units="angstrom") for k, n in enumerate(signal.shape))
    facts: dict[str, Any] = {"axes": axes} | changes
    wrong = None if errors is None else np.asarray(errors, np.float64)
    return Product(pipeline="live", run=1, name=name, signal=signal, errors=wrong, units=units, **facts)


def test_the_same_is_no_difference() -> None:
    one = compare(product([1.0, np.nan, 3.0], [1, 1, 1]), product([1.0, np.nan, 3.0], [1, 1, 1]))
    assert one.is_none
    assert (one.compared, one.chi2_per_n) == (2, 0.0)


def test_the_largest_deviation_and_where_it_is() -> None:
    one = compare(
        product([[4.0, 9.0], [0.0, 8.0]], [[2, 3], [0, 4]]), product([[4.0, 9.0], [0.0, 3.0]], [[2, 3], [0, 3]])
    )
    assert (one.differ, one.compared) == (1, 4)
    assert one.worst == pytest.approx(1.0)
    assert one.worst_at == "x0 1.5 angstrom, x1 1.5 angstrom"
    assert one.chi2_per_n == pytest.approx(1 / 3)
    assert one.largest == 5.0


def test_without_errors_the_largest_difference_is_told() -> None:
    one = compare(product([1.0, 5.0]), product([1.0, 2.0]))
    assert (one.chi2_per_n, one.largest, one.worst_at) == (None, 3.0, "x0 1.5 angstrom")


def test_a_number_where_the_other_has_none_differs() -> None:
    one = compare(product([1.0, np.nan], [1, 1]), product([1.0, 2.0], [1, 1]))
    assert not one.is_none
    assert (one.differ, one.compared, one.one_sided, one.chi2_per_n) == (0, 1, 1, None)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (product([1.0]), "shape 2 here, 1 there"),
        (product([1.0, 2.0], units="1"), "in counts here, in 1 there"),
        (
            product([1.0, 2.0], axes=(Axis(name="tof", values=np.arange(3.0)),)),
            "over x0 (angstrom, 3 values) here, over tof (no units, 3 values) there",
        ),
        (
            product([1.0, 2.0], axes=(Axis(name="x0", values=np.arange(3.0) + 1, units="angstrom"),)),
            "the values of the axis x0 differ",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(other: Product, says: str) -> None:
    assert compare(product([1.0, 2.0]), other).problem == says
    assert not compare(product([1.0, 2.0]), other).is_none


def test_a_single_value_can_be_compared() -> None:
    one = compare(product(3.0, 1.0), product(1.0, 1.0))
    assert one.worst == pytest.approx(2**0.5)
    assert one.worst_at == ""


def test_results_that_only_one_has_are_named() -> None:
    found = compare_all([product([1.0]), product([1.0], name="mine")], [product([1.0]), product([1.0], name="its")])
    assert [one.name for one in found.differences] == ["result"]
    assert (found.missing, found.extra) == (("its",), ("mine",))


@given(st.lists(st.floats(), min_size=1, max_size=6), st.lists(st.floats(), min_size=1, max_size=6))
def test_no_values_break_it_and_it_is_symmetric(ours: list[float], theirs: list[float]) -> None:
    size = min(len(ours), len(theirs))
    a, b = product(ours[:size], np.ones(size)), product(theirs[:size], np.ones(size))
    there, back = compare(a, b), compare(b, a)
    assert (there.differ, there.compared, there.is_none) == (back.differ, back.compared, back.is_none)
    assert abs(there.worst) == abs(back.worst)


def test_other_infinite_values_are_not_the_same() -> None:
    inf = np.inf
    one = compare(product([inf, inf, inf, np.nan]), product([inf, -inf, np.nan, np.nan]))
    assert (one.differ, one.compared, one.one_sided, one.is_none) == (0, 0, 2, False)


def test_errors_whose_squares_are_no_numbers_count() -> None:
    one = compare(product([1e200, 0.0], [1e200, 1e-200]), product([0.0, 1e-200], [0, 0]))
    assert (one.worst, one.chi2_per_n, one.without_errors) == (1.0, 1.0, 0)


def test_whole_numbers_without_a_sign_are_subtracted() -> None:
    small, large = (replace(product(value), signal=np.array(value, np.uint8)) for value in ([1], [3]))
    assert compare(small, large).largest == 2.0


def test_a_count_of_events_that_is_none_breaks_nothing() -> None:
    wild = [product([1.0], attributes={"events": said}) for said in (np.inf, np.nan, "many")]
    assert [compare(one, one).events for one in wild] == [(0, 0)] * 3
    assert product([1.0], attributes={"events": np.int64(7)}).events == 7


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        (
            product([1.0, np.nan, np.nan], [1, 1, 1]),
            product([1.0, 2.0, np.nan], [1, 1, 1]),
            ("in 1 of 3 values one side is NaN or infinite",),
        ),
        (
            product([7.0, 100.0, 7.0], [1, 0, 1]),
            product([7.0, 50.0, 7.0], [1, 0, 1]),
            ("1 of 3 values differ", "most by 50 at x0 1.5 angstrom; they have no errors to compare with"),
        ),
        (
            product([7.0, 100.0, 9.0, np.nan], [1, 0, 1, 1]),
            product([7.0, 50.0, 7.0, 1.0], [1, 0, 1, 1]),
            (
                "2 of 3 values differ",
                "most by +1.41 sigma at x0 2.5 angstrom; chi2/n 1",
                "1 of them have no errors to compare with",
                "in 1 more one side is NaN or infinite",
            ),
        ),
        (product([1.0]), product([1.0, 2.0]), ("cannot be compared: shape 1 new, 2 old",)),
        (product([1.0]), product([1.0], attributes={"events": 9}), ("the same, value by value (0 events new, 9 old)",)),
        (product(3.0, 1.0), product(1.0, 1.0), ("1 of 1 values differ", "most by +1.41 sigma; chi2/n 2")),
        (
            product([1.0, 5.0]),
            product([1.0, 2.0]),
            ("1 of 2 values differ", "most by 3 at x0 1.5 angstrom; they have no errors to compare with"),
        ),
    ],
)
def test_it_is_said_in_words(ours: Product, theirs: Product, says: tuple[str, ...]) -> None:
    assert in_words(compare(ours, theirs, ("new", "old"))) == says
