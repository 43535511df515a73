"""When the receiver is ended: pure, as `livereduce.daemon.policy`, which decides when it is started, and needed.

::

    none ── started ──▶ at work ◀── a beat ── stalled
     ▲                   │   │ silence ─────────▲ │
     │                   │   │                    └── stack dump · 0.8 s · SIGTERM · 10 s · SIGKILL ──▶ ended
     │                   │   └── no beats but nonsense ── SIGTERM · 10 s · SIGKILL ──▶ ended
     │                   └── not needed any more, or too large ── order · 2 s · SIGTERM · 10 s · SIGKILL ──▶ ended
     └─────────────────────────────────────────────────────────────────────────────────────────┘

Rules: it is never ended while it sends beats and is needed; only silence while the daemon itself was running counts;
and whatever it does, it ends once it is not needed: each further request takes the next step at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from livereduce.daemon.facts import (
    Action,
    AskStop,
    Beaten,
    Dump,
    Ending,
    EndReceiver,
    Limits,
    ReceiverEnded,
    ReceiverOutgrown,
    Tick,
    Unintelligible,
)
from livereduce.daemon.ladder import harder, heard_at_least
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase

_STUCK = {Phase.STARTING: "while starting", Phase.STOPPING: "while stopping"}
"""Words on where a receiver is stuck, by its phase; in all others it receives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverStarted:
    """Fact: a receiver was started, which may be silent this long, by phase."""

    silence_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)


ReceiverFact = ReceiverStarted | Beaten | Unintelligible | ReceiverOutgrown | EndReceiver | ReceiverEnded | Tick
"""`EndReceiver` is what the daemon's policy asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverState:
    """State of the present receiver.

    Attributes
    ----------
    alive
        A receiver may exist.
    ending, rung, due
        Why it is being ended (not needed, too large, silent), the last step of the ladder, and when the next is due.
    why
        The reason for that; empty if it is not being ended.
    phase, heard_at, ticked_at, silence_s
        As in `DaemonState`.
    """

    limits: Limits = field(default_factory=Limits)
    alive: bool = False
    ending: Ending | None = None
    rung: int = 0
    due: float | None = None
    why: str = ""
    phase: Phase = Phase.STARTING
    heard_at: float = 0.0
    ticked_at: float = 0.0
    silence_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)

    @property
    def stalled(self) -> bool:
        """It is silent, and may still speak before it is ended by force."""
        return self.ending is Ending.FAIL and self.rung == 0


ReceiverStep = tuple[ReceiverState, tuple[Action, ...]]


def step(state: ReceiverState, fact: ReceiverFact, now: float) -> ReceiverStep:
    """Return the state after a fact, and the actions to be done on the receiver."""
    match fact:
        case ReceiverStarted(silence_s=silence_s):
            limits = state.limits
            return ReceiverState(limits=limits, alive=True, heard_at=now, ticked_at=now, silence_s=silence_s), ()
        case ReceiverEnded():
            return ReceiverState(limits=state.limits), ()
    if not state.alive:
        return state, ()
    match fact:
        case Beaten():
            return _on_beaten(state, fact, now), ()
        case Unintelligible(reason=why):
            return (state, ()) if state.ending else _climb(replace(state, ending=Ending.FAIL, why=why), now)
        case ReceiverOutgrown(reason=why):
            return (state, ()) if state.ending else _ask(replace(state, ending=Ending.RENEW, why=why), now)
        case EndReceiver():
            return _on_unneeded(state, now)
        case Tick():
            return _on_tick(state, now)


def next_due(state: ReceiverState) -> float | None:
    """Time of the next `Tick` that matters; None if none does."""
    if state.alive and state.ending is None:
        return state.heard_at + state.silence_s[state.phase]
    return state.due


def why_ended(state: ReceiverState, said: str) -> str:
    """The reason of its end: what the daemon has ended it for, else what its exit code says."""
    match state.ending:
        case Ending.FAIL:
            return f"livereduce killed the receiver: {state.why}"
        case Ending.RENEW:
            return state.why
    return said


def _on_beaten(state: ReceiverState, fact: Beaten, now: float) -> ReceiverState:
    heard = replace(state, phase=fact.phase, heard_at=now)
    return replace(heard, ending=None, due=None, why="") if state.stalled else heard


def _on_unneeded(state: ReceiverState, now: float) -> ReceiverStep:
    if state.ending is Ending.STOP:
        return _climb(state, now)
    leaving = replace(state, ending=Ending.STOP, why="nobody reads from the receiver any more")
    if state.rung:  # it is already being ended by force: that ladder goes on
        return leaving, ()
    return _ask(leaving, now)


def _ask(state: ReceiverState, now: float) -> ReceiverStep:
    return replace(state, due=now + state.limits.cancel_s), (AskStop(),)


def _on_tick(state: ReceiverState, now: float) -> ReceiverStep:
    heard_at = heard_at_least(state.heard_at, state.ticked_at, now, state.limits.turn_s)
    state = replace(state, ticked_at=now, heard_at=heard_at)
    if state.ending:
        return _climb(state, now) if state.due is not None and now >= state.due else (state, ())
    limit_s = state.silence_s[state.phase]
    if now - state.heard_at < limit_s:
        return state, ()
    why = f"stuck {_STUCK.get(state.phase, 'while receiving')} for {limit_s:g} s (limits.{state.phase})"
    return replace(state, ending=Ending.FAIL, due=now + state.limits.dump_s, why=why), (Dump(),)


def _climb(state: ReceiverState, now: float) -> ReceiverStep:
    rung, action = harder(state.rung)
    return replace(state, rung=rung, due=now + state.limits.terminate_s), (action,)
