"""The total of a product: made where it is written, the same in its file, in the index and after a restart."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.fabricated import axis, product
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_facts
from livereduce.publish.products.folder import Products
from livereduce.publish.products.totals import finite, totals_of
from livereduce.seen.index import parse_index


def made(values: Any, errors: Any = None) -> Product:
    signal = np.asarray(values, np.float64)
    axes = tuple(axis(name, np.arange(length, dtype=float)) for name, length in zip("yx", signal.shape, strict=False))
    spread = None if errors is None else np.asarray(errors, np.float64)
    return product(7, "result", signal, axes, spread, last_pulse="2027-01-15T08:00:00.5Z")


def test_the_sum_of_all_values_and_the_root_of_the_sum_of_the_variances() -> None:
    assert totals_of(made([[1, 2], [3, 4]], [[1, 2], [2, 4]])) == {
        "total": 10.0,
        "total_error": 5.0,
        "total_units": "counts",
    }
    assert totals_of(made(4.5)) == {"total": 4.5, "total_units": "counts"}, "a number, without an error"


def test_masked_values_and_their_errors_do_not_count() -> None:
    found = totals_of(made([1, math.nan, 2], [3, 100, 4]))
    assert (found["total"], found["total_error"]) == (3.0, 5.0)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, 1], [math.inf, -math.inf]])
def test_there_is_no_total_without_finite_values(values: list[float]) -> None:
    assert totals_of(made(values)) == {}


def test_an_error_that_is_no_number_is_left_out() -> None:
    assert totals_of(made([1, 2], [math.nan, 1])) == {"total": 3.0, "total_units": "counts"}


@pytest.mark.parametrize("value", [None, "x", math.nan, math.inf, [1, 2], np.array([1.0, 2.0])])
def test_a_fact_that_is_no_number(value: object) -> None:
    assert finite(value) is None


def listed(folder: Path) -> Any:
    index = parse_index((folder / "products" / "index.json").read_text())
    found = index.find(7, "result")
    assert found
    return found


def test_file_and_index_have_it_and_it_is_found_again_after_a_restart(tmp_path: Path) -> None:
    path = Products(tmp_path).publish(made([3, 4], [1, 0]))
    assert read_facts(path)["total"] == 7.0
    first = listed(tmp_path)
    assert (first.total, first.total_error, first.units) == (7.0, 1.0, "counts")
    assert first.last_pulse_unix_s == 1_800_000_000.5
    Products(tmp_path).ended(7)
    again = listed(tmp_path)
    assert (again.total, again.total_error, again.units, again.last_pulse_unix_s) == (7.0, 1.0, "counts", 1.8e9 + 0.5)


def test_an_index_without_totals_or_with_absurd_ones_is_read_all_the_same(tmp_path: Path) -> None:
    Products(tmp_path).publish(made([3, 4]))
    place = tmp_path / "products" / "index.json"
    body = json.loads(place.read_text())
    entry = body["runs"][0]["products"][0]
    for name in ("total", "total_error", "units", "last_pulse"):
        del entry[name]
    place.write_text(json.dumps(body))
    assert (listed(tmp_path).total, listed(tmp_path).last_pulse_unix_s) == (None, None)
    entry |= {"total": math.nan, "last_pulse": "9999-12-31T23:59:59+00:00"}
    place.write_text(json.dumps(body))
    assert (listed(tmp_path).total, listed(tmp_path).last_pulse_unix_s) == (None, None)
