"""A row of the run table: what is known of a run, from the index of the products and the trends of the run. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Protocol

from livereduce.publish.trends.trends import Trend, Trends

SPARK_POINTS = 24
"""Most points of a sparkline: it is as wide as a word."""

RESULT = "result"
"""The product that is the run's own; others are more views of it, with titles of their own."""
NOT_RUNNING = "livereduce is not running: the end of the run is not known"
NO_END = "the end of the run was not seen"


class ListedProduct(Protocol):
    """What the table wants to know of a product."""

    @property
    def name(self) -> str:
        """Its name; ``result`` is that of the run, others are more views of it."""

    @property
    def events(self) -> int:
        """Events in it."""

    @property
    def proton_charge_pc(self) -> float:
        """Proton charge of it."""

    @property
    def incomplete(self) -> str:
        """Why data are missing; empty if none are."""


class RunWithProducts(Protocol):
    """What the table wants to know of a run: an entry of the index, as the worker writes it or as the page reads it."""

    @property
    def run(self) -> int:
        """Its number."""

    @property
    def ended(self) -> bool:
        """It is over."""

    @property
    def title(self) -> str:
        """Its title; empty if it has none."""

    @property
    def start_time(self) -> str:
        """ISO 8601; empty if not known."""

    @property
    def end_time(self) -> str:
        """ISO 8601; empty if not known."""

    @property
    def incomplete(self) -> str:
        """What its end lacks; empty if nothing."""

    @property
    def scripts(self) -> Mapping[str, str]:
        """The md5 of the scripts that made its newest result, by file name."""

    @property
    def products(self) -> Mapping[str, ListedProduct]:
        """Its products."""


class RowState(StrEnum):
    """How a run stands: it goes on, it has ended, or data of it are missing."""

    RUNNING = "running"
    ENDED = "ended"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue:
    """The last value of a metric in a run; None where it is not finite, and for `error` also where none was reported.

    Attributes
    ----------
    spark
        Some of its values over the run, the oldest first.
    """

    name: str
    value: float | None
    error: float | None
    units: str = ""
    spark: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run.

    Attributes
    ----------
    reason
        Why data are missing; empty if none are. Also a run that goes on can lack data.
    start_time, end_time
        ISO 8601, from the stream; empty if not known.
    events, proton_charge_pc
        Of the result, or without a product of this name, of the one that holds most.
    scripts
        The md5 of the scripts that made the newest result, by file name; empty if not known.
    has_products
        The products are still there; False: only this row is kept.
    """

    run: int
    state: RowState
    title: str = ""
    reason: str = ""
    start_time: str = ""
    end_time: str = ""
    events: int = 0
    proton_charge_pc: float = 0.0
    scripts: dict[str, str] = field(default_factory=dict)
    metrics: tuple[LastValue, ...] = ()
    has_products: bool = False


def row_of(run: RunWithProducts, metrics: Sequence[LastValue], *, open_means: str = NO_END) -> RunRow:
    """Make the row of a run that has products.

    Parameters
    ----------
    open_means
        What it means that the run has no end: the reason why it is incomplete, or empty: it goes on.
    """
    products = list(run.products.values())
    main = [one for one in products if one.name == RESULT] or products
    state, reason = _state(run, products, open_means)
    return RunRow(
        run=run.run,
        state=state,
        title=run.title,
        reason=reason,
        start_time=run.start_time,
        end_time=run.end_time,
        events=max((one.events for one in main), default=0),
        proton_charge_pc=max((one.proton_charge_pc for one in main if isfinite(one.proton_charge_pc)), default=0.0),
        scripts=dict(run.scripts),
        metrics=tuple(metrics),
        has_products=True,
    )


def _state(run: RunWithProducts, products: Iterable[ListedProduct], open_means: str) -> tuple[RowState, str]:
    told = [run.incomplete, *(one.incomplete for one in products)]
    if not run.ended:
        told.append(open_means)
    reason = "; ".join(dict.fromkeys(text for text in told if text))
    if not run.ended and not open_means:
        return RowState.RUNNING, reason
    return (RowState.INCOMPLETE if reason else RowState.ENDED), reason


def last_values(trends: Trends | None) -> tuple[LastValue, ...]:
    """The last value of each metric of a run."""
    if trends is None:
        return ()
    return tuple(_last_value(trend) for trend in trends.metrics.values() if trend.points)


def _last_value(trend: Trend) -> LastValue:
    newest = trend.points[-1]
    return LastValue(
        name=trend.name,
        value=newest.value,
        error=newest.error,
        units=trend.units,
        spark=thinned([point.value for point in trend.points], SPARK_POINTS),
    )


def thinned(values: Sequence[float | None], most: int) -> tuple[float | None, ...]:
    """At most `most` of the values, spread evenly, the first and the last among them, with seven digits."""
    if len(values) > most:
        values = [values[round(place * (len(values) - 1) / (most - 1))] for place in range(most)]
    return tuple(None if value is None else float(f"{value:.7g}") for value in values)
