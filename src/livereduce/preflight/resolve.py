"""Resolve a configuration on this host: engine, instrument, scripts, stream, directories, and all problems.

`livereduce.preflight.host` gathers the facts about the host, `survey` judges them together with the directories.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import scheme_of
from livereduce.config.file import Config
from livereduce.config.instrument import Instrument, identify, lookup
from livereduce.config.keys import INSTRUMENT_NAME
from livereduce.preflight.host import (
    Host,
    Verdict,
    choose_engine,
    describe_environment,
    describe_mantid,
    engine_problems,
    interpreter_for,
    is_elsewhere,
    look_at_host,
    needs_mantid,
    relaunch,
)
from livereduce.preflight.recording import recording_warnings
from livereduce.preflight.shadow import may_promote, shadow_warnings
from livereduce.preflight.source import seen_of, source_problems
from livereduce.scripting.script_set import ScriptSet, read_set
from livereduce.scripting.syntax import Parse, Syntax

FRAME_US = 1e6 / 60
"""One frame of a source that pulses at 60 Hz, as SNS does."""
ENGINE_KEYS = frozenset({"engine", "PIXI_ENV", "CONDA_ENV"})
"""Keys that the choice of the engine depends on."""
DEFAULT_TOF_BINS_US = (0.0, FRAME_US / 100, FRAME_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A configuration that can run here, completely resolved.

    Attributes
    ----------
    engine
        ``builtin`` or ``mantid``.
    interpreter
        The Python that runs the worker.
    environment
        The environment, in words for people.
    mantid
        Version and place of the worker's Mantid in words, if known.
    source
        URL of the stream.
    source_seen
        Which file it is, if it is one: a file that was refused is tried again when it is another.
    tof_bins_us
        (min, step, max) where events become histograms.
    """

    config: Config
    instrument: Instrument
    engine: str
    interpreter: str
    environment: str
    script_dir: Path
    scripts: ScriptSet
    source: str
    tof_bins_us: tuple[float, float, float]
    runtime_dir: Path
    state_dir: Path
    warnings: tuple[str, ...]
    mantid: str = ""
    source_seen: str = ""

    @property
    def source_ends(self) -> bool:
        """The source is a file: its data come at once, and end."""
        scheme = scheme_of(self.source)
        return scheme is not None and scheme.ends

    @property
    def record_dir(self) -> Path | None:
        """Where runs are recorded; None if they are not: only a live stream that a receiver receives is."""
        return self.config.record_dir if self.stream and not self.source_ends else None

    @property
    def stream(self) -> str:
        """The stream that a receiver receives for the worker; empty if the engine reads it itself, as Mantid does."""
        return self.source if self.engine == "builtin" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everything that could be found out, with all problems; None for what could not.

    Attributes
    ----------
    relaunch
        Why another process must run it, although it can be run; empty if this one can.
    """

    config: Config
    verdict: Verdict | None
    interpreter: str
    environment: str
    instrument: Instrument | None
    script_dir: Path | None
    scripts: ScriptSet | None
    source: str
    tof_bins_us: tuple[float, float, float]
    runtime_dir: Path | None
    state_dir: Path | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    relaunch: str = ""
    mantid: str = ""


def resolve(config: Config, environ: Mapping[str, str], cwd: Path) -> Resolved:
    """Resolve the configuration on this host.

    Raises
    ------
    OperatorError
        It cannot run here: every problem at once.
    """
    return complete(survey(config, look_at_host(environ, cwd)))


def complete(found: Survey) -> Resolved:
    """Return the result of a survey without problems.

    Raises
    ------
    OperatorError
        There are problems: all of them.
    """
    match found:
        case Survey(
            verdict=Verdict() as verdict,
            instrument=Instrument() as instrument,
            script_dir=Path() as script_dir,
            scripts=ScriptSet() as scripts,
            runtime_dir=Path() as runtime_dir,
            state_dir=Path() as state_dir,
            problems=(),
        ):
            return Resolved(
                config=found.config,
                instrument=instrument,
                engine=verdict.engine,
                interpreter=found.interpreter,
                environment=found.environment,
                script_dir=script_dir,
                scripts=scripts,
                source=found.source,
                tof_bins_us=found.tof_bins_us,
                runtime_dir=runtime_dir,
                state_dir=state_dir,
                warnings=found.warnings,
                mantid=found.mantid,
                source_seen=seen_of(found.source),
            )
    raise OperatorError(*found.problems)


@dataclass(slots=True)
class _Findings:
    problems: list[str]
    warnings: list[str]


def trust(*_text: object) -> Syntax:
    """A `Parse` for callers that do not need to know whether scripts compile."""
    return Syntax()


def survey(config: Config, host: Host, bad_keys: frozenset[str] = frozenset(), parse: Parse = trust) -> Survey:
    """Find out everything, with all problems.

    Parameters
    ----------
    bad_keys
        Keys whose value was refused: their default was not meant, so nothing is concluded from it.
    parse
        Tells whether the scripts compile.
    """
    notes = _Findings(problems=[], warnings=list(config.warnings))
    verdict = _judge_engine(config, host, notes) if not bad_keys & ENGINE_KEYS else None
    engine = verdict.engine if verdict else ""
    notes.warnings += recording_warnings(config, engine)
    instrument = _judge_instrument(config, host, bad_keys, engine, notes)
    script_dir = script_dir_of(config, instrument, host.cwd) if "script_dir" not in bad_keys else None
    scripts = _judge_scripts(script_dir, instrument, engine, parse, notes) if script_dir and instrument else None
    shadow_dir = host.cwd / config.shadow_dir if config.shadow_dir is not None else None
    unhindered = host.of_another_user or script_dir is None or may_promote(script_dir)
    notes.warnings += shadow_warnings(shadow_dir, script_dir, engine, can_promote=unhindered)
    source = config.source or (instrument.address if instrument else "")
    if engine and instrument and "source" not in bad_keys:
        streams = source if engine == "builtin" else config.source or ""
        notes.problems += source_problems(streams, engine, instrument, host)
    runtime_dir, state_dir = (
        _judge_directory(kind, configured, instrument, host, notes) if f"{kind}_dir" not in bad_keys else None
        for kind, configured in (("runtime", config.runtime_dir), ("state", config.state_dir))
    )
    return Survey(
        config=config,
        verdict=verdict,
        interpreter=interpreter_for(config, host, engine),
        environment=describe_environment(config, host, engine),
        instrument=instrument,
        script_dir=script_dir,
        scripts=scripts,
        source=source,
        tof_bins_us=config.tof_bins_us or DEFAULT_TOF_BINS_US,
        runtime_dir=runtime_dir,
        state_dir=state_dir,
        problems=tuple(notes.problems),
        warnings=tuple(notes.warnings),
        relaunch=relaunch(config, host),
        mantid=describe_mantid(host) if engine == "mantid" else "",
    )


def _judge_engine(config: Config, host: Host, notes: _Findings) -> Verdict:
    verdict = choose_engine(config, host)
    notes.problems += engine_problems(config, host, verdict)
    return verdict


def instrument_of(config: Config, host: Host, bad_keys: frozenset[str]) -> Instrument | None:
    """The instrument alone, as `survey` finds it: scripts are not read, since their file server may hang."""
    engine = choose_engine(config, host).engine if not bad_keys & ENGINE_KEYS else ""
    return _judge_instrument(config, host, bad_keys, engine, _Findings(problems=[], warnings=[]))


def _judge_instrument(
    config: Config, host: Host, bad_keys: frozenset[str], engine: str, notes: _Findings
) -> Instrument | None:
    if "instrument" in bad_keys or (needs_mantid(config, engine) and is_elsewhere(config, host)):
        return None
    unknown_ok = config.source is not None or "source" in bad_keys or engine != "builtin"
    answer, silence = _mantids_answer(host)
    notes.warnings += [silence] if silence else []
    try:
        return identify(config.instrument, answer, host.properties, unknown_ok=unknown_ok)
    except OperatorError as error:
        notes.problems += error.problems
        notes.problems += [silence] if silence else []
        return None


def _mantids_answer(host: Host) -> tuple[Instrument | None, str]:
    """The instrument that Mantid has named, if it was asked, and why it named none."""
    identity = host.identity
    if identity is None:
        return None, ""
    if identity.problem:
        return None, f"Mantid does not say which instrument this is: {identity.problem}"
    if not (INSTRUMENT_NAME.fullmatch(identity.name) and INSTRUMENT_NAME.fullmatch(identity.short_name)):
        return (
            None,
            f"Mantid gave an instrument name that cannot be in a file name: {identity.name} ({identity.short_name})",
        )
    known = lookup(identity.name, identity.facility)
    if known is not None and known.facility == identity.facility:
        return known, ""
    return Instrument(name=identity.name, short_name=identity.short_name, facility=identity.facility), ""


def script_dir_of(config: Config, instrument: Instrument | None, cwd: Path) -> Path | None:
    """The folder of the scripts: configured, or the one that the facility has for an instrument; None if not known."""
    if config.script_dir is not None:
        return cwd / config.script_dir
    return Path(f"/SNS/{instrument.short_name}/shared/livereduce") if instrument is not None else None


def _judge_scripts(script_dir: Path, instrument: Instrument, engine: str, parse: Parse, notes: _Findings) -> ScriptSet:
    scripts = read_set(script_dir, instrument.short_name, parse, engine)
    notes.problems += scripts.problems
    notes.warnings += (*scripts.warnings, *scripts.module_problems)
    return scripts


def _judge_directory(
    kind: str, configured: Path | None, instrument: Instrument | None, host: Host, notes: _Findings
) -> Path | None:
    directory = choose_directory(kind, configured, instrument, host)
    if configured is None and host.of_service and f"{kind.upper()}_DIRECTORY" in host.environ:
        return directory
    if directory is not None and (obstacle := _obstacle(directory, host)):
        notes.problems.append(f"{kind} directory {directory} cannot be used: {obstacle}")
    return directory


def choose_directory(kind: str, configured: Path | None, instrument: Instrument | None, host: Host) -> Path | None:
    """The ``runtime`` or ``state`` directory: configured, systemd's, the desktop's, or in the working directory.

    None if it depends on an instrument that is not known.
    """
    if configured is not None:
        return host.cwd / configured
    given = host.environ.get(f"{kind.upper()}_DIRECTORY", "").split(":")[0]  # systemd gives a list if there are several
    if given:
        return host.cwd / given
    variable, suffix = {"runtime": ("XDG_RUNTIME_DIR", "run"), "state": ("XDG_STATE_HOME", "state")}[kind]
    base = host.environ.get(variable, "")
    if not base.startswith("/"):  # the XDG base directory specification says to ignore relative ones
        return host.cwd / f"livereduce.{suffix}"
    return Path(base) / "livereduce" / instrument.short_name if instrument is not None else None


def private_dir(config: Config, host: Host) -> Path:
    """A directory of ours from before the instrument is known, on which the state directory may depend."""
    directory = choose_directory("state", config.state_dir, None, host)
    return directory or Path(host.environ["XDG_STATE_HOME"]) / "livereduce"


def _obstacle(directory: Path, host: Host) -> str:
    """Reason why a directory cannot be made or written, as far as can be told without trying."""
    for place in (directory, *directory.parents):
        try:
            if not place.exists():
                continue
        except OSError as error:
            return f"{place}: {error.strerror}"
        if not place.is_dir():
            return f"{place} is not a directory"
        return (
            "" if host.of_another_user or os.access(place, os.W_OK | os.X_OK) else f"no permission to write in {place}"
        )
    return ""
