"""What another page says of a newest result: taken as it should be, else refused as a whole."""

import json
from typing import Any

import pytest

from livereduce.web.peers.glances import LONGEST, NOTHING, SKETCHES, parse_glance

CURVE = {
    "kind": "curve",
    "x": [0, 500, 1000],
    "low": [0, 10, 20],
    "high": [0, 1000, 20],
    "x_name": "d",
    "x_units": "angstrom",
    "x_from": 0.5,
    "x_to": 2.3,
    "least": 0.0,
    "most": 12.0,
    "units": "counts",
}
REACHES = {"target": 0.01, "reached": False, "at": None, "text": "1 % takes 2 µAh more", "how": "as reported"}
STATISTICS = {
    "metric": "peak_area",
    "units": "counts",
    "value": 500.0,
    "error": 8.0,
    "relative_error": 0.016,
    "part": 0.4,
    "reaches": REACHES,
}
GLANCE: dict[str, Any] = {
    "run": 41,
    "name": "result",
    "version": "1",
    "problem": "",
    "sketch": CURVE,
    "statistics": STATISTICS,
}


def parsed(**changes: Any) -> Any:
    return parse_glance(json.dumps(GLANCE | changes).encode())


def test_a_glance_is_taken_as_it_is_and_nothing_else_of_the_answer() -> None:
    assert parsed() == GLANCE
    assert parsed(more="<script>") == GLANCE
    assert parsed(sketch=CURVE | {"onload": "hit()"}) == GLANCE
    assert parsed(**NOTHING) == NOTHING
    assert parsed(statistics=STATISTICS | {"reaches": None})["statistics"]["reaches"] is None


def test_long_texts_are_cut() -> None:
    assert parsed(name="n" * 5000)["name"] == "n" * LONGEST


@pytest.mark.parametrize("kind", ["scalar", "table", "empty"])
def test_each_kind_has_fields_of_its_own(kind: str) -> None:
    values = dict.fromkeys(SKETCHES[kind], None)
    assert parsed(sketch={"kind": kind, **values})["sketch"] == {"kind": kind, **values}


@pytest.mark.parametrize(
    "changes",
    [
        {"run": "41"},
        {"run": True},
        {"name": 1},
        {"sketch": []},
        {"sketch": {"kind": "picture"}},
        {"sketch": {"kind": []}},
        {"sketch": CURVE | {"x": "0"}},
        {"sketch": CURVE | {"x": [0, None, 1]}},
        {"sketch": CURVE | {"x": ["<b>"]}},
        {"sketch": CURVE | {"low": list(range(5000))}},
        {"sketch": {**dict.fromkeys(SKETCHES["image"], 1), "kind": "image", "cells": "é"}},
        {"sketch": {**dict.fromkeys(SKETCHES["image"], 1), "kind": "image", "cells": "A" * 20_000}},
        {"statistics": 1},
        {"statistics": {}},
        {"statistics": STATISTICS | {"part": "much"}},
        {"statistics": STATISTICS | {"reaches": REACHES | {"reached": 1}}},
    ],
)
def test_what_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected|not a glance"):
        parsed(**changes)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"run": NaN}'])
def test_what_is_no_answer_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_glance(text)
