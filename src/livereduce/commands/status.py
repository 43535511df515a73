"""``livereduce status``: the snapshot in words for people, or unchanged for machines."""

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode
from livereduce.commands.terminal.beside import differences
from livereduce.messages.progress import Progress, RunState, SourceProgress
from livereduce.messages.shown import uncounted
from livereduce.messages.status import (
    RecordingSeen,
    ScriptSeen,
    ShadowStatus,
    StateWord,
    Status,
    clock_time,
    exit_code,
    holder_beside,
    is_down,
    is_time,
    of_a_dead_daemon,
    read_status,
)
from livereduce.preflight.status_files import find_statuses

SHOWN_TRACEBACK = 8
SHOWN_PRINTED = 5
"""Most lines of the last traceback, and of the scripts' output."""
SHOWN_WIDTH = 120
WIDEST = 300
"""Most characters of a line on the results of the shadow: it names a place by the script's own words."""
OLD_S = 30.0
"""Data older than this are late for a reason."""


def describe(status: Status, down: str = "") -> str:
    """The snapshot for people, one fact per line.

    Parameters
    ----------
    down
        The answer of `is_down`.
    """
    rows = [("state", f"DOWN: {down}" if down else f"{status.state}: {status.why}"), ("since", status.since)]
    rows += [("as of", status.updated)]
    if down:
        rows += [("was", f"{status.state}: {status.why}")]
    rows += _problem_rows(status, down)
    rows += [("warning", warning) for warning in status.warnings]
    unknown = "not known yet: starting" if status.state is StateWord.STARTING else "not known"
    rows += [("instrument", status.instrument or unknown)]
    rows += [("engine", f"{status.engine} ({status.interpreter})" if status.engine else unknown)]
    rows += _progress_rows(status)
    rows += [("last error", f"{one.at} {one.kind}: {one.text}{' (resolved)' * one.over}") for one in status.errors]
    rows += _said_rows(status)
    if status.generation:
        runs = status.worker_pid is not None
        rows += [("proc", _script(status.proc, runs=runs)), ("post_proc", _script(status.post_proc, runs=runs))]
        rows += [("parameters", _script(status.parameters, runs=runs))] if status.parameters else []
    ends = f"{status.restarts} unplanned and {status.renewals} planned restarts since the daemon started"
    worker = f"generation {status.generation}, pid {status.worker_pid or 'none'}, {ends}"
    since = f" since {status.phase_since}" if status.phase_since else ""
    rows += [("worker", f"{worker}, {status.phase}{since}" if status.phase else worker)]
    rows += _company_rows(status)
    rows += [("memory", _memory(status))] if status.memory_bytes is not None else []
    rows += [("restart", f"{one.at} generation {one.generation}: {one.reason}") for one in status.last_restarts]
    rows += [("recovered", status.recovered)] if status.recovered else []
    rows += [("last output", f"of the worker that ended last: {line}") for line in status.last_words]
    rows += [("stacks", f"{status.dump} {status.dump_shows}".rstrip())] if status.dump else []
    rows += [("configuration", status.configuration or "none"), ("log", status.log_file)]
    rows += [("products", status.products_dir)]
    rows += [("daemon", f"pid {status.pid}, version {status.version}, started {status.started}")]
    return "\n".join(_row(name, text) for name, text in rows)


def _row(name: str, text: str) -> str:
    return f"{name:14} {text}"


def _company_rows(status: Status) -> list[tuple[str, str]]:
    """The processes beside the worker."""
    rows = []
    if status.receiver_pid is not None or status.receiver_restarts:
        ends = f"{status.receiver_restarts} unplanned restarts since the daemon started"
        rows += [("receiver", f"pid {status.receiver_pid or 'none'}, {ends}")]
    if status.spare_pid is not None:
        rows += [("spare", f"a spare worker stands by (pid {status.spare_pid})")]
    if status.shadow is not None:
        rows += [("shadow", f"{status.shadow.directory}: {status.shadow.why}"), *_shadow_rows(status.shadow)]
    return rows + _recording_rows(status.recording)


def _recording_rows(recording: RecordingSeen | None) -> list[tuple[str, str]]:
    if recording is None:
        return []
    gaps = f", {recording.run_gaps} gaps" if recording.run_gaps else ""
    run = f"run {recording.run}, {recording.run_bytes / 1e9:.3g} GB{gaps}" if recording.run else "between runs"
    said = recording.problem or (run if recording.pid is not None else "not at work")
    return [("recording", f"{recording.directory}: {said}")]


def _shadow_rows(shadow: ShadowStatus) -> list[tuple[str, str]]:
    if shadow.progress is None:
        return []
    total, errors = shadow.progress.total, shadow.progress.last_errors
    scripts = ", ".join(f"{Path(path).name} (md5 {md5[:7]})" for path, md5 in shadow.files.items())
    calls = f"{total.chunks} chunks, {total.results} results, {total.script_errors} script errors"
    return [
        ("", scripts or "no scripts"),
        ("", f"pid {shadow.pid}, {calls}"),
        *((f"  {kind}", text) for kind, text in errors.items()),
    ]


def _problem_rows(status: Status, down: str) -> list[tuple[str, str]]:
    """Each problem, since when it holds; one without a time is left out if it is the reason of the state already."""
    since = {one.text: f" (since {one.since})" for one in status.conditions}
    several = len(status.problems) > 1
    told = (one for one in status.problems if several or down or one in since or one not in status.why)
    return [("problem", problem + since.get(problem, "")) for problem in told]


def _script(script: ScriptSeen | None, *, runs: bool) -> str:
    if script is None:
        return "none"
    times = [f"written {script.modified}"] if script.modified else []
    times += [f"{'in use' if runs else 'not running now; first used'} since {script.since}"] if script.since else []
    return ", ".join([f"{script.path} (md5 {script.md5})", *times])


def _memory(status: Status) -> str:
    held, limit = status.memory_bytes or 0, status.memory_limit_bytes
    parts = f": {status.memory_parts}" if status.memory_parts else ""
    if not limit:
        return f"{held / 1e6:.0f} MB, no limit{parts}"
    return f"{held / 1e6:.0f} MB, {100 * held / limit:.0f} % of the limit of {limit / 1e6:.0f} MB{parts}"


def _progress_rows(status: Status) -> list[tuple[str, str]]:
    progress = status.progress
    if progress is None:
        return []
    run, source, total = progress.run, progress.source, progress.total
    counts = f"{run.events} events, {run.pulses} pulses, {run.proton_charge_pc / 1e6:.6g} µC"
    rates = f"{rate(status.events_per_s)} events/s, {rate(status.pulses_per_s)} pulses/s"
    name = f"{run.number or 'none'} ({str(run.state).replace('_', ' ')})"
    rows = [("source", f"{source.address} {_link(status, source)}".strip()), ("run", name)]
    rows += [("in this run", counts), ("rates", rates), ("data age", _data_age(progress))]
    rows += [("last result", _last_result(status))]
    if missing := uncounted(progress):
        rows += [("not counted", missing)]
    if source.no_beam_since is not None:
        rows += [("beam", f"off since {clock_time(source.no_beam_since)}")]
    rows += [("incomplete", run.incomplete)] if run.incomplete else []
    if total.contained:
        rows += [("data lost", f"{total.contained} times, because of an internal error (see the log)")]
    rows += [("invalid logs", run.invalid_logs)] if run.invalid_logs else []
    rows += [("incomplete", text) for text in progress.incomplete_runs]
    rows += [("steps", f"{total.chunks} chunks, {total.results} results, {total.script_errors} script errors")]
    return rows


def _link(status: Status, source: SourceProgress) -> str:
    if source.ended:
        return "(the data have ended)"
    if not source.connected:
        return f"not connected: {source.reason}" if source.reason else "not connected yet"
    if status.worker_pid is not None:
        return "connected"
    return (
        "not connected: there is no worker now"
        if status.receiver_pid is None
        else "the receiver goes on: no worker now"
    )


def rate(per_s: float) -> str:
    """A rate in whole numbers, or with three digits if it is small."""
    return f"{per_s:.0f}" if per_s >= 100 else f"{per_s:.3g}"


def _data_age(progress: Progress) -> str:
    """Age of the newest data, with the reason if it is old and the reason is known."""
    run, source = progress.run, progress.source
    if source.data_age_s is None:
        return "no data yet"
    age = f"{source.data_age_s:.1f} s"
    if source.data_age_s < OLD_S:
        return age
    if source.ended:
        return f"{age}: the data have ended"
    if not source.connected:
        return f"{age}: not connected"
    if run.state is not RunState.RUNNING:
        return f"{age}: {'the run is paused' if run.state is RunState.PAUSED else 'no run is going on'}"
    if source.no_pulses_since is not None:
        return f"{age}: no pulses come"
    return f"{age}: the pulses that come are old (a replay, or there is a backlog)"


def _last_result(status: Status) -> str:
    if not is_time(status.last_result):
        return "none since the daemon started"
    seen, now = datetime.fromisoformat(status.last_result), datetime.fromisoformat(status.updated)
    return f"{max(0.0, (now - seen).total_seconds()):.0f} s ago ({status.last_result})"


def _said_rows(status: Status) -> list[tuple[str, str]]:
    """The end of the last traceback and of the scripts' output; the snapshot has more."""
    rows = []
    if failure := status.script_failure:
        state = ", resolved" if failure.well_again else ""
        rows.append(("traceback", f"{failure.at} {failure.step}, run {failure.run}{state}"))
        rows += [("", _plain(line)) for line in failure.traceback.splitlines()[-SHOWN_TRACEBACK:]]
    if status.printed_left_out:
        rows.append(("left out", f"{status.printed_left_out} lines that scripts printed, because they print too much"))
    for one in status.printed[-SHOWN_PRINTED:]:
        by = f"[{one.script}] " if one.script else ""
        rows.append(("printed", f"{one.at[11:19]} {_plain(by + one.line)}"))
    return rows


def _plain(line: str, width: int = SHOWN_WIDTH) -> str:
    """A line of a script, shortened, without terminal control characters."""
    return "".join(sign if sign.isprintable() else "·" for sign in line[:width].expandtabs())


def show_status(path: Path | None, as_json: bool, out: TextIO) -> int:
    """``livereduce status [CONF] [--json]``: print the snapshot of the daemon of a configuration.

    Returns
    -------
    The exit code: 0 healthy, 1 somebody should look, 2 down.
    """
    now, seen, missing = datetime.now().astimezone(), [], []
    for file in find_statuses(path, os.environ, Path.cwd()):
        try:
            status = read_status(file)
        except (OSError, ValueError) as error:
            missing.append(f"{file}: {getattr(error, 'strerror', None) or error}")
        else:
            seen.append((status, is_down(status, now, holder_beside(file))))
    if not seen:
        why = f"no daemon status found ({'; '.join(missing)})"
        print(json.dumps({"down": why}) if as_json else f"DOWN: {why}", file=out)
        return ExitCode.DOWN
    # prefer a service that is up over the leftovers of an earlier one
    status, down = min(seen, key=lambda one: bool(one[1]))
    status = of_a_dead_daemon(status) if down else status
    if as_json:
        print(json.dumps({**asdict(status), "down": down}, indent=2), file=out)
    else:
        print(describe(status, down), file=out, flush=True)
        for line in () if down else differences(status):  # large files perhaps: the state does not wait for them
            print(_row("shadow result", _plain(line, WIDEST)), file=out, flush=True)
    return exit_code(status, down)
