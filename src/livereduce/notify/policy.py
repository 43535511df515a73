"""Decides what is sent to whom, and when. Pure.

::

    it holds ─ longer_than_s ─▶ waiting ─ at_most_every_s ─▶ sending ─ arrived, or given up ─▶ told
                                 ▲   │                         │ ▲                              │
                                 │   └─ over before it was     └─┘ 5, 15, 45, 135 s             │
                                 │      sent: counted                                           │
                                 └─────────────────────── its end ─ it is over ◀────────────────┘

An entry has at most one message on its way; entries know nothing of each other. What was told is remembered over a
restart of the process (`remembered.py`): it is told again only if it was over and has begun anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.notify.facts import Looked, Message, Notice, Say, Send, SendOutcome
from livereduce.notify.occasions import (
    NOT_KNOWN_WHILE_DOWN,
    WAIT,
    Since,
    dated,
    over_notice,
    result_unix_s,
    run_key,
    run_notice,
    states,
    statistics_notice,
)

RETRY_S = (5.0, 15.0, 45.0, 135.0)
"""Waits between attempts; after the last one a message is given up."""
MOST_NOTICES = 10
"""Most things in one message; of more the oldest are only counted."""
SAME_S = 1.0
"""Two beginnings closer than this are the same."""
ONCE = frozenset({Occasion.RUN_ENDED, Occasion.STATISTICS})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryState:
    """One entry.

    Attributes
    ----------
    told
        What was told, by key, with its beginning (Unix time).
    is_new
        Runs that are over already are not told to an entry that has just been made.
    waiting, held_back
        What is to be sent next, and how much is only counted in it.
    sending, attempts, retry_unix_s
        The message on its way, how often it was sent, and when to try again; infinity: an answer is awaited.
    free_unix_s
        When the next message may be sent.
    """

    told: Mapping[str, float] = field(default_factory=dict)
    is_new: bool = True
    waiting: tuple[Notice, ...] = ()
    held_back: int = 0
    sending: Message | None = None
    attempts: int = 0
    retry_unix_s: float = float("inf")
    free_unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyState:
    """All entries, with what is known of each by its number."""

    entries: tuple[NotifyEntry, ...]
    by_number: Mapping[int, EntryState] = field(default_factory=dict)
    since: Since = field(default_factory=Since)


def step(
    state: NotifyState, fact: Looked | SendOutcome, now_unix_s: float
) -> tuple[NotifyState, tuple[Send | Say, ...]]:
    """Take a look at the instrument, or the outcome of a message, and say what to send now."""
    if isinstance(fact, SendOutcome):
        return _delivered(state, fact, now_unix_s)
    state = replace(state, since=dated(state.since, fact, now_unix_s))
    known = dict(state.by_number)
    outputs: list[Send | Say] = []
    for entry in state.entries:
        one = _with_notice(entry, known.get(entry.number, EntryState()), state.since, fact, now_unix_s)
        known[entry.number], sends = _dispatched(entry, one, fact.instrument, now_unix_s)
        outputs += sends
    return replace(state, by_number=known), tuple(outputs)


def _with_notice(entry: NotifyEntry, one: EntryState, since: Since, looked: Looked, now: float) -> EntryState:
    holding = {notice.key: notice for notice in states(looked, since, now) if notice.on in entry.on}
    one = _with_ends(one, holding, looked, now)
    for notice in holding.values():
        lasted_s = now - notice.since_unix_s - notice.not_counted_s
        due = lasted_s >= entry.longer_than_s or notice.on not in WAIT
        one = _with_begin(one, notice, due=due)
    return _with_once(entry, one, looked, now)


def _with_ends(one: EntryState, holding: Mapping[str, Notice], looked: Looked, now: float) -> EntryState:
    """Take out what is over, whether it was told or waits to be."""
    gone = [
        notice
        for notice in one.waiting
        if _is_state(notice.key) and not notice.over and _is_over(notice, holding, looked)
    ]
    one = replace(
        one, waiting=tuple(notice for notice in one.waiting if notice not in gone), held_back=one.held_back + len(gone)
    )
    for key, began in one.told.items():
        now_holds = holding.get(key)
        if not _is_state(key) or (now_holds is None and _is_unknown(key, looked)):
            continue
        if now_holds is None or now_holds.since_unix_s > began + SAME_S:
            left = {other: at for other, at in one.told.items() if other != key}
            one = replace(one, told=left)
            if _is_end_told(key, began, now_holds, looked):
                one = replace(one, waiting=(*one.waiting, over_notice(key, began, looked, now)))
    return one


def _is_end_told(key: str, began: float, now_holds: Notice | None, looked: Looked) -> bool:
    """False for a state that has begun anew, which is told as that; of results, only that one has come is told."""
    if key == Occasion.NO_RESULT:
        return result_unix_s(looked.status) > began
    return now_holds is None


def _is_over(notice: Notice, holding: Mapping[str, Notice], looked: Looked) -> bool:
    now_holds = holding.get(notice.key)
    if now_holds is None:
        return not _is_unknown(notice.key, looked)
    return now_holds.since_unix_s > notice.since_unix_s + SAME_S


def _is_state(key: str) -> bool:
    return key.partition(" ")[0] not in ONCE


def _is_unknown(key: str, looked: Looked) -> bool:
    on = Occasion(key.partition(" ")[0])
    if looked.down and on in NOT_KNOWN_WHILE_DOWN:
        return True
    return on is Occasion.DEAD_BANK and looked.dead_banks is None


def _with_begin(one: EntryState, notice: Notice, *, due: bool) -> EntryState:
    if ends := [other for other in one.waiting if other.key == notice.key and other.over]:
        if notice.on is Occasion.NO_RESULT and not due:
            return one
        # who was told the beginning, and not yet the end, need not hear that it has begun again
        rest = tuple(other for other in one.waiting if other not in ends)
        told = {**one.told, notice.key: notice.since_unix_s}
        return replace(one, waiting=rest, held_back=one.held_back + len(ends), told=told)
    if (
        not due
        or notice.key in one.told
        or (one.sending and notice.key in {other.key for other in one.sending.notices})
    ):
        return one
    if notice.key in {other.key for other in one.waiting}:  # its words may have changed meanwhile
        return replace(one, waiting=tuple(notice if other.key == notice.key else other for other in one.waiting))
    return replace(one, waiting=(*one.waiting, notice))


def _with_once(entry: NotifyEntry, one: EntryState, looked: Looked, now: float) -> EntryState:
    found: list[Notice] = []
    if Occasion.RUN_ENDED in entry.on and looked.over is not None:
        listed = {run_key(run.run) for run in looked.over}
        told = {key: at for key, at in one.told.items() if not key.startswith(Occasion.RUN_ENDED) or key in listed}
        if one.is_new:
            told |= dict.fromkeys(listed, now)
        one = replace(one, told=told, is_new=False)
        found += [run_notice(run, now) for run in looked.over]
    if Occasion.STATISTICS in entry.on:
        found += [notice for metric in looked.metrics if (notice := statistics_notice(entry, metric, now))]
        if looked.metrics:
            current = {f"{Occasion.STATISTICS} {metric.run}" for metric in looked.metrics}
            kept = {
                key: at for key, at in one.told.items() if not key.startswith(Occasion.STATISTICS) or key in current
            }
            one = replace(one, told=kept)
    for notice in found:
        one = _with_begin_once(one, notice)
    return one


def _with_begin_once(one: EntryState, notice: Notice) -> EntryState:
    known = {*one.told, *(other.key for other in one.waiting)}
    known |= {other.key for other in one.sending.notices} if one.sending else set()
    return one if notice.key in known else replace(one, waiting=(*one.waiting, notice))


def _dispatched(
    entry: NotifyEntry, one: EntryState, instrument: str, now: float
) -> tuple[EntryState, tuple[Send | Say, ...]]:
    """Send what waits, or again what has failed, if it is time."""
    if one.free_unix_s > now + entry.at_most_every_s:  # the clock was set back
        one = replace(one, free_unix_s=now)
    if one.sending is not None:
        if now < one.retry_unix_s:
            return one, ()
        return replace(one, attempts=one.attempts + 1, retry_unix_s=float("inf")), (Send(message=one.sending),)
    if not one.waiting or now < one.free_unix_s:
        return one, ()
    left_out = one.waiting[:-MOST_NOTICES]
    message = Message(
        entry=entry.number,
        instrument=instrument,
        at_unix_s=now,
        notices=one.waiting[-MOST_NOTICES:],
        held_back=one.held_back + len(left_out),
    )
    told = {**one.told, **_begun(left_out)}
    sent = replace(one, told=told, waiting=(), held_back=0, sending=message, attempts=1, retry_unix_s=float("inf"))
    return replace(sent, free_unix_s=now + entry.at_most_every_s), (Send(message=message),)


def _begun(notices: Iterable[Notice]) -> dict[str, float]:
    return {one.key: one.since_unix_s for one in notices if not one.over}


def _delivered(state: NotifyState, fact: SendOutcome, now: float) -> tuple[NotifyState, tuple[Send | Say, ...]]:
    entry = next((one for one in state.entries if one.number == fact.entry), None)
    one = state.by_number.get(fact.entry)
    if entry is None or one is None or one.sending is None:
        return state, ()
    done = replace(one, told={**one.told, **_begun(one.sending.notices)}, sending=None)
    said: tuple[Say, ...] = ()
    if fact.problem and not fact.hopeless and one.attempts <= len(RETRY_S):
        wait_s = RETRY_S[one.attempts - 1]
        done = replace(one, retry_unix_s=now + wait_s)
        said = (Say(text=f"{entry.name}: not sent: {fact.problem}; trying again in {wait_s:.0f} s"),)
    elif fact.problem:
        done = replace(done, held_back=done.held_back + len(one.sending.notices) + one.sending.held_back)
        said = (Say(text=f"{entry.name}: given up: {fact.problem}"),)
    else:
        what = ", ".join(notice.key for notice in one.sending.notices)
        again = f" at attempt {one.attempts}" if one.attempts > 1 else ""
        said = (Say(text=f"{entry.name}: sent{again}: {what}", is_warning=False),)
    return replace(state, by_number={**state.by_number, entry.number: done}), said
