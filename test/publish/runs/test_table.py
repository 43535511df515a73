"""The run table from what is known of runs: states, scripts that changed, columns, order. Pure."""

import csv
import io
from typing import Any

import pytest

from livereduce.publish.products.index import IndexEntry, Run
from livereduce.publish.runs.encode import table_body, table_csv
from livereduce.publish.runs.row import NO_END, NOT_RUNNING, LastValue, RowState, RunRow, last_values, thinned
from livereduce.publish.runs.scripts import by_name, changed_scripts, decode_scripts, encode_scripts, script_set_id
from livereduce.publish.runs.table import ReducedAgain, RunTable, run_table
from livereduce.publish.trends.trends import Exposure, Trends, add_reported
from livereduce.scripting.reporting.report import ReportedMetric

OLD, NEW = {"proc.py": "a" * 32}, {"proc.py": "b" * 32}


def run(number: int, *, ended: bool = True, incomplete: str = "", lacks: str = "", **more: Any) -> Run:
    entry = IndexEntry(
        name="result",
        path=f"{number}/result.nxs",
        pipeline="live",
        written_unix_s=1.0,
        events=10 * number,
        proton_charge_pc=2.0 * number,
        incomplete=lacks,
        ended=ended,
    )
    return Run(run=number, ended=ended, incomplete=incomplete, products={"result.nxs": entry}, **more)


def area(value: float | None, units: str = "counts") -> LastValue:
    return LastValue(name="area", value=value, error=0.5, units=units, spark=(1.0, value))


def states(table: RunTable) -> list[tuple[int, str, str]]:
    return [(row.run, str(row.state), row.reason) for row in table.rows]


def test_a_run_goes_on_has_ended_or_lacks_data_with_the_reason() -> None:
    runs = [
        run(0, ended=False),
        run(44, ended=False, lacks="a gap of 3 s"),
        run(43),
        run(42, lacks="a gap of 3 s", incomplete="the end was not seen"),
        run(41, ended=False),
    ]
    assert states(run_table(runs, {}, is_up=True)) == [
        (44, "running", "a gap of 3 s"),
        (43, "ended", ""),
        (42, "incomplete", "the end was not seen; a gap of 3 s"),
        (41, "incomplete", NO_END),
    ]


def test_of_a_run_without_an_end_nothing_is_known_while_the_service_is_down() -> None:
    assert states(run_table([run(44, ended=False)], {}, is_up=False)) == [(44, "incomplete", NOT_RUNNING)]


def test_where_other_scripts_were_in_use_the_row_says_which() -> None:
    runs = [run(44, scripts=NEW), run(43, scripts=NEW), run(42, scripts=OLD), run(41)]
    assert run_table(runs, {}, is_up=True).changed == ((), ("proc.py",), (), ())
    earlier = [RunRow(run=40, state=RowState.ENDED, scripts=OLD)]
    assert run_table([run(41, scripts=NEW)], {}, earlier, is_up=True, most=1).changed == (("proc.py",),)


def test_rows_of_earlier_runs_follow_and_one_that_is_kept_again_counts_once() -> None:
    earlier = [RunRow(run=number, state=RowState.ENDED, title="old") for number in (39, 40, 41)]
    table = run_table([run(42, title="new"), run(41, title="again")], {}, earlier, is_up=True)
    assert [(row.run, row.title, row.has_products) for row in table.rows] == [
        (42, "new", True),
        (41, "again", True),
        (40, "old", False),
        (39, "old", False),
    ]
    few = run_table([run(42), run(41)], {}, earlier, is_up=True, most=3)
    assert ([row.run for row in few.rows], len(few.changed)) == ([42, 41, 40], 3)


def test_each_metric_is_a_column_with_the_units_that_are_known() -> None:
    metrics = {44: [area(None, units=""), LastValue(name="width", value=1.0, error=None)], 43: [area(7.0)]}
    table = run_table([run(44), run(43), run(42)], metrics, is_up=True)
    assert [(one.key, one.units, one.scripts) for one in table.columns] == [("area", "counts", ""), ("width", "", "")]
    body = table_body(table)
    assert [row["metrics"].get("area", {}).get("value") for row in body["runs"]] == [None, 7.0, None]
    assert body["runs"][1]["metrics"]["area"]["spark"] == [1.0, 7.0]


def test_what_other_scripts_report_again_stands_beside_and_fills_in() -> None:
    live = {44: [area(1.0), LastValue(name="width", value=1.0, error=None)], 43: [area(2.0)]}
    again = [ReducedAgain(run=run, scripts="beef", metrics=(area(10.0 * run),)) for run in (43, 12)]
    table = run_table([run(44), run(43)], live, (), again, is_up=True)
    assert [(one.key, one.scripts) for one in table.columns] == [("area", ""), ("area@beef", "beef"), ("width", "")]
    metrics = [row["metrics"] for row in table_body(table)["runs"]]
    assert [{key: one["value"] for key, one in of_run.items()} for of_run in metrics] == [
        {"area": 1.0, "width": 1.0},
        {"area": 2.0, "area@beef": 430.0},
    ]
    assert [line["area@beef (counts)"] for line in csv.DictReader(io.StringIO(table_csv(table)))] == ["", "430.0"]


def test_csv_has_a_value_and_an_error_for_each_metric_and_no_formulas() -> None:
    table = run_table([run(44, title="=SUM(A1)"), run(43)], {44: [area(7.0)]}, is_up=True)
    first, second = csv.DictReader(io.StringIO(table_csv(table)))
    assert (first["run"], first["title"], first["area (counts)"], first["area error"]) == (
        "44",
        "'=SUM(A1)",
        "7.0",
        "0.5",
    )
    assert (second["area (counts)"], second["area error"], second["events"]) == ("", "", "430")


def test_last_values_are_those_of_the_newest_result() -> None:
    trends = Trends(run=1, began_unix_s=1.0)
    for step in range(1, 101):
        at = Exposure(time_unix_s=float(step), events=step, charge_pc=1.0)
        value = None if step == 100 else step / 3
        trends = add_reported(trends, [ReportedMetric(name="area", value=value, error=0.1, units="mm")], at)
    (found,) = last_values(trends)
    assert (found.name, found.value, found.error, found.units) == ("area", None, 0.1, "mm")
    assert (len(found.spark), found.spark[0], found.spark[-1]) == (24, 0.3333333, None)
    assert last_values(None) == ()


@pytest.mark.parametrize("length", [0, 1, 2, 23, 24, 25, 1000])
def test_a_sparkline_has_the_first_and_the_last_value(length: int) -> None:
    values = [float(number) for number in range(length)]
    found = thinned(values, 24)
    assert len(found) == min(length, 24)
    assert (found[:1], found[-1:]) == (tuple(values[:1]), tuple(values[-1:]))


def test_scripts_pass_through_a_fact_of_the_file() -> None:
    scripts = [("reduce_PG3_live_proc.py", "a" * 32), ("my helper.py", "b" * 32)]
    assert decode_scripts(encode_scripts(scripts)) == {"reduce_PG3_live_proc.py": "a" * 32, "my_helper.py": "b" * 32}
    assert decode_scripts(" : x: :y no-colon") == {}
    old, new = script_set_id(OLD.values()), script_set_id(NEW.values())
    assert (script_set_id(["", ""]), old != new, len(old)) == ("", True, 8)
    assert script_set_id(["a b", "", "c"]) == script_set_id(["c", "b", "a"]), "as trends and products have them"


def test_files_of_one_name_in_several_folders_are_told_apart_and_others_keep_their_names() -> None:
    paths = ("/use/p.py", "/use/a/__init__.py", "/use/b/__init__.py", "/use/b/a/__init__.py", "/p/x.h5", "/q/x.h5")
    found = by_name({path: str(number) for number, path in enumerate(paths)})
    names = ["p.py", "use/a/__init__.py", "b/__init__.py", "b/a/__init__.py", "p/x.h5", "q/x.h5"]
    assert found == [(name, str(number)) for number, name in enumerate(names)]
    assert decode_scripts(encode_scripts(found)) == dict(found)
    assert by_name({}) == []


def test_a_script_that_came_or_went_is_a_change_and_what_is_not_known_is_none() -> None:
    assert changed_scripts(OLD, {**OLD, "helper.py": "c"}) == ("helper.py",)
    assert changed_scripts(OLD, NEW) == ("proc.py",)
    assert changed_scripts({}, NEW) == changed_scripts(OLD, {}) == ()
