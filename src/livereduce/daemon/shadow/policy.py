"""When the shadow's worker is started, and when it is ended: a pure function of what is seen in a tick.

::

    none ── there are scripts, and a worker is at work ──▶ running
     ▲                                                       │
     ├── it ended: wait 10 s, 20 s … 300 s; other scripts do not wait ◀──────┤
     ├── it was given up for memory: wait 60 s, and for room ◀───────────────┤
     ├── its scripts have changed, or cannot be used any more: ended ◀───────┤
     ├── silent for longer than its phase may be: ended ◀────────────────────┤
     └── parked, stopping, another stream, no `shadow_dir`: ended ◀──────────┘

Its products are only to look at, and it reads the run from its start again: so it is killed without notice.
"""

from dataclasses import dataclass, replace

from livereduce.daemon.back_off import doubling_s
from livereduce.scripting.script_set import Version

FIRST_WAIT_S, LONGEST_WAIT_S = 10.0, 300.0
"""Wait after it has ended by itself; each one is twice the one before. Nobody depends on it."""
MEMORY_WAIT_S = 60.0
"""Wait after it was given up for memory: what took it is still there."""
NO_SCRIPTS: Version = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowSight:
    """What is seen in a tick.

    Attributes
    ----------
    wanted
        There is a `shadow_dir`, a receiver to read from, and the worker in use is at work.
    scripts
        The scripts on disk; empty if they cannot be used.
    runs
        The scripts that the shadow runs; empty if there is no shadow.
    has_room
        There is room for it in memory.
    silent_s, limit_s
        How long it has been silent, and how long its phase may be.
    """

    wanted: bool
    scripts: Version = NO_SCRIPTS
    runs: Version = NO_SCRIPTS
    has_room: bool = True
    silent_s: float = 0.0
    limit_s: float = 600.0


@dataclass(frozen=True, slots=True)
class StartShadow:
    """Start the shadow on the scripts on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndShadow:
    """Kill the shadow; `failed`: for what its scripts do, so that the same ones wait before they are tried again."""

    reason: str
    failed: bool = False


ShadowAction = StartShadow | EndShadow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowState:
    """State between the ticks.

    Attributes
    ----------
    failed, failures
        The scripts whose worker has ended by itself, and how often in a row.
    earliest
        The time before which these scripts are not started again, or, after it was given up, any.
    waits_for
        Why it waits, in words.
    """

    failed: Version = NO_SCRIPTS
    failures: int = 0
    earliest: float = 0.0
    waits_for: str = ""


def decide(state: ShadowState, sight: ShadowSight, now: float) -> ShadowAction | None:
    """What is to be done; None: nothing."""
    if not sight.runs:
        is_due = now >= state.earliest or (bool(state.failures) and sight.scripts != state.failed)
        return StartShadow() if sight.wanted and sight.scripts and sight.has_room and is_due else None
    if not sight.wanted:
        return EndShadow(reason="there is nothing for it to run beside")
    if not sight.scripts:
        return EndShadow(reason="its scripts cannot be used any more")
    if sight.scripts != sight.runs:
        return EndShadow(reason="its scripts have changed")
    if sight.silent_s >= sight.limit_s:
        why = f"silent for {sight.silent_s:.0f} s, more than the {sight.limit_s:.0f} s allowed"
        return EndShadow(reason=why, failed=True)
    return None


def ended(state: ShadowState, runs: Version, why: str, now: float) -> ShadowState:
    """The state after the shadow has ended by itself, or for its silence."""
    failures = state.failures + 1 if runs == state.failed else 1
    earliest = now + doubling_s(failures, FIRST_WAIT_S, LONGEST_WAIT_S)
    return replace(state, failed=runs, failures=failures, earliest=earliest, waits_for=why)


def given_up(state: ShadowState, why: str, now: float) -> ShadowState:
    """The state after it was given up for memory."""
    return replace(state, failed=NO_SCRIPTS, failures=0, earliest=now + MEMORY_WAIT_S, waits_for=why)


def at_work(state: ShadowState) -> ShadowState:
    """The state after it has made a result: earlier failures say nothing more."""
    return replace(state, failed=NO_SCRIPTS, failures=0, waits_for="")
