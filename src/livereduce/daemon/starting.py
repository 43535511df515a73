"""Start the processes: receiver, worker and spare, each on what was judged last. Decides nothing."""

import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from livereduce.daemon.facts import DaemonState, Fact, ReceiverEnded
from livereduce.daemon.inputs.changes import Changes
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.memory.monitor import MemoryMonitor
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.recorder.keeper import RecorderKeeper
from livereduce.daemon.report.startup import log_startup
from livereduce.daemon.shadow.keeper import ShadowKeeper
from livereduce.daemon.shadow.proving import Proving
from livereduce.daemon.spare.keeper import SpareKeeper, SparePlan
from livereduce.daemon.spare.policy import SpareSight
from livereduce.daemon.worker.generation import make_generation
from livereduce.daemon.worker.keeper import WorkerKeeper
from livereduce.daemon.worker.launching import CommandLines, worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.record import with_scripts
from livereduce.messages.job import Job
from livereduce.messages.receiver import RECEIVER_FD
from livereduce.messages.status import StateWord
from livereduce.preflight.resolve import Resolved

GONE = (StateWord.PARKED, StateWord.STOPPING, StateWord.STOPPED)

log = logging.getLogger("livereduce.daemon")


@dataclass(slots=True, kw_only=True)
class Starter:
    """What is needed to start processes.

    Attributes
    ----------
    startup_logged
        The setup whose lines are in the log already.
    """

    site: Site
    changes: Changes
    memory: MemoryMonitor
    worker: WorkerKeeper
    receiver: ReceiverKeeper
    spare: SpareKeeper
    shadow: ShadowKeeper
    proving: Proving
    recorder: RecorderKeeper
    commands: CommandLines
    startup_logged: Resolved | None = None

    def start_receiver(self) -> tuple[Fact, ...]:
        """Start a receiver; return the fact if that fails."""
        resolved = self._resolved
        self._log_startup(resolved)
        try:
            self.memory.adopt(resolved)
            with ExitStack() as closing:
                tap = self.recorder.for_receiver(resolved)
                if tap is not None:
                    closing.enter_context(tap)
                held = self.memory.held_limit_bytes
                self.receiver.start(self.commands, os.environ, resolved, held, time.monotonic(), tap)
        except OSError as error:
            return (ReceiverEnded(code=None, reason=f"the receiver could not be started: {error}"),)
        return ()

    def start_worker(self, reason: str, restarts: int, *, reads: bool) -> tuple[Fact, ...]:
        """Start a worker, which reads from the receiver or alone; return the fact if that fails.

        Parameters
        ----------
        restarts
            Workers that have ended unasked so far.
        """
        resolved = self._resolved
        self._log_startup(resolved)
        try:
            job, process = self._launch(resolved, reads=reads)
        except OSError as error:
            return (self.worker.not_started(str(error)),)
        self.worker.has(process)
        since: Mapping[str, str] = {}
        try:
            since = self.site.has_started(resolved).since
        except OSError as error:
            log.warning("cannot save the scripts as the last good version: %s", error)
        self.worker.record = with_scripts(self.worker.record, resolved.scripts, since)
        self.proving.adopt(resolved.script_dir, job.files, restarts)
        log.info("worker generation %d (pid %d) started: %s", job.generation, process.pid, reason)
        return ()

    def look_after_spare(self, state: DaemonState) -> None:
        """Start or end the spare if that is due."""
        resolved, now = self.site.found.resolved, time.monotonic()
        sight = SpareSight(
            wanted=resolved is not None
            and bool(state.receiving)
            and state.word not in (StateWord.PARKED, StateWord.STOPPING),
            at_work_s=now - state.since if state.word is StateWord.RUNNING else 0.0,
            has_room=self.memory.has_room_for_spare,
        )
        self.spare.look(sight, lambda: self._plan(self._resolved), now)

    def look_after_shadow(self, state: DaemonState) -> None:
        """Start or end the shadow if that is due."""
        resolved, now = self.site.found.resolved, time.monotonic()
        at_work = bool(state.receiving) and state.word is StateWord.RUNNING
        if self.shadow.look(
            resolved,
            self.site.parser,
            now,
            wanted=at_work or (self.shadow.process is not None and state.word not in GONE and bool(state.receiving)),
            has_room=self.memory.has_room_for_spare,
        ):
            self.shadow.start(self._resolved, self.receiver, self.commands, os.environ, now)

    def look_after_recorder(self, state: DaemonState) -> None:
        """Start or end the recorder if that is due, and give it the receiver."""
        resolved = self.site.found.resolved
        self.recorder.look(self.commands, os.environ, resolved, time.monotonic(), wanted=self.records(state))

    def records(self, state: DaemonState) -> bool:
        """True while runs are to be recorded, also while one receiver follows another."""
        resolved = self.site.found.resolved
        idle = state.word in (StateWord.PARKED, StateWord.STOPPING, StateWord.STOPPED)
        return resolved is not None and resolved.record_dir is not None and not idle

    def _launch(self, resolved: Resolved, *, reads: bool) -> tuple[Job, Worker]:
        self.worker.prepare(resolved.state_dir)
        self.changes.adopt(resolved)
        self.memory.adopt(resolved)
        memory_says = self.memory.state
        job, path = make_generation(
            resolved, keep_events=memory_says.keep_events_next, counted_run=memory_says.counted_run
        )
        self.worker.with_job(job)
        command, plan = self.commands.worker(resolved.interpreter, path), self._plan(resolved)
        if not reads:
            return job, spawn(command, plan.environ)
        with self.receiver.attach(f"worker {job.generation}") as link:
            spare = self.spare.adopt(path, link, plan)
            return job, spare or spawn(command, plan.environ, {RECEIVER_FD: link.fileno()})

    def _plan(self, resolved: Resolved) -> SparePlan:
        return SparePlan(
            command=self.commands.spare(resolved.interpreter),
            interpreter=resolved.interpreter,
            environ=worker_environ(os.environ, resolved.state_dir, resolved.interpreter),
        )

    def _log_startup(self, resolved: Resolved) -> None:
        if resolved != self.startup_logged:
            log_startup(resolved, () if self.startup_logged else sys.argv)
            self.startup_logged = resolved

    @property
    def _resolved(self) -> Resolved:
        resolved = self.site.found.resolved
        assert resolved is not None, "the policy starts only what was judged usable"
        return resolved
