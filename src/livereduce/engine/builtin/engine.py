"""The builtin engine: reads a stream, cuts chunks, and gives each to the pipelines, in one thread."""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from livereduce.engine.builtin.accumulate import ADD, APPEND, REPLACE
from livereduce.engine.builtin.binning import Binning, make_edges_ns
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.builtin.live import Reduction
from livereduce.engine.builtin.tally import Tally
from livereduce.engine.failures import keep_failure
from livereduce.engine.protocol import Pipeline
from livereduce.engine.script import Scope
from livereduce.errors import OperatorError
from livereduce.link import Job, Phase, Progress, RunState
from livereduce.publish.outlet import Outlet, Publisher, outlet_of
from livereduce.publish.products import Products
from livereduce.stream.chunk import Chunk, CutRules, CutState, Dry, Fact, Leave, Tick, due_in_s, lag_s, step
from livereduce.stream.model import Source, SourceLost, SourceState, StartFrom
from livereduce.stream.sources import source_of

logger = logging.getLogger("livereduce.engine")

EPICS_EPOCH_UNIX_NS = 631_152_000 * 1_000_000_000
CATCH_UP_WAIT_S = 0.05
"""While catching up: silence this long means that the server has no more; a replay pauses only for the disk."""


def pipelines_of(job: Job) -> tuple[Pipeline, ...]:
    """The one pipeline that the configuration makes.

    Raises
    ------
    OperatorError
        The way to accumulate is unknown.
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
        keep_events=job.keep_events,
        counted_run=job.counted_run,
    )
    return (only,)


def _start_from(start: str) -> StartFrom:
    if start not in {way.value for way in StartFrom}:
        raise OperatorError(f"start: {start!r} is not one of {', '.join(way.value for way in StartFrom)}")
    return StartFrom(start)


class BuiltinEngine:
    """Reduces a stream according to a job; see `livereduce.engine.protocol.Engine`.

    Parameters
    ----------
    open_source
        Makes the source of a URL.
    clock
        Seconds, monotonic.
    """

    def __init__(
        self,
        open_source: Callable[[str], Source] = source_of,
        clock: Callable[[], float] = time.monotonic,
        products_in: Callable[[Path], Publisher] = Products,
    ) -> None:
        self._open_source = open_source
        self._clock = clock
        self._products_in = products_in
        self._source: Source | None = None
        self._outlet: Outlet | None = None
        self._reductions: tuple[Reduction, ...] = ()
        self._tell: Callable[[Phase], object] = str  # until `start` says whom to tell
        self._lost = ""
        self._over = False
        self._stopping = False
        self._chunks = self._events = self._pulses = 0

    def start(self, job: Job, beat: Callable[[Phase], None]) -> None:
        """Load the scripts, open the source.

        Raises
        ------
        OperatorError
            Scripts, bins or address cannot be used.
        """
        self._tell = beat
        binning = Binning(make_edges_ns(*job.tof_bins_us))
        self._outlet, scope = outlet_of(job, self._products_in(Path(job.state_dir))), Scope()
        keep = partial(keep_failure, job)
        self._reductions = tuple(
            Reduction(pipeline, Intake(binning, job.spectra, job.periods), self._outlet, self._beat, scope, keep)
            for pipeline in pipelines_of(job)
        )
        now = self._clock()
        epoch_ns_at_0 = time.time_ns() - EPICS_EPOCH_UNIX_NS - round(now * 1e9)
        rules = CutRules(update_every_s=job.update_every_s, epoch_ns_at_0=epoch_ns_at_0)
        self._cut = CutState(rules=rules, cut_s=now)
        self._source = self._open_source(job.source)
        self._source.open(_start_from(job.start))

    def poll(self, timeout_s: float) -> Progress:
        """Read once, and reduce the chunks that this completes."""
        self._beat(Phase.WAITING)
        for fact in self._read(timeout_s):
            for chunk in self._step(fact):
                self._reduce(chunk)
        assert self._outlet is not None
        self._outlet.seen(self._cut.run, self._cut.newest_ns / 1e9 + EPICS_EPOCH_UNIX_NS / 1e9)
        return self._progress()

    def stop(self, deadline_s: float) -> None:
        """Reduce what is pending if that takes no longer than usual within the deadline, and close the source."""
        self._stopping = True
        self._beat(Phase.STOPPING)
        if self._source is None:
            return
        source, self._source = self._source, None
        try:
            usual_s = sum(sum(reduction.seconds.values()) for reduction in self._reductions)
            if usual_s > deadline_s:
                logger.warning("what is pending is left to the next start: the scripts take %.0f s", usual_s)
                return
            for chunk in self._step(Leave()):
                self._reduce(chunk)
        finally:
            source.close()
            if self._outlet is not None:
                self._outlet.close()

    def _read(self, timeout_s: float) -> tuple[Fact, ...]:
        now = self._clock()
        wait_s = min(timeout_s, due_in_s(self._cut, now))
        if self._cut.behind and self._cut.n_pulses:
            wait_s = min(wait_s, CATCH_UP_WAIT_S)
        if self._over or self._source is None:
            time.sleep(wait_s)
            return (Tick(),)
        try:
            items = self._source.read(wait_s)
        except SourceLost as lost:
            self._lost = lost.reason
            self._over = not lost.retry
            return (Leave(),) if self._over else (Tick(),)
        return (*items, Tick()) if items else (Dry(),)

    def _step(self, fact: Fact) -> tuple[Chunk, ...]:
        self._cut, chunks = step(self._cut, fact, self._clock())
        return chunks

    def _reduce(self, chunk: Chunk) -> None:
        self._chunks += 1
        self._events += chunk.n_events
        self._pulses += chunk.n_pulses
        for reduction in self._reductions:
            reduction.take(chunk)

    def _beat(self, phase: Phase) -> None:
        # While stopping, the limits of the other phases do not hold any more.
        self._tell(Phase.STOPPING if self._stopping else phase)

    def _progress(self) -> Progress:
        assert self._source is not None
        first = self._reductions[0]
        run = self._cut.run or first.run
        tally = first.tally if run == first.run else Tally()
        source = self._source.state()
        return Progress(
            run=run,
            run_state=_run_state(self._cut),
            chunks=self._chunks,
            results=sum(reduction.results for reduction in self._reductions),
            events=self._events,
            pulses=self._pulses,
            run_chunks=tally.chunks,
            run_events=tally.events,
            run_pulses=tally.pulses,
            run_charge_pc=tally.charge_pc,
            run_unmapped=tally.unmapped,
            run_erroneous=tally.erroneous,
            run_incomplete=tally.incomplete,
            script_errors=sum(reduction.script_errors for reduction in self._reductions),
            proc_s=first.seconds[Phase.PROCESS],
            post_proc_s=first.seconds[Phase.POST_PROCESS],
            publish_s=first.seconds[Phase.PUBLISH],
            data_age_s=lag_s(self._cut, self._clock()),
            source_address=source.address,
            source_connected=source.connected,
            source_reason=source.reason or ("" if source.connected else self._lost),
            source_connects=source.connects,
            received_bytes=source.received_bytes,
            bad_packets=source.bad_packets,
            repeated_pulses=source.repeated_pulses,
            gaps=source.gaps,
            keeps_events=first.keeps_events,
            fits=first.fits,
            last_errors=self._errors(source),
        )

    def _errors(self, source: SourceState) -> dict[str, str]:
        errors = {step: text for reduction in self._reductions for step, text in reduction.errors.items()}
        if not source.connected and (reason := source.reason or self._lost):
            errors["source"] = reason
        if source.last_problem:
            errors["packet"] = source.last_problem
        return errors | (self._outlet.problems if self._outlet else {})


def _run_state(cut: CutState) -> RunState:
    if cut.run:
        return RunState.PAUSED if cut.paused else RunState.RUNNING
    return RunState.ENDED if cut.ended else RunState.NO_RUN
