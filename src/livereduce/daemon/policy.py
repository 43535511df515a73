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
                                                       stack dump · 0.8 s · SIGTERM · 10 s · SIGKILL

        (look) ── usable, but to be relaunched ──▶ stopped
        any state ── stop asked, or configuration changed ──▶ stopping ── ended ──▶ stopped
                       order · 20 s · SIGTERM · 10 s · SIGKILL; each further request goes on at once

A receiver is started before the first worker that reads from it, and outlives its workers: their ends, their back-off.
`daemon.receiver.policy` listens to it and ends it; here it is one fact more (`ReceiverEnded`) and two actions more:

    started with a worker ── workers come and go ──▶ parked, stopping, another stream ── the worker has ended ── end it
      │
      └── it ends by itself, or is ended for its silence ── SIGTERM to the worker ──▶ restarting (78: parked)

Rules, each of them a test:

1. There is at most one worker and one receiver: nothing is started while one of its kind may live (`alive` is true from
   `Start` to `WorkerEnded`, `receiving` is set from `StartReceiver` to `ReceiverEnded`). No worker is started on a
   receiver that is being ended, and none outlives its receiver. Without a worker that reads or will read, the receiver
   is ended; before the daemon exits, both are.
2. Nothing is started unless it was judged usable just before; a check comes before every start.
3. Every start has a reason that people understand.
4. The back-off is never shorter than promised: the first restart at once, from the second within a minute 2 s, 4 s …
   300 s; only 300 s of health, or a change made by a person, reset it. A receiver and its worker fail as one.
5. A stop request always wins, whatever else is going on.
6. No worker is ended for silence while it sends beats. Only silence while the daemon itself was running counts.
7. A change of scripts is never a failure. Nor is exiting because of memory, if the daemon asked for it.
8. What a worker or receiver has refused is tried again every 300 s: only it can find out, and the reason may lie
   outside of the watched files, as in an environment that is being replaced.
"""

from dataclasses import replace

from livereduce.base.errors import ExitCode
from livereduce.daemon.back_off import become, forget_failures, forget_if_healthy, renew, restart
from livereduce.daemon.facts import (
    AskRecycle,
    AskRenew,
    AskStop,
    Beaten,
    DaemonState,
    Dump,
    Ending,
    EndReceiver,
    Exit,
    Fact,
    Judge,
    Judged,
    Outdated,
    Outgrown,
    ReceiverEnded,
    Reconfigured,
    Start,
    StartReceiver,
    Step,
    StopAsked,
    Tick,
    Unintelligible,
    WorkerEnded,
)
from livereduce.daemon.ladder import harder, heard_at_least
from livereduce.messages.beat import Phase
from livereduce.messages.status import StateWord

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
    if state.word is StateWord.STOPPING and not state.alive:
        return _on_waiting_for_receiver(state, fact, now)
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
        case ReceiverEnded():
            return _on_receiver_ended(state, fact, now)
        case Judged():
            return _on_judged(state, fact, now)
        case Beaten():
            return _on_beaten(state, fact, now)
        case Tick():
            return _on_tick(_forgive_standstill(state, now), now)


# ---- time


def _forgive_standstill(state: DaemonState, now: float) -> DaemonState:
    heard_at = heard_at_least(state.heard_at, state.ticked_at, now, state.limits.turn_s)
    return replace(state, ticked_at=now, heard_at=heard_at)


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
    judged = forget_if_healthy(state, state.heard_at)
    stalled = replace(judged, ending=Ending.FAIL, rung=0, due=now + state.limits.dump_s)
    why = f"stuck {STUCK[state.phase]} for {limit_s:g} s (limits.{state.phase})"
    return become(stalled, StateWord.STALLED, why, now), (Dump(),)


def _climb(state: DaemonState, now: float) -> Step:
    rung, action = harder(state.rung)
    return replace(state, rung=rung, due=now + state.limits.terminate_s), (action,)


# ---- the worker


def _on_judged(state: DaemonState, fact: Judged, now: float) -> Step:
    if state.alive:
        return state, ()  # while a worker runs, `Outdated` and `Reconfigured` tell what has changed
    if fact.problems:
        return _park(state, "; ".join(fact.problems), now)
    if fact.relaunch:
        return _stop(state, fact.relaunch, now)
    again_s = state.limits.refused_s
    if fact.fingerprint == state.refused and now - state.since < again_s:
        return replace(state, due=now + state.limits.look_s), ()
    if now < state.earliest:
        return state, ()
    if state.receiving and (state.receiver_ends or state.receiving != fact.stream):
        return _end_receiver(replace(state, due=now + state.limits.look_s))
    return _start(state, fact, now)


def _start(state: DaemonState, fact: Judged, now: float) -> Step:
    reason = state.why
    if fact.fingerprint == state.refused:
        reason = f"trying again what the worker could not use, after {state.limits.refused_s:g} s"
    elif state.word is StateWord.PARKED:
        reason = "configuration and scripts can be used now"
        state = forget_failures(state)
    started = replace(state, alive=True, due=None, fingerprint=fact.fingerprint, refused=None, outgrown=None)
    listening = replace(started, phase=Phase.STARTING, heard_at=now, ticked_at=now, silence_s=fact.silence_s)
    receiver = (StartReceiver(),) if fact.stream and not state.receiving else ()
    receiving = replace(listening, receiving=fact.stream)
    return become(receiving, StateWord.STARTING, reason, now), (*receiver, Start(reason=reason))


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
        return become(heard, StateWord.STARTING, "the worker is starting", now), ()
    return become(heard, StateWord.RUNNING, "the worker is at work", now), ()


def _on_ended(state: DaemonState, fact: WorkerEnded, now: float) -> Step:
    if not state.alive:
        return state, ()
    gone = replace(state, alive=False, due=None, ending=None, rung=0)
    match state.ending:
        case Ending.STOP:
            return _stop(gone, state.why, now)
        case Ending.RENEW:
            return renew(gone, state.why, now), ()
        case Ending.FAIL:
            return restart(gone, why_killed(state, fact.stood_at), now), ()
        case Ending.ORPHANED:
            return restart(gone, state.why, now), ()
        case Ending.REFUSED:
            return _park(replace(gone, refused=state.fingerprint), state.why, now)
    if fact.code == ExitCode.UNUSABLE:
        return _park(replace(gone, refused=state.fingerprint), fact.reason, now)
    if fact.code == ExitCode.RECYCLED and state.outgrown:
        return renew(gone, state.outgrown.reason, now), ()
    return restart(forget_if_healthy(gone, now), fact.reason, now), ()


def _on_outdated(state: DaemonState, why: str, now: float) -> Step:
    if state.ending is Ending.STOP:
        return state, ()
    forgiven = replace(forget_failures(state), outgrown=None)
    if not state.alive:
        # parked or backing off: the problem may be fixed
        if state.word is StateWord.RESTARTING:
            forgiven = become(forgiven, StateWord.RESTARTING, why, now)
        return replace(forgiven, refused=None, due=now), ()
    renewed = replace(forgiven, ending=Ending.RENEW)
    if state.ending and state.rung:  # it is already being ended by force: only what comes next has changed
        return become(renewed, StateWord.RESTARTING, why, now), ()
    renewed = replace(renewed, rung=0, due=now + state.limits.cancel_s)
    order = AskRenew() if state.receiving else AskStop()
    return become(renewed, StateWord.RESTARTING, why, now), (order,)


def _on_outgrown(state: DaemonState, fact: Outgrown, now: float) -> Step:
    if not state.alive or state.ending:
        return state, ()
    outgrown = replace(state, outgrown=fact)
    if not fact.at_once:
        return outgrown, (AskRecycle(),)
    return _end_as(Ending.FAIL, outgrown, fact.reason, now)


def _on_unintelligible(state: DaemonState, why: str, now: float) -> Step:
    if not state.alive or state.ending:
        return state, ()
    return _end_as(Ending.FAIL, state, why, now)


def _end_as(ending: Ending, state: DaemonState, why: str, now: float) -> Step:
    failed = replace(forget_if_healthy(state, now), ending=ending)
    return _climb(become(failed, StateWord.RESTARTING, why, now), now)


# ---- the receiver


def _on_receiver_ended(state: DaemonState, fact: ReceiverEnded, now: float) -> Step:
    if not state.receiving:
        return state, ()
    gone = replace(state, receiving="", receiver_ends=False)
    if not state.alive:  # the next start has a receiver of its own; if one waits only for this, it comes now
        return (replace(gone, due=now) if state.receiver_ends else gone), ()
    may_go_on = state.ending is None or (state.word is StateWord.STALLED and state.rung == 0)
    if not may_go_on:
        return gone, ()
    ending = Ending.REFUSED if fact.code == ExitCode.UNUSABLE else Ending.ORPHANED
    return _end_as(ending, gone, fact.reason, now)


def _end_receiver(state: DaemonState) -> Step:
    """Have the receiver ended, once."""
    told = not state.receiving or state.receiver_ends
    return (state, ()) if told else (replace(state, receiver_ends=True), (EndReceiver(),))


def _on_waiting_for_receiver(state: DaemonState, fact: Fact, now: float) -> Step:
    """The worker has stopped; only the receiver is left, and nothing else matters any more."""
    match fact:
        case ReceiverEnded():
            return _stop(replace(state, receiving="", receiver_ends=False), state.why, now)
        case StopAsked():
            return state, (EndReceiver(),)
    return state, ()


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
    stopping = become(replace(state, ending=Ending.STOP), StateWord.STOPPING, why, now)
    if state.ending is None or (state.ending is Ending.RENEW and state.rung == 0):
        return replace(stopping, rung=0, due=now + state.limits.stop_s), (AskStop(),)
    return stopping, (AskStop(),)  # it hangs, or is already being ended by force: that ladder goes on


def _stop(state: DaemonState, why: str, now: float) -> Step:
    """Exit if no receiver is left; else first end it, with the next step if it was told to already."""
    stopped = replace(state, due=None)
    if state.receiving:
        stopping = replace(stopped, receiver_ends=True)
        return become(stopping, StateWord.STOPPING, why, now), (EndReceiver(),)
    return become(stopped, StateWord.STOPPED, why, now), (Exit(code=ExitCode.OK),)


# ---- what comes after a worker


def why_killed(state: DaemonState, stood_at: str = "") -> str:
    """The reason of a restart after the daemon itself has ended the worker as failed."""
    if state.word is not StateWord.STALLED:
        return state.why
    return f"livereduce killed the worker: {state.why}{f', at {stood_at}' if stood_at else ''}"


def _park(state: DaemonState, why: str, now: float) -> Step:
    return _end_receiver(replace(become(state, StateWord.PARKED, why, now), due=now + state.limits.look_s))
