"""The newest worker and all that is known of it: heard, asked, signalled, reaped. Decides nothing."""

import logging
import signal
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce.daemon import facts
from livereduce.daemon.facts import Action, Beaten, DaemonState, Fact, Unintelligible, WorkerEnded
from livereduce.daemon.memory.usage import read_oom_kills
from livereduce.daemon.worker.beats import Observed, observe, remember_errors
from livereduce.daemon.worker.crash import before_trace, place_of
from livereduce.daemon.worker.ending import how_ended, why_ended
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.process import Worker
from livereduce.daemon.worker.record import WorkerRecord
from livereduce.daemon.worker.script_times import ScriptTimes
from livereduce.daemon.worker.spoken import Spoken, script_names, script_paths
from livereduce.daemon.worker.stacks import line_of_script, log_dump, save_dump, where_it_stood
from livereduce.daemon.worker.suspects import note_end
from livereduce.messages.job import Job
from livereduce.messages.order import RECYCLE, RENEW, STOP
from livereduce.messages.status import iso

LAST_WORDS = 5
"""Lines of output that are stored with the end of a worker."""

log = logging.getLogger("livereduce.daemon")


class WorkerKeeper:
    """The newest worker.

    Attributes
    ----------
    process
        None while there is none.
    record, observed
        What is known of it, also after its end; and its beats.
    spoken, times
        The output of all workers, and how long their scripts take.
    """

    def __init__(self) -> None:
        self.process: Worker | None = None
        self.record = WorkerRecord()
        self.observed = Observed()
        self.spoken = Spoken()
        self.times = ScriptTimes()
        self._stacks_asked = ""
        self._oom_kills: int | None = None

    def prepare(self, state_dir: Path) -> None:
        """Call this before a worker is started."""
        self.observed = Observed()
        self._oom_kills = read_oom_kills()
        self.times.adopt(state_dir)

    def with_job(self, job: Job) -> None:
        """The next worker has this job."""
        self.record = replace(self.record, job=job, stood_at="")

    def has(self, process: Worker) -> None:
        """It was started."""
        self.process, self.record = process, replace(self.record, pid=process.pid)

    def not_started(self, why: str) -> WorkerEnded:
        """It could not be started."""
        self.record = replace(self.record, code=None, last_words=())
        return WorkerEnded(code=None, reason=f"the worker could not be started: {why}")

    # ---- what it says

    def take_beats(self, worker: Worker, now: float) -> list[Fact]:
        """Its beats since the last call, as facts."""
        told: list[Fact] = []
        at, errors = iso(datetime.now()), self.record.errors
        for beat in worker.read_beats():
            self.times.heard(self.observed.progress, beat.progress, self.record.job)
            self.observed = observe(self.observed, beat, now)
            errors = remember_errors(errors, beat.progress.last_errors, at)
            told.append(Beaten(phase=beat.phase, silent_s=beat.progress.silent_s))
        self.record = replace(self.record, errors=errors)
        if why := worker.hearing.complaint:
            told.append(Unintelligible(reason=why))
        return told

    def take_output(self, lines: list[Line]) -> None:
        """Log what it has printed."""
        names = script_names(self.record.job) if self.record.job else {}
        self.spoken.take(lines, names, iso(datetime.now()), time.monotonic())

    def take_end(self, worker: Worker, state: DaemonState, memory_parts: str) -> WorkerEnded:
        """Reap it, draw conclusions, and tell why it has ended."""
        self.keep_stacks()
        self.process, self.record = None, replace(self.record, pid=None)
        code, lines = worker.reap()
        self.take_output(lines)
        log.info("worker (pid %d) %s", worker.pid, how_ended(code))
        oom_kills, before = read_oom_kills(), self._oom_kills
        killed = None if oom_kills is None or before is None else oom_kills - before
        printed, job = tuple(worker.output.last), self.record.job
        self.record = replace(self.record, code=code, last_words=before_trace(printed)[-LAST_WORDS:])
        why = why_ended(code, printed, killed, script_paths(job) if job else {})
        why += f"; memory at the last check: {memory_parts}" if killed and memory_parts else ""
        note_end(job, state, code, why)
        return WorkerEnded(code=code, reason=why, stood_at=self.record.stood_at)

    def keep_stacks(self) -> None:
        """Save its answer to the last `Dump`, if there was one."""
        why, self._stacks_asked = self._stacks_asked, ""
        if not why or self.process is None or self.record.job is None:
            return
        job, stacks = self.record.job, self.process.stacks()
        path = save_dump(Path(job.state_dir), job.generation, datetime.now().astimezone(), why, stacks)
        log_dump(path, stacks)
        if path:
            shows = where_it_stood(stacks)
            self.record = replace(
                self.record, stacks=str(path), stacks_show=shows, stood_at=place_of(line_of_script(stacks))
            )

    # ---- what is asked of it

    def carry_out(self, action: Action, state: DaemonState) -> None:
        """Do to the worker what the policy wants; nothing if there is none any more."""
        if self.process is None:
            return
        match action:
            case facts.AskStop():
                self.process.order(STOP)
            case facts.AskRenew():
                self.process.order(RENEW)
            case facts.AskRecycle():
                log.warning("%s", state.outgrown.reason if state.outgrown else "")
                self.process.order(RENEW if state.receiving else RECYCLE)
            case facts.Dump():
                log.error("%s: asking the worker for the stack traces of its threads", state.why)
                self._stacks_asked = state.why
                self.process.ask_for_stacks()
            case facts.Terminate():
                self.keep_stacks()
                log.warning("%s: sending SIGTERM to the worker's process group", state.why)
                self.process.signal_group(signal.SIGTERM)
            case facts.Kill():
                log.warning("%s, and the worker did not exit: sending SIGKILL to the worker's process group", state.why)
                self.process.signal_group(signal.SIGKILL)

    def leave(self) -> None:
        """Leave no worker behind."""
        if self.process is not None:
            self.process.signal_group(signal.SIGKILL)
            self.process.reap()
        self.times.keep(time.monotonic(), at_once=True)
