"""The reports of the daemon: log lines on changes, its life sign, the snapshot's file, and the service manager."""

import logging
import os
from collections import deque
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce.base.logs import log_problem
from livereduce.daemon.facts import DaemonState
from livereduce.daemon.inputs.judge import Found
from livereduce.daemon.report.recovery import Recovery, Sight, catching_up, follow
from livereduce.daemon.report.script_output import FailureFile, judge_failure
from livereduce.daemon.report.snapshot import BETWEEN_S, WRITE_S, DaemonIdentity, ServiceFacts, is_due, snapshot
from livereduce.daemon.report.state_changes import lines_on
from livereduce.daemon.report.systemd import Notifier
from livereduce.daemon.worker import restarts
from livereduce.daemon.worker.record import WorkerRecord
from livereduce.daemon.worker.restarts import RestartEntry
from livereduce.daemon.worker.script_times import md5s_of
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.status import Restart, StateWord, Status, headline, iso, write_status

FAILURE_WINDOW_S = 60.0
REMEMBERED_RESTARTS = 10
EXTEND_S = 5.0
"""How often to ask the service manager for more time while waiting for the last worker."""

log = logging.getLogger("livereduce.daemon")


class Reporter:
    """Reports what it is given, and remembers what it reported last and when."""

    def __init__(self, log_file: Path, notifier: Notifier | None = None) -> None:
        self._daemon = DaemonIdentity(pid=os.getpid(), started=iso(datetime.now()), log_file=str(log_file))
        self._notifier = notifier or Notifier(None)
        self._failure_file = FailureFile()
        self._entries: deque[RestartEntry] = deque(maxlen=REMEMBERED_RESTARTS)
        self._history_of: Path | None = None
        self._ready = self._stopping = False
        self._told: tuple[object, ...] = ()
        self._said: tuple[StateWord, str] | None = None
        self._newest: Status | None = None
        self._recovery, self._recovered = Recovery(), ""
        self._written: Status | None = None
        self._written_at = self._alive_told_at = self._failure_told_at = float("-inf")
        self._extended_at = self._said_at = float("-inf")

    def changed(self, before: DaemonState, after: DaemonState, found: Found, worker: WorkerRecord) -> None:
        """Log a change of state, once."""
        if (after.restarts, after.renewals) != (before.restarts, before.renewals):
            self._remember(after.why, found, worker)
        if (before.word, before.why, before.restarts) == (after.word, after.why, after.restarts):
            return
        if after.restarts > before.restarts:
            wait_s = max(0.0, after.earliest - after.failed_at)
            log.error("%s; the next worker starts %s", after.why, f"in {wait_s:g} s" if wait_s else "now")
        elif after.word is StateWord.PARKED:
            for problem in found.problems or (after.why,):
                log.error("parked: %s", problem)
        else:
            log.info("%s -> %s: %s", before.word, after.word, after.why)
        if after.word in (StateWord.STOPPING, StateWord.STOPPED) and not self._stopping:
            self._stopping = self._notifier.stopping()

    def _remember(self, why: str, found: Found, worker: WorkerRecord) -> None:
        restart = Restart(at=iso(datetime.now()), reason=why, generation=worker.generation)
        entry = RestartEntry(restart=restart, code=worker.code, last_words=worker.last_words)
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

    def report(self, facts: ServiceFacts, status_path: Path | None, now: float) -> None:
        """Write the snapshot and send the life signs if they are due; called at the end of each tick."""
        # beats come many times a second: most ticks have nothing to report, and must not cost a snapshot
        quiet = replace(facts.state, heard_at=0, ticked_at=0)
        processes = facts.receiver_pid, facts.spare_pid
        tellable = (quiet, facts.found, facts.worker, processes, facts.notes, facts.too_large)
        if tellable == self._told and now - self._written_at < BETWEEN_S:
            self._notifier.watchdog()
            return
        self._told = tellable
        if facts.found.resolved:
            self._recall(facts.found.resolved.state_dir)
        status = self._snapshot(facts, now)
        if is_due(self._written, status, now - self._written_at):
            # a failed write is tried again in the next tick
            self._written_at, self._written = (now, status) if self._write(status, status_path, now) else (now, None)
        threshold_s = facts.found.config.watchdog_threshold_s
        if now - self._alive_told_at >= min(60.0, threshold_s / 3):
            self._alive_told_at = now
            log.info("%s", headline(status))
        self._notify(facts.state, status, now)

    def _snapshot(self, facts: ServiceFacts, now: float) -> Status:
        recovered, again = self._follow(facts, now)
        whole = replace(
            facts,
            history=tuple(self._entries),
            failure=self._script_failure(facts),
            log_problem=log_problem(),
            recovered=recovered,
            again=again,
        )
        before, status = self._newest, snapshot(whole, self._daemon, self._newest, at=datetime.now(), now=now)
        for level, text in lines_on(before, status):
            log.log(level, "%s", text)
        self._newest = status
        return status

    def _follow(self, facts: ServiceFacts, now: float) -> tuple[str, str]:
        """The newest sentence on a disturbance that is over, with its time; and one on a run that is read again."""
        progress = facts.observed.progress
        works = facts.state.word is StateWord.RUNNING and progress is not None and progress.source.connected
        state, generation = facts.state, facts.worker.generation
        sight = Sight(works=works, generation=generation, restarts=state.restarts, progress=progress)
        self._recovery, cost = follow(self._recovery, sight, now)
        if cost:
            log.info("%s", cost)
            self._recovered = f"{iso(datetime.now())} {cost}"
        return self._recovered, catching_up(self._recovery, sight)

    def _script_failure(self, facts: ServiceFacts) -> ScriptFailure | None:
        if (job := facts.worker.job) is None:
            return None
        failure = self._failure_file.look(Path(job.state_dir))
        return judge_failure(failure, md5s_of(job), job.generation, facts.observed.progress)

    def _notify(self, state: DaemonState, status: Status, now: float) -> None:
        line = headline(status)
        if not self._ready and self._written is not None:
            self._ready = self._notifier.ready(line)
        said = (status.state, status.why)
        if said != self._said or now - self._said_at >= WRITE_S:
            self._said, self._said_at = said, now
            self._notifier.status(line)
        if state.word is StateWord.STOPPING and now - self._extended_at >= EXTEND_S:
            # a last publish may take as long as the ladder allows, whatever the unit says; then the receiver ends
            self._extended_at = now
            due_s = 0.0 if state.due is None else max(0.0, state.due - now)
            self._notifier.extend(due_s + 2 * state.limits.terminate_s + EXTEND_S)
        self._notifier.watchdog()

    def _write(self, status: Status, path: Path | None, now: float) -> bool:
        if path is None:
            return False
        try:
            write_status(path, status)
        except OSError as error:
            if now - self._failure_told_at >= FAILURE_WINDOW_S:
                self._failure_told_at = now
                log.warning("the status cannot be written: %s", error)
            return False
        return True
