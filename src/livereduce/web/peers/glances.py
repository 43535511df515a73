"""What another page says of the newest result of one of its instruments, checked field by field. Pure."""

import json
import math
from typing import Any

LONGEST = 300
MAX_NUMBERS = 4096
MAX_CELLS = 16_384
NOTHING: dict[str, Any] = {"run": None, "name": "", "version": "", "sketch": None, "problem": "", "statistics": None}
"""An instrument without a result."""

_TEXT, _NUMBER, _YES_NO, _NUMBERS, _CELLS = "text", "number", "yes or no", "numbers", "cells"
_X = {"x_name": _TEXT, "x_units": _TEXT, "x_from": _NUMBER, "x_to": _NUMBER}
_Y = {"least": _NUMBER, "most": _NUMBER, "units": _TEXT}
SKETCHES: dict[str, dict[str, str]] = {
    "curve": {"x": _NUMBERS, "low": _NUMBERS, "high": _NUMBERS, **_X, **_Y},
    "image": {"width": _NUMBER, "height": _NUMBER, "cells": _CELLS, **_X, **_Y},
    "scalar": {"value": _NUMBER, "error": _NUMBER, "units": _TEXT},
    "table": {},
    "empty": {},
}
"""The fields of each kind of sketch."""
_STATISTICS = {
    "metric": _TEXT,
    "units": _TEXT,
    "value": _NUMBER,
    "error": _NUMBER,
    "relative_error": _NUMBER,
    "part": _NUMBER,
}
_REACHES = {"target": _NUMBER, "reached": _YES_NO, "at": _TEXT, "text": _TEXT, "how": _TEXT}


def parse_glance(text: bytes) -> dict[str, Any]:
    """Parse the answer of another page.

    Raises
    ------
    ValueError
        It is not a glance.
    """
    try:
        body = json.loads(text)
        found = _only(body, {"run": _NUMBER, "name": _TEXT, "version": _TEXT, "problem": _TEXT})
        sketch, statistics = body["sketch"], body["statistics"]
        if sketch is not None:
            sketch = {"kind": sketch["kind"], **_only(sketch, SKETCHES[sketch["kind"]])}
        if statistics is not None:
            reaches = statistics["reaches"]
            statistics = _only(statistics, _STATISTICS) | {
                "reaches": None if reaches is None else _only(reaches, _REACHES)
            }
        return found | {"sketch": sketch, "statistics": statistics}
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a glance at an instrument: {error!r:.80}") from None


def _only(body: dict[str, Any], fields: dict[str, str]) -> dict[str, Any]:
    return {name: _checked(name, body[name], kind) for name, kind in fields.items()}


def _checked(name: str, value: Any, kind: str) -> Any:
    match kind:
        case "text" if isinstance(value, str):
            return value[:LONGEST]
        case "cells" if isinstance(value, str) and len(value) <= MAX_CELLS and value.isascii():
            return value
        case "yes or no" if isinstance(value, bool):
            return value
        case "numbers" if isinstance(value, list) and len(value) <= MAX_NUMBERS and all(map(_is_number, value)):
            return value
        case "number" | "text" if value is None or (kind == _NUMBER and _is_number(value)):
            return value
    raise ValueError(f"{name} is {type(value).__name__}, expected {kind}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
