"""The form of ``parameters.json``: from its text to values by run range, or to all problems at once. Pure.

::

    {
      "d_max": 2.5,
      "wavelength": {"value": 1.066, "units": "angstrom"},
      "calibration": [
        {"runs": "-12344", "value": "cal/old.h5"},
        {"runs": "12345-", "value": "cal/new.h5"}
      ]
    }
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from livereduce.base.json_errors import find_mistake, repeated_names
from livereduce.base.names import did_you_mean
from livereduce.scripting.parameters.ranges import ALL_RUNS, FORMS, RunRange, parse_range

MAX_PARAMETERS = 200
MAX_CHOICES = 500
"""Most ranges of one parameter."""
MAX_LIST = 1000
LONGEST_NAME = 64
LONGEST_TEXT = 1000
LONGEST_UNITS = 32
MAX_PROBLEMS = 20

Scalar = float | int | str | bool
Value = Scalar | tuple[Scalar, ...]
"""What a script gets; a tuple is a list of the file."""

_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")
_KEYS = ("runs", "value", "units")
EXPECTED = "a number, a text, true, false or a list of these"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value, and the runs that it is for."""

    value: Value
    units: str = ""
    runs: RunRange = ALL_RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A name with its values, the oldest runs first; the ranges do not overlap."""

    name: str
    choices: tuple[Choice, ...]

    def of_run(self, run: int) -> Choice | None:
        """The value for a run; between runs (0) that of the newest. None if no range has the run."""
        if run == 0:
            return self.choices[-1]
        return next((choice for choice in self.choices if run in choice.runs), None)


def parse_parameters(text: bytes) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """The parameters of a file in its order, and all problems: each names key, what was expected and what was seen."""
    body, problems = _body(text)
    if problems:
        return (), problems
    found: list[Parameter] = []
    wrong: list[str] = []
    if len(body) > MAX_PARAMETERS:
        return (), (f"expected at most {MAX_PARAMETERS} parameters, got {len(body)}",)
    for name, value in body.items():
        try:
            found.append(_parameter(name, value))
        except _Wrong as error:
            wrong.append(f"{error}")
    return tuple(found), tuple(wrong[:MAX_PROBLEMS])


def _body(text: bytes) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    try:
        decoded = text.decode("utf-8-sig")
        body = json.loads(decoded, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        mistake = find_mistake(error)
        return {}, (f"{mistake}: {mistake.shown}" if mistake.shown else str(mistake),)
    except UnicodeDecodeError as error:
        return {}, (f"not UTF-8 text (byte 0x{error.object[error.start]:02x} at offset {error.start})",)
    except RecursionError:
        return {}, ("nested too deeply",)
    except ValueError as error:
        return {}, (str(error)[:200],)
    if not isinstance(body, dict):
        return {}, (f"expected an object of names and values, got {_shown(body)}",)
    repeated = repeated_names(decoded)
    return body, tuple(
        f"line {one.line}: {one.name} is given more than once (first on line {one.first_line})" for one in repeated
    )


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


class _Wrong(ValueError):
    """A parameter cannot be used; the text names its key, what was expected and what was seen."""


def _parameter(name: str, value: object) -> Parameter:
    if not _NAME.fullmatch(name):
        what = f"letters, digits and _ . -, at most {LONGEST_NAME}, the first one a letter"
        raise _Wrong(f"expected a name of {what}; got {_shown(name)}")
    if isinstance(value, dict) and "runs" in value:
        value = [value]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return Parameter(name=name, choices=_by_run(name, value))
    return Parameter(name=name, choices=(_choice(name, value),))


def _by_run(name: str, entries: list[object]) -> tuple[Choice, ...]:
    if len(entries) > MAX_CHOICES:
        raise _Wrong(f"{name}: expected at most {MAX_CHOICES} ranges of runs, got {len(entries)}")
    choices = tuple(_for_runs(f"{name}[{number}]", entry) for number, entry in enumerate(entries))
    ordered = tuple(sorted(choices, key=lambda choice: choice.runs.first))
    for one, other in pairwise(ordered):
        if one.runs.overlaps(other.runs):
            raise _Wrong(f"{name}: the ranges of runs {one.runs} and {other.runs} overlap; a run has one value")
    return ordered


def _for_runs(where: str, entry: object) -> Choice:
    if not isinstance(entry, dict) or "runs" not in entry:
        raise _Wrong(f'{where}: expected {{"runs": …, "value": …}} with {FORMS}, got {_shown(entry)}')
    runs = parse_range(entry["runs"])
    if runs is None:
        raise _Wrong(f"{where}.runs: expected {FORMS}, got {_shown(entry['runs'])}")
    return _choice(where, entry, runs)


def _choice(where: str, entry: object, runs: RunRange = ALL_RUNS) -> Choice:
    if not isinstance(entry, dict):
        return Choice(value=_value(where, entry), runs=runs)
    for key in entry:
        if key not in _KEYS:
            raise _Wrong(f'{where}: expected "value", "units" and "runs", got {_shown(key)}{did_you_mean(key, _KEYS)}')
    if "value" not in entry:
        raise _Wrong(f'{where}: "value" is missing: expected {EXPECTED}')
    return Choice(value=_value(where, entry["value"]), units=_units(where, entry.get("units", "")), runs=runs)


def _units(where: str, units: object) -> str:
    if not isinstance(units, str) or len(units) > LONGEST_UNITS or not units.isprintable():
        raise _Wrong(f"{where}.units: expected a text of at most {LONGEST_UNITS} characters, got {_shown(units)}")
    return units


def _value(where: str, value: object) -> Value:
    if isinstance(value, list):
        if len(value) > MAX_LIST:
            raise _Wrong(f"{where}: expected a list of at most {MAX_LIST} values, got {len(value)}")
        return tuple(_scalar(f"{where}[{number}]", one) for number, one in enumerate(value))
    return _scalar(where, value)


def _scalar(where: str, value: object) -> Scalar:
    match value:
        case bool():
            return value
        case int() if abs(value) < 1 << 63:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if len(value) <= LONGEST_TEXT and _is_plain(value):
            return value
        case str():
            raise _Wrong(f"{where}: expected a text of at most {LONGEST_TEXT} visible characters, got {_shown(value)}")
    raise _Wrong(f"{where}: expected {EXPECTED}, got {_shown(value)}")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:59]}…"


def texts_of(parameters: tuple[Parameter, ...]) -> Iterator[tuple[str, str]]:
    """Each text among the values, with the name of its parameter: some are names of files."""
    for parameter in parameters:
        for choice in parameter.choices:
            for value in choice.value if isinstance(choice.value, tuple) else (choice.value,):
                if isinstance(value, str):
                    yield parameter.name, value
