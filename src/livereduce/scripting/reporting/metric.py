"""``livereduce.metric``: a number that a script reports in each cycle, shown over time."""

import math
from typing import SupportsFloat

from livereduce.scripting.reporting.names import mending, usable_name
from livereduce.scripting.reporting.report import ReportedMetric, at_its_own_cost, note, place_of_caller

LONGEST_UNITS = 32


def metric(name: str, value: SupportsFloat, error: SupportsFloat | None = None, units: str = "") -> None:
    """Report a scalar of this cycle, to be shown over time beside the result; reported twice, the last one counts.

    Outside of a script's call in a worker, such as in a notebook, the values are checked and not kept.

    Parameters
    ----------
    name
        Letters, digits and ``_ . -``, at most 64, the first one a letter; a blank becomes an underscore.
    value
        A number, or anything that ``float`` accepts. NaN and infinity are a gap.
    error
        Its standard deviation, if known; 0 or more.
    units
        For people, at most 32 characters.

    Raises
    ------
    ValueError, TypeError
        Outside of a worker: an argument is not as above; the text says which, and its value. In a worker's call it
        costs this value alone: log and status say it, with the script's line.
    """
    place = place_of_caller()
    with at_its_own_cost("metric", name, place) as report:
        mended = usable_name("metric", name)
        reported = _reported(mended, value, error, units)
        if report is not None:
            report.add(reported)
            note(report, place, mending("metric", name, mended))


def _reported(name: str, value: object, error: object, units: object) -> ReportedMetric:
    if not isinstance(units, str) or len(units) > LONGEST_UNITS or not units.isprintable():
        raise ValueError(
            f"metric {name!r}: expected units as a text of at most {LONGEST_UNITS} characters; got {units!r:.100}"
        )
    spread = None if error is None else _number(name, "error", error)
    if spread is not None and spread < 0:
        raise ValueError(f"metric {name!r}: expected an error of 0 or more, got {spread!r}")
    return ReportedMetric(name=name, value=_number(name, "value", value), error=spread, units=units)


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
