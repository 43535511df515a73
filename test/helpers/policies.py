"""Facts, and the daemon's policy played by a manual clock."""

from livereduce.daemon.facts import Action, Beaten, DaemonState, Fact, Judged, Outdated, StopAsked, WorkerEnded
from livereduce.daemon.policy import step
from livereduce.messages.beat import Phase

GOOD = Judged(fingerprint="a")
WORKS = Beaten(phase=Phase.WAITING)
CRASH = WorkerEnded(code=-11, reason="killed by SIGSEGV")
STOP = StopAsked(by="SIGTERM received")
CHANGED = Outdated(reason="reduce_PG3_live_proc.py has changed")


def play(
    *facts: tuple[float, Fact], state: DaemonState | None = None
) -> tuple[DaemonState, list[tuple[float, Action]]]:
    """Facts at their times; the actions with theirs."""
    state, seen = state or DaemonState(), []
    for now, fact in facts:
        state, actions = step(state, fact, now)
        seen += [(now, action) for action in actions]
    return state, seen
