import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import livereduce
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.scripting.reporting.report import MAX_PRODUCTS, MAX_VALUES, CycleReport, reporting_to

HERE = __file__


class Sized:
    def __init__(self, cells: int) -> None:
        self.cells = cells


def took(data: Any, display: Display) -> Any:
    if isinstance(data, Exception):
        raise data
    return Sized(data) if isinstance(data, int) else data


@pytest.fixture
def report() -> CycleReport:
    return CycleReport(took)


def complaint_of(report: CycleReport) -> str:
    (one,) = report.complaints
    assert one.file == HERE
    assert not one.is_note
    return one.text


def test_the_last_of_a_name_counts_with_what_it_asks_for(report: CycleReport) -> None:
    with reporting_to(report):
        livereduce.product("map", 1)
        livereduce.product("pattern", 2, title="I(d)", x_log=True, x_range=(0.5, 2), kind="line")
        livereduce.product("map", 3, y_log=np.bool_(True))  # type: ignore[arg-type]
    one, two = report.products
    assert (one.name, one.taken.cells, one.display) == ("map", 3, Display(y_log=True))
    assert (two.title, two.display) == ("I(d)", Display(kind=DisplayKind.LINE, x_log=True, x_range=(0.5, 2.0)))
    assert report.complaints == ()


WRONG = [
    (("", 1), {}, "product: expected a name of letters"),
    ((7, 1), {}, "product: expected a name of letters, digits and _ . -, at most 64, the first one a letter; got 7"),
    (("result", 1), {}, "the result of the cycle is called 'result'"),
    (("result_1", 1), {}, "the result of the cycle is called 'result'"),
    (("a", 1), {"kind": "pie"}, "expected a kind of 'line', 'image', 'table'; got 'pie'"),
    (("a", 1), {"kind": None}, "expected a kind"),
    (("a", 1), {"title": "x" * 201}, "expected a title of at most 200 characters"),
    (("a", 1), {"x_range": 5}, "expected an x_range of two numbers, the smaller one first; got 5"),
    (("a", 1), {"x_range": (2, 1)}, "the smaller one first"),
    (("a", 1), {"x_range": (0, float("nan"))}, "the smaller one first"),
    (("a", 1), {"x_range": (0, 1), "x_log": True}, "expected an x_range above 0"),
]


@pytest.mark.parametrize(("arguments", "wishes", "says"), WRONG)
def test_what_is_wrong_costs_itself_in_a_call_and_is_raised_elsewhere(
    report: CycleReport, arguments: tuple[Any, ...], wishes: dict[str, Any], says: str
) -> None:
    with reporting_to(report):
        livereduce.product(*arguments, **wishes)
    assert says in complaint_of(report)
    assert report.products == ()
    with pytest.raises(ValueError, match=r"expected|called"):
        livereduce.product(*arguments, **wishes)


def test_a_blank_becomes_an_underscore_and_that_is_said(report: CycleReport) -> None:
    with reporting_to(report):
        livereduce.product("my map", 1)
    assert [one.name for one in report.products] == ["my_map"]
    ((text, is_note, line),) = [(one.text, one.is_note, one.line) for one in report.complaints]
    assert (text, is_note) == ("product 'my map' is kept as 'my_map': a name has no blanks", True)
    assert line > 0


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("two  lines\nof text"), "product 'a': two lines of text; it is left out"),
        (ZeroDivisionError("division by zero"), "product 'a': ZeroDivisionError: division by zero; it is left out"),
        (KeyError(Hostile()), "product 'a': KeyError; it is left out"),
    ],
)
def test_data_that_cannot_be_taken_cost_themselves(report: CycleReport, error: Exception, says: str) -> None:
    with reporting_to(report):
        livereduce.product("a", error)
        livereduce.product("b", 1)
    assert complaint_of(report) == says
    assert [one.name for one in report.products] == ["b"]


def test_a_hostile_name_costs_itself(report: CycleReport) -> None:
    with reporting_to(report):
        livereduce.product(Hostile(), 1)  # type: ignore[arg-type]
    assert complaint_of(report) == "product: RuntimeError: no; it is left out"


def test_not_any_number_and_not_any_size(report: CycleReport) -> None:
    with reporting_to(report):
        for k in range(MAX_PRODUCTS):
            livereduce.product(f"p{k}", 1)
        livereduce.product("p0", 2)
        livereduce.product("one_more", 1)
        livereduce.product("p1", MAX_VALUES)
    assert [one.text for one in report.complaints] == [
        f"product 'one_more': at most {MAX_PRODUCTS} products can be reported in a cycle; it is left out",
        f"product 'p1': the products of a cycle have at most {MAX_VALUES} values together; it is left out",
    ]
    assert [one.taken.cells for one in report.products[:2]] == [2, 1]


@pytest.mark.parametrize("data", [1, 2.5, [1, 2], [[1, 2], [3, 4]], np.ones(3), {"a": 1}, {"x": [1, 2], "y": [3, 4]}])
def test_in_a_notebook_what_can_be_shown_does_nothing(data: Any) -> None:
    livereduce.product("a", data)


@pytest.mark.parametrize(
    ("data", "wishes", "says"),
    [
        (None, {}, "expected numbers, an array, a workspace or a dictionary; got NoneType"),
        ("1, 2", {}, "got str"),
        ({}, {}, "expected a dictionary of numbers or columns"),
        ({1: 2}, {}, "expected a dictionary of numbers or columns"),
        (np.ones((2, 2, 2)), {}, "expected at most two dimensions; got 3"),
        (np.ones(2), {"kind": "image"}, "an image needs two dimensions; got 1"),
    ],
)
def test_in_a_notebook_what_cannot_be_shown_is_raised(data: Any, wishes: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        livereduce.product("a", data, **wishes)


def test_outside_of_a_worker_nothing_heavy_is_imported() -> None:
    code = """
import sys
import livereduce
livereduce.product("a", [1, 2], x_log=True)
assert not {"numpy", "psutil", "logging", "socket"} & set(sys.modules), sys.modules
"""
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
