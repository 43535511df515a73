"""Pictures of all that a script may leave: thinned to the pixels without losing a peak, and of numbers of any size."""

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from numpy.typing import NDArray

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import write_product
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.web.render import reading
from livereduce.web.render.png import MAX_COLUMNS, draw
from livereduce.web.render.reading import Unshowable, read_curves

Floats = NDArray[np.float64]


def write(path: Path, signal: Floats, errors: Floats | None = None, axis: Floats | None = None) -> Path:
    axes = tuple(
        Axis(name=f"axis{n}", values=np.arange(length + 1.0) if axis is None else axis, units="m")
        for n, length in enumerate(signal.shape)
    )
    title = "$\\frac{1}{0}$ \x07"
    write_product(
        path,
        Product(pipeline="live", run=7, name="result", signal=signal, axes=axes, errors=errors, title=title),
    )
    return path


def pixels(path: Path, *rows: int) -> NDArray[np.float32]:
    picture = draw(path, rows, 7, "result")
    assert picture.startswith(b"\x89PNG")
    return np.asarray(imread(io.BytesIO(picture)))


def inked(picture: NDArray[np.float32]) -> NDArray[np.intp]:
    """How many pixels of each column are of the first line's colour, blue."""
    red, _, blue = (picture[..., channel] for channel in range(3))
    found: NDArray[np.intp] = ((blue > 0.6) & (red < 0.3)).sum(axis=0)
    return found


def test_a_long_spectrum_is_thinned_to_the_pixels_and_keeps_every_peak(tmp_path: Path) -> None:
    signal = np.random.default_rng(0).poisson(9, 300_000).astype(float)
    signal[200_000] = 900.0
    path = write(tmp_path / "a.nxs", signal, np.sqrt(signal))
    shown = read_curves(path, MAX_COLUMNS)
    (curve,) = shown.curves
    assert len(curve.low) == len(shown.axis.values) - 1 <= MAX_COLUMNS
    assert [float(one) for one in (curve.high.max(), curve.low.min(), curve.most.max())] == [900, signal.min(), 930]
    assert shown.thinned == "each column is drawn from the lowest to the highest of 313 neighbouring points"
    assert inked(pixels(path)).max() > 300, "the peak goes up to the top"


def test_the_same_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(1).random(10_007)
    path = write(tmp_path / "a.nxs", signal, np.ones_like(signal), np.arange(10_007.0))
    whole = read_curves(path, 100)
    monkeypatch.setattr(reading, "PIECE_CELLS", 500)
    pieces = read_curves(path, 100)
    for name in ("low", "high", "least", "most"):
        assert getattr(pieces.curves[0], name).tolist() == getattr(whole.curves[0], name).tolist()
    assert pieces.axis.values.tolist() == whole.axis.values.tolist()
    assert whole.axis.values[:2].tolist() == [50, 151], "the middle of 101 points"


def test_rows_of_an_image_are_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.random.default_rng(1).random((4, 5000)), axis=None)
    shown = read_curves(path, 100, (3, 0))
    assert (shown.row_numbers, shown.note, len(shown.curves)) == ((3, 0), "row 3, 0 of 4", 2)
    pixels(path, 3, 0)
    pixels(path)


@pytest.mark.parametrize(
    "signal",
    [
        np.full(50, 1e308),
        np.full(50, -1.7e308),
        np.linspace(-1.7, 1.7, 50) * 1e308,
        np.linspace(0, 200, 50) * 5e-324,
        np.array([0.0, 1e-300, 1e300]),
        np.array([1.0, np.inf, -np.inf, np.nan]),
        np.zeros(7),
        np.full((10, 10), 1e308),
        np.linspace(0, 1, 100).reshape(10, 10) * 1.7e308,
        np.linspace(-1, 1, 100).reshape(10, 10) * 5e-324,
        np.where(np.eye(10) > 0, 1e308, 1e-308),
        np.array([[np.nan, 1.0], [np.inf, 2.0]]),
    ],
)
@pytest.mark.parametrize("size", [None, 1.0, 1e308])
def test_numbers_of_any_size_are_drawn(tmp_path: Path, signal: Floats, size: float | None) -> None:
    errors = None if size is None else np.full_like(signal, size)
    pixels(write(tmp_path / "a.nxs", signal, errors))


@pytest.mark.parametrize("shape", [(9,), (9, 9)])
@pytest.mark.parametrize(
    "axis", [np.full(9, np.nan), np.full(10, 5.0), np.linspace(-1.7, 1.7, 10) * 1e308, np.arange(9) * 5e-324]
)
def test_an_axis_of_any_numbers_is_drawn(tmp_path: Path, shape: tuple[int, ...], axis: Floats) -> None:
    pixels(write(tmp_path / "a.nxs", np.ones(shape), np.full(shape, np.nan), axis))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=6), st.lists(st.floats(), min_size=6, max_size=6))
def test_anything_is_drawn_or_said_to_be_no_number(values: list[float], edges: list[float]) -> None:
    signal = np.array(values)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.nxs", signal, np.abs(signal), np.array(edges[: len(values)]))
        if np.isfinite(signal).any():
            pixels(path)
        else:
            with pytest.raises(Unshowable, match="none of them is a number"):
                draw(path, (), 7, "result")


@pytest.mark.parametrize("signal", [np.array(1.0), np.zeros(0), np.zeros((0, 5)), np.full(5, np.nan)])
def test_where_there_is_nothing_to_draw_it_is_said(tmp_path: Path, signal: Floats) -> None:
    with pytest.raises(Unshowable, match="nothing to plot: "):
        draw(write(tmp_path / "a.nxs", signal), (), 7, "result")


def test_a_picture_has_the_axes_that_the_product_asks_for(tmp_path: Path) -> None:
    signal = np.geomspace(1, 1e6, 50)
    axes = (Axis(name="q", values=np.geomspace(0.01, 10, 51), units="1/angstrom"),)
    made = Product(pipeline="live", run=7, name="result", signal=signal, axes=axes)
    path = tmp_path / "a.nxs"
    write_product(path, made)
    linear = pixels(path)
    write_product(path, replace(made, display=Display(x_log=True, y_log=True)))
    logarithmic = pixels(path)
    assert (inked(logarithmic)[400:700] > 0).all()
    assert (linear != logarithmic).any()
    write_product(path, replace(made, display=Display(x_range=(0.02, 0.03))))
    assert (pixels(path) != linear).any()
    write_product(path, replace(made, display=Display(kind=DisplayKind.TABLE)))
    with pytest.raises(Unshowable, match="a table has no picture"):
        draw(path, (), 7, "result")
