"""The snapshot that the daemon writes and everyone else reads: its words, its file, its exit code.

One writer, many readers, no lock: the file is replaced by rename, so a reader sees this snapshot or the one before,
never half of one. When it is written is decided in `daemon.report`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import psutil

from livereduce.config import read_file
from livereduce.environment import look_at_host
from livereduce.errors import ExitCode
from livereduce.link import Phase, Progress, RunState
from livereduce.resolve import Survey, survey

FILE_NAME = "status.json"
SERVICE_DIR = Path("/run/livereduce")
"""The runtime directory of the system's service, which alone has $RUNTIME_DIRECTORY in its environment."""
INSTANCES_DIR = Path("/etc/livereduce")
"""Where the configurations of the services ``livereduce@NAME`` lie; their directories are named alike."""
STALE_S = 15.0
"""The daemon writes every 5 s; three writes missed in a row mean that its loop does not turn."""


class StateWord(StrEnum):
    """The one word for how the service is."""

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
    """A script as the newest generation runs it: the user's path and its md5."""

    path: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A worker that ended and was followed by another: when, why, and which generation it was."""

    at: str
    reason: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything there is to know of a running service; times are ISO 8601 with zone.

    Attributes
    ----------
    state, why, since
        One word, the reason in a sentence, and since when.
    problems
        What is wrong with configuration or scripts, one sentence each: what keeps a parked service from starting, or
        what a running one has not taken.
    generation, worker_pid
        The newest worker; the pid is None while there is none.
    phase, progress
        As of the newest beat; None before the first.
    events_per_s, pulses_per_s
        From successive beats.
    memory_bytes, memory_limit_bytes
        Of the worker with all that it has started; None without a worker, and without a limit.
    dump, dump_shows
        The file with the stacks of the worker that hung last, and the innermost line of its main thread.
    restarts, renewals
        How many workers ended since the daemon started without having been asked to, and how many to begin anew: for
        other scripts, on request, for want of memory.
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
    instrument: str = ""
    engine: str = ""
    interpreter: str = ""
    proc: ScriptSeen | None = None
    post_proc: ScriptSeen | None = None
    log_file: str = ""
    products_dir: str = ""
    generation: int = 0
    worker_pid: int | None = None
    phase: Phase | None = None
    progress: Progress | None = None
    events_per_s: float = 0.0
    pulses_per_s: float = 0.0
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    restarts: int = 0
    renewals: int = 0
    last_restarts: tuple[Restart, ...] = ()
    last_words: tuple[str, ...] = ()
    dump: str = ""
    dump_shows: str = ""


def iso(at: datetime) -> str:
    """A time as it stands in the snapshot."""
    return at.astimezone().isoformat(timespec="milliseconds")


def encode_status(status: Status) -> str:
    """The snapshot as JSON text."""
    return json.dumps(asdict(status), indent=2) + "\n"


def decode_status(text: str) -> Status:
    """The snapshot of a JSON text; keys that this version does not know are left out.

    Raises
    ------
    ValueError
        Not a snapshot: says what is missing or wrong.
    """
    try:
        body: dict[str, Any] = _known(Status, json.loads(text))
        body["state"] = StateWord(body["state"])
        body["phase"] = Phase(body["phase"]) if body.get("phase") else None
        for key in ("proc", "post_proc"):
            body[key] = ScriptSeen(**_known(ScriptSeen, body[key])) if body.get(key) else None
        for key in ("warnings", "problems", "last_words"):
            body[key] = tuple(body.get(key, ()))
        body["last_restarts"] = tuple(Restart(**_known(Restart, one)) for one in body.get("last_restarts", ()))
        if body.get("progress"):
            progress = _known(Progress, body["progress"])
            body["progress"] = Progress(**progress | {"run_state": RunState(progress.get("run_state", "no_run"))})
        datetime.fromisoformat(body["updated"])
        return Status(**body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a status of livereduce: {error}") from None


def _known(kind: type, body: dict[str, Any]) -> dict[str, Any]:
    # a reader may be older than the daemon for a moment, during an update
    return {key: value for key, value in body.items() if key in kind.__dataclass_fields__}  # type: ignore[attr-defined]


def write_status(path: Path, status: Status) -> None:
    """Replace the snapshot as a whole.

    Raises
    ------
    OSError
        The directory cannot be written; the old snapshot stands.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(encode_status(status))
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def read_status(path: Path) -> Status:
    """The snapshot of a file.

    Raises
    ------
    OSError
        There is no such file, or it cannot be read.
    ValueError
        It is not a snapshot.
    """
    return decode_status(path.read_text())


def shown(
    word: StateWord, why: str, progress: Progress | None, *, script_fails: bool, problems: tuple[str, ...] = ()
) -> tuple[StateWord, str]:
    """The word and reason that people see: the daemon's own, refined by what a running worker says of its work.

    Parameters
    ----------
    problems
        What somebody should look at, although the worker can do its work.
    """
    if word is not StateWord.RUNNING or progress is None:
        return word, why
    if not progress.source_connected:
        return _without_source(progress)
    if script_fails:
        return StateWord.DEGRADED, _script_error(progress)
    if "publish" in progress.last_errors:  # that of a step that failed the last time
        return StateWord.DEGRADED, f"results cannot be published: {progress.last_errors['publish']}"
    if problems:
        return StateWord.DEGRADED, "; ".join(problems)
    match progress.run_state:
        case RunState.PAUSED:
            return StateWord.PAUSED, f"run {progress.run} is paused"
        case RunState.RUNNING:
            incomplete = f"; incomplete: {progress.run_incomplete}" if progress.run_incomplete else ""
            fits = f"; {progress.fits}" if progress.fits else ""
            return StateWord.RUNNING, f"reducing run {progress.run}{fits}{incomplete}"
        case RunState.ENDED:
            return StateWord.WAITING_FOR_RUN, f"run {progress.run} has ended" if progress.run else "between runs"
        case RunState.NO_RUN:
            return StateWord.WAITING_FOR_RUN, "connected, no run yet"


def _without_source(progress: Progress) -> tuple[StateWord, str]:
    where = progress.source_address or "the stream"
    if progress.source_reason or progress.source_connects:
        reason = progress.source_reason or "connection lost"
        return StateWord.DEGRADED, reason if where in reason else f"no connection to {where}: {reason}"
    return StateWord.STARTING, f"connecting to {where}"


def _script_error(progress: Progress) -> str:
    errors = [f"{kind}: {text}" for kind, text in progress.last_errors.items() if kind in ("proc", "post_proc")]
    return "; ".join(errors) or "a script fails"


def is_down(status: Status, now: datetime) -> str:
    """Why the daemon behind a snapshot is down; empty if it is up."""
    if status.state is StateWord.STOPPED:
        return f"the daemon was stopped ({status.why})"
    if not psutil.pid_exists(status.pid):
        return f"the daemon (pid {status.pid}) is gone without having been stopped"
    age_s = (now - datetime.fromisoformat(status.updated)).total_seconds()
    if age_s > STALE_S:
        return f"the daemon (pid {status.pid}) has written nothing for {age_s:.0f} s"
    return ""


def exit_code(status: Status, down: str) -> ExitCode:
    """0: well; 1: somebody should look; 2: down."""
    if down:
        return ExitCode.DOWN
    return ExitCode.DEGRADED if status.state in NEEDS_ATTENTION else ExitCode.OK


def headline(status: Status) -> str:
    """One line: state and reason, and what flows. The life sign of the log."""
    progress = status.progress
    if progress is None or status.worker_pid is None:
        return f"{status.state}: {status.why}"
    flow = f"{progress.chunks} chunks, {progress.results} results, {status.events_per_s:.3g} events/s"
    age = "" if progress.data_age_s is None else f", data {progress.data_age_s:.1f} s old"
    return f"{status.state}: {status.why}; {flow}{age}"


def describe(status: Status, down: str = "") -> str:
    """The snapshot for people, one fact a line; `down` is the answer of `is_down`."""
    rows = [("state", f"DOWN: {down}" if down else f"{status.state}: {status.why}"), ("since", status.since)]
    if down:
        rows += [("was", f"{status.state}: {status.why}")]
    rows += [("problem", problem) for problem in status.problems if problem not in status.why or down]
    rows += [("warning", warning) for warning in status.warnings]
    rows += [("instrument", status.instrument or "not known")]
    rows += [("engine", f"{status.engine} ({status.interpreter})" if status.engine else "not known")]
    rows += _progress_rows(status)
    for name, script in (("proc", status.proc), ("post_proc", status.post_proc)):
        rows.append((name, f"{script.path} (md5 {script.md5})" if script else "none"))
    ends = f"{status.restarts} restarts, {status.renewals} renewals"
    worker = f"generation {status.generation}, pid {status.worker_pid or 'none'}, {ends}"
    rows += [("worker", f"{worker}, {status.phase}" if status.phase else worker)]
    rows += [("memory", _memory(status))] if status.memory_bytes is not None else []
    rows += [("restart", f"{one.at} generation {one.generation}: {one.reason}") for one in status.last_restarts]
    rows += [("last words", line) for line in status.last_words]
    rows += [("stacks", f"{status.dump} {status.dump_shows}".rstrip())] if status.dump else []
    rows += [("configuration", status.configuration or "none"), ("log", status.log_file)]
    rows += [("products", status.products_dir)]
    rows += [("daemon", f"pid {status.pid}, version {status.version}, started {status.started}")]
    return "\n".join(f"{name:14} {text}" for name, text in rows)


def _memory(status: Status) -> str:
    held, limit = status.memory_bytes or 0, status.memory_limit_bytes
    if limit is None:
        return f"{held / 1e6:.0f} MB, no limit"
    return f"{held / 1e6:.0f} MB, {100 * held / limit:.0f} % of the limit of {limit / 1e6:.0f} MB"


def _progress_rows(status: Status) -> list[tuple[str, str]]:
    progress = status.progress
    if progress is None:
        return []
    link = "connected" if progress.source_connected else f"not connected: {progress.source_reason or 'not yet'}"
    counts = f"{progress.run_events} events, {progress.run_pulses} pulses, {progress.run_charge_pc / 1e6:.6g} µC"
    rates = f"{status.events_per_s:.4g} events/s, {status.pulses_per_s:.4g} pulses/s"
    age = "no data yet" if progress.data_age_s is None else f"{progress.data_age_s:.1f} s old"
    rows = [("source", f"{progress.source_address} {link}"), ("run", f"{progress.run} ({progress.run_state})")]
    rows += [("in this run", counts), ("rates", rates), ("newest data", age)]
    rows += [("incomplete", progress.run_incomplete)] if progress.run_incomplete else []
    rows += [("steps", f"{progress.chunks} chunks, {progress.results} results, {progress.script_errors} script errors")]
    return rows + [("last error", f"{kind}: {text}") for kind, text in progress.last_errors.items()]


def runtime_directory(found: Survey, environ: Mapping[str, str], cwd: Path) -> Path:
    """The runtime directory of a configuration, also of one that cannot run: its daemon says there why it is parked."""
    return found.runtime_dir or Path(environ.get("RUNTIME_DIRECTORY") or cwd / "livereduce.run")


def find_statuses(path: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Where the snapshot of a configuration may be, the likeliest first."""
    reading = read_file(path)
    found = survey(reading.config, look_at_host(environ, cwd), reading.bad_keys)
    own = runtime_directory(found, environ, cwd)
    if reading.config.runtime_dir:
        return [own / FILE_NAME]
    is_instance = path is not None and (cwd / path).parent == INSTANCES_DIR
    service = SERVICE_DIR.with_name(f"{SERVICE_DIR.name}_{path.stem}") if path and is_instance else SERVICE_DIR
    return [own / FILE_NAME, service / FILE_NAME]


def show_status(path: Path | None, as_json: bool, out: TextIO) -> int:
    """``livereduce status [CONF] [--json]``: print the snapshot of the daemon of a configuration.

    Returns
    -------
    The exit code: 0 well, 1 somebody should look, 2 down.
    """
    now, seen, missing = datetime.now().astimezone(), [], []
    for file in find_statuses(path, os.environ, Path.cwd()):
        try:
            status = read_status(file)
        except (OSError, ValueError) as error:
            missing.append(f"{file}: {getattr(error, 'strerror', None) or error}")
        else:
            seen.append((status, is_down(status, now)))
    if not seen:
        why = f"no status of a daemon ({'; '.join(missing)})"
        print(json.dumps({"down": why}) if as_json else f"DOWN: {why}", file=out)
        return ExitCode.DOWN
    # a service that is up is meant rather than what an earlier one has left behind
    status, down = min(seen, key=lambda one: bool(one[1]))
    print(json.dumps({**asdict(status), "down": down}, indent=2) if as_json else describe(status, down), file=out)
    return exit_code(status, down)
