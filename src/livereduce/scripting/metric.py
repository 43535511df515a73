"""Scalars that the processing scripts report, from the script's call to whoever publishes the result.

Standard library only, and no state but what waits to be taken: a script can be run anywhere with it.
"""

import math
import re
from dataclasses import dataclass
from typing import SupportsFloat

MAX_METRICS = 50
"""Different names that are taken in one cycle, and kept of one run."""
LONGEST_NAME = 64
LONGEST_UNITS = 32

_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMetric:
    """One value of a metric; None: not finite (no counts yet), and for `error` also that none was given."""

    name: str
    value: float | None
    error: float | None
    units: str


_waiting: dict[str, ReportedMetric] = {}
"""What was reported and not taken."""
_engine_takes = False


def metric(name: str, value: SupportsFloat, error: SupportsFloat | None = None, units: str = "") -> None:
    """Report a scalar of this cycle, to be shown over time beside the result; reported twice, the last one counts.

    Outside of a worker nothing comes of it.

    Parameters
    ----------
    name
        Letters, digits and ``_ . -``, at most 64, the first one a letter.
    value
        A number, or what ``float`` makes one of. NaN and infinity are a gap.
    error
        Its standard deviation, if it is known; 0 or more.
    units
        For people, at most 32 characters.

    Raises
    ------
    ValueError, TypeError
        One of them is not as above: says which, and what it was.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = f"letters, digits and _ . -, at most {LONGEST_NAME}, the first one a letter"
        raise ValueError(f"metric: expected a name of {what}; got {name!r:.100}")
    if not isinstance(units, str) or len(units) > LONGEST_UNITS or not units.isprintable():
        raise ValueError(
            f"metric {name!r}: expected units as a text of at most {LONGEST_UNITS} characters; got {units!r:.100}"
        )
    spread = None if error is None else _number(name, "error", error)
    if spread is not None and spread < 0:
        raise ValueError(f"metric {name!r}: expected an error of 0 or more, got {spread!r}")
    reported = ReportedMetric(name=name, value=_number(name, "value", value), error=spread, units=units)
    if not _engine_takes:
        return
    if name not in _waiting and len(_waiting) >= MAX_METRICS:
        raise ValueError(f"metric {name!r}: at most {MAX_METRICS} different metrics can be reported")
    _waiting[name] = reported


def take_metrics() -> tuple[ReportedMetric, ...]:
    """What was reported since this was called last. For the engine: at the start of a cycle, and with its result.

    Before the first call nothing is kept.
    """
    global _engine_takes
    _engine_takes = True
    taken = tuple(_waiting.values())
    _waiting.clear()
    return taken


def _number(name: str, what: str, value: object) -> float | None:
    if not isinstance(value, str | bytes | bytearray):
        try:
            number = float(value)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 (whatever an object of the script's does)
            raise TypeError(f"metric {name!r}: expected a number as {what}; got {_kind(value)} ({error})") from None
        return number if math.isfinite(number) else None
    raise TypeError(f"metric {name!r}: expected a number as {what}; got {_kind(value)}")


def _kind(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {shape}" if isinstance(shape, tuple) else type(value).__name__
