"""The daemon's loop: gather facts, ask the policy, carry out its actions, report. Decides nothing itself.

One thread and one wait: on the worker's pidfd, its beats and its output, and on the descriptor that signals wake.
"""

import logging
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from livereduce.base.errors import meaning_of
from livereduce.daemon import facts, policy
from livereduce.daemon.boundary import Boundary
from livereduce.daemon.facts import (
    Action,
    Beaten,
    DaemonState,
    Fact,
    Limits,
    Outdated,
    StopAsked,
    Tick,
    Unintelligible,
    WorkerEnded,
)
from livereduce.daemon.inputs.changes import Changes
from livereduce.daemon.inputs.environment_probe import EnvironmentProbe, ask_command
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.inputs.settling import Times
from livereduce.daemon.memory.monitor import MemoryMonitor
from livereduce.daemon.memory.usage import read_oom_kills
from livereduce.daemon.report.reporter import Reporter
from livereduce.daemon.report.snapshot import ServiceFacts
from livereduce.daemon.report.startup import log_startup
from livereduce.daemon.worker.beats import Observed, observe, remember_errors
from livereduce.daemon.worker.crash import before_trace, place_of
from livereduce.daemon.worker.generation import make_generation
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.process import Worker, signal_name, spawn, why_ended, worker_command, worker_environ
from livereduce.daemon.worker.record import WorkerRecord, with_scripts
from livereduce.daemon.worker.script_times import ScriptTimes
from livereduce.daemon.worker.spoken import Spoken, script_names, script_paths
from livereduce.daemon.worker.stacks import line_of_script, log_dump, save_dump, where_it_stood
from livereduce.daemon.worker.suspects import note_end
from livereduce.messages.order import RECYCLE, STOP
from livereduce.messages.status import StateWord, iso
from livereduce.preflight.resolve import Resolved

TICK_S = 1.0
"""The longest wait; things without a notification (the clock, a file) are checked this often."""
BEATS_S = 0.25
"""Time between two readings of beats."""
LAST_WORDS = 5
"""Lines of output that are stored with the end of a worker."""

log = logging.getLogger("livereduce.daemon")

Command = Callable[[str, Path], tuple[str, ...]]


class DaemonLoop:
    """A running daemon.

    Parameters
    ----------
    site
        Configuration and runtime directory; looked at once already.
    signals
        Descriptor on which the number of each signal arrives as a byte.
    command
        Makes the command line of a worker, from the interpreter and the path of its job.
    watching
        How often to look at configuration and scripts.
    """

    def __init__(
        self,
        site: Site,
        reporter: Reporter,
        signals: int,
        limits: Limits,
        command: Command = worker_command,
        watching: Times | None = None,
    ) -> None:
        self._site, self._reporter, self._signals, self._command = site, reporter, signals, command
        self._state = DaemonState(limits=limits, since=time.monotonic())
        self._pending: deque[Fact] = deque()
        self._changes = Changes(site, watching)
        self._memory = MemoryMonitor()
        self._times = ScriptTimes()
        self._environment_probe = EnvironmentProbe(ask_command(site.path), limits.ask_again_s)
        self._worker: Worker | None = None
        self._record = WorkerRecord()
        self._spoken = Spoken()
        self._observed = Observed()
        self._beats_due = 0.0
        self._startup_logged: Resolved | None = None
        self._stacks_asked = ""
        self._oom_kills: int | None = None
        self._owes_look = False
        self._exit_code: int | None = None
        self._boundary = Boundary()

    def run(self) -> int:
        """Loop until the policy ends it; return the exit code."""
        try:
            while self._exit_code is None:
                self._tick()
            return self._exit_code
        finally:
            self._leave()

    def _tick(self) -> None:
        contain, ready = self._boundary.contain, set[int]()
        contain("wait", lambda: ready.update(self._wait()))
        # Signals come first: nothing that fails later in a tick may lose a request to stop.
        contain("signals", lambda: self._take_signals(ready))
        contain("worker", lambda: self._hear_worker(ready))
        contain("parser", self._take_parsed)
        contain("files", lambda: self._pending.extend(self._changes.gather()))
        contain("environment", self._ask_environment)
        contain("memory", self._weigh)
        contain("directories", lambda: self._pending.extend(self._site.hold(time.monotonic())))
        self._pending.append(Tick())
        while self._pending:
            contain("policy", lambda: self._take(self._pending.popleft()))
        contain("stacks", self._keep_answer)
        contain("script times", lambda: self._times.keep(time.monotonic()))
        contain("report", self._tell)

    def _take(self, fact: Fact) -> None:
        before = self._state
        self._state, actions = policy.step(before, fact, time.monotonic())
        contain = self._boundary.contain
        contain("report", lambda: self._reporter.changed(before, self._state, self._site.found, self._record))
        for action in actions:
            contain(type(action).__name__, partial(self._carry_out, action))

    def _keep_answer(self) -> None:
        if self._worker is not None and self._state.word is not StateWord.STALLED:
            self._keep_stacks(self._worker)  # it goes on, or is being ended for another reason

    def _tell(self) -> None:
        now, memory = time.monotonic(), self._memory
        self._spoken.tell(now)
        told = ServiceFacts(
            state=self._state,
            found=self._site.found,
            worker=self._record,
            observed=self._observed,
            notes=self._changes.notes,
            too_large=memory.state.does_not_fit,
            running=self._times.running(self._observed, self._record.job, now) if self._worker else None,
            memory_bytes=memory.bytes,
            memory_limit_bytes=memory.limit_bytes,
            memory_parts=memory.parts,
            waits=memory.waits,
            printed=self._spoken.printed.last,
            printed_left_out=self._spoken.left_out,
        )
        self._reporter.report(told, self._site.status_path, now)

    # ---- facts

    def _take_signals(self, ready: set[int]) -> None:
        if self._signals not in ready:
            return
        numbers = os.read(self._signals, 64)
        self._pending.extend(_signalled(number) for number in numbers)
        if signal.SIGHUP in numbers:
            self._reporter.reads_again()

    def _hear_worker(self, ready: set[int]) -> None:
        if self._worker is not None:
            self._gather_from(self._worker, ready)
        elif self._state.alive:
            # An action failed half-way (a bug): the policy's state must be brought back to the facts.
            self._pending.append(WorkerEnded(code=None, reason="the daemon has lost its worker"))

    def _take_parsed(self) -> None:
        if self._site.parser.gather(time.monotonic()) and self._owes_look and not self._state.alive:
            self._look()

    def _ask_environment(self) -> None:
        waits = self._site.found.waits_for_environment and not self._state.alive
        self._pending.extend(self._environment_probe.gather(waits, time.monotonic()))

    def _wait(self) -> set[int]:
        """Descriptors that are ready, after at most the time to the next deadline."""
        watched = {self._signals, *(self._worker.watched if self._worker else ())}
        if self._site.parser.fd is not None:
            watched.add(self._site.parser.fd)
        if self._boundary.failed:
            # a fault that repeats must not make the loop spin
            self._boundary.failed = False
            _ready({self._signals}, TICK_S)
            return _ready(watched, 0.0)
        now = time.monotonic()
        dues = (policy.next_due(self._state), self._changes.due, now + TICK_S)
        until = min(due for due in dues if due is not None)
        if self._worker is not None and now < self._beats_due:
            # many beats are read at once: nobody needs each of them immediately
            ready = _ready(watched - {self._worker.beats_fd}, min(until, self._beats_due) - now)
            if ready:
                return ready
        return _ready(watched, until - time.monotonic())

    def _gather_from(self, worker: Worker, ready: set[int]) -> None:
        now, contain = time.monotonic(), self._boundary.contain
        if ready & {worker.beats_fd, worker.pidfd}:  # when the worker has ended, its last beats still count
            contain("beats", lambda: self._take_beats(worker, now))
        if worker.output_fd in ready:
            contain("output", lambda: self._take_output(worker.read_output()))
        if worker.pidfd in ready:
            contain("end of the worker", lambda: self._take_end(worker))

    def _take_beats(self, worker: Worker, now: float) -> None:
        self._beats_due = now + BEATS_S
        at, errors = iso(datetime.now()), self._record.errors
        for beat in worker.read_beats():
            self._times.heard(self._observed.progress, beat.progress, self._record.job)
            self._observed = observe(self._observed, beat, now)
            errors = remember_errors(errors, beat.progress.last_errors, at)
            self._pending.append(Beaten(phase=beat.phase, silent_s=beat.progress.silent_s))
        self._record = replace(self._record, errors=errors)
        if why := worker.hearing.complaint:
            self._pending.append(Unintelligible(reason=why))

    def _take_end(self, worker: Worker) -> None:
        self._keep_stacks(worker)
        self._worker, self._record = None, replace(self._record, pid=None)
        code, lines = worker.reap()
        self._take_output(lines)
        how = f"was ended by {signal_name(-code)}" if code < 0 else f"exited with code {code} ({meaning_of(code)})"
        log.info("worker (pid %d) %s", worker.pid, how)
        oom_kills, before = read_oom_kills(), self._oom_kills
        killed = None if oom_kills is None or before is None else oom_kills - before
        printed, job = tuple(worker.output.last), self._record.job
        self._record = replace(self._record, code=code, last_words=before_trace(printed)[-LAST_WORDS:])
        why = why_ended(code, printed, killed, script_paths(job) if job else {})
        why += f"; memory at the last check: {self._memory.parts}" if killed and self._memory.parts else ""
        note_end(job, self._state, code, why)
        self._pending.append(WorkerEnded(code=code, reason=why, stood_at=self._record.stood_at))

    def _take_output(self, lines: list[Line]) -> None:
        names = script_names(self._record.job) if self._record.job else {}
        self._spoken.take(lines, names, iso(datetime.now()), time.monotonic())

    def _weigh(self) -> None:
        if self._worker is not None and self._record.job is not None:
            generation, now = self._record.generation, time.monotonic()
            if self._memory.is_due(now):
                # Without the newest beat nobody can say in which step the memory grew.
                self._take_beats(self._worker, now)
            self._pending.extend(self._memory.gather(self._worker, generation, self._observed, now))

    def _keep_stacks(self, worker: Worker) -> None:
        """Save the worker's answer to the last `Dump`, if there was one."""
        why, self._stacks_asked = self._stacks_asked, ""
        resolved, job = self._site.found.resolved, self._record.job
        if not why or resolved is None or job is None:
            return
        stacks = worker.stacks()
        path = save_dump(resolved.state_dir, job.generation, datetime.now().astimezone(), why, stacks)
        log_dump(path, stacks)
        if path:
            shows = where_it_stood(stacks)
            self._record = replace(
                self._record, stacks=str(path), stacks_show=shows, stood_at=place_of(line_of_script(stacks))
            )

    # ---- actions

    def _carry_out(self, action: Action) -> None:
        match action:
            case facts.Judge():
                self._look()
            case facts.Start(reason=reason):
                self._start(reason)
            case facts.AskStop() if self._worker:
                self._worker.order(STOP)
            case facts.AskRecycle() if self._worker:
                log.warning("%s", self._state.outgrown.reason if self._state.outgrown else "")
                self._worker.order(RECYCLE)
            case facts.Dump() if self._worker:
                log.error("%s: asking the worker for the stack traces of its threads", self._state.why)
                self._stacks_asked = self._state.why
                self._worker.ask_for_stacks()
            case facts.Terminate() if self._worker:
                self._keep_stacks(self._worker)
                log.warning("%s: sending SIGTERM to the worker's process group", self._state.why)
                self._worker.signal_group(signal.SIGTERM)
            case facts.Kill() if self._worker:
                log.warning(
                    "%s, and the worker did not exit: sending SIGKILL to the worker's process group", self._state.why
                )
                self._worker.signal_group(signal.SIGKILL)
            case facts.Exit(code=code):
                self._exit_code = code

    def _look(self) -> None:
        self._changes.look_comes()
        judged = self._site.look()
        self._owes_look = judged is None
        if judged is not None:
            self._pending.appendleft(judged)

    def _start(self, reason: str) -> None:
        resolved = self._site.found.resolved
        assert resolved is not None, "the policy starts only what was judged usable"
        self._observed = Observed()
        if resolved != self._startup_logged:
            log_startup(resolved, () if self._startup_logged else sys.argv)
            self._startup_logged = resolved
        try:
            self._oom_kills = read_oom_kills()
            self._changes.adopt(resolved)
            self._memory.adopt(resolved)
            self._times.adopt(resolved.state_dir)
            memory_says = self._memory.state
            job, path = make_generation(
                resolved, keep_events=memory_says.keep_events_next, counted_run=memory_says.counted_run
            )
            self._record = replace(self._record, job=job, stood_at="")
            environ = worker_environ(os.environ, resolved.state_dir, resolved.interpreter)
            self._worker = spawn(self._command(resolved.interpreter, path), environ)
        except OSError as error:
            self._record = replace(self._record, code=None, last_words=())
            self._pending.append(WorkerEnded(code=None, reason=f"the worker could not be started: {error}"))
            return
        self._record = replace(self._record, pid=self._worker.pid)
        since: Mapping[str, str] = {}
        try:
            since = self._site.has_started(resolved).since
        except OSError as error:
            log.warning("cannot save the scripts as the last good version: %s", error)
        self._record = with_scripts(self._record, resolved.scripts, since)
        log.info("worker generation %d (pid %d) started: %s", job.generation, self._worker.pid, reason)

    def _leave(self) -> None:
        """Leave no worker behind, whatever has ended the loop."""
        if self._worker is not None:
            self._worker.signal_group(signal.SIGKILL)
            self._worker.reap()
        self._environment_probe.end()
        self._times.keep(time.monotonic(), at_once=True)
        self._site.leave()


def _ready(watched: set[int], wait_s: float) -> set[int]:
    poll = select.poll()
    for fd in watched:
        poll.register(fd, select.POLLIN)
    # rounded up: a wait that ends just before the deadline would be followed by many of zero length
    return {fd for fd, _ in poll.poll(int(wait_s * 1000) + 1 if wait_s > 0 else 0)}


def _signalled(number: int) -> Fact:
    name = signal_name(number)
    if number == signal.SIGHUP:
        return Outdated(reason=f"asked to restart the worker ({name})")
    return StopAsked(by=f"asked to stop ({name}); it stays stopped until it is started again")
