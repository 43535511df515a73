"""When a spare is made, and when it is ended: a pure function of what is seen in a tick.

::

    none ── a worker has been at work for 10 s, and there is room in memory ──▶ loading ── ready ──▶ standing by
     ▲                                                                            │                      │
     ├── it died: wait 2 s, 4 s … 300 s ◀─────────────────────────────────────────┤                      │
     ├── it was told to go, for memory: wait 60 s ◀───────────────────────────────┴──────────────────────┤
     ├── parked, stopping, another engine, or files that it has imported have changed: killed ◀──────────┤
     └── a worker is needed: it takes the job ◀──────────────────────────────────────────────────────────┘

It holds nothing that could be lost, so it is killed without notice. One that is still loading when a worker is needed
is killed, too: the new worker must not share the processor with it.
"""

from dataclasses import dataclass, field, replace

from livereduce.base.errors import ExitCode
from livereduce.daemon.back_off import wait_s
from livereduce.daemon.facts import Limits
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase

GIVEN_UP_S = 60.0
"""Wait after one was told to go: what took its memory is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareSight:
    """What is seen in a tick.

    Attributes
    ----------
    wanted
        The engine is the builtin one, and the daemon neither parked nor stopping.
    at_work_s
        How long the present worker has been at work.
    has_room
        There is room for a spare in memory.
    alive, ready
        There is a spare, and it stands by.
    silent_s
        How long it has been silent.
    stale
        Files that it has imported have changed, or its environment.
    """

    wanted: bool
    at_work_s: float = 0.0
    has_room: bool = False
    alive: bool = False
    ready: bool = False
    silent_s: float = 0.0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class StartSpare:
    """Start a spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSpare:
    """Kill the spare, which holds nothing."""

    reason: str


SpareAction = StartSpare | KillSpare


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareState:
    """State between the ticks.

    Attributes
    ----------
    failures, earliest
        Spares in a row that died by themselves, and the time before which none is started.
    """

    limits: Limits = field(default_factory=Limits)
    failures: int = 0
    earliest: float = 0.0


def decide(state: SpareState, sight: SpareSight, now: float) -> SpareAction | None:
    """What is to be done; None: nothing."""
    if not sight.alive:
        due = sight.wanted and sight.at_work_s >= state.limits.spare_s and now >= state.earliest
        return StartSpare() if due and sight.has_room else None
    if not sight.wanted:
        return KillSpare(reason="no worker is to follow")
    if sight.stale:
        return KillSpare(reason="what it has imported has changed")
    if sight.silent_s >= SILENCE_LIMITS_S[Phase.STARTING]:
        return KillSpare(reason=f"silent for {sight.silent_s:.0f} s")
    if not sight.ready and not sight.at_work_s:
        return KillSpare(reason="it is still loading, and a worker starts now")
    return None


def ended(state: SpareState, code: int, now: float, *, killed: bool) -> SpareState:
    """The state after a spare has ended.

    Parameters
    ----------
    code
        Exit code, negative for a signal.
    killed
        It was killed on purpose.
    """
    if killed:
        return state
    if code == ExitCode.OK:
        return replace(state, earliest=now + GIVEN_UP_S)
    failures = state.failures + 1
    return replace(state, failures=failures, earliest=now + wait_s(failures + 1, state.limits))


def stood_by(state: SpareState) -> SpareState:
    """The state after a spare has become ready: earlier failures say nothing more."""
    return replace(state, failures=0)
