"""What there is to tell of an instrument at a look: states that hold, and things that happened once. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from livereduce.base.fields import encodable
from livereduce.base.visible import visible
from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.messages.progress import RunState
from livereduce.messages.status import StateWord, Status
from livereduce.notify.facts import Looked, MetricSeen, Notice, OverRun

LONGEST_TEXT = 500
UNWELL = frozenset({StateWord.DEGRADED, StateWord.STALLED, StateWord.RESTARTING})
"""States that count as degraded; `parked` is told apart."""
NOT_KNOWN_WHILE_DOWN = frozenset({Occasion.PARKED, Occasion.DEGRADED, Occasion.DEAD_BANK})
LONGEST_PAUSE_S = 3600.0
"""A run that begins later than this after the last one, or beam that comes back later, begins anew."""
WAIT = frozenset({Occasion.PARKED, Occasion.DEGRADED, Occasion.DOWN, Occasion.NO_RESULT})
"""States that must hold for `longer_than_s`; a dead bank was watched for long enough when it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFlow:
    """How long results have been due (Unix times): a run goes on, with beam, be it one or many after another.

    Attributes
    ----------
    run
        The newest run in which results were due.
    since_unix_s
        When the last result came, or when they became due if none has come since; 0 if none are due.
    idle_s
        How long none were due since then, between two runs or without beam.
    idle_unix_s
        Since when none are due; 0 while they are.
    """

    run: int = 0
    since_unix_s: float = 0.0
    idle_s: float = 0.0
    idle_unix_s: float = 0.0

    def paused_s(self, now_unix_s: float) -> float:
        """How long the pause has lasted that goes on; 0 if there is none."""
        return max(0.0, now_unix_s - self.idle_unix_s) if self.idle_unix_s else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Since when something holds, where no file says so (Unix times).

    Attributes
    ----------
    keys
        By the key of its notice.
    flow
        Since when there has been no result, although one is due.
    """

    keys: Mapping[str, float] = field(default_factory=dict)
    flow: ResultFlow = field(default_factory=ResultFlow)


def dated(since: Since, looked: Looked, now_unix_s: float) -> Since:
    """Note since when things hold that hold now, and forget the others."""
    names = [key for key, holds in _undated(looked) if holds]
    if looked.down:  # it is not known whether these are over
        names += [key for key in since.keys if key.partition(" ")[0] in NOT_KNOWN_WHILE_DOWN]
    elif looked.dead_banks is None:
        names += [key for key in since.keys if key.startswith(Occasion.DEAD_BANK)]
    keys = {key: since.keys.get(key, _begin(key, looked, now_unix_s)) for key in names}
    return Since(keys=keys, flow=_flow(since.flow, looked.status, now_unix_s))


def _flow(flow: ResultFlow, status: Status | None, now_unix_s: float) -> ResultFlow:
    run = _run_with_flow(status)
    if run and (not flow.since_unix_s or flow.paused_s(now_unix_s) > LONGEST_PAUSE_S):
        flow = ResultFlow(run=run, since_unix_s=now_unix_s)
    elif run:
        idle_s = flow.idle_s + flow.paused_s(now_unix_s)
        flow = replace(flow, run=run, idle_s=idle_s, idle_unix_s=0.0)
    elif flow.since_unix_s and not flow.idle_unix_s:
        flow = replace(flow, idle_unix_s=now_unix_s)
    result = result_unix_s(status)
    if not flow.since_unix_s or result <= flow.since_unix_s:
        return flow
    idle_unix_s = max(flow.idle_unix_s, result) if flow.idle_unix_s else 0.0
    return replace(flow, since_unix_s=result, idle_s=0.0, idle_unix_s=idle_unix_s)


def result_unix_s(status: Status | None) -> float:
    """When the last result came; 0 if none has."""
    return _unix_s(status.last_result) if status and status.last_result else 0.0


def _undated(looked: Looked) -> Iterator[tuple[str, bool]]:
    status = looked.status
    yield str(Occasion.DOWN), bool(looked.down)
    yield str(Occasion.DEGRADED), not looked.down and status is not None and status.state in UNWELL
    for one in looked.dead_banks or ():
        yield f"{Occasion.DEAD_BANK} {one.bank}", True


def _begin(key: str, looked: Looked, now_unix_s: float) -> float:
    if looked.status is None or key.startswith(Occasion.DEAD_BANK):
        return now_unix_s
    text = looked.status.updated if key == Occasion.DOWN else looked.status.since
    return min(now_unix_s, _unix_s(text))


def _run_with_flow(status: Status | None) -> int:
    """The run in which results are due, as far as is known last; 0 if none are."""
    progress = status.progress if status else None
    if progress is None or progress.run.state is not RunState.RUNNING or progress.source.no_beam_since is not None:
        return 0
    return progress.run.number


def states(looked: Looked, since: Since, now_unix_s: float) -> tuple[Notice, ...]:
    """The states that hold now, however short."""
    return tuple(replace(one, text=_shown(one.text)) for one in _states(looked, since, now_unix_s))


def _states(looked: Looked, since: Since, now_unix_s: float) -> Iterator[Notice]:
    status = looked.status
    if looked.down:
        began = since.keys[Occasion.DOWN]
        yield Notice(on=Occasion.DOWN, key=Occasion.DOWN, text=f"down: {looked.down}", since_unix_s=began)
    elif status is not None and status.state is StateWord.PARKED:
        began = _unix_s(status.since)
        yield Notice(on=Occasion.PARKED, key=Occasion.PARKED, text=f"parked: {status.why}", since_unix_s=began)
    elif status is not None and status.state in UNWELL:
        began = since.keys[Occasion.DEGRADED]
        text = f"{status.state}: {status.why}"
        yield Notice(on=Occasion.DEGRADED, key=Occasion.DEGRADED, text=text, since_unix_s=began)
    if since.flow.since_unix_s and status is not None:
        yield _no_result(since.flow, looked.down or status.why, now_unix_s)
    for one in looked.dead_banks or ():
        key = f"{Occasion.DEAD_BANK} {one.bank}"
        yield Notice(on=Occasion.DEAD_BANK, key=key, text=one.text, since_unix_s=since.keys[key])


def _no_result(flow: ResultFlow, why: str, now_unix_s: float) -> Notice:
    return Notice(
        on=Occasion.NO_RESULT,
        key=Occasion.NO_RESULT,
        text=f"no result in run {flow.run} since {clock(flow.since_unix_s)}: {why}",
        since_unix_s=flow.since_unix_s,
        not_counted_s=flow.idle_s + flow.paused_s(now_unix_s),
        run=flow.run,
    )


def run_notice(over: OverRun, now_unix_s: float) -> Notice:
    """The end of a run."""
    incomplete = f"; incomplete: {over.incomplete}" if over.incomplete else ""
    return Notice(
        on=Occasion.RUN_ENDED,
        key=run_key(over.run),
        text=_shown(f"run {over.run} has ended{incomplete}"),
        since_unix_s=now_unix_s,
        run=over.run,
    )


def run_key(run: int) -> str:
    """The key of the end of a run."""
    return f"{Occasion.RUN_ENDED} {run}"


def statistics_notice(entry: NotifyEntry, metric: MetricSeen, now_unix_s: float) -> Notice | None:
    """That a metric has the relative error that an entry waits for; None if it has not."""
    if metric.name != entry.metric or metric.error is None or not abs(metric.value) > 0:
        return None
    relative = metric.error / abs(metric.value)
    if not 0 < relative <= entry.target:
        return None
    value = f"{metric.value:.6g} ± {metric.error:.3g} {metric.units}".rstrip()
    return Notice(
        on=Occasion.STATISTICS,
        key=f"{Occasion.STATISTICS} {metric.run}",
        text=_shown(f"run {metric.run}: {metric.name} is {value}, {100 * relative:.3g} %"),
        since_unix_s=now_unix_s,
        run=metric.run,
    )


def over_notice(told: str, since_unix_s: float, looked: Looked, now_unix_s: float) -> Notice:
    """That a state which was told is over."""
    on = Occasion(told.partition(" ")[0])
    what = told.replace("_", " ")
    state = f"{looked.status.state}: {looked.status.why}" if looked.status else "no status"
    lasted = duration(now_unix_s - since_unix_s)
    # a page that was started anew has nothing to compare a dead bank with: that it is well again is not known
    ends = "is no longer named" if on is Occasion.DEAD_BANK else "is over"
    text = _shown(f"{what} {ends} after {lasted}; now {f'down: {looked.down}' if looked.down else state}")
    return Notice(on=on, key=told, text=text, since_unix_s=now_unix_s, over=True, began_unix_s=since_unix_s)


def duration(passed_s: float) -> str:
    """A duration for people."""
    passed_s = max(0.0, passed_s)
    if passed_s < 120:
        return f"{passed_s:.0f} s"
    return f"{passed_s / 60:.0f} min" if passed_s < 7200 else f"{passed_s / 3600:.0f} h"


def clock(unix_s: float) -> str:
    """A time for people, with the date and the zone."""
    return datetime.fromtimestamp(unix_s).astimezone().isoformat(sep=" ", timespec="minutes")


def _unix_s(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _shown(text: str) -> str:
    return visible(encodable(text[:LONGEST_TEXT]))
