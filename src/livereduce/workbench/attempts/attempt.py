"""One attempt as a process: a worker on a held run, heard as the daemon hears its own, until all is reduced."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import ExitCode
from livereduce.daemon.memory.usage import MemoryUsage
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.crash import place_of
from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.process import Worker
from livereduce.daemon.worker.spoken import script_names, script_paths
from livereduce.daemon.worker.stacks import line_of_script
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job
from livereduce.messages.progress import MemoryProgress, Progress
from livereduce.messages.script_failure import ScriptFailure, read_failure
from livereduce.publish.product import Product
from livereduce.workbench.attempts.step_costs import StepCosts, with_beat
from livereduce.workbench.attempts.verdict import (
    Abandon,
    AskForStacks,
    AttemptSight,
    AttemptState,
    Finish,
    asked,
    decide,
    heard,
)
from livereduce.workbench.held_run import HeldRun, Link
from livereduce.workbench.results import Result, read_results

WEIGH_S = 0.5
"""How often the memory is measured."""
MAX_FIRST_BYTES = 8 << 20
"""The first result is kept, to see whether later ones are others, unless its file is larger."""
LOST_OWN = "the receiver that reads the run has closed the connection"
LOST = "the service has closed the connection to its run: it needed the memory, or was restarted"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempted:
    """An attempt that is over.

    Attributes
    ----------
    progress
        The last that it said; None if it said nothing.
    seconds
        From when it could begin to reduce to its end, without the time to start a process.
    failure
        The last failure of a script.
    died
        Why it ended before all was reduced: a script has crashed, hangs, or took too much memory; empty if it did not.
    reason
        What the held run gave as the reason that no more comes; empty if it was just read to its end.
    unusable
        Why it could not begin at all, by no fault of the scripts; empty if it did.
    first
        An earlier version of a result.
    played_events
        How many events were played to it; None if it read what is held.
    """

    job: Job
    progress: Progress | None
    costs: StepCosts
    seconds: float
    results: tuple[Result, ...] = ()
    failure: ScriptFailure | None = None
    died: str = ""
    reason: str = ""
    unusable: str = ""
    first: Product | None = None
    played_events: int | None = None

    @property
    def failed(self) -> bool:
        """A script has failed."""
        return bool(self.died or (self.progress and self.progress.total.script_errors))


class Attempt:
    """A worker that has been given its job.

    Parameters
    ----------
    limit_bytes
        Most memory that it and our receiver may take together; None: no limit.
    """

    def __init__(self, worker: Worker, job: Job, link: Link, run: HeldRun, limit_bytes: int | None) -> None:
        self._worker, self._job, self._link, self._run = worker, job, link, run
        self._limit_bytes = limit_bytes
        now = time.monotonic()
        self._at_work_s: float | None = None
        self._state = AttemptState(heard_at=now, limits_s={phase: job.limit_s(phase) for phase in Phase})
        self._observed, self._costs = Observed(), StepCosts()
        self._usage, self._memory_bytes, self._weigh_due = MemoryUsage(), 0, now
        self._first: Product | None = None
        self._lost_since: float | None = None
        self._names: Mapping[str, str] = script_names(job)

    @property
    def watched(self) -> set[int]:
        """Descriptors that become readable when there is something to hear."""
        return self._worker.watched

    @property
    def observed(self) -> Observed:
        """Its beats."""
        return self._observed

    def name_of(self, line: Line) -> str:
        """The script that has printed a line; empty: neither."""
        return self._names.get(line.by, "")

    def hear(self, ready: set[int], now: float) -> list[Line]:
        """Take its beats, and return what it has printed."""
        if ready & {self._worker.beats_fd, self._worker.pidfd}:
            for beat in self._worker.read_beats():
                if self._state.all_reduced:
                    break  # Mantid goes on, between runs
                self._observed = observe(self._observed, beat, now)
                self._state = heard(self._state, beat, now)
                self._costs = with_beat(self._costs, beat.progress)
                if self._at_work_s is None and beat.phase is not Phase.STARTING:
                    self._at_work_s = now
            self._keep_first()
        return self._worker.read_output() if self._worker.output_fd in ready else []

    def look(self, ready: set[int], now: float) -> tuple[Attempted, list[Line]] | None:
        """End it if it is over: the attempt, and the last lines that it has printed."""
        if self._worker.pidfd in ready:
            return self._over("")
        if now >= self._weigh_due and self._limit_bytes is not None:
            self._weigh_due, self._memory_bytes = now + WEIGH_S, self._weigh(now)
        sight = AttemptSight(
            memory_bytes=self._memory_bytes,
            limit_bytes=self._limit_bytes,
            complaint=self._worker.hearing.complaint,
            lost_s=self._lost_for_s(now),
            run_is_over=self._run.is_over,
        )
        match decide(self._state, sight, now):
            case Finish():
                return self._over("", finished=True)
            case AskForStacks():
                self._worker.ask_for_stacks()
                self._state = asked(self._state, now)
            case Abandon(reason=why, hangs=hangs):
                place = place_of(line_of_script(self._worker.stacks())) if hangs else ""
                return self._over(f"{why}{f', at {place}' if place else ''}")
        if not self._link.is_lost or self._state.all_reduced:
            return None
        return self._over(LOST if self._run.receiver_pid is None else LOST_OWN)

    def abandon(self) -> None:
        """End it: nobody wants to know any more."""
        self._worker.signal_group(signal.SIGKILL)
        self._worker.reap()
        self._link.close()

    def _over(self, died: str, *, finished: bool = False) -> tuple[Attempted, list[Line]]:
        seconds = 0.0 if self._at_work_s is None else time.monotonic() - self._at_work_s
        self._worker.signal_group(signal.SIGKILL)  # all is published: nothing is left that it should do
        code, lines = self._worker.reap()
        self._link.close()
        if finished:
            died = self._where_mantid_stopped()
        elif not died:
            died = self._why_ended(code)
        state_dir, progress = Path(self._job.state_dir), self._observed.progress
        attempted = Attempted(
            job=self._job,
            progress=progress,
            costs=self._costs,
            seconds=seconds,
            results=read_results(state_dir, self._link.run or None),
            failure=read_failure(state_dir),
            died=died,
            reason=self._why_no_more(),
            unusable=died if code == ExitCode.UNUSABLE and not finished else "",
            first=self._first,
            played_events=self._link.events,
        )
        return attempted, lines

    def _where_mantid_stopped(self) -> str:
        """Why Mantid's loop has ended before the run; empty if it has not."""
        says = self._observed.progress
        if not self._job.one_run or says is None or says.source.connected or not _has_called(says):
            return ""
        if says.total.script_errors:
            return "Mantid's loop ends where proc fails: the rest of the run was not reduced"
        return f"Mantid has ended the reduction: {says.source.reason}"

    def _why_ended(self, code: int) -> str:
        said = why_ended(code, tuple(self._worker.output.last), scripts=script_paths(self._job))
        return said.replace("the worker", "the attempt")

    def _lost_for_s(self, now: float) -> float:
        says = self._run.progress
        lost = says is not None and bool(says.source.reason) and not (says.source.connected or says.source.ended)
        if not lost:
            self._lost_since = None
            return 0.0
        self._lost_since = now if self._lost_since is None else self._lost_since
        return now - self._lost_since

    def _why_no_more(self) -> str:
        """Why no more has come, if not because all was read."""
        says = self._run.progress if self._run.receiver_pid else self._observed.progress
        if says is None or (self._run.receiver_pid and says.source.ended):
            return ""
        if self._job.one_run and _has_called(says):
            return ""  # a script has been called: that the loop has ended is not the run's fault
        return "" if says.source.connected else says.source.reason

    def _weigh(self, now: float) -> int:
        """Memory of the attempt, with all it has started; and of our receiver with what it holds, if it is ours."""
        says = self._run.progress.memory if self._run.progress else MemoryProgress()
        weighed = self._usage.weigh(
            self._worker.pid,
            worker=self._job.generation,
            run=0,
            limit_bytes=self._limit_bytes,
            now=now,
            receiver=self._run.receiver_pid or os.getpid(),  # of somebody else's receiver only what is mapped is known
            receiver_says_bytes=says.rss_bytes,
            held_bytes=says.held_bytes,
        )
        total = weighed.bytes if weighed.confirmed_bytes is None else weighed.confirmed_bytes
        return total if self._run.receiver_pid else total - weighed.run_bytes

    def _keep_first(self) -> None:
        progress = self._observed.progress
        if self._first is not None or progress is None or not progress.total.results:
            return
        found = read_results(Path(self._job.state_dir), most_bytes=MAX_FIRST_BYTES)
        self._first = found[-1].product if found else None


def _has_called(progress: Progress) -> bool:
    """A script has been called."""
    return bool(progress.steps.proc_calls or progress.steps.post_proc_calls)
