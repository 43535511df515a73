"""Rows that outlive the products of their runs: kept on pruning, bounded, and read whatever the file holds."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.folder import Products
from livereduce.publish.runs import earlier
from livereduce.publish.runs.earlier import FILE_NAME, decode_earlier, encode_earlier, read_earlier
from livereduce.publish.runs.reading import RunTables
from livereduce.publish.runs.row import LastValue, RowState, RunRow
from livereduce.publish.trends.trends import FILE_NAME as TRENDS
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric


def publish(products: Products, run: int, title: str = "", name: str = "result") -> None:
    axis = Axis(name="tof", values=np.array([0.0, 1.0]), units="us")
    facts: dict[str, float | int | str] = {"events": run, "scripts": "proc.py:abc", "ended": 1}
    one = Product(pipeline="live", run=run, name=name, signal=np.ones(1), axes=(axis,), title=title)
    products.publish(replace(one, attributes=facts))
    products.ended(run)


def report(folder: Path, run: int, value: float) -> None:
    at = Exposure(time_unix_s=10.0, events=1, charge_pc=1.0)
    trends = add_reported(
        Trends(run=run, began_unix_s=1.0), [ReportedMetric(name="area", value=value, error=None, units="mm")], at
    )
    (folder / str(run) / TRENDS).write_text(encode_trends(trends, 20.0))


def test_a_row_stays_when_the_products_of_its_run_go(tmp_path: Path) -> None:
    folder, products = tmp_path / "products", Products(tmp_path, keep_runs=2)
    for run in range(1, 6):
        publish(products, run, title=f"sample {run}")
        report(folder, run, run / 4)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["4", "5"]
    rows = read_earlier(folder)
    assert [(row.run, row.title, row.events, row.scripts) for row in rows] == [
        (run, f"sample {run}", run, {"proc.py": "abc"}) for run in (1, 2, 3)
    ]
    assert [(row.state, row.metrics[0].value, row.metrics[0].units) for row in rows] == [
        (RowState.ENDED, run / 4, "mm") for run in (1, 2, 3)
    ]
    publish(Products(tmp_path, keep_runs=2), 6)
    assert [row.run for row in read_earlier(folder)] == [1, 2, 3, 4], "also by the next worker"


def test_title_and_scripts_are_those_of_the_result_also_when_the_index_is_gone(tmp_path: Path) -> None:
    products = Products(tmp_path)
    publish(products, 7, title="a sample")
    publish(products, 7, title="a view of it", name="view")
    assert [run.title for run in products._index.runs] == ["a sample"]
    (tmp_path / "products" / "index.json").unlink()
    Products(tmp_path)
    (run,) = json.loads((tmp_path / "products" / "index.json").read_text())["runs"]
    assert (run["title"], run["scripts"]) == ("a sample", {"proc.py": "abc"})


def test_the_file_is_bounded_in_rows_and_bytes_and_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [RunRow(run=run, state=RowState.ENDED, title="x" * 200) for run in range(1, 1300)]
    assert [row.run for row in decode_earlier(encode_earlier(rows))] == list(range(300, 1300))
    monkeypatch.setattr(earlier, "MAX_BYTES", 4000)
    few = encode_earlier(rows)
    assert len(few) <= 4000
    assert [row.run for row in decode_earlier(few)] == list(range(1300 - len(decode_earlier(few)), 1300))
    again = encode_earlier([rows[0], rows[1], replace(rows[0], title="newer")])
    assert [(row.run, row.title[:5]) for row in decode_earlier(again)] == [(2, "xxxxx"), (1, "newer")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b'{"version": 1}',
        b'{"version": 2, "runs": []}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 1, "runs": [{"run": 1, "state": "odd"}]}',
        b'{"version": 1, "runs": [{"run": "1"}]}',
    ],
)
def test_a_broken_file_costs_only_earlier_runs(text: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode_earlier(text)
    (tmp_path / FILE_NAME).write_bytes(text)
    assert read_earlier(tmp_path) == ()


def test_what_is_no_number_is_no_value() -> None:
    row = RunRow(
        run=1,
        state=RowState.ENDED,
        has_products=True,
        proton_charge_pc=float("nan"),
        metrics=(LastValue(name="a", value=float("nan"), error=float("inf"), spark=(float("nan"), 1.0)),),
    )
    (found,) = decode_earlier(encode_earlier([row]))
    assert found.metrics == (LastValue(name="a", value=None, error=None, spark=(None, 1.0)),)
    assert (found.proton_charge_pc, found.has_products) == (0.0, False)


def test_a_table_sees_what_has_changed_and_reads_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, products = tmp_path / "products", Products(tmp_path)
    publish(products, 7)
    report(folder, 7, 1.0)
    kept = products._index.runs
    tables = RunTables(folder)
    version = tables.version(kept)
    assert tables.table(kept, is_up=True).rows[0].metrics[0].value == 1.0
    monkeypatch.setattr("livereduce.publish.runs.reading.read_trends", lambda path: pytest.fail("read again"))
    assert tables.table(kept, is_up=True).rows[0].metrics[0].value == 1.0
    assert tables.version(kept) == version
    monkeypatch.undo()
    report(folder, 7, 22.0)
    assert tables.table(kept, is_up=True).rows[0].metrics[0].value == 22.0
    assert tables.version(kept) != version
    (folder / "7" / TRENDS).write_text("broken")
    assert tables.table(kept, is_up=True).rows[0].metrics == ()
