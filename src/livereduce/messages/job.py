"""The job of one generation of the worker: a JSON file, written by the daemon, the worker's one argument.

Also what daemon and worker must agree on before the first beat: names of environment variables, and the text with which
a worker says why it cannot start.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from livereduce.base.fields import checked
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase
from livereduce.messages.marks import FILE_NAME as MARK_FILE
from livereduce.messages.marks import Suspect

BEAT_FD = "LIVEREDUCE_BEAT_FD"


ORDER_FD = "LIVEREDUCE_ORDER_FD"


DUMP_FD = "LIVEREDUCE_DUMP_FD"
"""Environment variables with the numbers of the worker's descriptors: beats, orders, and a file for stacks."""


PROBLEM_PREFIX = "livereduce.worker: "
"""Beginning of an output line that says why a worker ends with exit code 78."""


BACKGROUND = "LIVEREDUCE_BACKGROUND"
"""Environment variable of a worker that gives way to the service: nobody waits for its result."""


CLOCK, BEAM_TIME = "clock", "beam_time"
"""What chunks are cut by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCopy:
    """A script as this generation runs it: the user's path (for people), the frozen copy (for the worker), its md5."""

    path: str
    copy: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCopy:
    """A module of the scripts as this generation imports it: as `ScriptCopy`; a package is its ``__init__.py``."""

    path: str
    copy: str
    md5: str
    is_package: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFileSeen:
    """A file that a parameter names, as it was when the job was written: the value's text, the path, the md5."""

    text: str
    path: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametersCopy:
    """The parameters of the scripts as this generation has them: as `ScriptCopy`, and the files that they name."""

    path: str
    copy: str
    md5: str
    files: tuple[NamedFileSeen, ...] = ()

    @property
    def version(self) -> str:
        """The file and those that it names, told from all others."""
        return " ".join((self.md5, *(file.md5 for file in self.files)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything one generation of the worker needs; written by the daemon as JSON, read once by the worker.

    Attributes
    ----------
    generation
        Counts up with every worker started by one state directory.
    skip_empty
        Spare the scripts chunks without events.
    start
        Where to begin: ``run_start`` or ``now``.
    keep_events
        False: continue with histograms whatever `preserve_events` says (memory fallback).
    counted_run
        The run that this holds for; the next one is kept as events again. None: all runs.
    source
        URL of the stream; empty for the engine mantid if it is the instrument's own.
    limits_s
        How long a worker may be silent, by phase; those that are not here are `SILENCE_LIMITS_S`.
    publish_config
        The configuration of the facility's live data server; empty: nothing is sent there.
    suspects
        Data that earlier workers died on.
    modules
        What the scripts import from `script_dir`.
    missing
        Files there that did not exist when the scripts were checked: not to be imported if they appear.
    parameters
        The scripts' ``parameters.json``; None if there is none.
    cut_by
        When a chunk is cut: every `update_every_s` of the clock, or of the time of the pulses (`CLOCK`, `BEAM_TIME`).
    one_run
        The source sends one run: all has been reduced when that has ended, or the loop has (engine mantid).
    until_events, max_chunks
        Leave the stream when so many events have come, or after so many chunks. None: at its end.
    """

    generation: int
    engine: str
    instrument: str
    short_name: str
    source: str
    update_every_s: float
    preserve_events: bool
    accum_method: str
    periods: tuple[int, ...]
    spectra: tuple[int, ...]
    tof_bins_us: tuple[float, float, float]
    proc: ScriptCopy | None
    post_proc: ScriptCopy | None
    script_dir: str
    state_dir: str
    runtime_dir: str
    skip_empty: bool = False
    start: str = "run_start"
    keep_events: bool = True
    counted_run: int | None = None
    limits_s: dict[str, float] = field(default_factory=dict)
    publish_config: str = ""
    suspects: tuple[Suspect, ...] = ()
    modules: tuple[ModuleCopy, ...] = ()
    missing: tuple[str, ...] = ()
    parameters: ParametersCopy | None = None
    cut_by: str = CLOCK
    one_run: bool = False
    until_events: int | None = None
    max_chunks: int | None = None

    def limit_s(self, phase: Phase) -> float:
        """Limit of the worker's silence in a phase."""
        return self.limits_s.get(phase, SILENCE_LIMITS_S[phase])

    @property
    def files(self) -> dict[str, str]:
        """The md5 of each file that its results depend on, by path: scripts, modules, parameters, files they name."""
        scripts = {script.path: script.md5 for script in (self.proc, self.post_proc) if script}
        parameters = {self.parameters.path: self.parameters.md5} if self.parameters else {}
        named = {file.path: file.md5 for file in self.parameters.files} if self.parameters else {}
        return scripts | {module.path: module.md5 for module in self.modules} | parameters | named

    @property
    def script_md5s(self) -> str:
        """Both scripts with their modules and parameters, told from all others."""
        modules = (module.md5 for module in self.modules)
        parameters = [self.parameters.version] if self.parameters else []
        scripts = (script.md5 if script else "none" for script in (self.proc, self.post_proc))
        return " ".join((*scripts, *modules, *parameters))

    @property
    def mark(self) -> Path:
        """Path where the worker of this generation writes its mark (`livereduce.messages.marks`)."""
        return Path(self.state_dir) / "generations" / f"{self.generation:06d}" / MARK_FILE


def encode_job(job: Job) -> str:
    """Encode the job as JSON text."""
    return json.dumps(asdict(job), indent=2)


def decode_job(text: str) -> Job:
    """Decode the job of a JSON text.

    Raises
    ------
    ValueError
        Not a job: names what is missing or unknown.
    """
    try:
        body: dict[str, Any] = json.loads(text)
        for key in ("proc", "post_proc"):
            body[key] = ScriptCopy(**body[key]) if body[key] is not None else None
        for key in ("periods", "spectra", "tof_bins_us"):
            body[key] = tuple(body[key])
        body["modules"] = tuple(checked(ModuleCopy, one) for one in body.get("modules", ()))
        body["missing"] = tuple(body.get("missing", ()))
        parameters = body.get("parameters")
        body["parameters"] = None if parameters is None else checked(ParametersCopy, parameters)
        body["suspects"] = tuple(checked(Suspect, one) for one in body.get("suspects", ()))
        return Job(**body)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a job: {error}") from None
