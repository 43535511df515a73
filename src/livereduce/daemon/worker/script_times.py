"""Durations of script calls, kept across daemon restarts; `usual.py` decides what follows from them."""

import logging
from pathlib import Path

from livereduce.daemon.worker import usual
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.usual import Running, Usual, finished_calls, running_call
from livereduce.messages.job import Job
from livereduce.messages.progress import Progress

SAVE_S = 60.0
"""Most time whose calls are lost when the daemon dies."""

log = logging.getLogger("livereduce.daemon")


class ScriptTimes:
    """Known durations of finished calls, and where they are stored."""

    def __init__(self) -> None:
        self._usual: Usual = {}
        self._state_dir: Path | None = None
        self._saved: Usual = {}
        self._save_due = 0.0

    def adopt(self, state_dir: Path) -> None:
        """Load what earlier daemons stored; call it before a worker is started there."""
        if state_dir != self._state_dir:
            self._state_dir = state_dir
            self._usual = self._saved = {**usual.load(state_dir), **self._usual}

    def heard(self, before: Progress | None, after: Progress, job: Job | None) -> None:
        """Record the calls that have finished between two beats of a worker."""
        md5s = md5s_of(job)
        for finished in finished_calls(before, after):
            if finished.step in md5s:
                self._usual = usual.note(self._usual, md5s[finished.step], finished)

    def running(self, observed: Observed, job: Job | None, now: float) -> Running | None:
        """The call that is running; None if none is."""
        if observed.beat is None:
            return None
        beat, age_s = observed.beat, now - observed.phase_since
        return running_call(beat.phase, age_s, beat.progress, self._usual, md5s_of(job))

    def keep(self, now: float, *, at_once: bool = False) -> None:
        """Store new durations if it is time to; if the disk is full, try again later."""
        if self._state_dir is None or self._usual is self._saved or (now < self._save_due and not at_once):
            return
        self._save_due = now + SAVE_S
        try:
            usual.save(self._state_dir, self._usual)
        except OSError as error:
            log.debug("cannot save how long the scripts take: %s", error)
        else:
            self._saved = self._usual


def md5s_of(job: Job | None) -> dict[str, str]:
    """The md5 of each script of a job, by step."""
    copies = {} if job is None else {"proc": job.proc, "post_proc": job.post_proc}
    return {step: copy.md5 for step, copy in copies.items() if copy is not None}
