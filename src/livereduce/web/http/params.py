"""Parse and check the parameters in an address: numbers with bounds, names that exist. Pure."""

import math
import re
from collections.abc import Sequence
from datetime import datetime

from starlette.exceptions import HTTPException

MAX_ROWS = 20
DEFAULT_POINTS, MAX_POINTS = 100_000, 500_000
MAX_IDS = 200
LEAST_TARGET = 1e-9
"""Least relative error that can be wanted."""
DEFAULT_RUNS, MAX_RUNS = 200, 2000
LARGEST_NUMBER = 1e9
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_MD5 = re.compile(r"[0-9a-f]{32}")


def run_number(text: str) -> int:
    """A run number; an invalid one is treated as a run that does not exist."""
    if not _NUMBER.fullmatch(text):
        raise HTTPException(404, "a run number is a whole number")
    return int(text)


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """A whole number from a query."""
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise HTTPException(422, f"{name}: expected a whole number from {least} to {most}, got {text[:40]!r}")
    return int(text)


def points(values: Sequence[str]) -> int:
    """``max_points``; the last one counts, without one the default is used."""
    return whole_number("max_points", values[-1], 1, MAX_POINTS) if values else DEFAULT_POINTS


def max_runs(values: Sequence[str]) -> int:
    """``max_runs``; the last one counts, without one the default is used."""
    return whole_number("max_runs", values[-1], 1, MAX_RUNS) if values else DEFAULT_RUNS


def rows(values: Sequence[str]) -> tuple[int, ...]:
    """``row``, given any number of times."""
    if len(values) > MAX_ROWS:
        raise HTTPException(422, f"row: at most {MAX_ROWS} at once, got {len(values)}")
    return tuple(whole_number("row", text, 0, 10**9) for text in values)


def relative_error(values: Sequence[str]) -> float | None:
    """``target``: the wanted relative error; None if not given."""
    if not values:
        return None
    try:
        value = float(values[-1])
    except ValueError:
        value = 0.0
    if not LEAST_TARGET <= value < 1:  # also false for NaN
        raise HTTPException(422, f"target: expected a relative error between 0 and 1, got {values[-1][:40]!r}")
    return value


def number(name: str, values: Sequence[str]) -> float | None:
    """A number of reasonable size from a query; None if not given."""
    if not values:
        return None
    try:
        value = float(values[-1])
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST_NUMBER:  # also for NaN
        raise HTTPException(422, f"{name}: expected a number, got {values[-1][:40]!r}")
    return value


def time(values: Sequence[str]) -> datetime | None:
    """``since``: a time with time zone; None if not given."""
    if not values:
        return None
    try:
        value = datetime.fromisoformat(values[-1].replace(" ", "+"))  # an unescaped plus arrives as a space
        if value.tzinfo is not None:
            return value
    except ValueError:
        pass
    raise HTTPException(422, f"since: expected a time with zone, got {values[-1][:40]!r}")


def seen(values: Sequence[str]) -> str:
    """``seen``: the md5 of the scripts that were shown, from the answer about the instrument."""
    if not values or not _MD5.fullmatch(values[-1]):
        raise HTTPException(422, "seen: expected the md5 of the scripts that were shown")
    return values[-1]


def ids(values: Sequence[str], known: frozenset[str]) -> frozenset[str] | None:
    """``id``, given any number of times; None for all."""
    if len(values) > MAX_IDS:
        raise HTTPException(422, f"id: at most {MAX_IDS} at once, got {len(values)}")
    for one in values:
        if one.lower() not in known:
            raise HTTPException(404, f"there is no instrument {one[:40]!r} here")
    return frozenset(one.lower() for one in values) or None
