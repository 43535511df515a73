"""One pipeline's live loop: chunk → proc → accumulate → post_proc → publish; a failed script is an outcome."""

import logging
import time
from collections.abc import Callable, Sequence

from livereduce.base.contained import Contained
from livereduce.engine.builtin.accumulate import AccumulationError
from livereduce.engine.builtin.accumulate_groups import MembersAccumulation
from livereduce.engine.builtin.figures import published_figures
from livereduce.engine.builtin.held_back import MAX_HELD_BACK_BYTES, affordable, bytes_of, has_events
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.builtin.partial import CHUNK_NAME, Partial, combine, process
from livereduce.engine.builtin.results import products_of, workspace_parts
from livereduce.engine.builtin.run_record import RunRecord
from livereduce.engine.builtin.script_calls import KeptNames, ScriptCalls, StepFailed, failed_output
from livereduce.engine.builtin.wording import COUNTED, LONGEST_REASON, end_lacks, name_of_run, too_large
from livereduce.engine.complaints import no_events_yet
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.members import members_of
from livereduce.engine.mantid_api.objects.output import Output
from livereduce.engine.protocol import Pipeline
from livereduce.engine.showing.script_reports import ScriptReports
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally, lost, tally_of
from livereduce.messages.beat import Phase
from livereduce.messages.marks import MarkStage
from livereduce.publish.parameters import as_text
from livereduce.publish.product import Product
from livereduce.publish.publisher import Outlet
from livereduce.scripting.parameters.asking import RunParameters
from livereduce.scripting.runner import LoadedScript, Scope, ScriptError, load_script
from livereduce.stream.chunk import Chunk, join

logger = logging.getLogger("livereduce.engine")


KeepFailure = Callable[[int, str, LoadedScript, ScriptError, int], None]
"""Receives each failure of a script: the run, the step, the script, the error, and the number of errors."""


Mark = Callable[[MarkStage, Chunk | None], None]
"""Receives each stage before it begins, and the chunk if it is another one."""


class Reduction:
    """State of one pipeline.

    Attributes
    ----------
    run, tally
        The run of the last chunk, and the sums over all of its data.
    published
        The sums that its last result holds; None before the first.
    outside_tof, unknown_pixel
        Events that are not in the histogram of the run's newest result, as in `Counts`; 0 if a script made it.
    invalid_logs
        Logs whose newest value must not be used, as the control system says.
    keeps_events
        True if the run is accumulated as events.
    counted_because
        Empty; or why it is accumulated as histograms although its events were to be kept.
    scripts
        The calls of the scripts, and their cost.
    publish_s
        Duration of the last publishing.
    errors
        The error of each step whose last call failed: ``proc``, ``post_proc``, ``publish``.
    reports
        What the scripts report in each cycle.
    contained
        Bugs in livereduce that cost a chunk, or a result.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        intake: Intake,
        products: Outlet,
        beat: Callable[[Phase], None],
        scope: Scope,
        keep_failure: KeepFailure,
        mark: Mark,
    ) -> None:
        self._pipeline = pipeline
        self._intake = intake
        self._products = products
        self._beat = beat
        self._keep_failure = keep_failure
        self._tell_stage = mark
        self._stage = MarkStage.NOTHING
        self.contained = Contained(logger)
        self._proc = load_script(pipeline.proc, scope) if pipeline.proc else None
        self._post_proc = load_script(pipeline.post_proc, scope) if pipeline.post_proc else None
        self._store = WorkspaceStore()
        own = (CHUNK_NAME, pipeline.accumulation_name, pipeline.result_name)
        self._kept_names = KeptNames(self._store, scope, own)
        self._accumulation = MembersAccumulation(
            pipeline.accumulation_name, pipeline.method, preserve_events=pipeline.preserve_events
        )
        self._held_back: tuple[Chunk, ...] = ()
        self._carried = RunLogs()
        self.published: Tally | None = None
        self._parameters = RunParameters(pipeline.parameters)
        self._record = RunRecord(pipeline.origin)
        self.reports = ScriptReports(workspace_parts)
        self.run = 0
        self.keeps_events = pipeline.preserve_events
        self.counted_because = ""
        self.tally = Tally()
        self.outside_tof = self.unknown_pixel = 0
        self.invalid_logs: tuple[str, ...] = ()
        self.results = 0
        self.script_errors = 0
        self.scripts = ScriptCalls()
        self.publish_s = 0.0
        self.errors: dict[str, str] = {}

    @property
    def held_bytes(self) -> int:
        """Memory of all data that are kept: accumulated, or waiting for a retry."""
        return self._accumulation.held_bytes + sum(bytes_of(chunk) for chunk in self._held_back)

    @property
    def mapped_bytes(self) -> int:
        """The part of it that lies where the receiver has put it."""
        held_back = sum(Events(chunk.events).mapped_nbytes for chunk in self._held_back)
        return self._accumulation.mapped_bytes + held_back

    @property
    def refers_to_chunks(self) -> bool:
        """Arrays of chunks that were taken are still needed where they are."""
        return bool(self._held_back) or bool(self._accumulation.mapped_bytes)

    @property
    def cycle_s(self) -> float:
        """Duration of a whole cycle, from the last ones."""
        return sum(self.scripts.seconds.values()) + self.publish_s

    def take(self, chunk: Chunk) -> None:
        """Reduce one chunk."""
        if chunk.replaces:
            self._begin_run(chunk.run)
        self.reports.begin(self._parameters)
        self._record.take(chunk)
        chunk = self._cleaned(chunk)
        tally = tally_of(chunk)
        self.tally += tally
        processed = self._process_and_accumulate(chunk, tally)
        if processed or chunk.ends_run:
            try:
                self._post_process_and_publish(chunk)
            except Exception as error:  # noqa: BLE001 (the boundary of a result: the data are kept for the next)
                self.contained.note(f"a result of run {chunk.run}", error)
        self.reports.complain(chunk.run)
        if chunk.ends_run:
            self._products.ended(chunk.run, end_lacks(self.published, self.tally, self.errors))

    def _cleaned(self, chunk: Chunk) -> Chunk:
        try:
            return self._intake.cleaned(chunk)
        except Exception as error:  # noqa: BLE001 (the boundary of a chunk: it is taken as it came)
            self.contained.note(f"looking at the pixels of a chunk of run {chunk.run}", error)
            return chunk

    def _begin_run(self, run: int) -> None:
        self.run, self.tally, self.published = run, Tally(), None
        self.outside_tof = self.unknown_pixel = 0
        self._held_back = ()
        self._parameters = RunParameters(self._pipeline.parameters, run)
        self._record = RunRecord(self._pipeline.origin)
        self._record.note(self._kept_names.note())
        self._choose_how_to_accumulate(run)  # before anything else: two runs must never be mixed
        self._carried.forget_run()
        self._intake.begin_run()

    def _choose_how_to_accumulate(self, run: int) -> None:
        counted = self._pipeline.preserve_events and _is_counted(self._pipeline, run)
        if counted:
            what = too_large(run)
            logger.warning(
                "%s: kept as %s; counts stay right, and post_proc is given counts, not events", what, COUNTED
            )
            self.counted_because = f"{what}: kept as {COUNTED}"
            self._record.note(self.counted_because)
        elif self.counted_because:
            logger.info("run %d: events are kept again", run)
            self.counted_because = ""
        self.keeps_events = self._pipeline.preserve_events and not counted
        self._accumulation.reset(run, preserve_events=self.keeps_events)

    def _process_and_accumulate(self, chunk: Chunk, tally: Tally) -> bool:
        """Process a chunk together with those held back; return True if there may be a new result."""
        self._beat(Phase.PROCESS)
        held, self._held_back = self._held_back, ()
        try:
            return self._together((*held, chunk), tally)
        except Exception as error:  # noqa: BLE001 (the boundary of a chunk: a fault of ours, not of the script)
            # While accumulating, a part may have been counted already: then no part may come again.
            if not held or self._stage is MarkStage.ACCUMULATE:
                return self._give_up((*held, chunk), error)
            spoiled = error
        try:
            processed = self._together((chunk,), tally)
        except Exception as error:  # noqa: BLE001 (the boundary of a chunk)
            self._held_back = () if chunk.ends_run else held
            return self._give_up((*held, chunk) if chunk.ends_run else (chunk,), error)
        self._give_up(held, spoiled)
        return processed

    def _give_up(self, chunks: tuple[Chunk, ...], error: Exception) -> bool:
        for chunk in chunks:
            what = f"a chunk of {chunk.n_events} events of run {chunk.run} ({self._stage})"
            self.contained.note(what, error)
            self._record.note(f"an internal error has cost {what}")
            self.tally += lost(chunk)
        return False

    def _together(self, chunks: tuple[Chunk, ...], newest: Tally) -> bool:
        whole = join(chunks)
        if whole.is_empty:
            return True
        self._mark(MarkStage.INTAKE, whole)
        tally = newest if len(chunks) == 1 else tally_of(whole)
        if self._pipeline.skip_empty and not has_events(whole) and self._spared(whole, tally):
            return False
        partial = process(whole, self._carried, tally, intake=self._intake, proc=self._processed)
        failed = partial if isinstance(partial, StepFailed) else self._combine(partial)
        if failed is not None:
            self._failed("proc", failed)
            self._hold_back(chunks)
            return False
        self.errors.pop("proc", None)
        self._held_back = ()
        return True

    def _spared(self, chunk: Chunk, tally: Tally) -> bool:
        """Keep what a chunk without events brings without calling a script; False: there is too much of it."""
        if self._accumulation.has_data:
            logs = self._intake.workspace(chunk, tally, CHUNK_NAME, self._carried).logs
            self._accumulation.add_logs(logs, tally)
            self._carried = logs.carried_over()
            self._held_back = ()
        elif bytes_of(chunk) > MAX_HELD_BACK_BYTES:
            return False
        else:
            self._held_back = (chunk,)  # goes to proc with the first one that has events
        return True

    def _mark(self, stage: MarkStage, chunk: Chunk | None = None) -> None:
        self._stage = stage
        self._tell_stage(stage, chunk)

    def _processed(self, workspace: MatrixWorkspace) -> Output | StepFailed:
        self.invalid_logs = workspace.logs.invalid_now()
        if self._proc is None:
            return workspace
        self._mark(MarkStage.PROC)
        self._store[CHUNK_NAME] = workspace
        outcome = self._call(Phase.PROCESS, self._proc, workspace, CHUNK_NAME)
        self._store.remove(CHUNK_NAME)
        return outcome

    def _combine(self, partial: Partial) -> StepFailed | None:
        self._mark(MarkStage.ACCUMULATE)
        try:
            combine(self._accumulation, (partial,))
        except AccumulationError as error:
            return failed_output(self._proc, f"its output cannot be accumulated: {error}")
        try:
            self._carried = partial.logs.carried_over()
        except Exception as error:  # noqa: BLE001 (the boundary of the carried logs: the chunk is in)
            self.contained.note("the last values of the logs", error)
        return None

    def _post_process_and_publish(self, chunk: Chunk) -> None:
        accumulated = self._accumulation.value()
        if accumulated is None:
            return
        result = self._post_processed(accumulated)
        if isinstance(result, StepFailed):
            self._failed("post_proc", result)  # the last result stays among the products
            return
        self.errors.pop("post_proc", None)
        self._store[self._pipeline.result_name] = result
        self._publish(result, chunk)

    def _post_processed(self, accumulated: Output) -> Output | StepFailed:
        for member in members_of(accumulated):
            self._store[member.name()] = member
        self._store[self._pipeline.accumulation_name] = accumulated
        if self._post_proc is None:
            return accumulated
        self._mark(MarkStage.POST_PROC)
        self._beat(Phase.POST_PROCESS)
        return self._call(Phase.POST_PROCESS, self._post_proc, accumulated, self._pipeline.result_name)

    def _call(self, phase: Phase, script: LoadedScript, input: Output, output: str) -> Output | StepFailed:
        extra = {self._pipeline.accumulation_name: input} if phase is Phase.POST_PROCESS else {}
        events = members_of(input)[0].tally.events
        outcome = self.scripts.call(phase, script, input, output, self._store, extra, self.reports.report)
        if isinstance(outcome, StepFailed) and not events:
            outcome = outcome.with_hint(no_events_yet(spares=self._pipeline.skip_empty))
        if isinstance(outcome, StepFailed) and outcome.error is not None and outcome.error.traceback:
            logger.error("%s: %s", name_of_run(self.run), outcome.error.traceback)
        return outcome

    def _publish(self, result: Output, chunk: Chunk) -> None:
        self._mark(MarkStage.PUBLISH)
        self._beat(Phase.PUBLISH)
        begun_s = time.perf_counter()
        name = self._pipeline.result_name
        try:
            products = products_of(
                result,
                pipeline=self._pipeline.name,
                run=self.run,
                name=name,
                incomplete=self.tally.incomplete,
                parameters=as_text(self._parameters.used),
                provenance=self._record.provenance(chunk, self.tally),
                accumulated_as=COUNTED if self.counted_because else "",
                ended=chunk.ends_run,
                start_ns=chunk.start_ns,
                end_ns=chunk.end_ns,
            )
        except Exception as error:
            logger.debug("run %d: the product of %s", self.run, name, exc_info=True)
            problem = f"{name}: {type(error).__name__}: {error}"
            logger.error("%s: the result cannot be written: %s; the one before stays", name_of_run(self.run), problem)
            self.errors["publish"] = problem
            return
        self.errors.pop("publish", None)
        self._give_out(products)
        self.publish_s = time.perf_counter() - begun_s

    def _give_out(self, products: Sequence[Product]) -> None:
        """Publish the products of one result; what the scripts have reported goes with the first."""
        if not products:
            return
        self.outside_tof, self.unknown_pixel = (
            int(products[0].attributes.get(name, 0)) for name in ("outside_tof", "unknown_pixel")
        )
        self.published = self.tally  # the publisher keeps what cannot be written now
        report = self.reports.report
        figures = published_figures(report.figures, products[0])
        beside = self.reports.beside(products[0])
        written = [self._products.publish(products[0], report.metrics, figures, beside)]
        written += [self._products.publish(product) for product in products[1:]]
        self.results += all(written)

    def _failed(self, step: str, failed: StepFailed) -> None:
        kept = "; the result before it stays" if step == "post_proc" else ""
        logger.error("%s: %s failed: %s%s", name_of_run(self.run), step, failed.text, kept)
        self.errors[step] = failed.text
        self.script_errors += 1
        self._record.note(f"{step} has failed in this run: {failed.text}"[:LONGEST_REASON])
        if (script := {"proc": self._proc, "post_proc": self._post_proc}.get(step)) and failed.error is not None:
            self._keep_failure(self.run, step, script, failed.error, self.script_errors)

    def _hold_back(self, chunks: tuple[Chunk, ...]) -> None:
        """Keep chunks for the next try, the newest first; chunks that do not fit are counted as lost."""
        kept = affordable(chunks) if not chunks[-1].ends_run else ()
        for chunk in chunks[: len(chunks) - len(kept)]:
            self.tally += lost(chunk)
            logger.error("%s: a chunk of %d events is given up", name_of_run(self.run), chunk.n_events)
        self._held_back = kept
        if kept:
            n_events = sum(chunk.n_events for chunk in kept)
            logger.info(
                "%s: the %d events of the failed chunk are tried again with the next one",
                name_of_run(self.run),
                n_events,
            )


def _is_counted(pipeline: Pipeline, run: int) -> bool:
    """True if a run is counted instead of kept as events. Data before and after the run that is too large are, too."""
    return not pipeline.keep_events and (pipeline.counted_run is None or run in (0, pipeline.counted_run))
