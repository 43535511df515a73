"""Decide when to retry a lost connection, and which losses to log. Pure."""

from dataclasses import dataclass, replace

EVERY_S = 1.0
"""A restarted server is back within seconds; a longer wait loses that time."""
EVERY_FOR_S = 60.0
"""An unreachable server is tried this often for a minute, then less and less often."""
LONGEST_DELAY_S = 10.0
HOLDS_S = 2.0
"""After a loss, a connection without pulses must hold this long before it counts as one."""
SETTLES_S = 60.0
"""A connection that held this long ends the series of losses, even without pulses, as in a pause."""
MAX_TOLD = 5
"""Most different reasons that are logged in one series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A series of losses: those since the last new pulse.

    Attributes
    ----------
    losses
        Number of losses.
    empty
        How many of them were accepted connections: each costs the server its answer.
    since_s
        Time of the first loss.
    told
        The reasons that were logged.
    broken_at_ns, broken_times
        The pulse after which framing broke, and how often in a row.
    """

    losses: int = 0
    empty: int = 0
    since_s: float = 0.0
    told: tuple[str, ...] = ()
    broken_at_ns: int | None = None
    broken_times: int = 0


def lost(retry: Retry, reason: str, now: float, *, accepted: bool) -> tuple[Retry, str]:
    """Record a loss; return also the log line, empty if the reason was logged already."""
    line = ""
    told = retry.told
    if reason not in told and len(told) < MAX_TOLD:
        told = (*told, reason)
        line = f"connection lost: {reason}" if accepted else reason
    return replace(
        retry,
        losses=retry.losses + 1,
        empty=retry.empty + accepted,
        since_s=retry.since_s if retry.losses else now,
        told=told,
    ), line


def delay_s(retry: Retry, now: float, *, accepted: bool) -> float:
    """Seconds to wait after a loss before the next try.

    The first try after a connection that brought pulses comes at once. A server that refuses, or whose name is not
    known, is tried every second for a minute. One that accepts and then hangs up is given more and more time.
    """
    if retry.losses <= 1 and accepted:
        return 0.0
    if accepted:
        return min(EVERY_S * 2.0 ** min(max(retry.empty - 2, 0), 10), LONGEST_DELAY_S)
    down_s = now - retry.since_s
    return EVERY_S if down_s < EVERY_FOR_S else min(EVERY_S * down_s / EVERY_FOR_S, LONGEST_DELAY_S)


def holds(retry: Retry, held_s: float) -> bool:
    """True if a new connection that has received something counts as one."""
    return not retry.losses or held_s >= HOLDS_S


def settled(retry: Retry) -> Retry:
    """A new pulse came, or the connection has held long enough: the next loss starts a new series."""
    if not (retry.losses or retry.empty or retry.told):  # as with nearly every piece of a stream
        return retry
    return replace(retry, losses=0, empty=0, told=())


def broke(retry: Retry, last_pulse_ns: int) -> Retry:
    """Record that framing broke; this was the last good pulse."""
    times = retry.broken_times + 1 if retry.broken_at_ns == last_pulse_ns else 1
    return replace(retry, broken_at_ns=last_pulse_ns, broken_times=times)
