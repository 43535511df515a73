"""Conditions that somebody should look at now, each with its own beginning and end. Pure.

No condition replaces another. The most urgent comes first: what keeps all data away, what keeps results away, a saved
file that cannot be used, what fails, what is too large, what does not reach its readers. Missing pulses come last: any
of the others may be the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from livereduce.messages.progress import Progress
from livereduce.messages.shown import without_pulses, without_source
from livereduce.messages.status import Condition

URGENCY = ("source", "overdue", "files", "proc", "post_proc", "memory", "publish", "recording", "log", "pulses")
"""Kinds of conditions, the most urgent first."""
SEVERAL = frozenset({"files"})
"""Several conditions of these kinds may hold at once, distinguished by text; of the others only the newest holds."""


@dataclass(frozen=True, slots=True)
class ProblemNote:
    """A file that cannot be used, and what is used instead while a worker runs (empty: nothing is)."""

    problem: str
    instead: str = ""

    def text(self, *, at_work: bool) -> str:
        """The sentence for people; `at_work`: there is a worker that can go on."""
        return f"{self.problem}; {self.instead}" if at_work and self.instead else self.problem


def conditions_of(
    progress: Progress | None,
    notes: Iterable[ProblemNote],
    *,
    at_work: bool,
    overdue: str = "",
    memory: str = "",
    log: str = "",
    recording: str = "",
) -> tuple[Condition, ...]:
    """All conditions that hold now, the most urgent first, without their times.

    Parameters
    ----------
    progress
        From the newest beat; it counts only while its worker exists.
    notes
        Problems of configuration and scripts.
    at_work
        There is a worker.
    overdue, memory, log, recording
        Sentences: a step runs too long, the memory is too small, the log file cannot be written, something is not
        recorded; empty if not.
    """
    found = [
        Condition(kind="files", text=note.text(at_work=at_work), cause=note.problem) for note in dict.fromkeys(notes)
    ]
    found += [
        Condition(kind=kind, text=text)
        for kind, text in (("overdue", overdue), ("memory", memory), ("log", log), ("recording", recording))
        if text
    ]
    if at_work and progress is not None:
        found += _of_progress(progress)
    return tuple(sorted(found, key=lambda one: URGENCY.index(one.kind)))


def _of_progress(progress: Progress) -> Iterable[Condition]:
    if source := without_source(progress):
        yield Condition(kind="source", text=source)
    if pulses := without_pulses(progress):
        yield Condition(kind="pulses", text=pulses)
    for step in ("proc", "post_proc"):
        if step in progress.last_errors:
            yield Condition(kind=step, text=f"{step}: {progress.last_errors[step]}")
    if "publish" in progress.last_errors:
        yield Condition(
            kind="publish",
            text=f"results cannot be written, they are kept and tried again: {progress.last_errors['publish']}",
        )


def dated(before: Iterable[Condition], found: Iterable[Condition], at: str) -> tuple[Condition, ...]:
    """Add the times since when the conditions hold: those that held before keep theirs."""
    since = {_identity(one): one.since for one in before}
    return tuple(replace(one, since=since.get(_identity(one), at)) for one in found)


def begun_and_over(
    before: tuple[Condition, ...], after: tuple[Condition, ...]
) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """The conditions that are new, and those that are over."""
    old, new = {_identity(one) for one in before}, {_identity(one) for one in after}
    begun = tuple(one for one in after if _identity(one) not in old)
    return begun, tuple(one for one in before if _identity(one) not in new)


def _identity(condition: Condition) -> tuple[str, str]:
    return condition.kind, (condition.cause or condition.text) if condition.kind in SEVERAL else ""
