"""The builtin engine: reads a stream, cuts chunks, and gives each to the pipelines, in one thread."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from livereduce.base.contained import Contained
from livereduce.base.errors import OperatorError
from livereduce.base.times import UNIX_MINUS_EPICS_NS, unix_s
from livereduce.engine.builtin.accumulate import ADD, APPEND, REPLACE
from livereduce.engine.builtin.apart import ANYWHERE, apart, span_of
from livereduce.engine.builtin.flowing import Flowing
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.builtin.live import Reduction
from livereduce.engine.builtin.reported import memory_progress, run_progress, run_state, saved_at_stop, step_progress
from livereduce.engine.builtin.taken import Taken, cut_at, read_to
from livereduce.engine.complaints import REPORTED
from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.keep_failure import keep_failure
from livereduce.engine.mantid_api import hook
from livereduce.engine.mantid_api.helpers import finder as helpers
from livereduce.engine.protocol import Pipeline, Tell
from livereduce.messages.beat import Phase
from livereduce.messages.job import BEAM_TIME, CLOCK, Job
from livereduce.messages.marks import Marker, MarkStage
from livereduce.messages.progress import (
    Progress,
    SourceProgress,
    TotalProgress,
)
from livereduce.publish.products.folder import Products
from livereduce.publish.products.writer import Publisher
from livereduce.publish.provenance import origin_of
from livereduce.publish.publisher import Outlet, outlet_of
from livereduce.scripting.parameters.asking import load_parameters
from livereduce.scripting.runner import Scope
from livereduce.stream.chunk import (
    Chunk,
    CutRules,
    CutState,
    Dry,
    Fact,
    StreamLeft,
    TimePassed,
    due_in_s,
    emptied,
    lag_s,
)
from livereduce.stream.cutting import cut_from, step
from livereduce.stream.held.source import ReceiverLost
from livereduce.stream.items import Gap, Item, Position, RunStarted, Source, SourceLost, SourceState
from livereduce.stream.sources import source_of, source_progress, start_from

logger = logging.getLogger("livereduce.engine")

Report = Callable[[Position, Position], None]
"""Receives up to where the stream is consumed, and released (`Taken`)."""

CATCH_UP_WAIT_S = 0.05
"""While catching up, silence this long means that the server has nothing more; a replay pauses only for its disk."""


def pipelines_of(job: Job) -> tuple[Pipeline, ...]:
    """The pipelines of a job: the configuration makes one.

    Raises
    ------
    OperatorError
        The accumulation method is unknown, or the copy of the parameters cannot be used.
    """
    if job.accum_method not in (ADD, REPLACE, APPEND):
        raise OperatorError(f"accum_method: {job.accum_method!r} is not one of {ADD}, {REPLACE}, {APPEND}")
    only = Pipeline(
        name="live",
        proc=job.proc,
        post_proc=job.post_proc,
        method=job.accum_method,
        preserve_events=job.preserve_events,
        update_every_s=job.update_every_s,
        skip_empty=job.skip_empty,
        keep_events=job.keep_events,
        counted_run=job.counted_run,
        parameters=load_parameters(job.parameters, job.script_dir),
        origin=origin_of(job),
    )
    return (only,)


def reductions_of(
    job: Job, outlet: Outlet, beat: Callable[[Phase], None], mark: Callable[[MarkStage, Chunk | None], None]
) -> tuple[Reduction, ...]:
    """The pipelines of a job, ready to reduce, with Mantid's interface for their scripts.

    Raises
    ------
    OperatorError
        As `pipelines_of`; or scripts or bins cannot be used.
    """
    binning, scope, keep = Binning(make_edges_ns(*job.tof_bins_us)), Scope(), partial(keep_failure, job)
    hook.install(job.instrument)
    helpers.install()
    scope.names.update(hook.script_globals())
    return tuple(
        Reduction(pipeline, Intake(binning, job.spectra, job.periods), outlet, beat, scope, keep, mark)
        for pipeline in pipelines_of(job)
    )


def _cut_from(job: Job, now: float) -> CutState:
    """The state before the first item.

    Raises
    ------
    OperatorError
        The job's `cut_by` is unknown.
    """
    if job.cut_by not in (CLOCK, BEAM_TIME):
        raise OperatorError(f"cut_by: {job.cut_by!r} is not one of {CLOCK}, {BEAM_TIME}")
    rules = CutRules(
        update_every_s=job.update_every_s,
        epoch_ns_at_0=time.time_ns() - UNIX_MINUS_EPICS_NS - round(now * 1e9),
        by_beam_time=job.cut_by == BEAM_TIME,
        until_events=job.until_events,
        max_chunks=job.max_chunks,
    )
    return cut_from(rules, now)


class BuiltinEngine:
    """Reduces a stream according to a job; see `livereduce.engine.protocol.Engine`.

    Loads the scripts and opens the source when it is made.

    Parameters
    ----------
    tell
        Called from the work loop at each change of phase.
    open_source
        Makes the source of a URL; None for `source_of`.
    clock
        Seconds, monotonic.
    report
        Is told which part of the stream is not needed any more, see `Taken`.

    Raises
    ------
    OperatorError
        Scripts, bins or address cannot be used.
    """

    def __init__(
        self,
        job: Job,
        tell: Tell,
        open_source: Callable[[str], Source] | None = None,
        clock: Callable[[], float] = time.monotonic,
        products_in: Callable[[Path], Publisher] = Products,
        report: Report | None = None,
    ) -> None:
        self._tell, self._clock = tell, clock
        self._flowing = Flowing()
        self._lost = ""
        self._over = self._left = self._stopping = False
        self._chunks = self._events = self._pulses = self._gaps = 0
        self._filled = self._failed = 0
        self._contained = Contained(logger)
        self._marker = Marker(job.mark)
        self._suspects = tuple(one for one in job.suspects if one.stage is not MarkStage.DECODE)
        self._part = ANYWHERE
        self._taken_ns = 0
        self._taken = Taken()
        self._report = report
        self._outlet = outlet_of(job, products_in(Path(job.state_dir)))
        self._reductions = reductions_of(job, self._outlet, self._beat, self._mark)
        self._cut = _cut_from(job, clock())
        decoding = tuple(one for one in job.suspects if one.stage is MarkStage.DECODE)
        open_source = open_source or partial(source_of, marker=self._marker, suspects=decoding)
        self._source = open_source(job.source)
        self._source.open(start_from(job.start))

    def poll(self, timeout_s: float) -> Progress:
        """Read once, and reduce the chunks that this completes."""
        self._beat(Phase.WAITING)
        before, ends = self._source.position(), False
        for fact in self._read(timeout_s):
            for chunk in self._step(fact):
                self._reduce(chunk)
                ends = ends or chunk.ends_run
                self._taken = cut_at(self._taken, before)
            self._over = self._over or self._cut.over
            if isinstance(fact, RunStarted):  # several runs may come with one read
                self._in_run(fact.run)
        self._left = self._over
        self._tell_taken(ends=ends)
        self._in_run(self._source.state().run)
        self._outlet.look()
        self._outlet.seen(self._cut.run, unix_s(self._cut.newest_ns))
        return self._progress()

    def stop(self, deadline_s: float) -> None:
        """Reduce pending data if that usually takes less than the deadline, and close the source."""
        if self._stopping:
            return
        self._stopping = True
        self._beat(Phase.STOPPING)
        try:
            usual_s = sum(reduction.cycle_s for reduction in self._reductions)
            if deadline_s <= 0:
                return
            if usual_s > deadline_s:
                logger.warning("what is pending is left to the next start: the scripts take %.0f s", usual_s)
                return
            for chunk in self._step(StreamLeft()):
                self._reduce(chunk)
        finally:
            self._source.close()
            self._outlet.close()
            logger.info("%s", saved_at_stop(self._reductions[0], self._outlet.problems.get("publish", "")))

    def _read(self, timeout_s: float) -> tuple[Fact, ...]:
        now = self._clock()
        wait_s = min(timeout_s, due_in_s(self._cut, now))
        if self._cut.behind and self._cut.pending.n_pulses:
            wait_s = min(wait_s, CATCH_UP_WAIT_S)
        if self._over:
            time.sleep(wait_s)
            return (TimePassed(),)
        try:
            facts = self._apart(self._listen(self._source, wait_s))
        except SourceLost as lost:
            self._lost = lost.reason
            self._over = not lost.retry
            return (StreamLeft(),) if self._over else (TimePassed(),)
        except ReceiverLost:
            raise
        except Exception as error:  # noqa: BLE001 (the boundary of a read; a source has boundaries of its own)
            self._contained.note("what a read of the source gave", error)
            self._gaps += 1
            time.sleep(wait_s)
            return Gap(
                run=self._cut.run, reason="what was received could not be read", from_ns=self._cut.newest_ns
            ), TimePassed()
        finally:
            self._marker.nothing()
        return (*facts, TimePassed()) if facts else (Dry(),)

    def _listen(self, source: Source, wait_s: float) -> Sequence[Item]:
        begun_s, items = self._clock(), tuple[Item, ...]()
        try:
            items = tuple(source.read(wait_s))
            return items
        finally:
            self._flowing.read(items, self._clock() - begun_s, connected=source.state().connected)

    def _apart(self, items: Sequence[Item]) -> Sequence[Fact]:
        if not self._suspects:
            return items
        facts, self._part = apart(items, self._suspects, self._part)
        self._gaps += sum(isinstance(fact, Gap) for fact in facts) - sum(isinstance(item, Gap) for item in items)
        return facts

    def _step(self, fact: Fact) -> tuple[Chunk, ...]:
        now = self._clock()
        newest_ns = self._cut.newest_ns
        self._marker.data(MarkStage.CUT, self._cut.run, min(self._taken_ns, newest_ns), newest_ns)
        try:
            self._cut, chunks = step(self._cut, fact, now)
        except Exception as error:  # noqa: BLE001 (the boundary of a cut)
            chunks = self._give_up_pending(fact, error, now)
        if chunks:
            self._taken_ns = newest_ns + 1
        self._marker.nothing()
        return chunks

    def _give_up_pending(self, fact: Fact, error: Exception, now: float) -> tuple[Chunk, ...]:
        lost = self._cut
        what = f"{lost.pending.n_pulses} pulses with {lost.pending.n_events} events of run {lost.run}"
        self._contained.note(what, error)
        gap = Gap(run=lost.run, reason=f"{what} that could not be cut", from_ns=self._taken_ns, to_ns=lost.newest_ns)
        self._gaps += 1
        self._cut, _ = step(emptied(lost), gap, now)
        try:
            self._cut, chunks = step(self._cut, fact, now)
        except Exception as again:  # noqa: BLE001 (the boundary of an item)
            self._contained.note(f"an item ({type(fact).__name__})", again)
            return ()
        return chunks

    def _reduce(self, chunk: Chunk) -> None:
        self._chunks += 1
        self._events += chunk.n_events
        self._pulses += chunk.n_pulses
        errors = self._script_errors
        for reduction in self._reductions:
            try:
                reduction.take(chunk)
            except Exception as error:  # noqa: BLE001 (the boundary of a chunk, as in `take`)
                self._contained.note(f"the rest of a chunk of run {chunk.run}", error)
        if chunk.n_events:
            self._filled += 1
            self._failed += self._script_errors > errors
        self._marker.passed()

    @property
    def _script_errors(self) -> int:
        return sum(reduction.script_errors for reduction in self._reductions)

    def _tell_taken(self, *, ends: bool) -> None:
        """Tell the source how far its data are reduced, and published for good."""
        if self._report is None:
            return
        self._taken, news = read_to(
            self._taken,
            self._source.position(),
            nothing_pending=not self._cut.pending.matters,
            run_ended=ends,
            refers=any(reduction.refers_to_chunks for reduction in self._reductions),
            written="publish" not in self._outlet.problems,
        )
        if news:
            self._report(self._taken.consumed, self._taken.released)

    def _mark(self, stage: MarkStage, chunk: Chunk | None = None) -> None:
        if chunk is None:
            self._marker.stage(stage)
        else:
            self._marker.data(stage, chunk.run, *span_of(chunk))

    def _in_run(self, run: int | None) -> None:
        """Record the run that the stream is in (0: none, None: not known yet)."""
        if run is not None:
            self._outlet.in_run(run, self._source.state().connects)

    def _beat(self, phase: Phase) -> None:
        # While stopping, the limits of the other phases no longer apply.
        self._tell(Phase.STOPPING if self._stopping else phase, self._progress())

    def _progress(self) -> Progress:
        first, source = self._reductions[0], self._source.state()
        return Progress(
            incomplete_runs=self._outlet.notes,
            last_errors=self._errors(source),
            run=run_progress(self._cut, first),
            total=TotalProgress(
                chunks=self._chunks,
                results=sum(reduction.results for reduction in self._reductions),
                events=self._events,
                pulses=self._pulses,
                script_errors=self._script_errors,
                filled_chunks=self._filled,
                failed_chunks=self._failed,
                gaps=source.gaps + self._gaps + self._outlet.gaps,
                contained=self._all_contained(source),
            ),
            steps=step_progress(first),
            source=self._source_progress(source),
            memory=memory_progress(self._cut, first, maps=self._report is not None),
        )

    def _source_progress(self, source: SourceState) -> SourceProgress:
        beam_ns = self._flowing.no_beam_since_ns()
        return replace(
            source_progress(source),
            data_age_s=lag_s(self._cut, self._clock()),
            no_pulses_since=None if self._over else self._flowing.no_pulses_since(run_state(self._cut)),
            no_beam_since=None if beam_ns is None else unix_s(beam_ns),
            reason=source.reason or ("" if source.connected else self._lost),
            ended=self._has_ended(source),
        )

    def _has_ended(self, source: SourceState) -> bool:
        """Whether all that was wanted has come, is reduced, and the result written."""
        return self._left and (self._cut.over or source.ended) and "publish" not in self._outlet.problems

    def _all_contained(self, source: SourceState) -> int:
        mine = self._contained.count + sum(reduction.contained.count for reduction in self._reductions)
        return source.contained + mine

    def _errors(self, source: SourceState) -> dict[str, str]:
        errors = {step: text for reduction in self._reductions for step, text in reduction.errors.items()}
        if not source.connected and (reason := source.reason or self._lost):
            errors["source"] = reason
        if source.last_problem:
            errors["packet"] = source.last_problem
        for contained in (self._contained, *(reduction.contained for reduction in self._reductions)):
            if contained.last:
                errors["internal"] = contained.last
        for reduction in self._reductions:
            if reduction.reports.newest:
                errors[REPORTED] = reduction.reports.newest
        return errors | self._outlet.problems
