"""The daemon's policy: one pure function from (state, fact, now) to (state, actions).

No clock, process, file or signal in here; the facts are gathered and the actions carried out by `daemon.loop`. The
words it speaks are in `livereduce.daemon.facts`.

::

             look: unusable, or just refused by a worker         look: usable
           ┌───────────────────────┐                      ┌───────────────────────┐
           ▼                       │                      │                       ▼
        parked ◀──────────────── (look) ◀── due ── restarting ◀── ended ── starting ──▶ running
           ▲  │                    ▲                ▲   ▲  ▲           first beat of work │  │ ▲
           │  └──── every 2 s ─────┘                │   │  └────────── ended ────────────┘  │ │
           └─────────────────────────────── ended with 78 ──────────────────────────────────┤ │
                                                    │   │                                 │ │
            starting, running ── scripts changed ───┘   └── ended ── stalled ◀── silence ─┘ │
              order · 2 s · SIGTERM · 10 s · SIGKILL                   │ └──── a beat ───────┘
                                                       stack dump · 2 s · SIGTERM · 10 s · SIGKILL

        (look) ── usable, but to be relaunched ──▶ stopped
        any state ── stop asked, or configuration changed ──▶ stopping ── ended ──▶ stopped
                       order · 20 s · SIGTERM · 10 s · SIGKILL; each further request goes on at once

Rules, each of them a test:

1. There is at most one worker: nothing is started while one may live (`alive` is true from `Start` to `WorkerEnded`).
2. Nothing is started unless it was judged usable just before; a check comes before every start.
3. Every start has a reason that people understand.
4. The back-off is never shorter than promised: the first restart at once, from the second within a minute 2 s, 4 s …
   300 s; only 300 s of health, or a change made by a person, reset it.
5. A stop request always wins, whatever else is going on.
6. No worker is ended for silence while it sends beats. Only silence while the daemon itself was running counts.
7. A change of scripts is never a failure. Nor is exiting because of memory, if the daemon asked for it.
8. What a worker has refused is tried again every 300 s: only a worker can find out, and the reason may lie outside of
   the watched files, as in an environment that is being replaced.
"""

from dataclasses import replace

from livereduce.base.errors import ExitCode
from livereduce.daemon.facts import (
    Action,
    AskRecycle,
    AskStop,
    Beaten,
    DaemonState,
    Dump,
    Ending,
    Exit,
    Fact,
    Judge,
    Judged,
    Kill,
    Limits,
    Outdated,
    Outgrown,
    Reconfigured,
    Start,
    Step,
    StopAsked,
    Terminate,
    Tick,
    Unintelligible,
    WorkerEnded,
)
from livereduce.messages.beat import Phase
from livereduce.messages.status import StateWord

_HARDER: tuple[Action, ...] = (Terminate(), Kill())
"""The steps of the ladder after the first, which is the order to stop, or a stack dump."""

STUCK = {
    Phase.STARTING: "while starting",
    Phase.WAITING: "while waiting for data",
    Phase.PROCESS: "in proc",
    Phase.POST_PROCESS: "in post_proc",
    Phase.PUBLISH: "while writing a result",
    Phase.STOPPING: "while stopping",
}
"""Words on where a worker is stuck, by its phase."""


def step(state: DaemonState, fact: Fact, now: float) -> Step:
    """Return the state after a fact, and the actions to be done."""
    if state.word is StateWord.STOPPED:
        return state, ()
    match fact:
        case StopAsked(by=why):
            return _on_stop_asked(state, why, now)
        case Reconfigured(reason=why):
            return _on_reconfigured(state, why, now)
        case Outdated(reason=why):
            return _on_outdated(state, why, now)
        case Outgrown():
            return _on_outgrown(state, fact, now)
        case Unintelligible(reason=why):
            return _on_unintelligible(state, why, now)
        case WorkerEnded():
            return _on_ended(state, fact, now)
        case Judged():
            return _on_judged(state, fact, now)
        case Beaten():
            return _on_beaten(state, fact, now)
        case Tick():
            return _on_tick(_forgive_standstill(state, now), now)


def _become(state: DaemonState, word: StateWord, why: str, now: float) -> DaemonState:
    """Change the state word; staying in it keeps the time since when it holds."""
    return replace(state, word=word, why=why, since=state.since if word is state.word else now)


# ---- time


def _forgive_standstill(state: DaemonState, now: float) -> DaemonState:
    """Count a long time without a tick as a short silence: the daemon did not run, so it could not receive anything."""
    asleep_s = max(0.0, now - state.ticked_at - state.limits.turn_s)
    return replace(state, ticked_at=now, heard_at=min(now, state.heard_at + asleep_s))


def next_due(state: DaemonState) -> float | None:
    """Time of the next `Tick` that matters; None if none does."""
    if state.alive and state.ending is None:
        return state.heard_at + state.silence_s[state.phase]
    return state.due


def _on_tick(state: DaemonState, now: float) -> Step:
    if state.alive and state.ending is None:
        return _listen(state, now)
    if state.due is None or now < state.due:
        return state, ()
    if state.alive:
        return _climb(state, now)
    # starting (the very first time), restarting, parked: the answer is a `Judged`; if it gets lost, look again.
    return replace(state, due=now + state.limits.look_s), (Judge(),)


def _listen(state: DaemonState, now: float) -> Step:
    limit_s = state.silence_s[state.phase]
    if now - state.heard_at < limit_s:
        return state, ()
    judged = _forget_if_healthy(state, state.heard_at)
    stalled = replace(judged, ending=Ending.FAIL, rung=0, due=now + state.limits.dump_s)
    why = f"stuck {STUCK[state.phase]} for {limit_s:g} s (limits.{state.phase})"
    return _become(stalled, StateWord.STALLED, why, now), (Dump(),)


def _climb(state: DaemonState, now: float) -> Step:
    """Take the next step of the ladder; the last one is repeated, since a process may be stuck in the kernel."""
    rung = min(state.rung + 1, len(_HARDER))
    return replace(state, rung=rung, due=now + state.limits.terminate_s), (_HARDER[rung - 1],)


# ---- the worker


def _on_judged(state: DaemonState, fact: Judged, now: float) -> Step:
    if state.alive:
        return state, ()  # while a worker runs, `Outdated` and `Reconfigured` tell what has changed
    if fact.problems:
        return _park(state, "; ".join(fact.problems), now), ()
    if fact.relaunch:
        return _stop(state, fact.relaunch, now)
    again_s = state.limits.refused_s
    if fact.fingerprint == state.refused and now - state.since < again_s:
        return replace(state, due=now + state.limits.look_s), ()
    if now < state.earliest:
        return state, ()
    reason = state.why
    if fact.fingerprint == state.refused:
        reason = f"trying again what the worker could not use, after {again_s:g} s"
    elif state.word is StateWord.PARKED:
        reason = "configuration and scripts can be used now"
        state = _forget_failures(state)
    started = replace(state, alive=True, due=None, fingerprint=fact.fingerprint, refused=None, outgrown=None)
    listening = replace(started, phase=Phase.STARTING, heard_at=now, ticked_at=now, silence_s=fact.silence_s)
    return _become(listening, StateWord.STARTING, reason, now), (Start(reason=reason),)


def _on_beaten(state: DaemonState, fact: Beaten, now: float) -> Step:
    if not state.alive:
        return state, ()
    heard = replace(state, phase=fact.phase, heard_at=now - fact.silent_s)
    if state.word is StateWord.STALLED and state.rung == 0:
        if fact.silent_s >= state.silence_s[fact.phase]:
            return state, ()  # only tells that the silence goes on
        heard = replace(heard, ending=None, due=None)
    elif state.ending or state.word is StateWord.RUNNING or fact.phase is Phase.STARTING:
        return heard, ()
    if fact.phase is Phase.STARTING:
        return _become(heard, StateWord.STARTING, "the worker is starting", now), ()
    return _become(heard, StateWord.RUNNING, "the worker is at work", now), ()


def _on_ended(state: DaemonState, fact: WorkerEnded, now: float) -> Step:
    if not state.alive:
        return state, ()
    gone = replace(state, alive=False, due=None, ending=None, rung=0)
    match state.ending:
        case Ending.STOP:
            return _stop(gone, state.why, now)
        case Ending.RENEW:
            return _renew(gone, state.why, now), ()
        case Ending.FAIL:
            return _restart(gone, why_killed(state, fact.stood_at), now), ()
    if fact.code == ExitCode.UNUSABLE:
        return _park(replace(gone, refused=state.fingerprint), fact.reason, now), ()
    if fact.code == ExitCode.RECYCLED and state.outgrown:
        return _renew(gone, state.outgrown.reason, now), ()
    return _restart(_forget_if_healthy(gone, now), fact.reason, now), ()


def _on_outdated(state: DaemonState, why: str, now: float) -> Step:
    if state.ending is Ending.STOP:
        return state, ()
    forgiven = replace(_forget_failures(state), outgrown=None)
    if not state.alive:
        # parked or backing off: the problem may be fixed
        if state.word is StateWord.RESTARTING:
            forgiven = _become(forgiven, StateWord.RESTARTING, why, now)
        return replace(forgiven, refused=None, due=now), ()
    renewed = replace(forgiven, ending=Ending.RENEW)
    if state.ending and state.rung:  # it is already being ended by force: only what comes next has changed
        return _become(renewed, StateWord.RESTARTING, why, now), ()
    renewed = replace(renewed, rung=0, due=now + state.limits.cancel_s)
    return _become(renewed, StateWord.RESTARTING, why, now), (AskStop(),)


def _on_outgrown(state: DaemonState, fact: Outgrown, now: float) -> Step:
    if not state.alive or state.ending:
        return state, ()
    outgrown = replace(state, outgrown=fact)
    if not fact.at_once:
        return outgrown, (AskRecycle(),)
    return _end_as_failed(outgrown, fact.reason, now)


def _on_unintelligible(state: DaemonState, why: str, now: float) -> Step:
    if not state.alive or state.ending:
        return state, ()
    return _end_as_failed(state, why, now)


def _end_as_failed(state: DaemonState, why: str, now: float) -> Step:
    failed = replace(_forget_if_healthy(state, now), ending=Ending.FAIL)
    return _climb(_become(failed, StateWord.RESTARTING, why, now), now)


# ---- the end


def _on_reconfigured(state: DaemonState, why: str, now: float) -> Step:
    if state.alive or state.word is StateWord.RESTARTING:
        return (state, ()) if state.ending is Ending.STOP else _on_stop_asked(state, why, now)
    return replace(state, due=now), ()  # nothing was started on the old one: the next look takes the new one


def _on_stop_asked(state: DaemonState, why: str, now: float) -> Step:
    if not state.alive:
        return _stop(state, why, now)
    if state.ending is Ending.STOP:
        return _climb(state, now)
    stopping = _become(replace(state, ending=Ending.STOP), StateWord.STOPPING, why, now)
    if state.ending is None or (state.ending is Ending.RENEW and state.rung == 0):
        return replace(stopping, rung=0, due=now + state.limits.stop_s), (AskStop(),)
    return stopping, (AskStop(),)  # it hangs, or is already being ended by force: that ladder goes on


def _stop(state: DaemonState, why: str, now: float) -> Step:
    stopped = replace(state, due=None)
    return _become(stopped, StateWord.STOPPED, why, now), (Exit(code=ExitCode.OK),)


# ---- what comes after a worker


def why_killed(state: DaemonState, stood_at: str = "") -> str:
    """The reason of a restart after the daemon itself has ended the worker as failed."""
    if state.word is not StateWord.STALLED:
        return state.why
    return f"livereduce killed the worker: {state.why}{f', at {stood_at}' if stood_at else ''}"


def _park(state: DaemonState, why: str, now: float) -> DaemonState:
    return replace(_become(state, StateWord.PARKED, why, now), due=now + state.limits.look_s)


def _renew(state: DaemonState, why: str, now: float) -> DaemonState:
    earliest = now + _memory_wait_s(state)
    renewed = replace(state, renewals=state.renewals + 1, earliest=earliest, due=earliest)
    return _become(renewed, StateWord.RESTARTING, why, now)


def _restart(state: DaemonState, why: str, now: float) -> DaemonState:
    # a single failure is forgotten in a minute, a series only by health
    alone = state.failures == 1 and now - state.failed_at > state.limits.flapping_s
    failures = 1 if alone else state.failures + 1
    earliest = now + max(wait_s(failures, state.limits), _memory_wait_s(state))
    failed = replace(state, failures=failures, failed_at=now, earliest=earliest, restarts=state.restarts + 1)
    return replace(_become(failed, StateWord.RESTARTING, why, now), due=earliest)


def _forget_failures(state: DaemonState) -> DaemonState:
    """Forget old failures after a person's change, or after health: they say nothing about the next."""
    return replace(state, failures=0, earliest=0.0)


def _memory_wait_s(state: DaemonState) -> float:
    return state.outgrown.wait_s if state.outgrown else 0.0


def _forget_if_healthy(state: DaemonState, until: float) -> DaemonState:
    """A worker that was healthy for long ends a series of failures."""
    healthy = state.word is StateWord.RUNNING and until - state.since >= state.limits.healthy_s
    return _forget_failures(state) if healthy else state


def wait_s(failures: int, limits: Limits) -> float:
    """Wait after this many failures in a row: 0, 2, 4, 8 … 300 s."""
    if failures <= 1:
        return 0.0
    # bound the exponent before using it: after weeks of failures 2.0**n would overflow
    return min(limits.first_wait_s * 2.0 ** min(failures - 2, 60), limits.longest_wait_s)
