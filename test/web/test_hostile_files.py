"""Snapshots, indexes and trends in which something is wrong: they cost themselves, and nobody else anything."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from helpers.fabricated import Fabricated, pattern
from livereduce.commands.status import describe
from livereduce.messages.beat import Phase
from livereduce.messages.progress import RECORDS, MemoryProgress, Progress, RunProgress, SourceProgress
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.status import (
    FILE_NAME,
    Condition,
    ErrorSeen,
    Printed,
    RecordingSeen,
    Restart,
    ScriptSeen,
    ShadowStatus,
    StateWord,
    Status,
    decode_status,
    encode_status,
    headline,
    is_down,
)
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, decode_trends, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.seen.index import parse_index
from livereduce.seen.shelf import Shelf
from livereduce.web.app import make_app
from livereduce.web.render.encode import to_json
from livereduce.web.render.prometheus import metrics_text
from livereduce.web.server import make_context
from livereduce.web.state.output import output
from livereduce.web.state.snapshot import View, card, runs, shadow
from livereduce.web.state.timeline import Timeline
from livereduce.web.state.trends import trends_body

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
AT = NOW.isoformat()
SCRIPT = ScriptSeen(path="/s/p.py", md5="f" * 32)
PROGRESS = Progress(
    last_errors={"proc": "x"},
    incomplete_runs=("run 6",),
    run=RunProgress(number=7, began_unix_s=1.7e9),
    source=SourceProgress(data_age_s=1.0, no_beam_since=1.7e9, no_pulses_since=1.7e9),
    memory=MemoryProgress(full_since=1.7e9),
)
FULL = Status(
    state=StateWord.RUNNING,
    why="reducing run 7",
    since=AT,
    pid=1,
    started=AT,
    updated=AT,
    version="2",
    warnings=("w",),
    problems=("p",),
    proc=SCRIPT,
    post_proc=SCRIPT,
    parameters=SCRIPT,
    files={"/s/p.py": "f" * 32},
    recording=RecordingSeen(directory="/r", pid=6, run=7, problem="full"),
    shadow=ShadowStatus(
        directory="/shadow",
        why="running",
        pid=5,
        files={"/shadow/p.py": "f" * 32},
        products_dir="/x",
        progress=PROGRESS,
    ),
    generation=3,
    worker_pid=2,
    receiver_pid=3,
    spare_pid=4,
    phase=Phase.WAITING,
    phase_since=AT,
    usual_s=0.2,
    conditions=(Condition(kind="source", text="x", since=AT),),
    progress=PROGRESS,
    memory_bytes=5,
    memory_limit_bytes=6,
    errors=(ErrorSeen(kind="proc", text="x", at=AT),),
    printed=(Printed(at=AT, line="hello"),),
    script_failure=ScriptFailure(
        at=AT,
        generation=3,
        script_errors=1,
        run=7,
        step="proc",
        md5="f" * 32,
        file="/s/p.py",
        line=3,
        text="x",
        traceback="x",
    ),
    last_restarts=(Restart(at=AT, reason="it crashed", generation=2),),
    last_words=("bye",),
)
NUMBERS = (-1, 0, 1, 10**400, -(10**400), 2**63, 2**64, 1e308, -1e308, float("nan"), float("inf"), 5e-324)
TEXTS = ("", "x", "\ud800", "\0", "9" * 5000, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", AT[:19], AT)
CORPUS: tuple[Any, ...] = (None, True, False, [], {}, [None], [[]], {"a": None}, *NUMBERS, *TEXTS)
ODD = st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(CORPUS)
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(body: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put in the place of something else."""
    if here:
        yield here
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*here, key))


def value_at(body: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        body = body[key]
    return body


def mutated(text: str, place: tuple[Any, ...], value: object) -> str:
    body = json.loads(text)
    inner = body
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(body)


STATUS_TEXT = encode_status(FULL)
STATUS_PLACES = list(places(json.loads(STATUS_TEXT)))


def test_every_field_of_a_snapshot_is_tried() -> None:
    tried = {place[0] for place in STATUS_PLACES}
    assert {one.name for one in fields(Status)} == tried
    body = json.loads(STATUS_TEXT)
    empty = [place for place in STATUS_PLACES if value_at(body, place) in ([], {}, None)]
    assert empty == [], "something must lie in each of them, or nothing is put in its place"
    of_progress = {place[1] for place in STATUS_PLACES if len(place) > 1 and place[0] == "progress"}
    assert {one.name for one in fields(Progress)} == of_progress
    for name, kind in RECORDS.items():
        of_record = {place[2] for place in STATUS_PLACES if place[:2] == ("progress", name) and len(place) > 2}
        assert {one.name for one in fields(kind)} == of_record


def use_status(status: Status) -> None:
    """All that a page does with a snapshot."""
    view = View(id="powder", name="POWDER", status=status)
    to_json(shadow(view))
    to_json(card(view, NOW))
    to_json({"status": asdict(status), "output": output(status)})
    metrics_text([view], NOW)
    timeline = Timeline()
    for before, after in ((None, FULL), (FULL, status), (status, FULL)):
        timeline.take(before, after)
    to_json(timeline.shown(NOW))
    is_down(status, NOW)
    headline(status).encode()
    describe(status).encode()


def try_status(place: tuple[Any, ...], value: object) -> None:
    try:
        status = decode_status(mutated(STATUS_TEXT, place, value))
    except ValueError:
        return
    use_status(status)


@pytest.mark.parametrize("place", STATUS_PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_snapshot_with_an_odd_value_is_refused_or_can_be_shown(place: tuple[Any, ...]) -> None:
    for value in CORPUS:
        try_status(place, value)


@given(st.sampled_from(STATUS_PLACES), VALUES)
def test_a_snapshot_with_anything_in_it_is_refused_or_can_be_shown(place: tuple[Any, ...], value: object) -> None:
    try_status(place, value)


@pytest.mark.parametrize("value", [None, True, "7", 1.5, [], {}, 10**400])
def test_a_wrong_type_is_named_with_its_field(value: object) -> None:
    with pytest.raises(ValueError, match=r"progress: run: number: expected a whole number, got "):
        decode_status(mutated(STATUS_TEXT, ("progress", "run", "number"), value))


INDEX = json.dumps(
    {
        "current": 7,
        "runs": [
            {"run": run, "ended": False, "products": [{"name": "a", "path": f"{run}/a.nxs", "written_unix_s": 1.0}]}
            for run in (6, 7)
        ],
    }
)


@given(st.sampled_from(list(places(json.loads(INDEX)))), VALUES)
def test_an_index_with_anything_in_it_can_be_shown(place: tuple[Any, ...], value: object) -> None:
    try:
        index = parse_index(mutated(INDEX, place, value))
    except ValueError:
        return
    to_json(runs(Shelf(index=index)))
    to_json(card(View(id="a", name="a", live=Shelf(index=index)), NOW))
    if place[:1] == ("runs",) and len(place) > 1:
        assert len(index.runs) >= 1, "the other run is still there"


def trends_text() -> str:
    trends = Trends(run=7, began_unix_s=1.7e9)
    for n in range(1, 12):
        at = Exposure(time_unix_s=1.7e9 + 10 * n, events=n, charge_pc=1e9 * n)
        trends = add_reported(
            trends, [ReportedMetric(name="area", value=100.0, error=100 / n**0.5, units="counts")], at
        )
    return encode_trends(trends, 1.7e9)


TRENDS = trends_text()


@given(st.sampled_from(list(places(json.loads(TRENDS)))), VALUES)
def test_trends_with_anything_in_them_are_refused_or_can_be_shown(place: tuple[Any, ...], value: object) -> None:
    try:
        trends = decode_trends(mutated(TRENDS, place, value))
    except ValueError:
        return
    to_json(trends_body(trends, 7, None, 1.7e9 + 200))
    to_json(trends_body(trends, 7, 0.01, 1.7e9 + 200))


# ---- the page as a whole


WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "a text for a number": lambda body: body["progress"]["run"].update(number="41"),
    "a list for a text": lambda body: body.update(why=[]),
    "a time without zone": lambda body: body.update(updated="2026-05-04T03:02:01"),
    "no number of a process": lambda body: body.update(pid=10**30),
    "null for an object": lambda body: body.update(last_restarts=[None]),
    "a number too long for a float": lambda body: body.update(events_per_s=10**400),
    "an unknown word": lambda body: body.update(state="splendid"),
}


@pytest.mark.timeout(120)
def test_a_wrong_snapshot_costs_its_own_card_only_and_only_as_long_as_it_lies_there(tmp_path: Path) -> None:
    bad, good = Fabricated(tmp_path / "bad", "BAD"), Fabricated(tmp_path / "good", "GOOD")
    for one in (bad, good):
        one.publish(pattern(41, 100))
        one.say()
    file = bad.path / "run" / FILE_NAME
    context = make_context([bad.conf, good.conf], [], None, {}, tmp_path)
    with TestClient(make_app(context, frozenset()), base_url="http://localhost") as client:

        def states() -> dict[str, str]:
            response = client.get("/api/instruments")
            assert response.status_code == client.get("/metrics").status_code == 200
            return {one["id"]: one["state"] for one in response.json()["instruments"]}

        for make_wrong in WRONG.values():
            while states() != {"bad": "running", "good": "running"}:
                pass
            body = json.loads(file.read_text())
            make_wrong(body)
            file.write_text(json.dumps(body))
            while states() != {"bad": "down", "good": "running"}:
                pass
            assert "not a status of livereduce" in client.get("/api/instruments/bad").json()["card"]["why"]
            bad.say()
