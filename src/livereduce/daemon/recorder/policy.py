"""When a recorder is started and ended, and what is said of it: pure functions of what is seen in a tick.

::

    none ── runs are to be recorded ──▶ at work ── silent for a minute ──▶ killed ──▶ none
     ▲                                    │  └──── parked, stopping ── order · 2 s ──▶ killed
     └── it died: wait 2 s, 4 s … 300 s ◀─┘

Nothing waits for it. One that hangs in the kernel cannot be killed: it stays until its file system answers, and no
other is started beside it.
"""

from dataclasses import dataclass, field, replace

from livereduce.daemon.back_off import wait_s
from livereduce.daemon.facts import Limits
from livereduce.messages.progress import RecordingProgress

TOLD_S = 10.0
"""A recorder that is silent for so long is said to hang."""
SILENT_S = 60.0
"""One that is silent for so long is killed."""
HEALTHY_S = 60.0
"""One that has lived so long ends a series of failures."""
LEAVE_S = 2.0
"""Time to write what it has, from the order to exit on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSight:
    """What is seen in a tick.

    Attributes
    ----------
    wanted
        Runs are to be recorded, and the daemon is neither parked nor stopping.
    alive
        There is a recorder.
    silent_s
        How long it has been silent.
    told_s
        How long ago it was told to exit; None if it was not.
    killed
        It was killed, and is still there.
    """

    wanted: bool
    alive: bool = False
    silent_s: float = 0.0
    told_s: float | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True)
class StartRecorder:
    """Start a recorder."""


@dataclass(frozen=True, slots=True)
class StopRecorder:
    """Tell it to write what it has, and to exit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillRecorder:
    """Kill it."""

    reason: str


RecorderAction = StartRecorder | StopRecorder | KillRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderState:
    """State between the ticks: recorders in a row that died by themselves, and before when none is started."""

    limits: Limits = field(default_factory=Limits)
    failures: int = 0
    earliest: float = 0.0


def decide(state: RecorderState, sight: RecorderSight, now: float) -> RecorderAction | None:
    """What is to be done; None: nothing."""
    if not sight.alive:
        return StartRecorder() if sight.wanted and now >= state.earliest else None
    if sight.killed:
        return None
    if sight.silent_s >= SILENT_S:
        return KillRecorder(reason=f"silent for {SILENT_S:.0f} s")
    if sight.wanted:
        return None
    if sight.told_s is None:
        return StopRecorder()
    return KillRecorder(reason="it did not exit") if sight.told_s >= LEAVE_S else None


def ended(state: RecorderState, lived_s: float, now: float, *, asked: bool) -> RecorderState:
    """The state after a recorder has ended; `asked`: it was told to exit, or killed for that."""
    if asked:
        return replace(state, failures=0, earliest=0.0)
    failures = 1 if lived_s >= HEALTHY_S else state.failures + 1
    return replace(state, failures=failures, earliest=now + wait_s(failures + 1, state.limits))


def complaint(sight: RecorderSight, said: RecordingProgress, directory: str, last_end: str) -> str:
    """Sentence on what is wrong with the recording; empty if nothing is. It stays the same while that holds."""
    if not sight.wanted:
        return ""
    if not sight.alive:
        return f"runs are not recorded in {directory}: {last_end}" if last_end else ""
    if sight.killed or sight.silent_s >= TOLD_S:
        return (
            f"runs are not recorded in {directory}: the recorder does not answer; check its file system. "
            "The reduction goes on; what comes meanwhile is missing from the recording"
        )
    if said.problem:
        return f"runs are not recorded in {directory}: {said.problem}"
    if said.gap:
        return f"the recording of run {said.run} has a gap: {said.gap}"
    return ""
