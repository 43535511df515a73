"""``livereduce check``: print what a configuration means here, and all its problems."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from livereduce.base import lock
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.logs import own_log_path, user_name
from livereduce.commands.launch import Inquiry, environ_in_there, inquire
from livereduce.commands.terminal.control_system import describe_pvs
from livereduce.commands.terminal.parameters_shown import parameter_rows
from livereduce.commands.terminal.script_findings import but, ends, told
from livereduce.commands.terminal.script_rows import Row, read_shadow, script_rows, shadow_problems, shadow_rows
from livereduce.config.file import Config, Reading, read_file, value_of
from livereduce.config.keys import KEYS, MOST_DENSE_CELLS, Key, count_bins
from livereduce.config.livedata import read_publication
from livereduce.environment.ask import Answer, NoAnswer, ask
from livereduce.environment.identity import Identity, ask_identity
from livereduce.messages.status import FILE_NAME as STATUS_FILE
from livereduce.messages.status import read_status
from livereduce.preflight.answering import (
    ANSWER_S,
    ENVIRONMENT_KEYS,
    Answering,
    does_not_answer,
    silent,
    what_answers,
)
from livereduce.preflight.host import Host, choose_engine, look_at_host
from livereduce.preflight.notifying import notify_warnings
from livereduce.preflight.recording import describe_recordings
from livereduce.preflight.resolve import Survey, survey
from livereduce.preflight.script_obstacles import FileObstacles, script_obstacles
from livereduce.preflight.services import Service, service_of, usual_configuration
from livereduce.scripting.parsing import Parser, look_to_the_end

BYTES_PER_BIN = 16
"""Counts and variances, both float64."""
PIXELS = 100_000
"""Pixels assumed for the memory estimate: the real number is known only from the stream."""
WIDTH = 30


def check(path: Path | None, out: TextIO) -> int:
    """Print what the configuration of a file (None: the default one) means here, and every problem at once.

    Returns
    -------
    The exit code: 0, or 78 if it cannot run.
    """
    host = look_at_host(os.environ, Path.cwd())
    path = usual_configuration(path, host.environ)
    reading = _read(path)
    service = None if "RUNTIME_DIRECTORY" in host.environ else service_of(path, host.environ, host.cwd)
    there = what_answers(reading.config, _host_of(service, host), ANSWER_S)
    config, bad_keys = there.config, reading.bad_keys | there.bad_keys
    usable = not (reading.problems or there.bad_keys & ENVIRONMENT_KEYS)
    inquiry = inquire(config, host.environ, host.cwd) if usable else None
    if inquiry is not None:
        host = _host_in_there(host, there, inquiry)
    asked = _host_of(service, host)
    parser = Parser()
    found = look_to_the_end(parser, lambda parse: survey(config, asked, bad_keys, parse))
    obstacles = _obstacles(found, parser, inquiry, there, host)
    problems = (*reading.problems, *there.problems, *found.problems, *_others(found, reading), *ends(obstacles))
    shadow_dir = asked.cwd / config.shadow_dir if config.shadow_dir is not None else None
    shadow = look_to_the_end(parser, lambda parse: read_shadow(found, shadow_dir, parse))
    of_shadow = shadow_problems(shadow_dir, shadow)
    warnings = (*there.warnings, *found.warnings, *of_shadow, *_publication_problems(config))
    warnings += notify_warnings(config, asked, ANSWER_S)
    engine = _engine(found, inquiry.answer if inquiry else None)
    rows = [*_configuration(reading), *_instrument(found), *engine, *_scripts(found)]
    rows += [*shadow_rows(found, shadow_dir, shadow), *_histograms(found)]
    rows += _directories(found, service)
    recordings, not_recorded = describe_recordings(config, asked, found.verdict.engine if found.verdict else "")
    rows += [("recordings", recordings if config.record_dir == reading.config.record_dir else "not known, see below")]
    pvs, no_pvs = describe_pvs(config, found.state_dir)
    rows += [("control system", pvs)]
    rows += _directories_here(survey(config, host, bad_keys)) if service else []
    out.writelines(f"{label:<{WIDTH}}{text}".rstrip() + "\n" for label, text in rows)
    out.writelines(f"{line}\n" for line in told(obstacles))
    warnings = (*warnings, *([not_recorded] if not_recorded else []), *no_pvs)
    for what, texts in (("warning", warnings), ("problem", problems)):
        if texts:
            out.write(f"\n{len(texts)} {what}{'s' if len(texts) > 1 else ''}\n")
            out.writelines(f"  - {text}\n" for text in texts)
    out.write("\nthis cannot run\n" if problems else f"\nthis can run{but(obstacles)}\n")
    return ExitCode.UNUSABLE if problems else ExitCode.OK


def _read(path: Path | None) -> Reading:
    if path is not None and silent((path,), ANSWER_S):
        raise OperatorError(f"configuration {path}: {does_not_answer(ANSWER_S)}")
    return read_file(path)


def _host_of(service: Service | None, host: Host) -> Host:
    """The host as a service sees it, whoever asks."""
    if service is None:
        return host
    another = service.user != user_name()
    return replace(host, environ=service.environ, cwd=service.cwd, of_service=True, of_another_user=another)


def _host_in_there(host: Host, there: Answering, inquiry: Inquiry) -> Host:
    """The host as a daemon launched by livereduce.sh sees it."""
    answer, launched = inquiry.answer, inquiry.launched(there.config)
    if answer is None:
        return replace(host, launched=launched)
    seen = replace(host, launched=launched, python=answer.executable, mantid=answer.mantid, missing=answer.missing)
    if inquiry.problem or choose_engine(there.config, host).engine != "mantid":
        return seen
    identity = _ask_mantid(answer, there, host)
    if identity.mantid:
        return replace(seen, identity=identity)
    where = f"{answer.executable} (environment {launched.environment})"
    problem = f"Mantid cannot be imported in {where}: {identity.problem}"
    return replace(seen, mantid="", launched=replace(launched, mantid="", problem=problem))


def _ask_mantid(answer: Answer, there: Answering, host: Host) -> Identity:
    """Import Mantid in a separate process: being installed does not mean that it can be imported."""
    try:
        environ = _environ_as_text(answer, there, host)
    except OSError as error:
        return Identity(problem=f"cannot create a folder for the livereduce package: {error}")
    return ask_identity(answer.executable, environ, there.config.instrument or "")


def _environ_as_text(answer: Answer, there: Answering, host: Host) -> dict[str, str]:
    """The variables of `environ_in_there` as text; raises OSError as it does: it may write to the state directory."""
    if "state_dir" in there.bad_keys:
        raise OSError("the state directory does not answer")
    made = environ_in_there(answer, there.config, host)
    return {os.fsdecode(name): os.fsdecode(value) for name, value in made.items()}


def _obstacles(
    found: Survey, parser: Parser, inquiry: Inquiry | None, there: Answering, host: Host
) -> tuple[FileObstacles, ...]:
    """What the scripts ask for and will not find in the environment of the worker."""
    scripts, script_dir, verdict = found.scripts, found.script_dir, found.verdict
    if not (scripts and script_dir and verdict):  # no script to read, or no engine to read it for
        return ()

    def absent(modules: tuple[str, ...]) -> frozenset[str]:
        answer = inquiry.answer if inquiry else None
        try:
            environ = _environ_as_text(answer, there, host) if answer else host.environ
            return frozenset(ask([found.interpreter], environ, modules=modules).absent)
        except (OSError, NoAnswer):  # said elsewhere
            return frozenset()

    return look_to_the_end(parser, lambda parse: script_obstacles(scripts, script_dir, verdict.engine, parse, absent))


def _publication_problems(config: Config) -> tuple[str, ...]:
    """Problems that keep plots from being sent; the reduction runs all the same."""
    if config.publish_config is None:
        return ()
    try:
        read_publication(config.publish_config)
    except OperatorError as error:
        return tuple(f"{problem}; no plots will be sent" for problem in error.problems)
    return ()


def _configuration(reading: Reading) -> list[Row]:
    where = str(reading.config.path)
    if len(reading.bad_keys) == len(KEYS):
        return [("configuration", f"{where} (cannot be read)")]
    if not reading.config.given and not reading.bad_keys:
        where += " (sets no key)"
    return [("configuration", where), *((f"  {key.name}", _setting(reading, key)) for key in KEYS)]


def _setting(reading: Reading, key: Key) -> str:
    if key.name in reading.bad_keys:
        return "invalid, see below"
    shown = _shown(reading.config, key)
    return shown if key.name in reading.config.given else f"{shown} (default)"


def _shown(config: Config, key: Key) -> str:
    value = value_of(config, key)
    units = {"s": " s", "perc": " %", "us": " us"}.get(key.attribute.rpartition("_")[2], "")
    if value is None:
        return "not set"
    if isinstance(value, float):
        return f"{value:.10g}{units}"
    if isinstance(value, tuple):
        parts = (part if isinstance(part, str) else f"{part:.10g}" for part in value)
        return f"[{', '.join(parts)}]{units}" if value else "all"
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _instrument(found: Survey) -> list[Row]:
    known = found.instrument
    if known is None:
        return [("instrument", "not known")]
    place = f" at {known.facility}" if known.facility else ", not in the facility table"
    beamline = f", beamline {known.beamline}" if known.beamline else ""
    return [
        ("instrument", f"{known.name} ({known.short_name}){place}{beamline}"),
        ("  stream", found.source or "none"),
    ]


def _engine(found: Survey, answer: Answer | None) -> list[Row]:
    if found.verdict is None:
        return [("engine", "not known")]
    version = answer.version_text if answer else sys.version.split()[0]
    rows = [
        ("engine", f"{found.verdict.engine} ({found.verdict.reason})"),
        ("  environment", found.environment),
        ("  interpreter", f"{found.interpreter} (Python {version})"),
    ]
    return [*rows, ("  Mantid", found.mantid or "cannot be imported")] if found.verdict.engine == "mantid" else rows


def _scripts(found: Survey) -> list[Row]:
    rows = [("scripts", str(found.script_dir or "not known"))]
    if found.script_dir and found.instrument and found.scripts:
        rows += script_rows(found.scripts, found.script_dir, found.instrument.short_name)
        rows += parameter_rows(found.scripts.parameters, _run_now(found))
    return rows


def _run_now(found: Survey) -> int:
    """The run that the service of this configuration is in, as its status says; 0 if there is none."""
    try:
        status = read_status(found.runtime_dir / STATUS_FILE) if found.runtime_dir else None
    except (OSError, ValueError):
        return 0
    return status.progress.run.number if status and status.progress else 0


def _histograms(found: Survey) -> list[Row]:
    low, _, high = found.tof_bins_us
    bins = count_bins(found.tof_bins_us)
    cells = PIXELS * bins
    memory = f"{cells * BYTES_PER_BIN / 1e6:.6g} MB per {PIXELS} pixels"
    if cells > MOST_DENSE_CELLS:
        memory = f"2 bytes per event: {cells:.3g} cells of {PIXELS} pixels are too many for an array"
    return [("histograms", f"{bins} bins from {low:.10g} to {high:.10g} us"), ("  memory", memory)]


def _directories(found: Survey, service: Service | None) -> list[Row]:
    log_file = service.log_file if service else own_log_path(os.environ, Path.cwd())
    return [
        ("directories", f"of {service}" if service else ""),
        ("  runtime", str(found.runtime_dir or "not known")),
        *_user(found.runtime_dir, lock.FILE_NAME),
        ("  state", str(found.state_dir or "not known")),
        *_user(found.state_dir, lock.STATE_FILE_NAME),
        ("  log file", str(log_file)),
    ]


def _user(folder: Path | None, name: str) -> list[Row]:
    """The user that runs with a directory."""
    holder = lock.holder(folder / name) if folder else lock.Holder()
    return [("", f"in use by livereduce ({holder.who})")] if holder.held else []


def _others(found: Survey, reading: Reading) -> tuple[str, ...]:
    """Directories in use by a daemon of another configuration; a daemon of this configuration is the service itself."""
    homes = [("runtime", found.runtime_dir, lock.FILE_NAME), ("state", found.state_dir, lock.STATE_FILE_NAME)]
    holders = [(kind, folder, lock.holder(folder / name)) for kind, folder, name in homes if folder]
    ours = str(reading.config.path.absolute()) if reading.config.path else ""
    return tuple(
        lock.in_use(kind, folder, holder.who)
        for kind, folder, holder in holders
        if holder.held and holder.configuration != ours
    )


def _directories_here(found: Survey) -> list[Row]:
    """All directories in one row, because people look for the other rows."""
    places = (found.runtime_dir, found.state_dir, own_log_path(os.environ, Path.cwd()))
    return [("  livereduce run, by hand", ", ".join(str(place or "not known") for place in places))]
