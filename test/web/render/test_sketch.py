"""Sketches of products: peaks stay, scales are as a product asks, odd values do no harm."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from helpers.fabricated import axis, image, pattern, product
from livereduce.publish.product import Product
from livereduce.publish.products.folder import Products
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.web.render.encode import to_json
from livereduce.web.render.sketch import CELLS, COLUMNS, FINE, scaled, sketch


@pytest.fixture
def sketched(tmp_path: Path) -> "Sketching":
    return Sketching(tmp_path)


class Sketching:
    """Products published and sketched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, one: Product) -> dict[str, object]:
        Products(self._folder).publish(one)
        (path,) = self._folder.glob("products/41/*.nxs")
        found = sketch(path)
        assert b"null" not in to_json({name: value for name, value in found.items() if name in ("x", "low", "high")})
        return found


def curve(values: NDArray[np.float64], **display: object) -> Product:
    made = product(41, "result", values, (axis("d", np.arange(len(values) + 1.0) + 1, "angstrom"),))
    return replace(made, display=Display(**display)) if display else made  # type: ignore[arg-type]


def test_a_short_curve_is_drawn_point_by_point(sketched: Sketching) -> None:
    found = sketched(curve(np.array([0.0, 5.0, 10.0])))
    assert (found["x"], found["low"], found["high"]) == ([0, 500, 1000], [0, 500, 1000], [0, 500, 1000])
    assert (found["x_name"], found["x_units"], found["x_from"], found["x_to"]) == ("d", "angstrom", 1.5, 3.5)
    assert (found["least"], found["most"], found["units"]) == (0.0, 10.0, "counts")


def test_no_peak_of_a_long_curve_is_lost(sketched: Sketching) -> None:
    values = np.ones(100_000)
    values[54_321] = 1000.0
    found = sketched(curve(values))
    heights = found["high"]
    assert isinstance(heights, list)
    assert len(heights) <= COLUMNS
    assert (max(heights), min(heights)) == (FINE, 1)
    assert len(to_json(found)) < 12_000


def test_scales_and_range_are_those_that_the_product_asks_for(sketched: Sketching) -> None:
    found = sketched(curve(np.array([-1.0, 1.0, 10.0, 100.0, 0.0]), y_log=True))
    assert (found["x"], found["high"]) == ([0, 500, 1000], [0, 500, 1000])


def test_a_range_is_cut_out(sketched: Sketching) -> None:
    found = sketched(curve(np.arange(10.0), x_range=(3.0, 5.0)))
    assert (found["x_from"], found["x_to"], found["most"]) == (3.5, 4.5, 3.0)


def test_negative_values_stand_below_zero(sketched: Sketching) -> None:
    assert sketched(curve(np.array([-5.0, 0.0, 5.0])))["high"] == [0, 500, 1000]


def test_an_image_is_a_byte_a_cell_in_bounds(sketched: Sketching) -> None:
    found = sketched(replace(image(41, rows=300, columns=500, name="result"), display=Display(y_log=True)))
    cells = np.frombuffer(base64.b64decode(str(found["cells"])), dtype=np.uint8)
    assert found["kind"] == "image"
    assert cells.size == int(str(found["width"])) * int(str(found["height"])) <= CELLS
    assert (cells.max(), cells.min() >= 1) == (255, True)


def test_cells_without_a_number_are_left_out(sketched: Sketching) -> None:
    values = np.array([[1.0, np.nan], [np.inf, 3.0]])
    found = sketched(product(41, "result", values, (axis("y", np.arange(2.0)), axis("x", np.arange(2.0)))))
    assert list(base64.b64decode(str(found["cells"]))) == [1, 0, 0, 255]


def test_numbers_tables_and_nothing_have_a_kind_each(sketched: Sketching) -> None:
    found = sketched(product(41, "result", np.array(1.25), (), np.array(0.5)))
    assert (found["kind"], found["value"], found["error"], found["units"]) == ("scalar", 1.25, 0.5, "counts")
    assert sketched(curve(np.ones(3), kind=DisplayKind.TABLE)) == {"kind": "table"}
    assert sketched(curve(np.full(3, np.nan))) == {"kind": "empty"}


def test_spectra_that_are_to_be_lines_are_a_line(sketched: Sketching) -> None:
    several = product(
        41, "result", np.arange(6.0).reshape(2, 3), (axis("y", np.arange(2.0)), axis("x", np.arange(3.0)))
    )
    assert sketched(replace(several, display=Display(kind=DisplayKind.LINE)))["high"] == [0, 500, 1000]


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(
    "values", [[1.7e308, -1.7e308], [5e-324, 1e-320], [7.0, 7.0], [1e308, 5e-324], [0.0, 0.0], [-3.0, -2.0]]
)
def test_the_largest_and_smallest_numbers_stay_within_the_picture(values: list[float], log: bool) -> None:
    places = scaled(np.array(values), min(values), max(values), log=log)
    assert ((places >= 0) & (places <= FINE)).all()


def test_a_pattern_is_recognized(sketched: Sketching) -> None:
    found = sketched(pattern(41, 100_000))
    assert found["kind"] == "curve"
    assert max(found["high"]) == FINE  # type: ignore[call-overload]
