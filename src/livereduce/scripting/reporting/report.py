"""The report of a cycle: what its scripts have reported, and what of it was not usable.

An engine makes a `CycleReport` for each cycle and gives it to each call of a script; what a script calls adds to the
report of the call that it is called in. What is wrong costs itself: in a call it becomes a complaint with the script's
line; anywhere else, as in a notebook, it is raised.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from livereduce.scripting.parameters.asking import RunParameters
from livereduce.scripting.reporting.display import Display
from livereduce.scripting.reporting.figures import MAX_CHARACTERS, MAX_FIGURES, ScriptFigure

MAX_METRICS = 50
"""Most names that scripts can report in one cycle, and that are kept of one run."""
MAX_PRODUCTS = 20
"""Most products that scripts can report in one cycle."""
MAX_VALUES = 8_000_000
"""Most values of all products of a cycle together."""
MAX_COMPLAINTS = 20
"""Most complaints that are kept of one cycle."""
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMetric:
    """One value of a metric; None: not finite (no counts yet), and for `error` also not given."""

    name: str
    value: float | None
    error: float | None
    units: str


class TakenData(Protocol):
    """What an engine has made of the data of a product."""

    @property
    def cells(self) -> int:
        """Number of values."""


Take = Callable[[Any, Display], TakenData]
"""Takes a script's data for an engine to publish; raises TypeError or ValueError if it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportedProduct:
    """A product as an engine has taken it."""

    name: str
    title: str
    display: Display
    taken: Any  # as `Take` of the engine made it


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something that a script reported is not usable, or was changed: the script's file and line, and why.

    Attributes
    ----------
    is_note
        Nothing is lost; it has been changed.
    """

    file: str
    line: int
    text: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class CycleReport:
    """The metrics, products and figures of the scripts of one cycle, and the complaints about them.

    Parameters
    ----------
    take
        Of the engine: takes the data of a product when it is reported, since the script may change them afterwards.
        None: products are not kept.

    Attributes
    ----------
    parameters
        What the scripts may ask for.
    """

    def __init__(self, take: Take | None = None, parameters: RunParameters | None = None) -> None:
        self.take = take
        self.parameters = parameters or RunParameters()
        self._metrics: dict[str, ReportedMetric] = {}
        self._products: dict[str, ReportedProduct] = {}
        self._figures: list[ScriptFigure] = []
        self._complaints: dict[Complaint, None] = {}

    @property
    def metrics(self) -> tuple[ReportedMetric, ...]:
        """The last value of each metric, in the order in which their names came first."""
        return tuple(self._metrics.values())

    @property
    def products(self) -> tuple[ReportedProduct, ...]:
        """The last product of each name, in the order in which their names came first."""
        return tuple(self._products.values())

    @property
    def figures(self) -> tuple[ScriptFigure, ...]:
        """The figures, in the order in which they came."""
        return tuple(self._figures)

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """What is wrong with what was reported, each once."""
        return tuple(self._complaints)

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

    def add_product(self, name: str, title: str, display: Display, data: Any) -> None:
        """Take the data of a product; it replaces an earlier one of the same name.

        Raises
        ------
        ValueError
            There are `MAX_PRODUCTS` others already, or they are too large together.
        Exception
            The data cannot be taken.
        """
        if name not in self._products and len(self._products) >= MAX_PRODUCTS:
            raise ValueError(f"at most {MAX_PRODUCTS} products can be reported in a cycle")
        if self.take is None:
            return
        taken = self.take(data, display)
        others = sum(one.taken.cells for one in self._products.values() if one.name != name)
        if others + taken.cells > MAX_VALUES:
            raise ValueError(f"the products of a cycle have at most {MAX_VALUES} values together")
        self._products[name] = ReportedProduct(name=name, title=title, display=display, taken=taken)

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

    def complain(self, complaint: Complaint) -> None:
        """Keep a complaint, unless there are too many."""
        if len(self._complaints) < MAX_COMPLAINTS:
            self._complaints[complaint] = None


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


Place = tuple[str, int]
"""File and line of a script, or of a module of its."""


def place_of_caller() -> Place:
    """Where the function that calls this was called."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


@contextmanager
def at_its_own_cost(what: str, name: object, place: Place) -> Iterator[CycleReport | None]:
    """Give the report of the running call; in a call, what is raised becomes a complaint.

    Parameters
    ----------
    what, name
        What is reported: ``metric``, ``product``, and its name.
    """
    report = report_of_caller()
    try:
        yield report
    except Exception as error:
        if report is None:
            raise
        text = _said(error)
        about = "" if text.startswith(what) else f"{what} {name!r:.80}: " if isinstance(name, str) else f"{what}: "
        report.complain(Complaint(file=place[0], line=place[1], text=f"{about}{text}; it is left out"))


def note(report: CycleReport, place: Place, text: str) -> None:
    """Note that something was changed; nothing for an empty text."""
    if text:
        report.complain(Complaint(file=place[0], line=place[1], text=text, is_note=True))


def _said(error: Exception) -> str:
    """An error in one line; those of unusual types begin with the type."""
    try:
        text = " ".join(str(error).split())[:LONGEST_TEXT]
    except Exception:  # noqa: BLE001 (whatever an object of the script's does)
        text = ""
    return (
        text if text and isinstance(error, TypeError | ValueError) else f"{type(error).__name__}: {text}".rstrip(": ")
    )
