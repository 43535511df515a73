"""The description of a stream: what a test says that the server sends. Strict: an unknown key is an error.

``LIVEREDUCE_DOUBLE_STREAM`` holds the JSON itself or the path of a file with it; it is read when a listener connects.
See ``test/mantid_double/README.md`` for the format.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mantid._double.record import recorded

VARIABLE = "LIVEREDUCE_DOUBLE_STREAM"
SCALE_VARIABLE = "LIVEREDUCE_DOUBLE_TIME_SCALE"

ITEMS = {
    "new_run": int,
    "end_run": int,
    "state": int,
    "not_yet": int,
    "silence": int,
    "error": str,
    "close": bool,
    "pause": bool,
    "scan": int,
    "setup": bool,
    "uninitialised": bool,
    "wait_for": str,
}
"""Items apart from chunks and dimensions, with the type of their value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one extraction gives, if nothing comes between.

    Attributes
    ----------
    events
        In each period that is not excluded by `period`; spread evenly over spectra and `tof_us`.
    age_s
        How far the newest pulse lies back; pulses are 1/60 s apart.
    logs
        Values of further logs at the time of the newest pulse.
    """

    events: int = 0
    pulses: int = 1
    charge_pc: float = 1.0e6
    period: int | None = None
    age_s: float = 0.0
    logs: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """The shape of the data."""

    spectra: int = 4
    periods: int = 1
    bins: int = 10
    tof_us: tuple[float, float] = (1000.0, 17000.0)
    edges_us: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the wire: its kind, a key of `ITEMS`, ``chunk``, ``forever`` or ``dimensions``, and its value."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A stream from connecting to its end; after the last item there is silence."""

    era: str = "A"
    adara: bool = False
    geometry: bool = False
    connect: str = "ok"
    dimensions: Dimensions = Dimensions()
    run: int = 0
    items: tuple[Item, ...] = ()


def read_plan() -> Plan | None:
    """The plan that the environment gives, for the connection that is being made now.

    Raises
    ------
    RuntimeError
        The description is not one.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    body = _load(text)
    if "connections" in body:
        plays = body.pop("connections")
        body |= plays[min(recorded("connect"), len(plays) - 1)]
    return parse_plan(body)


def time_scale() -> float:
    """The factor of all waits that are Mantid's own (`UpdateEvery` is not)."""
    return float(os.environ.get(SCALE_VARIABLE, "1"))


def parse_plan(body: Mapping[str, Any]) -> Plan:
    """The plan of a decoded description."""
    known = {field.name for field in fields(Plan)} - {"dimensions"} | {field.name for field in fields(Dimensions)}
    _reject_unknown(body, known, "the stream")
    shape = {name: body[name] for name in body if name in Dimensions.__dataclass_fields__}
    era, connect = body.get("era", "A"), body.get("connect", "ok")
    if era not in ("A", "B", "C"):
        raise RuntimeError(f"stream: era is A, B or C, not {era!r}")
    if connect not in ("ok", "refused", "hang"):
        raise RuntimeError(f"stream: connect is ok, refused or hang, not {connect!r}")
    items = tuple(item for entry in body.get("items", ()) for item in _items(entry))
    return Plan(
        era=era,
        adara=bool(body.get("adara", False)),
        geometry=bool(body.get("geometry", False)),
        connect=connect,
        dimensions=_dimensions(shape),
        run=int(body.get("run", 0)),
        items=items,
    )


def _load(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text())
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{VARIABLE}: {error}") from None
    if not isinstance(body, dict):
        raise RuntimeError(f"{VARIABLE}: an object is expected")
    return body


def _reject_unknown(body: Mapping[str, Any], known: Sequence[str] | set[str], what: str) -> None:
    unknown = set(body) - set(known)
    if unknown:
        raise RuntimeError(f"{what} does not know {', '.join(sorted(unknown))}; it knows {', '.join(sorted(known))}")


def _dimensions(body: Mapping[str, Any]) -> Dimensions:
    _reject_unknown(body, set(Dimensions.__dataclass_fields__), "dimensions")
    pairs = {name: tuple(body[name]) for name in ("tof_us", "edges_us") if name in body}
    return Dimensions(**{**body, **pairs})


def _items(entry: Mapping[str, Any]) -> list[Item]:
    """The items of one entry of the list: one, or `times` of them."""
    body = dict(entry)
    times = int(body.pop("times", 1))
    if len(body) != 1:
        raise RuntimeError(f"an item has one key (and perhaps times), not {', '.join(body) or 'none'}")
    ((kind, value),) = body.items()
    if kind in ("chunk", "forever"):
        _reject_unknown(value, set(Chunk.__dataclass_fields__), kind)
        return [Item(kind, Chunk(**value))] * times
    if kind == "dimensions":
        return [Item(kind, _dimensions(value))]
    _reject_unknown(body, ["chunk", "forever", "dimensions", *ITEMS], "an item")
    if not isinstance(value, ITEMS[kind]):
        raise RuntimeError(f"item {kind}: {ITEMS[kind].__name__} expected, not {value!r}")
    return [Item(kind, value)] * times
