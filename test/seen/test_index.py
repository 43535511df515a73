"""The index as the page believes it: what is not written as ours is no product."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.folder import Products
from livereduce.publish.products.index import INDEX
from livereduce.publish.runs.scripts import by_name
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.seen.index import MAX_RUNS, ListedRun, ShownIndex, changes, is_of_others, of_others, parse_index

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["runs", "run", "products"]), inner),
)


def entry(run: int = 7, name: str = "result", path: str | None = None, written: float = 1.5e9) -> dict[str, Any]:
    path = f"{run}/{name}.nxs" if path is None else path
    return {"name": name, "path": path, "written_unix_s": written, "events": 5, "incomplete": ""}


def index(*entries: dict[str, Any], run: int = 7) -> str:
    return json.dumps({"current": run, "runs": [{"run": run, "ended": False, "products": list(entries)}]})


def test_what_the_service_writes_is_understood(tmp_path: Path) -> None:
    products = Products(tmp_path)
    axis = Axis(name="x", values=np.arange(3.0))
    for run, name in ((5, "result"), (6, "result"), (6, "odd name/with .. in it")):
        products.publish(Product(pipeline="live", run=run, name=name, signal=np.zeros(3), axes=(axis,)))
    products.ended(5)
    found = parse_index((tmp_path / "products" / INDEX).read_text())
    assert [(run.run, run.ended, sorted(run.products)) for run in found.runs] == [
        (6, False, ["odd name/with .. in it", "result"]),
        (5, True, ["result"]),
    ]
    for listed in found.runs:
        for product in listed.products.values():
            assert (tmp_path / "products" / product.path).is_file()


@pytest.mark.parametrize(
    "path",
    [
        "../7/result.nxs",
        "7/../../secret.nxs",
        "/etc/passwd",
        "7/.hidden.nxs",
        "7/a/b.nxs",
        "8/result.nxs",
        "7/result.nxs/",
        "7/result",
        "7/x.nxs\n",
        "٧/result.nxs",
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_no_product(path: str) -> None:
    assert parse_index(index(entry(path=path))).find(7, "result") is None


def test_a_time_that_there_is_not_is_no_product() -> None:
    for written in (1e300, float("inf"), float("nan")):
        assert parse_index(index(entry(written=written))).find(7, "result") is None


def test_only_what_is_new_is_a_change() -> None:
    before = parse_index(index(entry(name="a"), entry(name="b")))
    after = parse_index(index(entry(name="a"), entry(name="b", written=1.5e9 + 0.001), entry(name="c")))
    assert [(run, one.name) for run, one in changes(before, after)] == [(7, "b"), (7, "c")]
    assert [one.name for _, one in changes(ShownIndex(), before)] == ["a", "b"]


def test_a_result_of_other_scripts_is_told_also_if_only_one_of_two_packages_has_changed() -> None:
    files = {"/use/reduce_PG3_live_proc.py": "1", "/use/a/__init__.py": "2", "/use/b/__init__.py": "3"}
    made = ListedRun(run=7, ended=False, products={}, scripts=dict(by_name(files)))
    unknown = ListedRun(run=8, ended=False, products={})
    assert of_others((made, unknown), files) == []
    for path in files:
        assert of_others((made, unknown), {**files, path: "4"}) == [7], path
    assert is_of_others(made, {path: md5 for path, md5 in files.items() if "/a/" not in path})
    assert of_others((made,), {}) == []


def test_of_too_many_runs_the_newest_are_shown() -> None:
    runs = [{"run": run, "ended": True, "products": []} for run in range(MAX_RUNS + 5)]
    found = parse_index(json.dumps({"runs": runs}))
    assert (len(found.runs), found.runs[0].run) == (MAX_RUNS, MAX_RUNS + 4)


@given(JSON)
def test_whatever_it_is_it_is_an_index_or_a_clear_error(body: object) -> None:
    with suppress(ValueError):
        assert isinstance(parse_index(json.dumps(body)), ShownIndex)


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (
            {"kind": "line", "x_log": True, "y_log": False, "x_range": [0.5, 2]},
            Display(kind=DisplayKind.LINE, x_log=True, x_range=(0.5, 2.0)),
        ),
        (None, Display()),
        ([], Display()),
        ({"kind": "pie"}, Display()),
        ({"kind": "table", "x_log": 1}, Display()),
        ({"x_range": [2, 1]}, Display()),
        ({"x_range": [1, 2, 3]}, Display()),
        ({"x_range": [0, 1], "x_log": True}, Display()),
    ],
)
def test_what_a_product_asks_for_is_taken_if_it_is_usable(said: object, seen: Display) -> None:
    entry = {"name": "a", "path": "5/a.nxs", "written_unix_s": 1.0, "display": said}
    index = parse_index(json.dumps({"runs": [{"run": 5, "ended": False, "products": [entry]}]}))
    found = index.find(5, "a")
    assert found is not None
    assert found.display == seen
