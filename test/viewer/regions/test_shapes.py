"""Which pixels lie in a region: equal to plain numpy, pixel by pixel, on random shapes and on edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.regions import Region, RegionKind
from livereduce.stream.items import B1, F8
from livereduce.viewer.regions import shapes
from livereduce.viewer.regions.shapes import inside

SIDE = 9
X, Y = (axis.ravel().astype(np.float64) for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
PIXELS = np.arange(100, 100 + SIDE * SIDE, dtype=np.int32)
# half of them on whole numbers: on the centers of pixels, where an edge matters
COORDINATE = st.one_of(st.integers(-2, SIDE + 1).map(float), st.floats(-2, SIDE + 1))
POINT = st.tuples(COORDINATE, COORDINATE)


def drawn(kind: RegionKind, points: tuple[tuple[float, float], ...]) -> B1:
    return inside(Region(name="a", kind=kind, projection="flat", points=points), X, Y, PIXELS)


def by_hand(points: list[tuple[float, float]], x: F8, y: F8) -> B1:
    """The even-odd rule as it is written down everywhere."""
    odd = np.zeros(len(x), np.bool_)
    j = len(points) - 1
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i, (xi, yi) in enumerate(points):
            xj, yj = points[j]
            odd ^= ((yi > y) != (yj > y)) & (x < np.float64(xj - xi) * (y - yi) / np.float64(yj - yi) + xi)
            j = i
    return odd


@given(POINT, POINT)
def test_a_rectangle_has_the_pixels_between_its_corners_with_its_edges(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    (xa, ya), (xb, yb) = one, two
    expected = (min(xa, xb) <= X) & (max(xa, xb) >= X) & (min(ya, yb) <= Y) & (max(ya, yb) >= Y)
    assert np.array_equal(drawn(RegionKind.RECTANGLE, (one, two)), expected)


@given(POINT, POINT)
def test_an_ellipse_has_the_pixels_within_its_radii(one: tuple[float, float], two: tuple[float, float]) -> None:
    x0, x1, y0, y1 = min(one[0], two[0]), max(one[0], two[0]), min(one[1], two[1]), max(one[1], two[1])
    if x0 == x1 or y0 == y1:
        return
    rx, ry = (x1 - x0) / 2, (y1 - y0) / 2
    with np.errstate(over="ignore"):
        expected = ((X - (x0 + x1) / 2) / rx) ** 2 + ((Y - (y0 + y1) / 2) / ry) ** 2 <= 1
    assert np.array_equal(drawn(RegionKind.ELLIPSE, (one, two)), expected)


def test_an_ellipse_without_a_width_is_a_line() -> None:
    found = drawn(RegionKind.ELLIPSE, ((2.0, 1.0), (2.0, 3.0)))
    assert [(x, y) for x, y in zip(X[found], Y[found], strict=True)] == [(2, 1), (2, 2), (2, 3)]


@given(st.lists(POINT, min_size=3, max_size=40))
def test_a_lasso_has_the_pixels_of_the_even_odd_rule(points: list[tuple[float, float]]) -> None:
    assert np.array_equal(drawn(RegionKind.LASSO, tuple(points)), by_hand(points, X, Y))


@given(st.lists(POINT, min_size=3, max_size=12))
def test_it_does_not_matter_how_many_are_compared_at_a_time(points: list[tuple[float, float]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "AT_ONCE", 7)
        assert np.array_equal(drawn(RegionKind.LASSO, tuple(points)), by_hand(points, X, Y))


def test_lassos_side_by_side_share_no_pixel_and_miss_none() -> None:
    left = drawn(RegionKind.LASSO, ((-1, -1), (4, -1), (4, 20), (-1, 20)))
    right = drawn(RegionKind.LASSO, ((4, -1), (20, -1), (20, 20), (4, 20)))
    assert not (left & right).any()
    assert (left | right).all()


def test_pixels_by_text_need_no_place() -> None:
    region = Region(name="a", kind=RegionKind.PIXELS, pixels="101-103, 180,7")
    assert PIXELS[inside(region, X, Y, PIXELS)].tolist() == [101, 102, 103, 180]


def test_a_pixel_without_a_place_is_in_no_shape() -> None:
    x, y = np.array([np.nan, 1.0, np.nan]), np.array([1.0, np.nan, np.nan])
    corners = ((-9.0, -9.0), (9.0, 9.0))
    for kind, points in (
        (RegionKind.RECTANGLE, corners),
        (RegionKind.ELLIPSE, corners),
        (RegionKind.LASSO, ((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0))),
    ):
        region = Region(name="a", kind=kind, projection="flat", points=points)
        assert not inside(region, x, y, PIXELS[:3]).any()
