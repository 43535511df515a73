"""Sentences of the live loop on a run: its name, how it is kept, what its last result lacks. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from livereduce.engine.workspaces.tally import Tally

COUNTED = "histograms, because of the memory limit"
LONGEST_REASON = 300
"""Most characters of a script's error in the reason why a result is incomplete."""


def name_of_run(run: int) -> str:
    """A run in a sentence of the log; 0: the data between two."""
    return f"run {run}" if run else "between runs"


def too_large(run: int) -> str:
    """The beginning of the sentence that data are kept as histograms."""
    if run:
        return f"run {run} is too large to keep its events"
    return "the data between runs are too large to keep their events"


def end_lacks(published: Tally | None, tally: Tally, errors: Mapping[str, str]) -> str:
    """Data that the newest result of an ended run lacks; empty if nothing.

    Parameters
    ----------
    published
        The sums that the result holds; None if there is none.
    tally
        The sums of the run.
    errors
        The error of each step whose last call failed.
    """
    made_of, run = (replace(one, chunks=0) for one in (published or Tally(), tally))
    if made_of == run:
        return ""
    failed = "; ".join(f"{step} failed: {text}" for step, text in errors.items())[:LONGEST_REASON]
    return f"its last result holds {made_of.events} of {run.events} events{failed and f' ({failed})'}"
