"""Log lines on what has changed between two snapshots, in the words of status and page. Pure.

The daemon itself logs the changes between its own states, and the worker what it notices. The rest is here: the states
that come from the worker's beats, the beam, and the conditions that nobody else logs.
"""

import logging
from collections.abc import Iterator

from livereduce.messages.conditions import begun_and_over
from livereduce.messages.progress import Progress, RunState
from livereduce.messages.status import Condition, StateWord, Status, clock_time

LOGGED = frozenset({"files", "memory", "overdue", "pulses", "log"})
"""Kinds of conditions that nobody else logs."""
REFINED = frozenset({StateWord.DEGRADED, StateWord.WAITING_FOR_RUN, StateWord.PAUSED})
"""States that the daemon's policy does not know: they come from beats and conditions."""
ENDING = frozenset({StateWord.STOPPING, StateWord.STOPPED})

Line = tuple[int, str]
"""Level and text."""


def lines_on(before: Status | None, after: Status) -> tuple[Line, ...]:
    """The lines to log."""
    if after.state in ENDING:  # what is over now is over because all is
        return ()
    return (*_on_state(before, after), *_on_conditions(before, after), *_on_beam(before, after))


def _on_state(before: Status | None, after: Status) -> Iterator[Line]:
    if before is None or before.state is after.state:
        return
    if after.state in REFINED or (before.state in REFINED and after.state is StateWord.RUNNING):
        level = logging.ERROR if after.state is StateWord.DEGRADED else logging.INFO
        yield level, f"{before.state} -> {after.state}: {after.why}"


def _on_conditions(before: Status | None, after: Status) -> Iterator[Line]:
    begun, over = begun_and_over(before.conditions if before else (), after.conditions)
    told = before is not None and before.state is not after.state and after.state is StateWord.DEGRADED
    for one in begun:
        if one.kind in LOGGED and not (told and one.text in after.why):
            yield logging.ERROR, one.text
    replaced = {one.kind for one in begun}
    for one in over:
        if before is not None and one.kind not in replaced and (text := _over(one, before, after)):
            yield logging.INFO, text


def _over(one: Condition, before: Status, after: Status) -> str:
    """The sentence that a condition is over; empty if it has only vanished from view, or others say so."""
    same_worker = after.worker_pid is not None and after.generation == before.generation
    match one.kind:
        case "files":
            left = any(other.kind == "files" for other in after.conditions)
            return f"fixed: {one.cause or one.text}{'' if left else '; the saved files can be used now'}"
        case "memory":
            return "the data fit into memory now"
        case "log":
            return f"the log file can be written again; lines since {one.since} are missing in it"
        case "overdue" if same_worker:
            return f"finished: {one.text}"
        case "pulses" if same_worker and after.progress and _expects_pulses(after.progress):
            return f"pulses come again in run {after.progress.run.number}"
    return ""


def _expects_pulses(progress: Progress) -> bool:
    return progress.source.connected and progress.run.state is RunState.RUNNING


def _on_beam(before: Status | None, after: Status) -> Iterator[Line]:
    old, new = before.progress if before else None, after.progress
    if old is None or new is None or after.worker_pid is None:
        return
    was, now = old.source.no_beam_since, new.source.no_beam_since
    if was is None and now is not None:
        yield logging.INFO, f"no beam since {clock_time(now, '%H:%M:%S')}: pulses come without it, run {new.run.number}"
    elif was is not None and now is None and before is not None and before.generation == after.generation:
        yield logging.INFO, "the beam is back"
