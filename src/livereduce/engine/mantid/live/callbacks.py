"""Callbacks in Mantid's own thread: run the two scripts, and publish their results.

Publishing there means that nothing changes a workspace while it is read: the next cycle cannot begin before. With a
post_proc script its result is published as soon as it has ended; without one, the result is the accumulation, which is
published when Mantid stores it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mantid import simpleapi

from livereduce.base.rss import own_bytes
from livereduce.engine.complaints import REPORTED, no_events_yet
from livereduce.engine.keep_failure import keep_failure
from livereduce.engine.mantid.ads import Ads
from livereduce.engine.mantid.flowing import looked
from livereduce.engine.mantid.hints import hint
from livereduce.engine.mantid.inspect_workspace import memory_of, seen_in
from livereduce.engine.mantid.live import cycle_state as cycle
from livereduce.engine.mantid.live.arguments import ACCUMULATION, RESULT
from livereduce.engine.mantid.live.cycle_state import CycleState
from livereduce.engine.mantid.results import products_of, workspace_parts
from livereduce.engine.mantid.run_ledger import (
    Described,
    RunLedger,
    check_added,
    take_accumulated,
    take_chunk,
    take_processed,
)
from livereduce.engine.showing.script_reports import ScriptReports
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job
from livereduce.publish.parameters import as_text
from livereduce.publish.publisher import Outlet
from livereduce.scripting.parameters.asking import RunParameters, load_parameters
from livereduce.scripting.runner import LoadedScript, Outcome, Scope, ScriptError, load_script, run_script

logger = logging.getLogger("livereduce.engine")

PIPELINE = "live"
PROC, POST_PROC = "proc", "post_proc"
LONGEST_REASON = 300
"""Most characters of a script's error in the reason why a result is incomplete."""


class Steps:
    """Runs the steps of a cycle when Mantid calls them.

    Parameters
    ----------
    changed
        Set whenever the main thread should look again.

    Attributes
    ----------
    state
        The newest snapshot. It is replaced whole, so that a reader in another thread never sees half a change.
    cancelled
        Mantid was asked to end: that a script fails now is no fault of its.
    """

    def __init__(self, job: Job, outlet: Outlet, beat: Callable[[Phase], None], changed: threading.Event) -> None:
        scope = Scope()
        scope.names.update(_public_names(simpleapi))
        copies = {PROC: job.proc, POST_PROC: job.post_proc}
        self._scripts = {step: load_script(copy, scope) for step, copy in copies.items() if copy is not None}
        self._replaces, self._adds = job.accum_method == "Replace", job.accum_method == "Add"
        self._outlet, self._beat, self._changed = outlet, beat, changed
        self._keep_failure = partial(keep_failure, job)
        self._ads = Ads(self._stored)
        self._unpublished = False
        self._published = RunLedger()
        self._parameters = RunParameters(load_parameters(job.parameters, job.script_dir))
        self._reports = ScriptReports(workspace_parts)
        self._skips_empty, self._empty = job.skip_empty, dict.fromkeys((PROC, POST_PROC), False)
        self.cancelled = False
        self.state = CycleState()
        self._changing = threading.RLock()

    def close(self) -> None:
        """Stop observing Mantid's workspaces."""
        self._ads.close()

    def run(self, step: str, input: Any, output: str) -> Any:
        """Run a step's script; return what Mantid gets as its output.

        Raises
        ------
        RuntimeError
            proc failed: the chunk is lost to Mantid, and its loop with it.
        """
        if step == PROC or PROC not in self._scripts:
            self._reports.begin(self._parameters)
        self._begin(Phase.PROCESS if step == PROC else Phase.POST_PROCESS)
        try:
            return self._run_proc(input, output) if step == PROC else self._run_post_proc(input, output)
        finally:
            self._end()

    def _run_proc(self, chunk: Any, output: str) -> Any:
        before = self.state.book
        self._look(lambda: seen_in(chunk), take_chunk)
        self._empty[PROC] = _is_empty(before, self.state.book)
        self._unpublished = True
        outcome = self._call(PROC, chunk, output)
        if isinstance(outcome, ScriptError):
            failure = str(outcome)
            self._become(lambda state: replace(state, failure=failure))
            self._changed.set()
            raise RuntimeError(str(outcome))
        left = chunk if outcome.workspace is None else outcome.workspace
        self._look(lambda: seen_in(left, count=False), take_processed, is_chunk=False)
        return _as_output(outcome.workspace, output)

    def _run_post_proc(self, accumulated: Any, output: str) -> Any:
        self._look_at_accumulated(accumulated)
        self._empty[POST_PROC] = self.state.book.chunks > 0 and not self.state.book.run_events
        if self._skips_empty and self._empty[POST_PROC]:
            self._require_workspace(output)
            self._become(_settled)
            return output
        outcome = self._call(POST_PROC, accumulated, output)
        made = None if isinstance(outcome, ScriptError) else outcome.workspace
        if made is None:
            self._require_workspace(output)
        if not isinstance(outcome, ScriptError):  # otherwise the last result stays where it is
            self._publish(accumulated if made is None else made)
        self._become(_settled)
        return _as_output(made, output)

    def _require_workspace(self, name: str) -> None:
        """Mantid ends its loop if no workspace of this name exists after post-processing."""
        if name not in self._ads:
            simpleapi.CreateSingleValuedWorkspace(DataValue=0.0, OutputWorkspace=name)

    def _call(self, step: str, input: Any, output: str) -> Outcome:
        extra = {"mtd": simpleapi.mtd} | ({ACCUMULATION: input} if step == POST_PROC else {})
        script: LoadedScript = self._scripts[step]
        phase = Phase.PROCESS if step == PROC else Phase.POST_PROCESS
        self._become(lambda state: replace(state, rss_bytes=own_bytes()))
        self._reports.report.parameters = self._parameters = self._parameters.for_run(self.state.book.run)
        self._beat(phase)  # with the facts of the chunk: the script may never return
        begun_s = time.perf_counter()
        outcome = run_script(script, input, output, self._ads, extra, self._reports.report)
        took_s = time.perf_counter() - begun_s
        self._become(lambda state: cycle.called(state, phase, took_s, own_bytes()))
        self._complain()
        if isinstance(outcome, ScriptError):
            empty = no_events_yet(spares=self._skips_empty) if self._empty[step] else ""
            outcome = replace(outcome, text=outcome.text + hint(outcome.text, input) + empty)
            if not self.cancelled:
                self._failed(step, script, outcome)
            return outcome
        self._become(lambda state: cycle.succeeded(state, step))
        return outcome

    def _complain(self) -> None:
        """Tell what is wrong with what the scripts of this cycle have reported so far."""
        newest = self._reports.complain(self.state.book.run)
        self._become(
            lambda state: (
                cycle.failed(state, REPORTED, newest, by_script=False) if newest else cycle.succeeded(state, REPORTED)
            )
        )

    def _failed(self, step: str, script: LoadedScript, error: ScriptError) -> None:
        run = self.state.book.run
        logger.error("run %d: %s failed: %s", run, step, error.traceback or error)
        self._become(lambda state: cycle.failed(state, step, str(error), by_script=True))
        self._keep_failure(run, step, script, error, self.state.script_errors)

    # ---- what the data says

    def _look_at_accumulated(self, accumulated: Any) -> None:
        held_bytes = memory_of(accumulated)
        self._become(lambda state: replace(state, held_bytes=held_bytes))
        alone = PROC not in self._scripts

        def take(book: RunLedger, seen: Described) -> RunLedger:
            if alone and self._replaces:  # it is the chunk
                book = take_chunk(book, seen)
            book = take_accumulated(book, seen, is_new=alone and not self._replaces)
            return check_added(book, seen) if self._adds and not alone else book

        self._look(lambda: seen_in(accumulated, count=alone), take, is_chunk=alone)

    def _look(
        self, see: Callable[[], Described], take: Callable[[RunLedger, Described], RunLedger], *, is_chunk: bool = True
    ) -> None:
        """Record a workspace's facts in the ledger; a workspace with bad facts does not cost the cycle.

        `is_chunk`: it is, or has in it, the chunk of this cycle as Mantid gave it.
        """
        before, watched, now = self.state.book, self.state.watched, time.monotonic()
        try:
            seen = see()
            book = take(before, seen)
            if is_chunk:
                watched = looked(watched, seen, before, book, now, time.time())
        except Exception as error:  # noqa: BLE001  the boundary of a look: the reduction does not depend on it
            logger.warning("what this chunk says of itself cannot be read: %s: %s", type(error).__name__, error)
            return
        if before.run != book.run:
            self._ended(before)
        self._become(lambda state: cycle.looked_at(state, book, watched, now))
        self._outlet.in_run(book.run)

    def _ended(self, before: RunLedger) -> None:
        if before.run:
            self._outlet.ended(before.run, _lacks(self._published, before, self.state.errors))

    # ---- results

    def _stored(self, name: str, workspace: Any) -> None:
        """A workspace was stored, by any thread; it ends a cycle only if none of our steps is running."""
        if name != RESULT or self.state.at_work is not None or workspace is None:
            return
        self._become(lambda state: replace(state, heard_at=time.monotonic()))
        if self._unpublished and POST_PROC not in self._scripts:
            self._begin(Phase.PUBLISH)
            try:
                self._look_at_accumulated(workspace)
                self._publish(workspace)
                self._become(_settled)
            finally:
                self._end()
        self._changed.set()

    def _publish(self, result: Any) -> None:
        self._begin(Phase.PUBLISH)
        self._unpublished = False
        begun_s = time.perf_counter()
        self._contained("publish", lambda: self._write(result))
        took_s = time.perf_counter() - begun_s
        self._become(lambda state: cycle.timed(state, Phase.PUBLISH, took_s))

    def _write(self, result: Any) -> None:
        book = self.state.book
        used = as_text(self._parameters.used)
        first, *others = products_of(result, pipeline=PIPELINE, name=RESULT, book=book, parameters=used)
        # a cycle's reports are published once, not with each period
        metrics, beside = self._reports.report.metrics, self._reports.beside(first)
        self._reports.begin(self._parameters)
        written = [self._outlet.publish(first, metrics, beside=beside)]
        written += [self._outlet.publish(product) for product in others]
        self._published = book  # the publisher keeps what cannot be written now
        self._become(lambda state: replace(state, results=state.results + all(written)))
        if book.ended:
            self._outlet.ended(book.run)

    def _contained(self, kind: str, act: Callable[[], None]) -> bool:
        """Do something whose failure must not reach Mantid; return True if it succeeded."""
        try:
            act()
        except Exception as error:
            logger.debug("%s", kind, exc_info=True)
            logger.error("run %d: %s failed: %s: %s", self.state.book.run, kind, type(error).__name__, error)
            text = f"{type(error).__name__}: {error}"
            self._become(lambda state: cycle.failed(state, kind, text, by_script=False))
            return False
        self._become(lambda state: cycle.succeeded(state, kind))
        return True

    # ---- signs of life

    def _become(self, change: Callable[[CycleState], CycleState]) -> None:
        with self._changing:  # a workspace may be stored by any thread, and no change may get lost
            self.state = change(self.state)

    def _begin(self, phase: Phase) -> None:
        self._become(lambda state: cycle.begun(state, phase, time.monotonic(), own_bytes()))
        # a script that holds the interpreter's lock would prevent a later report of what hangs
        self._beat(phase)

    def _end(self) -> None:
        self._become(lambda state: replace(state, heard_at=time.monotonic(), at_work=None))
        self._changed.set()


def _is_empty(before: RunLedger, after: RunLedger) -> bool:
    """The chunk between them has no events; False if nothing is known of it."""
    return after.chunks > before.chunks and after.events == before.events


def _settled(state: CycleState) -> CycleState:
    return replace(state, settled=state.book)


def _lacks(published: RunLedger, run: RunLedger, errors: Mapping[str, str]) -> str:
    """Data that the newest result of an ended run lacks; empty if nothing."""
    held = published.run_events if published.run == run.run else 0
    if held == run.run_events:
        return ""
    steps = {step: text for step, text in errors.items() if step != REPORTED}
    failed = "; ".join(f"{step} failed: {text}" for step, text in steps.items())[:LONGEST_REASON]
    return f"its last result holds {held} of {run.run_events} events{failed and f' ({failed})'}"


def _as_output(workspace: Any, output: str) -> Any:
    """A script's output as Mantid needs it: by the expected name, if it has that."""
    if workspace is None or (hasattr(workspace, "name") and workspace.name() == output):
        return output
    return workspace


def _public_names(module: Any) -> dict[str, Any]:
    """The names that ``from module import *`` would bring."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return {name: getattr(module, name) for name in names}
