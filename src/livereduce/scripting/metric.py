"""What the processing scripts report, from the script's call to the publisher of the result: metrics, and figures.

An engine makes a `CycleReport` for each cycle and gives it to each call of a script; `metric` adds to the report of the
call that it is called in. Standard library only: a script can be run anywhere with it.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import SupportsFloat

from livereduce.scripting.figures import MAX_CHARACTERS, MAX_FIGURES, ScriptFigure
from livereduce.scripting.parameters.asking import RunParameters

MAX_METRICS = 50
"""Most names that scripts can report in one cycle, and that are kept of one run."""
LONGEST_NAME = 64
LONGEST_UNITS = 32

_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMetric:
    """One value of a metric; None: not finite (no counts yet), and for `error` also not given."""

    name: str
    value: float | None
    error: float | None
    units: str


class CycleReport:
    """The metrics that the scripts of one cycle have reported, and the figures that they have published.

    Attributes
    ----------
    parameters
        What the scripts may ask for.
    """

    def __init__(self, parameters: RunParameters | None = None) -> None:
        self.parameters = parameters or RunParameters()
        self._metrics: dict[str, ReportedMetric] = {}
        self._figures: list[ScriptFigure] = []

    @property
    def metrics(self) -> tuple[ReportedMetric, ...]:
        """The last value of each metric, in the order in which their names came first."""
        return tuple(self._metrics.values())

    def add(self, reported: ReportedMetric) -> None:
        """Add a value; it replaces an earlier one of the same name.

        Raises
        ------
        ValueError
            There are `MAX_METRICS` others already.
        """
        name = reported.name
        if name not in self._metrics and len(self._metrics) >= MAX_METRICS:
            raise ValueError(f"metric {name!r}: at most {MAX_METRICS} different metrics can be reported")
        self._metrics[name] = reported

    @property
    def figures(self) -> tuple[ScriptFigure, ...]:
        """The figures, in the order in which they came."""
        return tuple(self._figures)

    def add_figure(self, figure: ScriptFigure) -> None:
        """Add a figure.

        Raises
        ------
        ValueError
            It is too large.
        """
        if len(figure.text) > MAX_CHARACTERS:
            raise ValueError(f"a figure of {len(figure.text)} characters is too large, at most {MAX_CHARACTERS}")
        self._figures = [*self._figures, figure][-MAX_FIGURES:]


_of_this_call: ContextVar[CycleReport | None] = ContextVar("livereduce_cycle_report", default=None)
_of_running_calls: list[CycleReport] = []
"""A thread that a script has started does not have the context of the call: it reports to the newest call."""


@contextmanager
def reporting_to(report: CycleReport) -> Iterator[None]:
    """Let a script's call report to `report` while it runs; uses the call's own context, so that calls never mix."""
    token = _of_this_call.set(report)
    _of_running_calls.append(report)
    try:
        yield
    finally:
        _of_running_calls.remove(report)
        _of_this_call.reset(token)


def report_of_caller() -> CycleReport | None:
    """The report of the running call; None outside of one."""
    return _of_this_call.get() or (_of_running_calls[-1] if _of_running_calls else None)


def metric(name: str, value: SupportsFloat, error: SupportsFloat | None = None, units: str = "") -> None:
    """Report a scalar of this cycle, to be shown over time beside the result; reported twice, the last one counts.

    Outside of a script's call in a worker, such as in a notebook, the values are checked and not kept.

    Parameters
    ----------
    name
        Letters, digits and ``_ . -``, at most 64, the first one a letter.
    value
        A number, or anything that ``float`` accepts. NaN and infinity are a gap.
    error
        Its standard deviation, if known; 0 or more.
    units
        For people, at most 32 characters.

    Raises
    ------
    ValueError, TypeError
        An argument is not as above: the text says which, and its value.
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
    report = report_of_caller()
    if report is not None:
        report.add(reported)


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
