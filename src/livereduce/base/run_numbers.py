"""Run numbers: which runs passed unseen between two others, and their text for people."""

from collections.abc import Sequence

MAX_PASSED = 1000
"""A larger step means another series of numbers (another beamline, a simulated stream), not that many runs."""
LISTED = 5
"""Up to this many numbers are named one by one; of more only the first and the last."""


def passed_unseen(before: int, now: int) -> range:
    """Runs that began and ended unseen, if run `before` was the last one seen and the stream is now in run `now`.

    Run numbers of a beamline count up by one. If numbers go back, or one is no run (0), nothing is known.
    """
    if before <= 0 or not 1 < now - before <= MAX_PASSED + 1:
        return range(0)
    return range(before + 1, now)


def named(runs: Sequence[int]) -> str:
    """``run 11``, ``runs 11, 12``, ``runs 11 to 60``."""
    if len(runs) == 1:
        return f"run {runs[0]}"
    if len(runs) <= LISTED:
        return f"runs {', '.join(map(str, runs))}"
    return f"runs {runs[0]} to {runs[-1]}"
