"""The bench: one held run, and one attempt on it at a time, with a spare worker for the next."""

import logging
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from livereduce.base import kernel_cache
from livereduce.base.errors import OperatorError
from livereduce.base.processes import give_way
from livereduce.daemon.facts import Limits
from livereduce.daemon.ready import ready_fds
from livereduce.daemon.spare.keeper import SpareKeeper, SparePlan
from livereduce.daemon.spare.policy import SpareSight
from livereduce.daemon.worker.generation import make_generation
from livereduce.daemon.worker.launching import CommandLines, worker_environ
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.messages.job import BEAM_TIME, Job, encode_job
from livereduce.messages.receiver import RECEIVER_FD
from livereduce.messages.script_failure import FILE_NAME as FAILURE
from livereduce.preflight.resolve import Resolved
from livereduce.workbench.attempts.attempt import Attempt, Attempted
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.held_run import HeldRun, Link, OwnRun

LAST_WORDS_S = 0.3
"""A process that ends closes its sockets a moment before it can be seen to have ended."""
TURN_S = 0.1
"""Longest wait: files are looked at, and limits, this often."""
SPARE_LOADS_S = 20.0
"""Longest wait for a spare that is still loading when it is needed: a new worker would have to load the same."""

log = logging.getLogger("livereduce.workbench")

Take = Callable[[Line, str], object]
"""Given a line that an attempt has printed, and the script that has."""
Interrupt = Callable[[float], bool]
"""Looked at now and then: True to end the attempt, because nobody waits for it any more."""


class Bench:
    """Makes attempts on a held run, one at a time.

    Parameters
    ----------
    resolved
        The configuration; each attempt has its own scripts, and its own state directory.
    take
        Is given what attempts print, line by line.
    limit_bytes
        Most memory of an attempt and of the run, if it is ours to hold.
    """

    def __init__(
        self,
        resolved: Resolved,
        run: HeldRun,
        environ: Mapping[str, str],
        take: Take,
        limit_bytes: int | None,
        commands: CommandLines | None = None,
    ) -> None:
        self._resolved, self._run, self._take, self._limit_bytes = resolved, run, take, limit_bytes
        self._environ, self._commands = with_kernels(environ), commands or CommandLines()
        self._spare = SpareKeeper(Limits(spare_s=0.0))
        self._attempt: Attempt | None = None

    @property
    def running(self) -> Attempt | None:
        """The attempt that goes on."""
        return self._attempt

    def attempt(
        self, resolved: Resolved, reach: Reach, name: str, interrupt: Interrupt = lambda _now: False
    ) -> Attempted | None:
        """Make an attempt to its end; None if it was interrupted.

        Parameters
        ----------
        resolved
            With the scripts, and the state directory, of this attempt.

        Raises
        ------
        OperatorError
            It could not be begun, or the run is gone.
        """
        attempted = self._attempt_once(resolved, reach, name, interrupt)
        if attempted is None and isinstance(self._run, OwnRun) and self._run.is_full and not self._run.reads_again:
            self._run.read_again()
            log.warning("the run does not fit into the memory that attempts may take: each attempt reads it again")
            return self._attempt_once(resolved, reach, name, interrupt)
        return attempted

    def stand_by(self, *, another: bool = True) -> None:
        """Have a spare worker if there will be another attempt, and hear everybody; waits at most `TURN_S`."""
        wanted = another and self._resolved.engine == "builtin"  # a spare has the builtin engine loaded
        sight = SpareSight(wanted=wanted, at_work_s=1.0, has_room=True)
        self._spare.look(sight, self._plan, time.monotonic())
        ready, now = self._wait(), time.monotonic()
        self._run.hear(ready, now)
        self._hear_spare(ready, now)

    def leave(self) -> None:
        """Leave no process behind."""
        if self._attempt is not None:
            self._attempt.abandon()
            self._attempt = None
        self._spare.leave()
        self._run.leave()

    def _attempt_once(self, resolved: Resolved, reach: Reach, name: str, interrupt: Interrupt) -> Attempted | None:
        link = self._run.attach(name)
        try:
            job, path = make_attempt_job(resolved, reach, link)
            worker = self._worker(resolved, path, link.workers)
        except OSError as error:
            link.close()
            raise OperatorError(f"no worker could be started: {error}") from None
        except OperatorError:
            link.close()
            raise
        if link.workers is not None:
            link.workers.close()
        self._attempt = Attempt(worker, job, link, self._run, self._limit_bytes)
        try:
            attempted = self._to_the_end(self._attempt, interrupt)
        except BaseException:
            self._attempt.abandon()
            raise
        finally:
            self._attempt = None
        if attempted is not None and attempted.died:
            self._hear_last_words()
        return attempted

    def _to_the_end(self, attempt: Attempt, interrupt: Interrupt) -> Attempted | None:
        while True:
            ready = self._wait()
            now = time.monotonic()
            self._hear_spare(ready, now)
            for line in attempt.hear(ready, now):
                self._take(line, attempt.name_of(line))
            self._run.follow(attempt.observed)
            over = attempt.look(ready, now)
            if over is not None:
                attempted, lines = over
                for line in lines:
                    self._take(line, attempt.name_of(line))
                return attempted
            self._run.hear(ready, now)
            waits = isinstance(self._run, OwnRun) and self._run.is_full and not self._run.reads_again
            if waits or interrupt(now):
                attempt.abandon()
                return None

    def _hear_last_words(self) -> None:
        """An attempt has died: if that was because our receiver has ended, that one's reason is the one to tell.

        Raises
        ------
        OperatorError
            Our receiver has ended, and why.
        """
        until = time.monotonic() + LAST_WORDS_S
        while self._run.receiver_pid is not None and (now := time.monotonic()) < until:
            self._run.hear(ready_fds(self._run.watched, TURN_S), now)

    def _worker(self, resolved: Resolved, job: Path, link: socket.socket | None) -> Worker:
        """The spare, if there is one or will soon be; else a new worker. Only one on a held run can be a spare."""
        if link is None:
            return spawn(self._commands.worker(resolved.interpreter, job), self._plan().environ)
        until = time.monotonic() + SPARE_LOADS_S
        while self._spare.process is not None and not self._spare.ready and time.monotonic() < until:
            self.stand_by()
        plan = self._plan()
        spare = self._spare.adopt(job, link, plan)
        command = self._commands.worker(resolved.interpreter, job)
        return spare or spawn(command, plan.environ, {RECEIVER_FD: link.fileno()})

    def _wait(self) -> set[int]:
        watched = set(self._run.watched)
        if self._attempt is not None:
            watched |= self._attempt.watched
        if self._spare.process is not None:
            watched |= self._spare.process.watched
        return ready_fds(watched, TURN_S)

    def _hear_spare(self, ready: set[int], now: float) -> None:
        spare = self._spare.process
        if spare is not None and ready & spare.watched:
            self._spare.hear(now)
            if spare.pidfd in ready:
                self._spare.take_end(now)

    def _plan(self) -> SparePlan:
        resolved = self._resolved
        return SparePlan(
            command=self._commands.spare(resolved.interpreter),
            interpreter=resolved.interpreter,
            environ=worker_environ(self._environ, resolved.state_dir, resolved.interpreter),
        )


def make_attempt_job(resolved: Resolved, reach: Reach, link: Link | None = None) -> tuple[Job, Path]:
    """The job of an attempt, and its file, in a state directory without the results of the one before.

    Raises
    ------
    OperatorError
        The directory cannot be written.
    """
    try:
        shutil.rmtree(resolved.state_dir / "products", ignore_errors=True)
        (resolved.state_dir / FAILURE).unlink(missing_ok=True)
        job, path = make_generation(resolved)
        job = replace(job, cut_by=BEAM_TIME, until_events=reach.events, max_chunks=reach.chunks, publish_config="")
        if link is not None and link.source:
            job = replace(job, source=link.source, one_run=True, update_every_s=link.take_every_s)
        path.write_text(encode_job(job))
    except OSError as error:
        raise OperatorError(f"the attempt cannot be prepared: {error}") from None
    return job, path


def with_kernels(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables with this user's folder for compiled kernels: a temporary one would have to be filled each time."""
    if environ.get(kernel_cache.FOLDER):
        return environ
    own = kernel_cache.own_folder(environ)
    return {**environ, kernel_cache.FOLDER: str(own), kernel_cache.IS_DEFAULT: "1"}


def step_back() -> None:
    """Let the service and everybody else go first: for the processor, and when memory runs out."""
    give_way(5, 500)
