"""Sinks: the destinations of results, each behind the one method of `Sink`: trends, product files, plots."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from livereduce.base.times import unix_s_of
from livereduce.publish.livedata.sender import PlotUploader
from livereduce.publish.product import Product, PublishedFigure
from livereduce.publish.products.writer import Writer
from livereduce.publish.runs.scripts import FACT
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure
from livereduce.scripting.reporting.report import ReportedMetric

TRENDS, FILES, PLOTS = "trends", "product files", "publish_plots"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewResult:
    """The result, and what the scripts reported with it: metrics, figures, and products beside it."""

    product: Product
    reported: Sequence[ReportedMetric] = ()
    figures: Sequence[PublishedFigure] = ()
    beside: Sequence[Product] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InRun:
    """The stream is in this run (0: none), as read on the connection of this number."""

    run: int
    connection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOver:
    """A run is over; `incomplete`: what is missing in products not written with the run's last data."""

    run: int
    incomplete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseSeen:
    """The stream has brought a pulse of a run: the run goes on."""

    run: int
    newest_unix_s: float


@dataclass(frozen=True, slots=True)
class RetryDue:
    """A moment to retry what failed, if due."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Nothing more will come."""


PublishFact = NewResult | InRun | RunOver | PulseSeen | RetryDue | Closing


class Sink(Protocol):
    """One destination of results.

    Attributes
    ----------
    name
        Key of its problems in the status.
    takes
        Types of the facts that it takes.
    can_miss
        A result that it misses is not lost for good: while it is too slow, it is skipped.
    """

    name: str
    takes: tuple[type, ...]
    can_miss: bool

    def take(self, fact: PublishFact) -> None:
        """Act on a fact of one of the types in `takes`; may raise anything."""

    @property
    def problem(self) -> str:
        """The failure in the background; empty if there is none."""


class TrendSink:
    """Records the metrics of each result (`livereduce.publish.trends`)."""

    name, can_miss, problem = TRENDS, True, ""
    takes: tuple[type, ...] = (NewResult,)

    def __init__(self, recorder: TrendRecorder) -> None:
        self._recorder = recorder

    def take(self, fact: PublishFact) -> None:
        """Record what the scripts have reported."""
        if not isinstance(fact, NewResult):
            return
        facts = fact.product.attributes
        at = Exposure(
            time_unix_s=_unix_s(facts.get("last_pulse")) or time.time(),
            events=int(facts.get("events", 0)),
            charge_pc=float(facts.get("proton_charge_pc", 0.0)),
        )
        if not math.isfinite(at.charge_pc):
            raise ValueError(f"a proton charge of {at.charge_pc} pC")
        self._recorder.record(fact.product.run, _unix_s(facts.get("first_pulse")), at, fact.reported)


class FileSink:
    """Writes the product files and their index; the writer keeps what cannot be written, so that nothing is missed.

    Parameters
    ----------
    scripts
        The scripts of this worker, as a fact of each product (`livereduce.publish.runs.scripts`).
    """

    name, can_miss, problem = FILES, False, ""
    takes: tuple[type, ...] = (NewResult, InRun, RunOver, RetryDue, Closing)

    def __init__(self, writer: Writer, scripts: str = "") -> None:
        self._writer, self._scripts = writer, scripts

    def take(self, fact: PublishFact) -> None:
        """Write products and ends of runs."""
        match fact:
            case NewResult(product=product, figures=figures, beside=beside):
                for one in (product, *beside):
                    self._publish(one)
                for figure in figures:
                    self._write(product.run, figure)
            case InRun(run=run, connection=connection):
                self._writer.in_run(run, connection)
            case RunOver(run=run, incomplete=incomplete):
                self._writer.ended(run, incomplete)
            case RetryDue():
                self._writer.look()
            case Closing():
                self._writer.close()

    def _publish(self, product: Product) -> None:
        facts = {**product.attributes, FACT: self._scripts} if self._scripts else product.attributes
        self._writer.publish(replace(product, attributes=facts))

    def _write(self, run: int, figure: PublishedFigure) -> None:
        for product in figure.data:
            self._publish(product)
        if figure.is_html:
            self._writer.figure(run, figure.text)


class PlotSink:
    """Sends plots to the facility's live data server: a script's figure or the result, and the scripts' products."""

    name, can_miss = PLOTS, True
    takes: tuple[type, ...] = (NewResult, PulseSeen, Closing)

    def __init__(self, plots: PlotUploader) -> None:
        self._plots = plots

    @property
    def problem(self) -> str:
        """The failure of the last upload; empty if it succeeded."""
        return self._plots.problem

    def take(self, fact: PublishFact) -> None:
        """Queue a plot; never waits for the server."""
        match fact:
            case NewResult(product=product, figures=figures, beside=beside):
                self._plots.seen(product.run, _unix_s(product.attributes.get("last_pulse")))
                for figure in figures:
                    self._plots.offer_figure(figure)
                if product.run not in {figure.run for figure in figures}:
                    self._plots.offer(product)
                for one in beside:
                    self._plots.offer_beside(one)
            case PulseSeen(run=run, newest_unix_s=newest_unix_s):
                self._plots.seen(run, newest_unix_s)
            case Closing():
                self._plots.close()


def _unix_s(text: object) -> float:
    """Convert an ISO time to Unix time; 0 if there is none."""
    return unix_s_of(str(text)) or 0.0
