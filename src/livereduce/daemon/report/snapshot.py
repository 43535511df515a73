"""The daemon's reports: log lines on changes, its life sign, and the snapshot for everyone else."""

import logging
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from livereduce import __version__
from livereduce.base.logs import log_problem
from livereduce.daemon.facts import DaemonState
from livereduce.daemon.inputs.judge import Found, Site
from livereduce.daemon.report.script_output import FailureFile, judge_failure
from livereduce.daemon.report.systemd import Notifier
from livereduce.daemon.worker import restarts
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.restarts import RestartEntry
from livereduce.daemon.worker.script_times import md5s_of
from livereduce.daemon.worker.spoken import Spoken
from livereduce.daemon.worker.usual import Running
from livereduce.messages.conditions import ProblemNote, begun_and_over, conditions_of, dated
from livereduce.messages.job import Job
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.shown import shown
from livereduce.messages.status import (
    Condition,
    ErrorSeen,
    Restart,
    ScriptSeen,
    StateWord,
    Status,
    headline,
    iso,
    write_status,
)
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.script_set import ScriptSet

WRITE_S = 5.0
"""Greatest age of the snapshot (readers call a daemon down after three times that)."""
BETWEEN_S = 0.5
"""Least time between two snapshots that differ only in numbers of beats."""
FAILURE_WINDOW_S = 60.0
REMEMBERED_RESTARTS = 10
LOGGED = frozenset({"files", "memory", "overdue"})
"""Kinds of conditions that nobody else logs."""
EXTEND_S = 5.0
"""How often to ask the service manager for more time while waiting for the last worker."""

log = logging.getLogger("livereduce.daemon")


class Reporter:
    """Reports, and remembers what was reported last and when.

    Attributes
    ----------
    job, worker_pid
        The newest generation, set by the loop as it starts and ends workers.
    notes, too_large
        Files that cannot be used, and a run that does not fit into memory; set by the loop.
    running
        The script call that is running; set by the loop.
    memory, memory_parts
        Memory of the worker and its limit (bytes), and a text on its parts; set by the loop.
    errors
        The last error of each kind, set by the loop.
    spoken
        Output of workers, fed by the loop.
    code, last_words
        Exit code and last output of the worker that ended last, set by the loop.
    dump, dump_shows
        Stacks of the worker that hung last, set by the loop.
    """

    def __init__(self, log_file: Path, notifier: Notifier | None = None) -> None:
        self.job: Job | None = None
        self.worker_pid: int | None = None
        self.notes: tuple[ProblemNote, ...] = ()
        self.too_large = ""
        self.running: Running | None = None
        self._phase_since = (0.0, "")
        self._conditions: tuple[Condition, ...] = ()
        self.memory: tuple[int | None, int | None] = (None, None)
        self.memory_parts = ""
        self.errors: tuple[ErrorSeen, ...] = ()
        self.spoken = Spoken()
        self._failure_file = FailureFile()
        self.code: int | None = None
        self.last_words: tuple[str, ...] = ()
        self.dump = self.dump_shows = ""
        self._scripts: tuple[ScriptSeen | None, ScriptSeen | None] = (None, None)
        self._notifier = notifier or Notifier(None)
        self._ready = self._stopping = False
        self._extended_at = self._said_at = float("-inf")
        self._told: tuple[object, ...] = ()
        self._said: tuple[StateWord, str] | None = None
        self._history_of: Path | None = None
        self._log_file = log_file
        self._started = iso(datetime.now())
        self._since = (StateWord.STARTING, self._started)
        self._entries: deque[RestartEntry] = deque(maxlen=REMEMBERED_RESTARTS)
        self._written_at = float("-inf")
        self._written: Status | None = None
        self._alive_told_at = float("-inf")
        self._failure_told_at = float("-inf")

    def changed(self, before: DaemonState, after: DaemonState, found: Found) -> None:
        """Log a change of state, once."""
        if (after.restarts, after.renewals) != (before.restarts, before.renewals):
            self._remember(after.why, found)
        if (before.word, before.why, before.restarts) == (after.word, after.why, after.restarts):
            return
        if after.restarts > before.restarts:
            log.error("%s; the next worker starts in %g s", after.why, max(0.0, after.earliest - after.failed_at))
        elif after.word is StateWord.PARKED:
            for problem in found.problems or (after.why,):
                log.error("parked: %s", problem)
        else:
            log.info("%s -> %s: %s", before.word, after.word, after.why)
        if after.word in (StateWord.STOPPING, StateWord.STOPPED) and not self._stopping:
            self._stopping = self._notifier.stopping()

    def begins(self, scripts: ScriptSet, since: Mapping[str, str]) -> None:
        """Record that a worker was started on these scripts; `since` is when each was first used, by its path."""
        self._scripts = (_seen(scripts.proc, since), _seen(scripts.post_proc, since))

    def _remember(self, why: str, found: Found) -> None:
        generation = self.job.generation if self.job else 0
        restart = Restart(at=iso(datetime.now()), reason=why, generation=generation)
        entry = RestartEntry(restart=restart, code=self.code, last_words=self.last_words)
        self._entries.append(entry)
        if found.resolved and not restarts.append(found.resolved.state_dir, entry):
            log.warning("the history of restarts cannot be written in %s", found.resolved.state_dir)

    def _recall(self, state_dir: Path) -> None:
        """Load restarts under earlier daemons, once the place of their history is known."""
        if state_dir != self._history_of:
            self._history_of = state_dir
            self._entries.extendleft(reversed(restarts.read(state_dir, REMEMBERED_RESTARTS - len(self._entries))))

    def reads_again(self) -> None:
        """Tell the service manager that files are being reloaded; the next completed tick ends it."""
        self._notifier.reloading()
        self._ready = False

    def report(self, state: DaemonState, site: Site, observed: Observed, now: float) -> None:
        """Write the snapshot and send the life signs if they are due; called at the end of each tick."""
        # beats come many times a second: most ticks have nothing to report, and must not cost a snapshot
        tellable = (
            replace(state, heard_at=0, ticked_at=0),
            site.found,
            self.notes,
            self.too_large,
            self.errors,
            self.dump,
            self.worker_pid,
        )
        if tellable == self._told and now - self._written_at < BETWEEN_S:
            self._notifier.watchdog()
            return
        self._told = tellable
        if site.found.resolved:
            self._recall(site.found.resolved.state_dir)
        status = self._snapshot(state, site, observed)
        if is_due(self._written, status, now - self._written_at):
            # a failed write is tried again in the next tick
            self._written_at, self._written = (now, status) if self._write(status, site, now) else (now, None)
        threshold_s = site.found.config.watchdog_threshold_s
        if now - self._alive_told_at >= min(60.0, threshold_s / 3):
            self._alive_told_at = now
            log.info("%s", headline(status))
        self._notify(state, status, now)

    def _notify(self, state: DaemonState, status: Status, now: float) -> None:
        line = headline(status)
        if not self._ready and self._written is not None:
            self._ready = self._notifier.ready(line)
        said = (status.state, status.why)
        if said != self._said or now - self._said_at >= WRITE_S:
            self._said, self._said_at = said, now
            self._notifier.status(line)
        if state.word is StateWord.STOPPING and state.due is not None and now - self._extended_at >= EXTEND_S:
            # a last publish may take as long as the ladder allows, whatever the unit says
            self._extended_at = now
            self._notifier.extend(max(0.0, state.due - now) + 2 * state.limits.terminate_s + EXTEND_S)
        self._notifier.watchdog()

    def _write(self, status: Status, site: Site, now: float) -> bool:
        if site.status_path is None:
            return False
        try:
            write_status(site.status_path, status)
        except OSError as error:
            if now - self._failure_told_at >= FAILURE_WINDOW_S:
                self._failure_told_at = now
                log.warning("the status cannot be written: %s", error)
            return False
        return True

    def _snapshot(self, state: DaemonState, site: Site, observed: Observed) -> Status:
        now = iso(datetime.now())
        conditions = self._look_at_conditions(observed, now)
        running = self.running.text if self.running else ""
        word, why = shown(state.word, state.why, observed.progress, conditions, running)
        parked_for = (site.found.problems or (why,)) if state.word is StateWord.PARKED else ()
        problems = (*parked_for, *(one.text for one in conditions))
        if word is not self._since[0]:
            self._since = (word, now)
        flows = self.worker_pid is not None  # otherwise the newest beat is from a worker that has ended
        resolved, job, config = site.found.resolved, self.job, site.found.config
        return Status(
            state=word,
            why=why,
            since=self._since[1],
            pid=os.getpid(),
            started=self._started,
            updated=now,
            version=__version__,
            configuration=str(config.path or ""),
            warnings=resolved.warnings if resolved else (),
            problems=tuple(dict.fromkeys(problems)),
            conditions=conditions,
            instrument=resolved.instrument.name if resolved else "",
            engine=resolved.engine if resolved else "",
            interpreter=str(resolved.interpreter) if resolved else "",
            proc=self._scripts[0],
            post_proc=self._scripts[1],
            log_file=str(self._log_file),
            products_dir=str(resolved.state_dir / "products") if resolved else "",
            generation=job.generation if job else 0,
            worker_pid=self.worker_pid,
            phase=observed.beat.phase if observed.beat and flows else None,
            phase_since=self._phase_began(observed) if observed.beat and flows else "",
            usual_s=self.running.usual_s if self.running else None,
            progress=observed.progress,
            events_per_s=observed.events_per_s if flows else 0.0,
            pulses_per_s=observed.pulses_per_s if flows else 0.0,
            memory_bytes=self.memory[0] if flows else None,
            memory_limit_bytes=self.memory[1],
            memory_parts=self.memory_parts if flows else "",
            restarts=state.restarts,
            renewals=state.renewals,
            errors=self.errors,
            printed=self.spoken.printed.last,
            printed_left_out=self.spoken.left_out,
            script_failure=self._script_failure(observed),
            last_restarts=tuple(entry.restart for entry in self._entries),
            last_words=self._entries[-1].last_words if self._entries else (),
            dump=self.dump,
            dump_shows=self.dump_shows,
        )

    def _look_at_conditions(self, observed: Observed, now: str) -> tuple[Condition, ...]:
        """Conditions that hold now, with their times; new and resolved ones are logged."""
        at_work = self.worker_pid is not None
        found = conditions_of(
            observed.progress,
            self.notes,
            at_work=at_work,
            overdue=self._overdue(),
            memory=self.too_large,
            log=log_problem(),
        )
        before, self._conditions = self._conditions, dated(self._conditions, found, now)
        begun, over = begun_and_over(before, self._conditions)
        for one in begun:
            if one.kind in LOGGED:
                log.error("%s", one.text)
        for one in over:
            if one.kind in LOGGED:
                log.info("resolved: %s", one.text)
        return self._conditions

    def _overdue(self) -> str:
        if self.running is None or self.job is None or not self.running.is_overdue(self.job.update_every_s):
            return ""
        return self.running.text

    def _phase_began(self, observed: Observed) -> str:
        """Start of the worker's phase, as the same text for as long as it lasts."""
        since, _ = self._phase_since
        if since != observed.phase_since:
            at = datetime.now() - timedelta(seconds=time.monotonic() - observed.phase_since)
            self._phase_since = (observed.phase_since, iso(at))
        return self._phase_since[1]

    def _script_failure(self, observed: Observed) -> ScriptFailure | None:
        if self.job is None:
            return None
        failure = self._failure_file.look(Path(self.job.state_dir))
        return judge_failure(failure, md5s_of(self.job), self.job.generation, observed.progress)


def is_due(written: Status | None, status: Status, age_s: float) -> bool:
    """True if a snapshot must be written: at once if more has changed than the numbers of a beat."""
    if written is None or age_s >= WRITE_S:
        return True
    if _without_numbers(written) != _without_numbers(status):
        return True
    return age_s >= BETWEEN_S and replace(written, updated="") != replace(status, updated="")


def _without_numbers(status: Status) -> Status:
    rates = replace(status, events_per_s=0.0, pulses_per_s=0.0, memory_bytes=None, memory_parts="")
    return replace(
        rates, updated="", phase=None, phase_since="", usual_s=None, progress=None, printed=(), printed_left_out=0
    )


def _seen(script: ScriptFile | None, since: Mapping[str, str]) -> ScriptSeen | None:
    if script is None:
        return None
    modified = iso(datetime.fromtimestamp(script.modified_ns / 1e9)) if script.modified_ns else ""
    return ScriptSeen(path=str(script.path), md5=script.md5, modified=modified, since=since.get(str(script.path), ""))
