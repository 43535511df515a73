"""When the next worker starts: at once after a person's change, later and later in a series of failures. Pure."""

from dataclasses import replace

from livereduce.daemon.facts import DaemonState, Limits
from livereduce.messages.status import StateWord


def become(state: DaemonState, word: StateWord, why: str, now: float) -> DaemonState:
    """Change the state word; staying in it keeps the time since when it holds."""
    return replace(state, word=word, why=why, since=state.since if word is state.word else now)


def renew(state: DaemonState, why: str, now: float) -> DaemonState:
    """The state after a worker that was replaced on purpose."""
    earliest = now + _memory_wait_s(state)
    renewed = replace(state, renewals=state.renewals + 1, earliest=earliest, due=earliest)
    return become(renewed, StateWord.RESTARTING, why, now)


def restart(state: DaemonState, why: str, now: float) -> DaemonState:
    """The state after a failure: the longer the series, the later the next start."""
    # a single failure is forgotten in a minute, a series only by health
    alone = state.failures == 1 and now - state.failed_at > state.limits.flapping_s
    failures = 1 if alone else state.failures + 1
    earliest = now + max(wait_s(failures, state.limits), _memory_wait_s(state))
    failed = replace(state, failures=failures, failed_at=now, earliest=earliest, restarts=state.restarts + 1)
    return replace(become(failed, StateWord.RESTARTING, why, now), due=earliest)


def forget_failures(state: DaemonState) -> DaemonState:
    """Forget old failures after a person's change, or after health: they say nothing about the next."""
    return replace(state, failures=0, earliest=0.0)


def _memory_wait_s(state: DaemonState) -> float:
    return state.outgrown.wait_s if state.outgrown else 0.0


def forget_if_healthy(state: DaemonState, until: float) -> DaemonState:
    """A worker that was healthy for long ends a series of failures."""
    healthy = state.word is StateWord.RUNNING and until - state.since >= state.limits.healthy_s
    return forget_failures(state) if healthy else state


def wait_s(failures: int, limits: Limits) -> float:
    """Wait after this many failures in a row: 0, 2, 4, 8 … 300 s."""
    return doubling_s(failures - 1, limits.first_wait_s, limits.longest_wait_s) if failures > 1 else 0.0


def doubling_s(times: int, first_s: float, longest_s: float) -> float:
    """The wait of a series, from its first one (`times` 1) on: each is twice the one before, up to the longest."""
    # bound the exponent before using it: after weeks of failures 2.0**n would overflow
    return min(first_s * 2.0 ** min(times - 1, 60), longest_s)
