"""The snapshot that the daemon writes and everyone else reads: its fields, its file, its meaning.

One writer, many readers, no lock: the file is replaced by rename, so a reader sees this snapshot or the one before,
never half of one. `daemon.report` decides when to write it; `commands.status` shows it to people.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from livereduce.base.errors import ExitCode
from livereduce.base.fields import checked
from livereduce.base.files import read_regular, replace_file
from livereduce.base.lock import FILE_NAME as LOCK_NAME
from livereduce.base.lock import Holder, holder
from livereduce.base.processes import process_exists
from livereduce.messages.beat import Phase, require_times
from livereduce.messages.progress import Progress, nested
from livereduce.messages.script_failure import ScriptFailure

FILE_NAME = "status.json"
MAX_BYTES = 4 << 20
"""Most bytes of a snapshot; a real one has some ten kilobytes."""
MAX_PID = 2**31 - 1
NOT_KNOWN = Holder()
STALE_S = 15.0
"""The daemon writes every 5 s; three missed writes in a row mean that its loop hangs."""


class StateWord(StrEnum):
    """State of the service in one word."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING_FOR_RUN = "waiting_for_run"
    PAUSED = "paused"
    DEGRADED = "degraded"
    STALLED = "stalled"
    RESTARTING = "restarting"
    PARKED = "parked"
    STOPPING = "stopping"
    STOPPED = "stopped"


NEEDS_ATTENTION = frozenset({StateWord.DEGRADED, StateWord.STALLED, StateWord.RESTARTING, StateWord.PARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSeen:
    """A script, or the file of the scripts' parameters, as the newest generation has it.

    Attributes
    ----------
    path, md5
        The user's file, and the key of its version.
    modified
        When the file was written; empty if not known, as for a last good version.
    since
        When this version was first used; empty if that could not be stored.
    """

    path: str
    md5: str
    modified: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that somebody should look at: kind (``source``, ``files``, ``proc`` …), sentence, since when.

    `cause` is the part of the sentence that says what is wrong, without what is used instead; empty if it is all of it.
    """

    kind: str
    text: str
    since: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSeen:
    """The last error of a kind (``proc``, ``post_proc``, ``publish``, ``source`` …), since when, whether it is over."""

    kind: str
    text: str
    at: str
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A line that a script printed, when it came, and the version of the script (``proc 1a2b3c4``).

    `script` is empty for output between two calls: of a thread that a script has left, or of a library.
    """

    at: str
    line: str
    script: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSeen:
    """What is recorded of the stream.

    Attributes
    ----------
    pid
        The process that writes; None while there is none.
    restarts
        How many of them have ended unasked since the daemon started.
    run, run_bytes, run_gaps
        The run that the stream is in, 0 between runs; what is recorded of it, and how often something was missed.
    written_bytes, gaps
        Sums since that process began.
    problem
        What is wrong, in a sentence; empty if nothing is.
    """

    directory: str
    pid: int | None = None
    restarts: int = 0
    run: int = 0
    run_bytes: int = 0
    run_gaps: int = 0
    written_bytes: int = 0
    gaps: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A worker that ended and was followed by another: when, why, and its generation."""

    at: str
    reason: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowStatus:
    """The scripts that run beside those in use (`shadow_dir`), for comparison.

    Attributes
    ----------
    why
        What their worker does, or why there is none, in a sentence.
    pid
        Their worker; None if there is none.
    files
        The md5 of each file that it runs, by path.
    products_dir
        Where its results are; empty if there is no worker.
    """

    directory: str
    why: str
    pid: int | None = None
    files: dict[str, str] = field(default_factory=dict)
    products_dir: str = ""
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything there is to know of a running service; times are ISO 8601 with zone.

    Attributes
    ----------
    state, why, since
        One word, the reason in a sentence, and since when.
    problems
        What keeps a parked service from starting, or the texts of all conditions, the most urgent first.
    conditions
        What somebody should look at now, each since when; `livereduce.messages.conditions` has their order.
    generation, worker_pid
        The newest worker; the pid is None while there is none.
    receiver_pid, receiver_restarts
        The process that receives the stream for the worker, None if there is none: the engine reads by itself; and how
        many of them have ended unasked since the daemon started.
    spare_pid
        A worker that stands by to take over, with everything imported and no script in it; None if there is none.
    files
        The md5 of each file that the newest worker runs, by path: scripts, modules, parameters, files that those name.
    shadow
        None if there is no `shadow_dir`.
    recording
        What is recorded; None if nothing is to be.
    phase, progress
        As of the newest beat; None before the first.
    phase_since, usual_s
        When that phase began, and how long the script that runs in it takes at most, from experience; empty and None
        if that is not known.
    events_per_s, pulses_per_s
        From successive beats.
    memory_bytes, memory_limit_bytes, memory_parts
        Of the worker with all that it has started; None without a worker, and without a limit. The parts are in words.
    recovered
        When the newest disturbance was over, how long it took, and what it cost; empty if there was none.
    last_result
        When the daemon saw the newest result; empty if it has seen none.
    dump, dump_shows
        The file with the stacks of the worker that hung last, and the innermost line of its main thread.
    restarts, renewals
        Workers that ended unasked since the daemon started, and workers that were restarted on purpose: for changed
        scripts, on request, because of memory.
    errors
        The last error of each kind since the daemon started, the newest last.
    printed, printed_left_out
        The last lines that scripts printed, without the worker's own log, the newest last; and how many lines of theirs
        are not in the log, since they print too much.
    script_failure
        The last failure of a script in the version that is in use; None if there was none.
    last_restarts, last_words
        The newest of both, oldest first, also those under earlier daemons; and what the last of these workers printed.
    """

    state: StateWord
    why: str
    since: str
    pid: int
    started: str
    updated: str
    version: str
    configuration: str = ""
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    instrument: str = ""
    engine: str = ""
    interpreter: str = ""
    proc: ScriptSeen | None = None
    post_proc: ScriptSeen | None = None
    parameters: ScriptSeen | None = None
    log_file: str = ""
    products_dir: str = ""
    generation: int = 0
    worker_pid: int | None = None
    receiver_pid: int | None = None
    receiver_restarts: int = 0
    spare_pid: int | None = None
    files: dict[str, str] = field(default_factory=dict)
    shadow: ShadowStatus | None = None
    recording: RecordingSeen | None = None
    phase: Phase | None = None
    phase_since: str = ""
    usual_s: float | None = None
    progress: Progress | None = None
    events_per_s: float = 0.0
    pulses_per_s: float = 0.0
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    memory_parts: str = ""
    restarts: int = 0
    renewals: int = 0
    errors: tuple[ErrorSeen, ...] = ()
    printed: tuple[Printed, ...] = ()
    printed_left_out: int = 0
    script_failure: ScriptFailure | None = None
    last_restarts: tuple[Restart, ...] = ()
    last_words: tuple[str, ...] = ()
    recovered: str = ""
    last_result: str = ""
    dump: str = ""
    dump_shows: str = ""


def iso(at: datetime) -> str:
    """Format a time for the snapshot."""
    return at.astimezone().isoformat(timespec="milliseconds")


def encode_status(status: Status) -> str:
    """Encode the snapshot as JSON text."""
    return json.dumps(asdict(status), indent=2) + "\n"


def decode_status(text: str) -> Status:
    """Decode the snapshot of a JSON text, every field checked; unknown keys are ignored.

    Raises
    ------
    ValueError
        Not a snapshot: says what is missing or wrong.
    """
    try:
        body = json.loads(text)
        if isinstance(body, dict) and isinstance(flat := body.get("progress"), dict) and "run_state" in flat:
            body["progress"] = nested(flat)
        status = checked(Status, body)
        for name in ("started", "updated", "since", *(["phase_since"] if status.phase_since else [])):
            _require_time(name, getattr(status, name))
        if status.phase_since:
            _require_time("phase_since", status.phase_since)
        for progress in (status.progress, status.shadow.progress if status.shadow else None):
            if progress:
                require_times(progress)
        if not 0 <= status.pid <= MAX_PID:
            raise ValueError(f"pid: expected the number of a process, got {status.pid}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a status of livereduce: {error}") from None
    return status


def _require_time(name: str, text: str) -> None:
    if not is_time(text):
        raise ValueError(f"{name}: expected a time with zone, got {text!r:.60}")


def is_time(text: str) -> bool:
    """True for a time with time zone in ISO 8601; old entries of the history may hold anything."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def write_status(path: Path, status: Status) -> None:
    """Replace the snapshot as a whole.

    Raises
    ------
    OSError
        The directory cannot be written; the old snapshot is unchanged.
    """
    replace_file(path, encode_status(status).encode())


def read_status(path: Path) -> Status:
    """Read the snapshot of a file.

    Raises
    ------
    OSError
        There is no such file, or it cannot be read.
    ValueError
        It is not a snapshot.
    """
    return decode_status(read_regular(path, MAX_BYTES, follow_link=False).decode())


def clock_time(unix_s: float, form: str = "%H:%M") -> str:
    """Format a time for people, in the zone of this host: the clock time if it is today, otherwise with its date."""
    at, today = datetime.fromtimestamp(unix_s).astimezone(), datetime.now()
    return at.strftime(form if at.date() == today.date() else f"%Y-%m-%d {form}")


def is_down(status: Status, now: datetime, lock: Holder = NOT_KNOWN) -> str:
    """Reason why the daemon of a snapshot is down; empty if it is up.

    Parameters
    ----------
    lock
        Who holds the lock beside the snapshot. It shows at once that a daemon was killed; without it, another process
        may have got the daemon's pid, or the daemon may be dead but not yet waited for.
    """
    if status.state is StateWord.STOPPED:
        return f"the daemon was stopped ({status.why})"
    if lock.held and lock.pid not in (None, status.pid):
        return f"the daemon (pid {status.pid}) is gone, and a new one (pid {lock.pid}) has just started"
    if lock.held is False or (lock.held is None and not process_exists(status.pid)):
        return f"the daemon (pid {status.pid}) is gone, although nobody stopped it"
    age_s = (now - datetime.fromisoformat(status.updated)).total_seconds()
    if age_s > STALE_S:
        return f"the daemon (pid {status.pid}) has written nothing for {age_s:.0f} s"
    return ""


def holder_beside(status_file: Path) -> Holder:
    """Holder of the lock of the runtime directory that a snapshot is in."""
    return holder(status_file.with_name(LOCK_NAME))


def of_a_dead_daemon(status: Status) -> Status:
    """The snapshot without the fields that hold only while the daemon lives: no connection, no data rates."""
    progress = status.progress
    if progress is not None:
        progress = replace(progress, source=replace(progress.source, connected=False, reason="the daemon is down"))
    return replace(status, progress=progress, events_per_s=0.0, pulses_per_s=0.0)


def exit_code(status: Status, down: str) -> ExitCode:
    """0: healthy; 1: somebody should look; 2: down."""
    if down:
        return ExitCode.DOWN
    return ExitCode.DEGRADED if status.state in NEEDS_ATTENTION else ExitCode.OK


def headline(status: Status) -> str:
    """One line with state, reason and data rates: the life sign in the log."""
    progress = status.progress
    if progress is None or status.worker_pid is None:
        return f"{status.state}: {status.why}"
    flow = f"{progress.total.chunks} chunks, {progress.total.results} results, {status.events_per_s:.3g} events/s"
    age = "" if progress.source.data_age_s is None else f", data age {progress.source.data_age_s:.1f} s"
    return f"{status.state}: {status.why}; {flow}{age}"
