"""Decide how much the receiver may hold, and what it means that it holds all that. Pure."""

from livereduce.daemon.memory.facts import MemoryRules, Weighed
from livereduce.daemon.memory.growth import amount

LEAST_HELD_BYTES = 384 << 20
"""Six segments of 64 MiB, as many as the receiver may be writing into or about to: with fewer it could not go on."""
WAITS_S = 10.0
"""A receiver that waits for a shorter time only catches up faster than the worker."""


def held_limit_bytes(limit: int | None, ram_bytes: int, cgroup_bytes: int | None) -> int:
    """Most that the receiver may hold of the stream: two thirds of the limit, or of what there is if no limit is set.

    The last third is for the programs (half a gigabyte together), and for what the scripts make from the events: a copy
    of half of them fits. A script that takes more comes to the limit of everything before the events fill theirs, and
    `policy.py` tells which of the two it was. More for the events would have the worker ended for what its scripts may
    well need; less would turn runs into histograms that fit. Without a limit (0 %) no worker is ended for its memory,
    but the receiver still has to stop reading before the kernel ends somebody: RAM, or the service's own limit if that
    is smaller, takes the limit's place.
    """
    available = min(ram_bytes, ram_bytes if cgroup_bytes is None else cgroup_bytes)
    return max(LEAST_HELD_BYTES, (available if limit is None else limit) * 2 // 3)


def run_fills(rules: MemoryRules, weighed: Weighed) -> bool:
    """True if the receiver cannot go on because the worker keeps what it holds.

    That is so if the worker has taken all there is, and what it keeps is most of it. Until then it is slow, or a script
    runs long, and has only to take the rest: with the start of the next run it gives up the one before.
    """
    full = weighed.full_s is not None and min(weighed.full_s, weighed.still_s) >= rules.full_s
    return rules.falls_back and full and bool(weighed.kept_bytes) and 2 * weighed.kept_bytes >= weighed.run_bytes


def full_text(rules: MemoryRules, weighed: Weighed) -> str:
    """The sentence if `run_fills`."""
    what = f"run {weighed.run} goes" if weighed.run else "the data between runs go"
    return f"the run's events fill the memory allowed for them, {_allowed(rules, weighed)}: {what} on as histograms"


def waits_text(rules: MemoryRules, weighed: Weighed) -> str:
    """The sentence if the receiver has waited for the worker for a while; empty if it has not."""
    if weighed.full_s is None or weighed.full_s < WAITS_S or run_fills(rules, weighed):
        return ""
    return (
        f"the receiver waits: it holds the {_allowed(rules, weighed)} allowed until the worker has taken more; "
        "the rest waits at the server"
    )


def _allowed(rules: MemoryRules, weighed: Weighed) -> str:
    return amount(weighed.run_bytes if rules.held_limit_bytes is None else rules.held_limit_bytes)
