"""``livereduce runs``: the table for people, as CSV and as JSON, also of a service that is not there."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated, pattern
from livereduce.base.errors import ExitCode
from livereduce.cli import main
from livereduce.commands.runs import describe_table, measured
from livereduce.publish.runs.reading import RunTables
from livereduce.publish.runs.row import LastValue
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.seen.index import parse_index


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    one = Fabricated(tmp_path / "powder", "POWDER")
    one.publish(replace(pattern(40, 1000), title="vanadium\x1b[2J"))
    one.shelf.ended(40, "the end of the run was not seen")
    newest = pattern(41, 2000)
    facts: dict[str, float | int | str] = {"start_time": "2026-11-30T08:00:00+00:00", "proton_charge_pc": 7.2e9}
    one.publish(replace(newest, attributes=newest.attributes | facts))
    trends = add_reported(
        Trends(run=41, began_unix_s=1.0),
        [ReportedMetric(name="area", value=12.3456, error=0.05, units="mm")],
        Exposure(time_unix_s=10.0, events=1, charge_pc=1.0),
    )
    (one.path / "state" / "products" / "41" / "trends.json").write_text(encode_trends(trends, 20.0))
    return one


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["runs", *words]) == ExitCode.OK
    return capsys.readouterr().out


def test_for_people_it_is_a_line_for_each_run(powder: Fabricated, capsys: pytest.CaptureFixture[str]) -> None:
    powder.say()
    heads, newest, older, note = said(capsys, str(powder.conf)).splitlines()
    assert heads.split() == ["run", "state", "start", "lasted", "events", "µAh", "scripts", "area", "(mm)", "title"]
    assert newest.split() == ["41", "running", "2026-11-30", "08:00:00", "-", "2000", "2", "-", "12.346", "±", "0.050"]
    assert older.split() == ["40", "incomplete", "-", "-", "1000", "0", "-", "-", "vanadium\\x1b[2J"]
    assert note == "run 40: the end of the run was not seen"


def test_a_star_marks_other_scripts_and_a_note_says_so(powder: Fabricated) -> None:
    folder = powder.path / "state" / "products"
    listed = parse_index((folder / "index.json").read_text())
    table = replace(RunTables(folder, None).table(listed.runs, is_up=True), changed=(("proc.py",), ()))
    _, newest, older, note, _ = describe_table(table).splitlines()
    assert "*" in newest
    assert "*" not in older
    assert note == "* the scripts are others than in the run before"


def test_for_programs_it_is_json_or_csv(powder: Fabricated, capsys: pytest.CaptureFixture[str]) -> None:
    powder.say()
    body = json.loads(said(capsys, str(powder.conf), "--json"))
    assert [(row["run"], row["state"]) for row in body["runs"]] == [(41, "running"), (40, "incomplete")]
    rows = list(csv.DictReader(io.StringIO(said(capsys, str(powder.conf), "--csv"))))
    assert [(row["run"], row["area (mm)"]) for row in rows] == [("41", "12.3456"), ("40", "")]


def test_without_a_status_the_configuration_says_where_the_runs_are(
    powder: Fabricated, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.loads(said(capsys, str(powder.conf), "--json"))
    assert [(row["run"], row["state"]) for row in body["runs"]] == [(41, "incomplete"), (40, "incomplete")]


def test_what_was_reduced_again_stands_beside(powder: Fabricated, capsys: pytest.CaptureFixture[str]) -> None:
    powder.say()
    folder = powder.path / "reduced"
    (folder / "PG3_41").mkdir(parents=True)
    (folder / "PG3_40").mkdir()
    (folder / "PG3_40" / "trends.json").write_text("broken")
    trends = add_reported(
        Trends(run=41, began_unix_s=1.0, scripts=("a" * 32, "")),
        [ReportedMetric(name="area", value=13.0, error=None, units="mm")],
        Exposure(time_unix_s=10.0, events=1, charge_pc=1.0),
    )
    (folder / "PG3_41" / "trends.json").write_text(encode_trends(trends, 20.0))
    body = json.loads(said(capsys, str(powder.conf), "--json", "--beside", str(folder)))
    (live, again) = body["columns"]
    assert (live["key"], again["name"], again["key"]) == ("area", "area", f"area@{again['scripts']}")
    assert [row["metrics"].get(again["key"], {}).get("value") for row in body["runs"]] == [13.0, None]
    assert main(["runs", str(powder.conf), "--beside", str(folder / "none")]) == ExitCode.UNUSABLE
    assert "expected a folder that livereduce reduce has written" in capsys.readouterr().err


def test_where_there_are_no_runs_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = Fabricated(tmp_path / "new", "POWDER")
    (one.path / "state" / "products" / "index.json").unlink()
    assert said(capsys, str(one.conf)) == f"no runs yet in {one.path}/state/products\n"


def test_an_index_that_is_none_is_an_operators_problem(powder: Fabricated, capsys: pytest.CaptureFixture[str]) -> None:
    (powder.path / "state" / "products" / "index.json").write_text("[]")
    assert main(["runs", str(powder.conf)]) == ExitCode.UNUSABLE
    assert "products/index.json cannot be read: not an index of products" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (None, 1.0, "-"),
        (12.3456, None, "12.3456"),
        (12.3456, 0.0, "12.3456"),
        (12.3456, 0.05, "12.346 ± 0.050"),
        (1234.5, 120.0, "1234 ± 120"),
        (1e300, 1e299, "1e+300 ± 1e+299"),
        (1e-30, 1e-31, "1e-30 ± 1e-31"),
    ],
)
def test_a_value_has_the_digits_that_its_error_leaves(value: float | None, error: float | None, text: str) -> None:
    assert measured(LastValue(name="a", value=value, error=error)) == text
