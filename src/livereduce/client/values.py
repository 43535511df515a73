"""What a page says of an instrument, as values, and how they are made of its answers. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from livereduce.base.fields import checked


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStatus:
    """How the reduction of an instrument stands.

    Attributes
    ----------
    state, why, since
        The state word (``running``, ``degraded``, ``parked`` …, or ``down``), the reason, and since when.
    run, run_state
        The run that the stream is in (0: between runs; None: not known), and how it stands.
    events_per_s
        Events that come in now.
    data_age_s
        How far the newest data is behind the beam; None if there is none.
    last_result
        When the newest result was written; None if there is none.
    snapshot
        Everything else, as in ``status.json``; None if the page has never seen the service.
    """

    name: str
    state: str
    why: str
    since: datetime | None
    run: int | None
    run_state: str
    events_per_s: float
    data_age_s: float | None
    last_result: datetime | None
    snapshot: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedResult:
    """A result that the page has.

    Attributes
    ----------
    shape
        Of its values; empty for a number, None if its file could not be read.
    incomplete
        Why data are missing; empty if none are.
    """

    run: int
    name: str
    shape: tuple[int, ...] | None
    events: int
    proton_charge_pc: float
    updated: datetime | None
    incomplete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """The last value of a metric in a run: NaN if it is not finite; `error` NaN also if none was reported."""

    value: float
    error: float
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run, as a row of the run table.

    Attributes
    ----------
    state
        ``running``, ``ended`` or ``incomplete``.
    reason
        Why data are missing; empty if none are.
    start, end
        From the stream; None if not known.
    scripts
        The md5 of the scripts that made its newest result, by file name.
    script_set
        A short name of all of them together; empty if they are not known.
    changed
        The scripts that differ from those of the run before.
    has_products
        Its results can be had; False: only what is here is kept.
    metrics
        What its scripts reported last, by name.
    """

    run: int
    title: str
    state: str
    reason: str
    start: datetime | None
    end: datetime | None
    events: int
    proton_charge_pc: float
    scripts: Mapping[str, str]
    script_set: str
    changed: tuple[str, ...]
    has_products: bool
    metrics: Mapping[str, MetricValue]


# ---- the answers of the API, as far as they are used here (docs/web_api.md)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """The card of an instrument."""

    id: str
    name: str
    state: str
    why: str
    since: str | None
    run: int | None
    run_state: str | None
    events_per_s: float
    data_age_s: float | None
    last_result_at: str | None
    peer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _CardsAnswer:
    instruments: tuple[CardAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProductAnswer:
    name: str
    updated: str
    version: str
    kind: str
    shape: tuple[int, ...]
    events: int
    proton_charge_pc: float
    incomplete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunAnswer:
    run: int
    products: tuple[_ProductAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _InstrumentAnswer:
    card: CardAnswer
    runs: tuple[_RunAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LastValueAnswer:
    value: float | None
    error: float | None
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowAnswer:
    run: int
    title: str
    state: str
    reason: str
    start_time: str
    end_time: str
    events: int
    proton_charge_pc: float
    scripts: dict[str, str]
    script_set: str
    changed: tuple[str, ...]
    has_products: bool
    metrics: dict[str, _LastValueAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowsAnswer:
    runs: tuple[_RowAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAnswer:
    """A metric over a run."""

    name: str
    units: str
    t: tuple[str, ...]
    value: tuple[float | None, ...]
    error: tuple[float | None, ...]
    proton_charge_pc: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrendsAnswer:
    metrics: tuple[MetricAnswer, ...] = field(default=())


def cards_of(answer: object) -> tuple[CardAnswer, ...]:
    """The cards of ``/api/instruments``; raises ValueError as all below: the answer is not that of a page."""
    return checked(_CardsAnswer, answer).instruments


def status_of(answer: Mapping[str, Any]) -> PageStatus:
    """The status in the answer about an instrument."""
    card = checked(_InstrumentAnswer, answer).card
    return PageStatus(
        name=card.name,
        state=card.state,
        why=card.why,
        since=time_of(card.since),
        run=card.run,
        run_state=card.run_state or "",
        events_per_s=card.events_per_s,
        data_age_s=card.data_age_s,
        last_result=time_of(card.last_result_at),
        snapshot=answer.get("status"),
    )


def results_of(answer: object) -> list[ListedResult]:
    """All results of an instrument, those of the newest run first; those of data between runs last."""
    runs = sorted(checked(_InstrumentAnswer, answer).runs, key=lambda run: run.run == 0)
    return [
        ListedResult(
            run=run.run,
            name=one.name,
            shape=one.shape if one.kind else None,
            events=one.events,
            proton_charge_pc=one.proton_charge_pc,
            updated=time_of(one.updated),
            incomplete=one.incomplete,
        )
        for run in runs
        for one in run.products
    ]


def runs_of(answer: object) -> list[RunSummary]:
    """The rows of the run table, the newest first."""
    return [_run(row) for row in checked(_RowsAnswer, answer).runs]


def _run(row: _RowAnswer) -> RunSummary:
    return RunSummary(
        run=row.run,
        title=row.title,
        state=row.state,
        reason=row.reason,
        start=time_of(row.start_time),
        end=time_of(row.end_time),
        events=row.events,
        proton_charge_pc=row.proton_charge_pc,
        scripts=row.scripts,
        script_set=row.script_set,
        changed=row.changed,
        has_products=row.has_products,
        metrics={
            name: MetricValue(value=number(one.value), error=number(one.error), units=one.units)
            for name, one in row.metrics.items()
        },
    )


def metrics_of(answer: object) -> tuple[MetricAnswer, ...]:
    """The metrics in the answer about the trends of a run."""
    return checked(_TrendsAnswer, answer).metrics


def number(value: float | None) -> float:
    """A number of an answer; NaN for null."""
    return math.nan if value is None else value


def time_of(text: str | None) -> datetime | None:
    """A time of an answer; None if there is none, or it is not one."""
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None
