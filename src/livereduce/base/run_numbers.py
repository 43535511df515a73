"""Run numbers: which runs went by between two that were seen, and how people are told."""

from collections.abc import Sequence

MAX_PASSED = 1000
"""A larger step is another series of numbers (another beamline, a simulated stream), not as many runs."""
LISTED = 5
"""So many numbers are named one by one; of more only the first and the last."""


def passed_unseen(before: int, now: int) -> range:
    """The runs that began and ended unseen, if run `before` was the last one seen and the stream is now in run `now`.

    Run numbers of a beamline count up by one. Numbers that go back, or are no run (0), say nothing.
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
