"""What is served, from what has been read: values, time stamps, alarms. Pure.

A value is in alarm INVALID when nobody should act on it: the daemon is down, the value is late although the run goes
on, or this run has none yet. At the start of a run all values of the run before it are gone in the same step in which
`Run:Start` changes, so that no scan stops on the statistics of another run. When a run is over its values stay.

Names of PVs are made from the names of one run: a name of an earlier run that would collide is no obstacle.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from livereduce.base.times import unix_s_of
from livereduce.messages.status import StateWord, Status
from livereduce.publish.trends.trends import Trends
from livereduce.pvs.expected import is_quiet, late_after_s
from livereduce.pvs.names import ERROR, METRIC, TOTAL, PvNames, pv_names
from livereduce.pvs.run_now import SAME_START_S, RunNow, run_now
from livereduce.pvs.values import DOWN, FINE, INCOMPLETE, LATE, NEEDS_ACTION, UNDEFINED, Alarm, PvKind, PvValue
from livereduce.seen.index import Listed, ShownIndex

MAX_NAMES = 500
"""Most metrics, and most products, that get a PV in the life of the process; a run has at most 50 and 100."""
_STATE_ALARMS = {
    StateWord.DEGRADED: INCOMPLETE,
    StateWord.STALLED: NEEDS_ACTION,
    StateWord.RESTARTING: NEEDS_ACTION,
    StateWord.PARKED: NEEDS_ACTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PvFacts:
    """What was read.

    Attributes
    ----------
    down
        Why the daemon is down, or its files cannot be read; empty if it is up.
    trends
        Of the run that `run_now` finds; None if there are none.
    skip_empty
        As configured: scripts make nothing of chunks without events.
    """

    status: Status | None = None
    down: str = "nothing is read yet"
    index: ShownIndex = field(default_factory=ShownIndex)
    trends: Trends | None = None
    update_every_s: float = 30.0
    skip_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PvState:
    """What is remembered from one step to the next.

    Attributes
    ----------
    run, began_unix_s
        The run, and its start as it is served: it does not change while the run does not.
    quiet_unix_s
        When nothing new could come, the last time: the age of a value counts from there.
    metrics, totals
        The units of each PV that there ever was: it stays.
    values
        As served last.
    """

    prefix: str
    run: int = 0
    began_unix_s: float = 0.0
    quiet_unix_s: float = 0.0
    metrics: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, str] = field(default_factory=dict)
    values: tuple[PvValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A number of ours with its error, before it has the name of a PV."""

    value: float | None
    error: float | None
    unix_s: float
    alarm: Alarm


def step(state: PvState, facts: PvFacts, now_unix_s: float) -> PvState:
    """The state with the values to serve now."""
    run = run_now(facts.status, facts.index)
    trends = facts.trends if facts.trends and run.listed and facts.trends.run == run.number else None
    products = run.listed.products if run.listed else {}
    metrics = {name: one.units for name, one in trends.metrics.items()} if trends else {}
    totals = {name: one.units for name, one in products.items() if one.total is not None}
    of_metrics = pv_names(state.prefix, METRIC, metrics)
    of_totals = pv_names(state.prefix, TOTAL, totals)
    state = replace(
        state,
        run=run.number,
        began_unix_s=_began(state, run, now_unix_s),
        quiet_unix_s=now_unix_s if _is_quiet(facts, run) else state.quiet_unix_s,
        metrics=_with(state.metrics, {pv: metrics[name] for name, pv in of_metrics.of.items()}),
        totals=_with(state.totals, {pv: totals[name] for name, pv in of_totals.of.items()}),
    )
    judge = _Judge(facts, run, now_unix_s, state.quiet_unix_s)
    refused = (*of_metrics.refused, *of_totals.refused, *(trends.left_out if trends else ()))
    values = (
        *_own(state, facts, run, judge, refused),
        *_numbers(state.metrics, of_metrics, judge.metrics(trends), judge.missing(state)),
        *_numbers(state.totals, of_totals, judge.totals(products), judge.missing(state)),
    )
    return replace(state, values=values)


def _with(before: Mapping[str, str], found: Mapping[str, str]) -> Mapping[str, str]:
    """The PVs with their newest units; beyond the most, new ones are left out."""
    if all(before.get(pv) == units for pv, units in found.items()):
        return before
    room = MAX_NAMES - len(before)
    new = [pv for pv in found if pv not in before][:room]
    return {pv: found.get(pv, units) for pv, units in before.items()} | {pv: found[pv] for pv in new}


def _is_quiet(facts: PvFacts, run: RunNow) -> bool:
    progress = facts.status.progress if facts.status else None
    return run.said is not None and progress is not None and is_quiet(progress, skip_empty=facts.skip_empty)


def _began(state: PvState, run: RunNow, now_unix_s: float) -> float:
    """The start of the run as it is served; the moment at which it was noticed, if nobody knows."""
    if run.began_unix_s is None:
        return state.began_unix_s if run.number == state.run else now_unix_s
    same = run.number == state.run and abs(run.began_unix_s - state.began_unix_s) < SAME_START_S
    return state.began_unix_s if same else round(run.began_unix_s, 3)


class _Judge:
    """Alarms and time stamps of the numbers of a run."""

    def __init__(self, facts: PvFacts, run: RunNow, now_unix_s: float, quiet_unix_s: float) -> None:
        self._down, self._run = bool(facts.down), run
        progress = facts.status.progress if facts.status else None
        self._late_after_s = late_after_s(facts.update_every_s, progress)
        products = run.listed.products.values() if run.listed else ()
        self.newest_pulse_unix_s = max((_pulse_of(one) for one in products), default=0.0)
        written = max((one.written_unix_s for one in products), default=now_unix_s)
        self._is_late = run.said is not None and now_unix_s - max(written, quiet_unix_s) > self._late_after_s
        self.incomplete = next(
            (text for text in (*(one.incomplete for one in products), run.said.incomplete if run.said else "") if text),
            run.listed.incomplete if run.listed else "",
        )

    def alarm(self, pulse_unix_s: float, *, missing: bool = False) -> Alarm:
        """The alarm of a number made of data up to this pulse."""
        if self._down:
            return DOWN
        if missing:
            return UNDEFINED
        if self._is_late or self.newest_pulse_unix_s - pulse_unix_s > self._late_after_s:
            return LATE
        return INCOMPLETE if self.incomplete else FINE

    def known(self) -> Alarm:
        """The alarm of what is said of the run itself, such as its number: incomplete data do not matter to it."""
        return DOWN if self._down else FINE if self._run.number else UNDEFINED

    def metrics(self, trends: Trends | None) -> dict[str, _Number]:
        """The newest values of the metrics."""
        newest = {name: one.points[-1] for name, one in trends.metrics.items() if one.points} if trends else {}
        return {name: self._number(one.value, one.error, one.at.time_unix_s) for name, one in newest.items()}

    def totals(self, products: Mapping[str, Listed]) -> dict[str, _Number]:
        """The totals of the products."""
        return {name: self._number(one.total, one.total_error, _pulse_of(one)) for name, one in products.items()}

    def missing(self, state: PvState) -> _Number:
        """What is served of a name that this run has no number of."""
        return self._number(None, None, state.began_unix_s)

    def _number(self, value: float | None, error: float | None, unix_s: float) -> _Number:
        return _Number(value=value, error=error, unix_s=unix_s, alarm=self.alarm(unix_s, missing=value is None))


def _pulse_of(product: Listed) -> float:
    """Time of the newest pulse in a product; of its file, if it does not say."""
    return product.last_pulse_unix_s or product.written_unix_s


def _numbers(
    units: Mapping[str, str], names: PvNames, numbers: Mapping[str, _Number], missing: _Number
) -> Iterator[PvValue]:
    """Each number and, beside it, its error; PVs that this run has no name for say nothing any more."""
    of_pv = {pv: numbers[name] for name, pv in names.of.items() if name in numbers}
    for pv, its_units in units.items():
        one = of_pv.get(pv, missing)
        alarm = one.alarm if one.error is not None or one.alarm is DOWN else UNDEFINED
        yield _number(pv, one.value, one.unix_s, its_units, one.alarm)
        yield _number(f"{pv}{ERROR}", one.error, one.unix_s, its_units, alarm)


def _own(state: PvState, facts: PvFacts, run: RunNow, judge: _Judge, refused: tuple[str, ...]) -> Iterator[PvValue]:
    """The PVs that there are always: of the service, and of the run. The start of a run comes before its values."""
    status, prefix = facts.status, state.prefix
    updated = (unix_s_of(status.updated) if status else None) or state.began_unix_s
    since = (unix_s_of(status.since) if status else None) or updated
    alarm = DOWN if facts.down or status is None else _STATE_ALARMS.get(status.state, FINE)
    word, why = ("down", facts.down) if facts.down or status is None else (str(status.state), status.why)
    source = status.progress.source if status and status.progress else None
    lag_s = source.data_age_s if source else None
    yield _text(f"{prefix}State", word, since if not facts.down else updated, alarm, PvKind.WORD)
    yield _text(f"{prefix}Why", why, since if not facts.down else updated, alarm)
    known, of_run = judge.known(), judge.alarm(math.inf, missing=not run.number)
    newest = updated - lag_s if run.said and lag_s is not None else judge.newest_pulse_unix_s or updated
    began, counted = state.began_unix_s, run.listed.products.values() if run.listed else ()
    events = max([run.said.events if run.said else 0, *(one.events for one in counted)])
    charge_pc = max([run.said.proton_charge_pc if run.said else 0.0, *(one.proton_charge_pc for one in counted)])
    yield _number(f"{prefix}Run:Start", began, began, "s", known)
    yield _number(f"{prefix}Run:Number", run.number, began, "", known)
    yield _text(f"{prefix}Run:State", str(run.state), newest, known, PvKind.WORD)
    yield _text(f"{prefix}Run:Title", run.listed.title if run.listed else "", newest, known)
    yield _number(f"{prefix}Run:Events", events, newest, "counts", of_run)
    yield _number(f"{prefix}Run:Charge", charge_pc, newest, "pC", of_run)
    yield _text(f"{prefix}Run:Incomplete", judge.incomplete, newest, of_run)
    lag_alarm = DOWN if facts.down else UNDEFINED if lag_s is None else FINE
    yield _number(f"{prefix}Lag", lag_s, updated, "s", lag_alarm)
    yield _text(f"{prefix}Problems", "; ".join(refused), updated, INCOMPLETE if refused else FINE)


def _number(name: str, value: float | None, unix_s: float, units: str, alarm: Alarm) -> PvValue:
    known = math.nan if value is None else float(value)
    return PvValue(name=name, kind=PvKind.NUMBER, value=known, unix_s=unix_s, units=units, alarm=alarm)


def _text(name: str, text: str, unix_s: float, alarm: Alarm, kind: PvKind = PvKind.TEXT) -> PvValue:
    return PvValue(name=name, kind=kind, value=text, unix_s=unix_s, alarm=alarm)
