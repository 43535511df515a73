"""Usual durations of the scripts, and when a running call takes too long. Pure, except for its file.

Durations are kept by the md5 of the script: another version may take another time. A script that never ends is ended
only by the limits of its phase, which must allow the longest call; people are told much earlier that this is not usual.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livereduce.base.files import read_regular, replace_file
from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress

FILE_NAME = "script_times.json"
KEPT_CALLS = 20
KEPT_SCRIPTS = 50
MAX_BYTES = 1 << 20
FIRST_CALL_S = 300.0
"""How long the first call of a script may take, to load calibrations."""
SLOW_UPDATES, SLOW_FACTOR = 3, 10
"""A call is overdue after this many times `update_every`, and this many times its usual duration."""
TOLD_FROM_S = 2.0
"""A shorter call is never reported."""

STEPS = {Phase.PROCESS: "proc", Phase.POST_PROCESS: "post_proc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The finished calls of one version of a script.

    Attributes
    ----------
    seconds
        Durations of the last calls, the newest last.
    first_s
        Duration of the newest call that was the first in its worker: it may load what later calls find loaded.
    """

    seconds: tuple[float, ...] = ()
    first_s: float = 0.0

    def usual_s(self, *, first: bool) -> float | None:
        """The longest of them; for a worker's first call also the longest first call. None before any."""
        if not self.seconds:
            return None
        return max(*self.seconds, self.first_s if first else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished script call: its step, its duration, and whether it was the worker's first."""

    step: str
    seconds: float
    first: bool


Usual = Mapping[str, Calls]
"""By md5, the most recently called version last."""


def finished_calls(before: Progress | None, after: Progress) -> tuple[Finished, ...]:
    """The calls that finished between two beats; of several calls of one step only the last is known."""
    old, found = before or Progress(), []
    for step, was, now, seconds in (
        ("proc", old.steps.proc_calls, after.steps.proc_calls, after.steps.proc_s),
        ("post_proc", old.steps.post_proc_calls, after.steps.post_proc_calls, after.steps.post_proc_s),
    ):
        if now > was:
            found.append(Finished(step=step, seconds=seconds, first=now == 1))
    return tuple(found)


def note(usual: Usual, md5: str, finished: Finished) -> Usual:
    """Add a finished call; the versions that were not called for longest are forgotten."""
    calls = usual.get(md5, Calls())
    calls = replace(
        calls,
        seconds=(*calls.seconds, finished.seconds)[-KEPT_CALLS:],
        first_s=finished.seconds if finished.first else calls.first_s,
    )
    others = [(name, of) for name, of in usual.items() if name != md5]
    return dict([*others, (md5, calls)][-KEPT_SCRIPTS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A script call that has not returned.

    Attributes
    ----------
    usual_s
        Its longest duration so far; None if no call of this version has finished yet.
    """

    step: str
    age_s: float
    usual_s: float | None

    @property
    def text(self) -> str:
        """The sentence for people; empty if there is nothing to report."""
        if self.age_s < max(TOLD_FROM_S, 2 * (self.usual_s or 0.0)):
            return ""
        usually = "its first call" if self.usual_s is None else f"usually {_in_words(self.usual_s)}"
        return f"{self.step} has been running for {_in_words(self.age_s)} ({usually})"

    def is_overdue(self, update_every_s: float) -> bool:
        """True if somebody should look at it."""
        if self.usual_s is None:
            return self.age_s >= FIRST_CALL_S
        return self.age_s >= max(SLOW_UPDATES * update_every_s, SLOW_FACTOR * self.usual_s)


def running_call(
    phase: Phase, age_s: float, progress: Progress, usual: Usual, md5s: Mapping[str, str]
) -> Running | None:
    """The call that is running now; None if none is.

    Parameters
    ----------
    phase, age_s, progress
        The worker's phase, its duration so far, and the newest progress.
    md5s
        md5 of its scripts, by step.
    """
    step = STEPS.get(phase)
    if step is None or step not in md5s:
        return None
    calls = progress.steps.proc_calls if step == "proc" else progress.steps.post_proc_calls
    usual_s = usual.get(md5s[step], Calls()).usual_s(first=calls == 0)
    return Running(step=step, age_s=age_s, usual_s=usual_s)


def _in_words(seconds: float) -> str:
    if seconds < 0.1:
        return "less than 0.1 s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def load(state_dir: Path) -> Usual:
    """Load what an earlier daemon stored; empty if there is no such file, or it is damaged."""
    usual: dict[str, Calls] = {}
    with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):
        body = json.loads(read_regular(state_dir / FILE_NAME, MAX_BYTES, follow_link=False))
        for md5, calls in body.items():
            usual[str(md5)] = _calls_of(calls)
    return usual


def _calls_of(body: Any) -> Calls:
    seconds = tuple(float(one) for one in body["seconds"])[-KEPT_CALLS:]
    first_s = float(body["first_s"])
    if not all(0 <= one < float("inf") for one in (*seconds, first_s)):
        raise ValueError("a duration is a number of seconds")
    return Calls(seconds=seconds, first_s=first_s)


def save(state_dir: Path, usual: Usual) -> None:
    """Store it for the next daemon.

    Raises
    ------
    OSError
        The directory cannot be written; the old file is unchanged.
    """
    body = {md5: {"seconds": calls.seconds, "first_s": calls.first_s} for md5, calls in usual.items()}
    replace_file(state_dir / FILE_NAME, json.dumps(body).encode())
