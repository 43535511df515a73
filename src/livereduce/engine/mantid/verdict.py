"""Judge Mantid's live loop: one pure function from facts about it to a verdict.

MonitorLiveData tells nobody when it ends, goes on with empty chunks when its stream has ended, and waits without limit
in more than one place. So nothing here trusts its being listed as running: what counts is scripts that begin and end,
results that come in, and data that gets younger.

==========================================  ===========================================================
what is known                               verdict
==========================================  ===========================================================
a script that ends the loop has failed      `Over`, with the script's own line
StartLiveData or MonitorLiveData has ended  `Over`, with Mantid's error
a script or a publication is at work        `Busy` for so long in its phase
no data yet, or Mantid says "not ready"     `Waiting`, whatever time it takes
a cycle is overdue                          `Waiting`, silent for the time beyond what a cycle may take
cycles go on, but nothing in them is new    `Over`, if that lasts longer than the state of the run allows
==========================================  ===========================================================
"""

from dataclasses import dataclass

from livereduce.messages.beat import Phase
from livereduce.messages.progress import RunState

NOT_READY_HOLDS_S = 30.0
"""Mantid repeats every ten seconds that its listener is not ready; an older message no longer counts."""

QUIET_WAITS = {RunState.RUNNING: 10, RunState.NO_RUN: 60, RunState.ENDED: 60, RunState.PAUSED: 120}
"""How long a stream may bring nothing new, no pulse and no log, in units of the limit of ``waiting`` (30 s)."""
NEVER_NEW = 5
"""The limit is this many times longer if this worker has never seen anything new: a restart did not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRules:
    """Times in seconds.

    Attributes
    ----------
    cycle_s
        How long the work of one cycle may take: the limits of process and post_process together.
    waiting_s
        The limit of waiting.
    """

    update_every_s: float
    cycle_s: float
    waiting_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts about Mantid's loop; times in seconds of the same clock.

    Attributes
    ----------
    starting
        StartLiveData has not come back yet.
    ended
        Why there is no loop any more, as far as Mantid says; None if there is one.
    failure
        The script error that ends the loop; empty if there was none.
    phase, phase_since
        What runs in Mantid's thread on our behalf now; None if nothing does.
    heard_at
        The newest sign of life: a script began or ended, a result came in, StartLiveData came back.
    not_ready_at, not_ready
        When Mantid said last that its listener is not ready, and how; None if never.
    begun_at
        When the first chunk came; before that, when StartLiveData was called.
    looked_at
        When data was looked at last, at the beginning of a cycle's work.
    new_at
        When a look last found a newer time in the data than the one before; None if none has after the first chunk.
    dated
        Whether the data has times at all.
    """

    starting: bool
    ended: str | None
    failure: str
    phase: Phase | None
    phase_since: float
    heard_at: float
    not_ready_at: float | None
    not_ready: str
    begun_at: float
    looked_at: float
    new_at: float | None
    dated: bool
    has_chunks: bool
    run_state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """One of our steps runs in Mantid's thread, and for how long."""

    phase: Phase
    silent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Mantid waits; `reason` says for what, if that is unusual; `silent_s` is its silence beyond the limit."""

    reason: str = ""
    silent_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The loop has stopped reducing: the worker ends and a new one begins."""

    reason: str


Verdict = Busy | Waiting | Over


def judge(facts: Facts, rules: SilenceRules, now: float) -> Verdict:
    """The verdict at a moment."""
    if facts.failure:
        return Over(reason=facts.failure)
    if facts.ended is not None:
        return Over(reason=facts.ended or "MonitorLiveData has ended without a word")
    if facts.phase is not None:
        return Busy(phase=facts.phase, silent_s=max(0.0, now - facts.phase_since))
    if quiet := _quiet(facts, rules, now):
        return Over(reason=quiet)
    if facts.not_ready_at is not None and now - facts.not_ready_at < NOT_READY_HOLDS_S:
        return Waiting(reason=facts.not_ready)
    if facts.starting and not facts.has_chunks:
        return Waiting(reason="waiting for the connection and a first chunk")
    overdue_s = now - max(facts.heard_at, facts.not_ready_at or 0.0) - rules.update_every_s - rules.cycle_s
    if overdue_s <= 0:
        return Waiting()
    return Waiting(reason=f"no cycle of MonitorLiveData for {now - facts.heard_at:.0f} s", silent_s=overdue_s)


def _quiet(facts: Facts, rules: SilenceRules, now: float) -> str:
    """Reason to consider the stream dead; empty if not.

    The time from the newest data to the last check counts, not to now: while a script runs nobody checks.
    """
    if facts.has_chunks and not facts.dated:
        return ""  # data without times, as from a histogram memory: nothing can be concluded
    since = facts.begun_at if facts.new_at is None else facts.new_at
    looked_at = max(facts.looked_at, facts.not_ready_at or 0.0) if facts.has_chunks else now
    patience = QUIET_WAITS[facts.run_state] * (NEVER_NEW if facts.new_at is None else 1)
    if looked_at - since <= max(patience * rules.waiting_s, 3 * rules.update_every_s):
        return ""
    return (
        f"nothing new in the stream for {looked_at - since:.0f} s ({facts.run_state}): its end must have gone unnoticed"
    )
