"""What the policies of worker and receiver share: the steps by which a process is ended, and what counts as silence."""

from livereduce.daemon.facts import Action, Kill, Terminate

_HARDER: tuple[Action, ...] = (Terminate(), Kill())
"""The steps after the first, which is the order to stop, or a stack dump."""


def harder(rung: int) -> tuple[int, Action]:
    """The rung after this one, and its step; the last one is repeated: a process may be stuck in the kernel."""
    after = min(rung + 1, len(_HARDER))
    return after, _HARDER[after - 1]


def heard_at_least(heard_at: float, ticked_at: float, now: float, turn_s: float) -> float:
    """When a process was heard last, if a long time without a tick counts as a turn of the daemon's loop.

    In that time the daemon did not run, so it could not receive anything.
    """
    asleep_s = max(0.0, now - ticked_at - turn_s)
    return min(now, heard_at + asleep_s)
