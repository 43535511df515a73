"""What the daemon tells: the log lines of its changes, its life sign, and the snapshot for everyone else."""

import logging
import os
from collections import deque
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce import __version__
from livereduce.daemon.observed import Observed
from livereduce.daemon.policy import wait_s
from livereduce.daemon.site import Found, Site
from livereduce.daemon.vocabulary import State
from livereduce.link import Job, ScriptCopy
from livereduce.status import Restart, ScriptSeen, StateWord, Status, headline, iso, shown, write_status

WRITE_S = 5.0
"""The snapshot is at most this old (readers call a daemon down after three times that)."""
BETWEEN_S = 0.2
"""The least time between two snapshots that differ in numbers only."""
FAILURE_WINDOW_S = 60.0
REMEMBERED_RESTARTS = 10

log = logging.getLogger("livereduce.daemon")


class Reporter:
    """Remembers what was told last, and when.

    Attributes
    ----------
    job, worker_pid
        The newest generation, set by the loop as it starts and ends workers.
    problems, memory
        What is wrong although a worker runs, and what it uses of what it may (bytes); set by the loop.
    """

    def __init__(self, log_file: Path) -> None:
        self.job: Job | None = None
        self.worker_pid: int | None = None
        self.problems: tuple[str, ...] = ()
        self.memory: tuple[int | None, int | None] = (None, None)
        self._log_file = log_file
        self._started = iso(datetime.now())
        self._since = (StateWord.STARTING, self._started)
        self._restarts: deque[Restart] = deque(maxlen=REMEMBERED_RESTARTS)
        self._written_at = float("-inf")
        self._written: Status | None = None
        self._alive_told_at = float("-inf")
        self._failure_told_at = float("-inf")

    def changed(self, before: State, after: State, found: Found) -> None:
        """Log a change of state, once."""
        if (before.word, before.why, before.restarts) == (after.word, after.why, after.restarts):
            return
        if after.restarts > before.restarts:
            generation = self.job.generation if self.job else 0
            self._restarts.append(Restart(at=iso(datetime.now()), reason=after.why, generation=generation))
            log.error("%s; the next start comes in %g s", after.why, wait_s(after.failures, after.limits))
        elif after.word is StateWord.PARKED:
            for problem in found.problems or (after.why,):
                log.error("parked: %s", problem)
        else:
            log.info("%s -> %s: %s", before.word, after.word, after.why)

    def report(self, state: State, site: Site, observed: Observed, now: float) -> None:
        """Write the snapshot if it is due, and the life sign if that is; called at the end of each tick."""
        status = self._snapshot(state, site, observed)
        if is_due(self._written, status, now - self._written_at):
            self._write(status, site, now)
            self._written_at, self._written = now, status
        threshold_s = site.found.config.watchdog_threshold_s
        if now - self._alive_told_at >= min(60.0, threshold_s / 3):
            self._alive_told_at = now
            log.info("%s", headline(status))

    def _write(self, status: Status, site: Site, now: float) -> None:
        if site.status_path is None:
            return
        try:
            write_status(site.status_path, status)
        except OSError as error:
            if now - self._failure_told_at >= FAILURE_WINDOW_S:
                self._failure_told_at = now
                log.warning("the status cannot be written: %s", error)

    def _snapshot(self, state: State, site: Site, observed: Observed) -> Status:
        problems = self.problems if state.alive else site.found.problems
        fails = observed.script_fails
        word, why = shown(state.word, state.why, observed.progress, script_fails=fails, problems=problems)
        now = iso(datetime.now())
        if word is not self._since[0]:
            self._since = (word, now)
        flows = self.worker_pid is not None  # else the newest beat is of a worker that is gone
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
            problems=problems or ((why,) if word is StateWord.PARKED else ()),
            instrument=resolved.instrument.name if resolved else "",
            engine=resolved.engine if resolved else "",
            interpreter=str(resolved.interpreter) if resolved else "",
            proc=_seen(job.proc) if job else None,
            post_proc=_seen(job.post_proc) if job else None,
            log_file=str(self._log_file),
            products_dir=str(resolved.state_dir / "products") if resolved else "",
            generation=job.generation if job else 0,
            worker_pid=self.worker_pid,
            phase=observed.beat.phase if observed.beat and flows else None,
            progress=observed.progress,
            events_per_s=observed.events_per_s if flows else 0.0,
            pulses_per_s=observed.pulses_per_s if flows else 0.0,
            memory_bytes=self.memory[0] if flows else None,
            memory_limit_bytes=self.memory[1],
            restarts=state.restarts,
            renewals=state.renewals,
            last_restarts=tuple(self._restarts),
        )


def is_due(written: Status | None, status: Status, age_s: float) -> bool:
    """Whether a snapshot is to be written: at once if more has changed than the numbers of a beat."""
    if written is None or age_s >= WRITE_S:
        return True
    if _without_numbers(written) != _without_numbers(status):
        return True
    return age_s >= BETWEEN_S and replace(written, updated="") != replace(status, updated="")


def _without_numbers(status: Status) -> Status:
    rates = replace(status, events_per_s=0.0, pulses_per_s=0.0, memory_bytes=None)
    return replace(rates, updated="", phase=None, progress=None)


def _seen(script: ScriptCopy | None) -> ScriptSeen | None:
    return ScriptSeen(path=script.path, md5=script.md5) if script else None
