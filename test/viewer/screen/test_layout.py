"""Cells of a picture: every pixel is in one, no count is lost, gaps between pixels are filled and real ones are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livereduce.messages.regions import Projection
from livereduce.stream.items import F8
from livereduce.viewer.screen.layout import MOST_CELLS, ScreenLayout, lay_out


def grid(nx: int, ny: int, x: tuple[float, float] = (-1, 1), y: tuple[float, float] = (-1, 1)) -> tuple[F8, F8]:
    px, py = np.meshgrid(np.linspace(*x, nx), np.linspace(*y, ny))
    return px.ravel(), py.ravel()


def of(px: F8, py: F8, aspect: float = 1.0) -> ScreenLayout:
    return lay_out(Projection.FLAT, px, py, aspect)


def test_an_even_grid_of_pixels_is_the_picture() -> None:
    layout = of(*grid(192, 256))
    assert (layout.x.cells, layout.y.cells) == (192, 256)
    assert (layout.pixels == 1).all()
    counts = np.arange(192 * 256)
    np.testing.assert_array_equal(layout.shown(counts), counts)


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 3000), seed=st.integers(0, 2**32 - 1), aspect=st.floats(0.01, 100))
def test_no_count_is_lost_however_pixels_lie(n: int, seed: int, aspect: float) -> None:
    rng = np.random.default_rng(seed)
    layout = of(rng.normal(size=n), rng.uniform(-3, 5, n), aspect)
    counts = rng.integers(0, 100, n)
    shown = layout.shown(counts)
    assert len(shown) == layout.x.cells * layout.y.cells <= MOST_CELLS
    has = layout.pixels > 0
    assert np.isclose((shown[has] * layout.pixels[has]).sum(), counts.sum())
    assert layout.pixels.sum() == n
    assert shown.min() >= -1


def test_gaps_between_pixels_are_filled_and_gaps_between_banks_stay_empty() -> None:
    left, right = grid(40, 30, (-1, -0.3)), grid(37, 30, (0.31, 1))
    rng = np.random.default_rng(5)
    px, py = (np.concatenate(both) for both in zip(left, right, strict=True))
    px = px + rng.normal(scale=0.001, size=len(px))  # no even grid
    layout = of(px, py)
    shown = layout.shown(np.ones(len(px), np.int64)).reshape(layout.y.cells, layout.x.cells)
    middle = layout.x.cells // 2
    assert (shown[:, middle] == -1).all(), "nothing is there"
    inside = shown[2:-2, 2 : int(0.3 * layout.x.cells)]
    assert (inside == 1).all(), "no grid of holes"


def test_a_cell_with_several_pixels_has_their_mean() -> None:
    layout = of(*grid(2000, 2000))
    assert layout.pixels.max() > 1
    assert set(layout.shown(np.full(4_000_000, 7))) == {7.0}


def test_the_nearest_pixel_is_found_in_the_units_of_the_picture() -> None:
    px, py = grid(10, 5, (-180, 180), (-0.1, 0.1))
    layout = of(px, py)
    for at in (0, 13, 49):
        assert layout.nearest(px[at] + 1.0, py[at] - 0.001) == at
    nowhere = of(np.full(3, np.nan), np.full(3, np.nan))
    assert nowhere.nearest(0.0, 0.0) == -1


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_a_few_pixels_in_one_place_do_no_harm(n: int) -> None:
    layout = of(np.full(n, 3.0), np.full(n, -2.0))
    assert layout.pixels.sum() == n
    assert layout.shown(np.ones(n, np.int64)).max() == (1 if n else -1)


def test_the_picture_has_the_aspect_that_is_wanted() -> None:
    rng = np.random.default_rng(2)
    layout = of(rng.uniform(-170, 170, 50_000), rng.uniform(-1, 1, 50_000), aspect=np.radians(2.0))
    assert layout.x.cells / layout.y.cells == pytest.approx(np.radians(2.0) * 340 / 2, rel=0.1)
