"""The daemon's loop: gather facts, ask the policy, carry out its actions, report. Decides nothing itself.

One thread and one wait: on the pidfds of receiver and worker, their beats and output, and on the descriptor that
signals wake. What is known of the two processes, and what is done to them, is in their keepers.
"""

import logging
import os
import signal
import time
from collections import deque
from functools import partial

from livereduce.daemon import facts, policy
from livereduce.daemon.boundary import Boundary
from livereduce.daemon.facts import (
    Action,
    DaemonState,
    Fact,
    Limits,
    Outdated,
    ReceiverEnded,
    ReceiverOutgrown,
    ShadowOutgrown,
    StopAsked,
    Tick,
    WorkerEnded,
)
from livereduce.daemon.inputs.changes import Changes
from livereduce.daemon.inputs.environment_probe import EnvironmentProbe, ask_command
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.inputs.settling import Times
from livereduce.daemon.memory.monitor import Company, MemoryMonitor
from livereduce.daemon.orders.acts import Clerk
from livereduce.daemon.orders.desk import Desk
from livereduce.daemon.orders.errands import Errands
from livereduce.daemon.ready import ready_fds
from livereduce.daemon.receiver import policy as receiver_policy
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.recorder.keeper import RecorderKeeper
from livereduce.daemon.report.reporter import Reporter
from livereduce.daemon.report.snapshot import ServiceFacts
from livereduce.daemon.shadow.keeper import ShadowKeeper
from livereduce.daemon.shadow.proving import Proving
from livereduce.daemon.spare.keeper import SpareKeeper
from livereduce.daemon.starting import Starter
from livereduce.daemon.worker.ending import signal_name
from livereduce.daemon.worker.keeper import WorkerKeeper
from livereduce.daemon.worker.launching import CommandLines
from livereduce.messages.status import StateWord

TICK_S = 1.0
"""The longest wait; things without a notification (the clock, a file) are checked this often."""
BEATS_S = 0.25
"""Time between two readings of beats."""

log = logging.getLogger("livereduce.daemon")


class DaemonLoop:
    """A running daemon.

    Parameters
    ----------
    site
        Configuration and runtime directory; looked at once already.
    signals
        Descriptor on which the number of each signal arrives as a byte.
    commands
        Make the command lines of the processes.
    watching
        How often to look at configuration and scripts.
    """

    def __init__(
        self,
        site: Site,
        reporter: Reporter,
        signals: int,
        limits: Limits,
        commands: CommandLines | None = None,
        watching: Times | None = None,
    ) -> None:
        self._site, self._reporter, self._signals = site, reporter, signals
        self._state = DaemonState(limits=limits, since=time.monotonic())
        self._pending: deque[Fact] = deque()
        self._changes = Changes(site, watching)
        self._memory = MemoryMonitor()
        self._environment_probe = EnvironmentProbe(ask_command(site.path), limits.ask_again_s)
        self._worker = WorkerKeeper()
        self._receiver = ReceiverKeeper(limits)
        self._spare = SpareKeeper(limits)
        self._shadow = ShadowKeeper()
        self._errands = Errands()
        self._proving = Proving(self._errands)
        self._recorder = RecorderKeeper(limits)
        self._desk = Desk()
        self._clerk = Clerk(
            site=site,
            worker=self._worker,
            receiver=self._receiver,
            shadow=self._shadow,
            errands=self._errands,
            outdate=lambda reason: self._pending.append(Outdated(reason=reason)),
        )
        self._starter = Starter(
            site=site,
            changes=self._changes,
            memory=self._memory,
            worker=self._worker,
            receiver=self._receiver,
            spare=self._spare,
            shadow=self._shadow,
            proving=self._proving,
            recorder=self._recorder,
            commands=commands or CommandLines(),
        )
        self._beats_due = 0.0
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
        contain("receiver", lambda: self._hear_receiver(ready))
        contain("worker", lambda: self._hear_worker(ready))
        contain("spare", lambda: self._hear_spare(ready))
        contain("shadow", lambda: self._hear_shadow(ready))
        contain("requests", lambda: self._serve(ready))
        contain("recorder", lambda: self._hear_recorder(ready))
        contain("parser", self._take_parsed)
        contain("files", lambda: self._pending.extend(self._changes.gather()))
        contain("environment", self._ask_environment)
        contain("memory", self._weigh)
        contain("directories", lambda: self._pending.extend(self._site.hold(time.monotonic())))
        self._pending.append(Tick())
        while self._pending:
            contain("policy", lambda: self._take(self._pending.popleft()))
        contain("receiver's policy", lambda: self._receiver.take(Tick(), time.monotonic()))
        contain("spare's policy", lambda: self._starter.look_after_spare(self._state))
        contain("shadow's policy", lambda: self._starter.look_after_shadow(self._state))
        contain("promotion", lambda: self._proving.look(self._worker.observed.progress, self._state.restarts))
        contain("recorder's policy", lambda: self._starter.look_after_recorder(self._state))
        contain("stacks", self._keep_answer)
        contain("script times", lambda: self._worker.times.keep(time.monotonic()))
        contain("report", self._tell)

    def _take(self, fact: Fact) -> None:
        before = self._state
        self._state, actions = policy.step(before, fact, time.monotonic())
        contain = self._boundary.contain
        contain("report", lambda: self._reporter.changed(before, self._state, self._site.found, self._worker.record))
        for action in actions:
            contain(type(action).__name__, partial(self._carry_out, action))

    def _keep_answer(self) -> None:
        if self._state.word is not StateWord.STALLED:
            self._worker.keep_stacks()  # it goes on, or is being ended for another reason

    def _tell(self) -> None:
        now, memory, worker, receiver = time.monotonic(), self._memory, self._worker, self._receiver
        worker.spoken.tell(now)
        receiver.tell(now)
        self._shadow.tell(now)
        told = ServiceFacts(
            state=self._state,
            found=self._site.found,
            worker=worker.record,
            observed=worker.observed,
            receiver_pid=receiver.process.pid if receiver.process else None,
            receiver_restarts=receiver.restarts,
            spare_pid=self._spare.process.pid if self._spare.process and self._spare.ready else None,
            shadow=self._shadow.status,
            recording=self._recorder.seen(self._site.found.resolved, now, wanted=self._starter.records(self._state)),
            notes=self._changes.notes,
            too_large=memory.state.does_not_fit,
            running=worker.times.running(worker.observed, worker.record.job, now) if worker.process else None,
            memory_bytes=memory.bytes,
            memory_limit_bytes=memory.limit_bytes,
            memory_parts=memory.parts,
            waits=memory.waits,
            printed=worker.spoken.printed.last,
            printed_left_out=worker.spoken.left_out,
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

    def _hear_receiver(self, ready: set[int]) -> None:
        receiver, now, contain = self._receiver.process, time.monotonic(), self._boundary.contain
        if receiver is None:
            if self._state.receiving:
                self._pending.append(ReceiverEnded(code=None, reason="the daemon has lost its receiver"))
            return
        if ready & {receiver.beats_fd, receiver.pidfd}:
            contain("beats", lambda: self._receiver.take_beats(receiver, now))
        if receiver.output_fd in ready:
            contain("output", lambda: self._receiver.take_output(receiver.read_output(), now))
        if receiver.pidfd in ready:
            contain("end of the receiver", lambda: self._pending.append(self._receiver.take_end(receiver, now)))

    def _hear_worker(self, ready: set[int]) -> None:
        worker, now, contain = self._worker.process, time.monotonic(), self._boundary.contain
        if worker is None:
            if self._state.alive:
                # An action failed half-way (a bug): the policy's state must be brought back to the facts.
                self._pending.append(WorkerEnded(code=None, reason="the daemon has lost its worker"))
            return
        if ready & {worker.beats_fd, worker.pidfd}:  # when the worker has ended, its last beats still count
            contain("beats", lambda: self._pending.extend(self._worker.take_beats(worker, now)))
        if worker.output_fd in ready:
            contain("output", lambda: self._worker.take_output(worker.read_output()))
        if worker.pidfd in ready:
            parts = self._memory.parts
            contain("end", lambda: self._pending.append(self._worker.take_end(worker, self._state, parts)))

    def _hear_spare(self, ready: set[int]) -> None:
        spare, now = self._spare.process, time.monotonic()
        if spare is not None and ready & spare.watched:
            self._boundary.contain("spare", lambda: self._spare.hear(now))
            if spare.pidfd in ready:
                self._spare.take_end(now)

    def _hear_shadow(self, ready: set[int]) -> None:
        shadow, now = self._shadow.process, time.monotonic()
        if shadow is not None and ready & shadow.watched:
            self._boundary.contain("shadow", lambda: self._shadow.hear(now))
            if shadow.pidfd in ready:
                self._shadow.take_end(now)

    def _serve(self, ready: set[int]) -> None:
        """Do what commands and the page ask for."""
        self._boundary.contain("errands", self._errands.gather)
        status_path, now = self._site.status_path, time.monotonic()
        self._desk.hold(status_path.parent if status_path else None, now)
        self._desk.serve(ready, now, lambda request, who: self._clerk.act(request, who, self._state))

    def _hear_recorder(self, ready: set[int]) -> None:
        recorder, now = self._recorder.process, time.monotonic()
        if recorder is not None and ready & recorder.watched:
            self._boundary.contain("recorder", lambda: self._recorder.hear(now))
            if recorder.pidfd in ready:
                self._recorder.take_end(now)

    def _take_parsed(self) -> None:
        if self._site.parser.gather(time.monotonic()) and self._owes_look and not self._state.alive:
            self._look()

    def _ask_environment(self) -> None:
        waits = self._site.found.waits_for_environment and not self._state.alive
        self._pending.extend(self._environment_probe.gather(waits, time.monotonic()))

    def _wait(self) -> set[int]:
        """Descriptors that are ready, after at most the time to the next deadline."""
        keepers = (self._receiver, self._worker, self._spare, self._shadow, self._recorder)
        children = [keeper.process for keeper in keepers if keeper.process is not None]
        watched = {self._signals, *self._desk.watched, *self._errands.watched}
        watched.update(*(child.watched for child in children))
        if self._site.parser.fd is not None:
            watched.add(self._site.parser.fd)
        if self._boundary.failed:
            # a fault that repeats must not make the loop spin
            self._boundary.failed = False
            ready_fds({self._signals}, TICK_S)
            return ready_fds(watched, 0.0)
        now = time.monotonic()
        dues = (policy.next_due(self._state), receiver_policy.next_due(self._receiver.state), self._changes.due)
        until = min(due for due in (*dues, now + TICK_S) if due is not None)
        beats = {child.beats_fd for child in children}
        if now < self._beats_due:
            # many beats are read at once: nobody needs each of them immediately
            ready = ready_fds(watched - beats, min(until, self._beats_due) - now)
            if ready:
                return ready
        ready = ready_fds(watched, until - time.monotonic())
        if ready & beats:
            self._beats_due = time.monotonic() + BEATS_S
        return ready

    def _weigh(self) -> None:
        worker = self._worker.process
        if worker is not None and self._worker.record.job is not None:
            generation, now = self._worker.record.generation, time.monotonic()
            if self._memory.is_due(now):
                # Without the newest beats nobody can say in which step the memory grew.
                self._pending.extend(self._worker.take_beats(worker, now))
                if self._receiver.process is not None:
                    self._receiver.take_beats(self._receiver.process, now)
            company = Company(
                receiver=self._receiver.process,
                heard=self._receiver.observed,
                spare=self._spare.process,
                shadow=self._shadow.process,
                recorder=self._recorder.process,
            )
            for fact in self._memory.gather(worker, generation, self._worker.observed, now, company):
                if isinstance(fact, ShadowOutgrown):
                    self._shadow.give_up(fact.reason, now)
                elif isinstance(fact, ReceiverOutgrown):
                    self._receiver.take(fact, now)
                else:
                    self._pending.append(fact)

    # ---- actions

    def _carry_out(self, action: Action) -> None:
        match action:
            case facts.Judge():
                self._look()
            case facts.StartReceiver():
                self._pending.extend(self._starter.start_receiver())
            case facts.EndReceiver():
                self._receiver.take(action, time.monotonic())
            case facts.Start(reason=reason):
                self._pending.extend(self._start(reason))
            case facts.Exit(code=code):
                self._exit_code = code
            case _:
                self._worker.carry_out(action, self._state)

    def _start(self, reason: str) -> tuple[Fact, ...]:
        return self._starter.start_worker(reason, self._state.restarts, reads=bool(self._state.receiving))

    def _look(self) -> None:
        self._changes.look_comes()
        judged = self._site.look()
        self._owes_look = judged is None
        if judged is not None:
            self._pending.appendleft(judged)

    def _leave(self) -> None:
        """Leave no process behind, whatever has ended the loop."""
        self._worker.leave()
        self._receiver.leave()
        self._spare.leave()
        self._shadow.leave()
        self._recorder.leave()
        self._environment_probe.end()
        self._desk.leave()
        self._errands.leave()
        self._site.leave()


def _signalled(number: int) -> Fact:
    name = signal_name(number)
    if number == signal.SIGHUP:
        return Outdated(reason=f"asked to restart the worker ({name})")
    return StopAsked(by=f"asked to stop ({name}); it stays stopped until it is started again")
