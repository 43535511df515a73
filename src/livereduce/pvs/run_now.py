"""Which run the values are of, and when it began. Pure.

Two files tell: the daemon's snapshot, which knows of a run from its start but may be half a second old, and the index
of the products, which is as new as the newest result.
"""

from dataclasses import dataclass

from livereduce.base.times import unix_s_of
from livereduce.messages.progress import RunProgress, RunState
from livereduce.messages.status import Status
from livereduce.seen.index import ListedRun, ShownIndex

SAME_START_S = 1.0
"""The same start as the stream and a file say it differs by less; two runs of one number by more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNow:
    """The run that the values are of: the present one, or between runs the last one.

    Attributes
    ----------
    number
        0 if there was none yet.
    began_unix_s
        None if that is not known.
    said
        What the snapshot says of it; None if it speaks of another run, or of none.
    listed
        Its results; None before the first one.
    """

    number: int = 0
    began_unix_s: float | None = None
    said: RunProgress | None = None
    listed: ListedRun | None = None

    @property
    def state(self) -> RunState:
        """State of the run, by whoever knows."""
        if self.said is not None:
            return self.said.state
        if self.listed is None:
            return RunState.NO_RUN
        return RunState.ENDED if self.listed.ended else RunState.RUNNING


def run_now(status: Status | None, index: ShownIndex) -> RunNow:
    """The run that the values are of, from the newest snapshot and index."""
    said = status.progress.run if status and status.progress and status.progress.run.number else None
    newest = next((run for run in index.runs if run.run), None)
    if said is not None and _is_newer(said, newest, index):
        listed = index.run(said.number)
        if listed is not None and not _same_start(said.began_unix_s, unix_s_of(listed.start_time)):
            listed = None  # an earlier run of this number
        began = said.began_unix_s if listed is None else unix_s_of(listed.start_time) or said.began_unix_s
        return RunNow(number=said.number, began_unix_s=began, said=said, listed=listed)
    if newest is None:
        return RunNow()
    return RunNow(number=newest.run, began_unix_s=unix_s_of(newest.start_time), listed=newest)


def _is_newer(said: RunProgress, newest: ListedRun | None, index: ShownIndex) -> bool:
    """True if the run of the snapshot is the newest one that is listed, or one after it."""
    if newest is None or said.number == newest.run:
        return True
    began, listed = said.began_unix_s, unix_s_of(newest.start_time)
    if began is not None and listed is not None:
        return began > listed
    return index.run(said.number) is None


def _same_start(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) < SAME_START_S
