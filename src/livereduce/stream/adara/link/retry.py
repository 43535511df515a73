"""When a lost connection is tried again, and what of it the log is told. Pure."""

from dataclasses import dataclass, replace

EVERY_S = 1.0
"""A server that is started again is back within seconds; whoever waits longer loses that time."""
EVERY_FOR_S = 60.0
"""A server that cannot be reached is tried that often for a minute, then less and less often."""
LONGEST_DELAY_S = 10.0
HOLDS_S = 2.0
"""After a loss, a connection without pulses must hold for so long before it counts as one."""
SETTLES_S = 60.0
"""One that has held for so long ends the series of losses, even without pulses, as in a pause."""
MAX_TOLD = 5
"""Different reasons that are logged of one series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The losses in a row: those after which no new pulse has come.

    Attributes
    ----------
    losses
        How many.
    empty
        How many of them were accepted connections: each costs the server its answer.
    since_s
        When the first of them was.
    told
        The reasons that were logged.
    broken_at_ns, broken_times
        After which pulse framing broke, and how often in a row.
    """

    losses: int = 0
    empty: int = 0
    since_s: float = 0.0
    told: tuple[str, ...] = ()
    broken_at_ns: int | None = None
    broken_times: int = 0


def lost(retry: Retry, reason: str, now: float, *, accepted: bool) -> tuple[Retry, str]:
    """One more loss, and the line that the log is to be told; empty if it was told already."""
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
    """How long to wait after a loss before the next try.

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
    """Whether something that came on a new connection makes it count as one."""
    return not retry.losses or held_s >= HOLDS_S


def settled(retry: Retry) -> Retry:
    """A new pulse came, or the connection has held for long: the next loss is a first one."""
    return replace(retry, losses=0, empty=0, told=())


def broke(retry: Retry, last_pulse_ns: int) -> Retry:
    """Framing broke; what was good ended with this pulse."""
    times = retry.broken_times + 1 if retry.broken_at_ns == last_pulse_ns else 1
    return replace(retry, broken_at_ns=last_pulse_ns, broken_times=times)
