"""The snapshot of the daemon: a pure function of all that it knows; and when a snapshot must be written."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from livereduce import __version__
from livereduce.daemon.facts import DaemonState
from livereduce.daemon.inputs.judge import Found
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.record import WorkerRecord
from livereduce.daemon.worker.restarts import RestartEntry
from livereduce.daemon.worker.usual import Running
from livereduce.messages.conditions import ProblemNote, conditions_of, dated
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.shown import shown
from livereduce.messages.status import Condition, Printed, RecordingSeen, ShadowStatus, StateWord, Status, iso

WRITE_S = 5.0
"""Greatest age of the snapshot (readers call a daemon down after three times that)."""
BETWEEN_S = 0.5
"""Least time between two snapshots that differ only in numbers of beats."""
JITTER_S = 0.01
"""Two clocks are read one after the other: a start computed from both differs by less than this each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """All that the daemon knows at the end of a tick.

    Attributes
    ----------
    observed
        Beats of the newest worker.
    receiver_pid, receiver_restarts
        The receiver, None if there is none, and how many have ended although they were needed.
    spare_pid
        The worker that stands by, None if there is none.
    shadow
        The scripts that run beside those in use, None if there is no `shadow_dir`.
    recording
        What is recorded; None if nothing is to be.
    notes, too_large
        Files that cannot be used, and a run that does not fit into memory, in a sentence.
    running
        The script call that is running.
    memory_bytes, memory_limit_bytes, memory_parts
        Memory of receiver, worker and spare, its limit, and a text on its parts.
    waits
        A sentence on a receiver that may not hold more; empty if it may.
    printed, printed_left_out
        The last lines that scripts printed, and how many lines are not in the log.
    history
        The newest restarts, oldest first.
    failure
        The last failure of a script in use.
    log_problem
        Why the log file cannot be written; empty if it can.
    recovered
        Time and cost of the newest disturbance that is over; empty if there was none.
    again
        A sentence on a run that is being read again; empty if none is.
    """

    state: DaemonState
    found: Found
    worker: WorkerRecord
    observed: Observed
    receiver_pid: int | None = None
    receiver_restarts: int = 0
    spare_pid: int | None = None
    shadow: ShadowStatus | None = None
    recording: RecordingSeen | None = None
    notes: tuple[ProblemNote, ...] = ()
    too_large: str = ""
    running: Running | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    memory_parts: str = ""
    waits: str = ""
    printed: tuple[Printed, ...] = ()
    printed_left_out: int = 0
    history: tuple[RestartEntry, ...] = ()
    failure: ScriptFailure | None = None
    log_problem: str = ""
    recovered: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonIdentity:
    """What stays the same as long as the daemon lives: its process, its start (ISO 8601), its log file."""

    pid: int
    started: str
    log_file: str


def snapshot(facts: ServiceFacts, daemon: DaemonIdentity, before: Status | None, *, at: datetime, now: float) -> Status:
    """The snapshot for everyone else.

    Parameters
    ----------
    before
        The snapshot made last, written or not: what holds since then keeps its time.
    at, now
        The present: on the clock, and in monotonic seconds as in `facts`.
    """
    worker, observed, state = facts.worker, facts.observed, facts.state
    conditions = _conditions(facts, before, iso(at))
    more = "; ".join(text for text in (facts.running.text if facts.running else "", facts.waits, facts.again) if text)
    word, why = shown(state.word, state.why, observed.progress, conditions, more)
    resolved, beat = facts.found.resolved, observed.beat
    status = Status(
        state=word,
        why=why,
        since=_since(word, daemon, before, iso(at)),
        pid=daemon.pid,
        started=daemon.started,
        updated=iso(at),
        version=__version__,
        configuration=str(facts.found.config.path or ""),
        warnings=resolved.warnings if resolved else (),
        problems=_problems(facts, why, conditions),
        conditions=conditions,
        instrument=resolved.instrument.name if resolved else "",
        engine=resolved.engine if resolved else "",
        interpreter=str(resolved.interpreter) if resolved else "",
        proc=worker.proc,
        post_proc=worker.post_proc,
        parameters=worker.parameters,
        log_file=daemon.log_file,
        products_dir=str(resolved.state_dir / "products") if resolved else "",
        generation=worker.generation,
        usual_s=facts.running.usual_s if facts.running else None,
        progress=observed.progress,
        memory_limit_bytes=facts.memory_limit_bytes,
        files=worker.files,
        restarts=state.restarts,
        renewals=state.renewals,
        errors=worker.errors,
    )
    status = _with_company(_with_history(status, facts, before), facts)
    if worker.pid is None:  # then the newest beat is from a worker that has ended
        return status
    return replace(
        status,
        worker_pid=worker.pid,
        phase=beat.phase if beat else None,
        phase_since=_phase_since(observed, before, at, now) if beat else "",
        events_per_s=observed.events_per_s,
        pulses_per_s=observed.pulses_per_s,
        memory_bytes=facts.memory_bytes,
        memory_parts=facts.memory_parts,
    )


def _with_company(status: Status, facts: ServiceFacts) -> Status:
    """The snapshot with the processes beside the worker."""
    return replace(
        status,
        receiver_pid=facts.receiver_pid,
        receiver_restarts=facts.receiver_restarts,
        spare_pid=facts.spare_pid,
        recording=facts.recording,
        shadow=facts.shadow,
    )


def _with_history(status: Status, facts: ServiceFacts, before: Status | None) -> Status:
    """The snapshot with what has happened before."""
    return replace(
        status,
        last_result=_last_result(status, before),
        printed=facts.printed,
        printed_left_out=facts.printed_left_out,
        script_failure=facts.failure,
        last_restarts=tuple(entry.restart for entry in facts.history),
        last_words=facts.history[-1].last_words if facts.history else (),
        recovered=facts.recovered,
        dump=facts.worker.stacks,
        dump_shows=facts.worker.stacks_show,
    )


def _last_result(status: Status, before: Status | None) -> str:
    """When the newest result was seen; a new worker counts its results from 0."""
    results = status.progress.total.results if status.progress else 0
    known = before.progress.total.results if before and before.progress else 0
    same = before is not None and before.generation == status.generation
    if results > (known if same else 0):
        return status.updated
    return before.last_result if before else ""


def _conditions(facts: ServiceFacts, before: Status | None, at: str) -> tuple[Condition, ...]:
    running, job = facts.running, facts.worker.job
    overdue = running is not None and job is not None and running.is_overdue(job.update_every_s)
    found = conditions_of(
        facts.observed.progress,
        facts.notes,
        at_work=facts.worker.pid is not None,
        overdue=running.text if running and overdue else "",
        memory=facts.too_large,
        log=facts.log_problem,
        recording=facts.recording.problem if facts.recording else "",
    )
    return dated(before.conditions if before else (), found, at)


def _problems(facts: ServiceFacts, why: str, conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    parked_for = (facts.found.problems or (why,)) if facts.state.word is StateWord.PARKED else ()
    return tuple(dict.fromkeys((*parked_for, *(one.text for one in conditions))))


def _since(word: StateWord, daemon: DaemonIdentity, before: Status | None, at: str) -> str:
    if before is None:
        return daemon.started if word is StateWord.STARTING else at
    return before.since if before.state is word else at


def _phase_since(observed: Observed, before: Status | None, at: datetime, now: float) -> str:
    """Start of the worker's phase, as the same text for as long as it lasts."""
    began = at.astimezone() - timedelta(seconds=now - observed.phase_since)
    if before is not None and before.phase_since:
        shift_s = (began - datetime.fromisoformat(before.phase_since)).total_seconds()
        if abs(shift_s) < JITTER_S:
            return before.phase_since
    return iso(began)


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
        rates,
        updated="",
        phase=None,
        phase_since="",
        usual_s=None,
        progress=None,
        printed=(),
        printed_left_out=0,
        recording=None,
    )
