"""Decide when an attempt is over: it has reduced everything, it hangs, or it takes too much. Pure.

::

    begun ── beats ── all is reduced ──▶ Finish
      │         └── over the memory limit, or nonsense instead of beats ──▶ Abandon
      └── silent for longer than its phase may last ──▶ AskForStacks ── 1 s ──▶ Abandon, with the line where it stood
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from livereduce.messages.beat import SILENCE_LIMITS_S, Beat, Phase

STACKS_S = 1.0
"""Time to write the stacks, which takes milliseconds."""
LOST_S = 3.0
"""A source that is lost for this long may come back, but nobody waits for it: what has come is the result."""
_STEPS = {
    Phase.STARTING: "starting",
    Phase.PROCESS: "proc",
    Phase.POST_PROCESS: "post_proc",
    Phase.PUBLISH: "publishing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptState:
    """What is known of an attempt that goes on.

    Attributes
    ----------
    heard_at
        When it has said something last.
    asked_at
        When its stacks were asked for; None if they were not.
    all_reduced
        It has said that nothing more will come, and all that came are reduced.
    """

    heard_at: float
    limits_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)
    phase: Phase = Phase.STARTING
    asked_at: float | None = None
    all_reduced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSight:
    """What is seen of it beside its beats.

    Attributes
    ----------
    memory_bytes, limit_bytes
        What it takes, and may take; None: no limit.
    complaint
        What is wrong with its beats; empty: nothing.
    lost_s
        How long the source of the run has been lost; 0 if it is not.
    run_is_over
        Whoever gives it the run sees that nothing more comes of it.
    """

    memory_bytes: int = 0
    limit_bytes: int | None = None
    complaint: str = ""
    lost_s: float = 0.0
    run_is_over: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """It has reduced everything."""


@dataclass(frozen=True, slots=True)
class AskForStacks:
    """Ask where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon:
    """End it: `reason` says what it did, `hangs` that it is silent, so that its stacks tell where."""

    reason: str
    hangs: bool = False


Decision = Finish | AskForStacks | Abandon


def heard(state: AttemptState, beat: Beat, now: float) -> AttemptState:
    """The state after a beat."""
    ended = state.all_reduced or beat.progress.source.ended  # Mantid goes on after it
    silent_s = beat.progress.silent_s
    hangs = silent_s >= state.limits_s[beat.phase]  # what speaks is another thread: Mantid is still silent
    asked_at = state.asked_at if hangs else None
    return replace(state, phase=beat.phase, heard_at=now - silent_s, asked_at=asked_at, all_reduced=ended)


def decide(state: AttemptState, sight: AttemptSight, now: float) -> Decision | None:
    """What is to be done; None: it goes on."""
    waits = state.phase is Phase.WAITING
    if state.all_reduced or (waits and (sight.run_is_over or sight.lost_s >= LOST_S)):
        return Finish()
    if sight.complaint:
        return Abandon(reason=sight.complaint)
    if sight.limit_bytes is not None and sight.memory_bytes > sight.limit_bytes:
        during = f" while {_STEPS[state.phase]} was at work" if state.phase in _STEPS else ""
        has, may = sight.memory_bytes / 1e9, sight.limit_bytes / 1e9
        return Abandon(reason=f"it took {has:.1f} GB of memory{during}, and may take {may:.1f} GB")
    silent_s, limit_s = now - state.heard_at, state.limits_s[state.phase]
    if silent_s < limit_s:
        return None
    if state.asked_at is None:
        return AskForStacks()
    if now - state.asked_at < STACKS_S:
        return None
    what = _STEPS.get(state.phase, str(state.phase))
    return Abandon(reason=f"{what} did not return for {silent_s:.0f} s", hangs=True)


def asked(state: AttemptState, now: float) -> AttemptState:
    """The state after its stacks were asked for."""
    return replace(state, asked_at=now)
