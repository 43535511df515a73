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
WAIT = frozenset({Occasion.PARKED, Occasion.DEGRADED, Occasion.DOWN, Occasion.NO_RESULT})
"""States that must hold for `longer_than_s`; a dead bank was watched for long enough when it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Since when something holds, where no file says so (Unix times).

    Attributes
    ----------
    keys
        By the key of its notice.
    flow_run, flow_unix_s
        The run in which results are due, and since when: it goes on, with beam; 0 if none are due.
    """

    keys: Mapping[str, float] = field(default_factory=dict)
    flow_run: int = 0
    flow_unix_s: float = 0.0


def dated(since: Since, looked: Looked, now_unix_s: float) -> Since:
    """Note since when things hold that hold now, and forget the others."""
    names = [key for key, holds in _undated(looked) if holds]
    if looked.down:  # it is not known whether these are over
        names += [key for key in since.keys if key.partition(" ")[0] in NOT_KNOWN_WHILE_DOWN]
    elif looked.dead_banks is None:
        names += [key for key in since.keys if key.startswith(Occasion.DEAD_BANK)]
    keys = {key: since.keys.get(key, _begin(key, looked, now_unix_s)) for key in names}
    run = _run_with_flow(looked.status)
    if run == 0 or run != since.flow_run:
        return Since(keys=keys, flow_run=run, flow_unix_s=now_unix_s if run else 0.0)
    return replace(since, keys=keys)


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


def states(looked: Looked, since: Since) -> tuple[Notice, ...]:
    """The states that hold now, however short."""
    return tuple(replace(one, text=_shown(one.text)) for one in _states(looked, since))


def _states(looked: Looked, since: Since) -> Iterator[Notice]:
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
    if since.flow_run and status is not None:
        began = max(since.flow_unix_s, _unix_s(status.last_result) if status.last_result else 0.0)
        text = f"no result in run {since.flow_run} since {clock(began)}: {looked.down or status.why}"
        run = since.flow_run
        yield Notice(on=Occasion.NO_RESULT, key=Occasion.NO_RESULT, text=text, since_unix_s=began, run=run)
    for one in looked.dead_banks or ():
        key = f"{Occasion.DEAD_BANK} {one.bank}"
        yield Notice(on=Occasion.DEAD_BANK, key=key, text=one.text, since_unix_s=since.keys[key])


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
    text = _shown(f"{what} is over after {lasted}; now {f'down: {looked.down}' if looked.down else state}")
    return Notice(on=on, key=told, text=text, since_unix_s=now_unix_s, over=True)


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
