"""Read /etc/livereduce.conf into a frozen `Config`; every problem is named with its key.

The keys and their values are in `livereduce.config.keys`; what a configuration means on this host (directories,
scripts, engine) is in `livereduce.preflight.resolve`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from livereduce.base.errors import OperatorError
from livereduce.base.files import read_regular
from livereduce.base.json_errors import Mistake, find_mistake, repeated_names
from livereduce.base.names import closest
from livereduce.config.keys import KEYS, OUTLETS, Key
from livereduce.config.notifying import NotifyList
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase

DEFAULT_PATH = Path("/etc/livereduce.conf")
MAX_BYTES = 1 << 20
"""A configuration is a page of text; a longer file is the wrong file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration as written, with defaults; what depends on the host is resolved elsewhere.

    `instrument`, `script_dir`, `shadow_dir`, `source`, `tof_bins_us`, `publish_config`, `record_dir`,
    `epics_prefix`, `notify`, `heartbeat_brokers` (no heartbeat), `heartbeat_destination`, `heartbeat_ping`,
    `heartbeat_credentials`, `runtime_dir` and `state_dir` are None where not configured.

    Attributes
    ----------
    path
        The file, whether it exists or not (the default one need not); None for a text that came from no file.
    given
        The keys the file sets, by their name in the file (``watchdog.interval``); all others are defaults.
    """

    path: Path | None = None
    instrument: str | None = None
    conda_env: str | None = None
    pixi_env: str | None = None
    script_dir: Path | None = None
    shadow_dir: Path | None = None
    update_every_s: float = 30.0
    preserve_events: bool = True
    skip_empty: bool = False
    accum_method: str = "Add"
    periods: tuple[int, ...] = ()
    spectra: tuple[int, ...] = ()
    system_mem_limit_perc: float = 70.0
    mem_check_interval_s: float = 1.0
    watchdog_interval_s: float = 60.0
    watchdog_threshold_s: float = 300.0
    engine: str = "auto"
    source: str | None = None
    tof_bins_us: tuple[float, float, float] | None = None
    publish_config: Path | None = None
    record_dir: Path | None = None
    record_keep_runs: int = 20
    record_keep_gb: float = 50.0
    epics_prefix: str | None = None
    epics_interfaces: tuple[str, ...] = ("127.0.0.1",)
    limits_s: dict[Phase, float] = field(default_factory=lambda: dict(SILENCE_LIMITS_S))
    notify: NotifyList | None = None
    heartbeat_brokers: tuple[str, ...] | None = None
    heartbeat_destination: str | None = None
    heartbeat_ping: str | None = None
    heartbeat_interval_s: float = 30.0
    heartbeat_credentials: Path | None = None
    heartbeat_tls: bool = False
    runtime_dir: Path | None = None
    state_dir: Path | None = None
    given: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A configuration as far as it can be read: bad keys have their default in `config` and are named in `bad_keys`.

    Keys that cost a warning only are among the bad ones, too.
    """

    config: Config
    problems: tuple[str, ...] = ()
    bad_keys: frozenset[str] = frozenset()


_KEY_OF = {key.name: key for key in KEYS}
_SECTIONS = {key.name.split(".")[0]: key.if_wrong for key in KEYS if "." in key.name}
_SWITCHES = ("heartbeat.brokers", "epics.prefix")
"""Without these, nothing is sent or served: so it is where any value beside them is wrong."""
_SECRETIVE = ("heartbeat", "notify")
"""Where passwords and secret addresses may stand, also by mistake: no value is ever shown."""


def for_reduction(config: Config) -> Config:
    """The configuration without what only ``livereduce pvs`` and ``notify`` read, and without words on it."""
    plain = Config()
    outlets = [key for key in KEYS if key.name.partition(".")[0] in OUTLETS]
    defaults: dict[str, Any] = {key.attribute: getattr(plain, key.attribute) for key in outlets}
    given = tuple(name for name in config.given if name.partition(".")[0] not in OUTLETS)
    return replace(config, given=given, warnings=(), **defaults)


def value_of(config: Config, key: Key) -> object:
    """The value in `config` for a key of the file."""
    if key.attribute == "limits_s":
        return config.limits_s[Phase(key.name.removeprefix("limits."))]
    value: object = getattr(config, key.attribute)
    return value


@dataclass(slots=True)
class _KeyNotes:
    """Problems found while reading, each with the name of the file."""

    where: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    bad_keys: set[str] = field(default_factory=set)

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.where}: {text}")

    def warning(self, text: str) -> None:
        self.warnings.append(f"{self.where}: {text}")

    def wrong(self, name: str, expected: str, value: object, if_wrong: str) -> None:
        seen = "" if name.partition(".")[0] in _SECRETIVE else f", got {_shown(value)}"
        text = f'"{name}": expected {expected}{seen}'
        self.bad_keys.add(name)
        if if_wrong:
            self.warning(f"{text}; {if_wrong}")
        else:
            self.problem(text)


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except RecursionError:  # can be read with a shallower stack than it takes to write it
        return "a value nested too deeply to show"
    return text if len(text) <= 80 else text[:77] + "..."


def read_text(text: str, path: Path | None) -> Reading:
    """Read as much of a configuration as possible, and collect all problems. Never raises."""
    notes = _KeyNotes(where=str(path) if path is not None else "configuration")
    flat = _flatten(_decode(text, notes), notes)
    values: dict[str, Any] = {}
    for name, value in flat.items():
        key = _KEY_OF.get(name)
        if key is None:
            notes.warning(_unknown(name))
        elif value is not None:  # null means not set: otherwise a shell that reads PIXI_ENV would look for "null"
            try:
                values[name] = key.parse(value)
            except ValueError:
                notes.wrong(name, key.expected, value, key.if_wrong)
    for switch in _SWITCHES:  # a half of it might go elsewhere, or without TLS
        if any(bad.partition(".")[0] == switch.partition(".")[0] for bad in notes.bad_keys):
            values.pop(switch, None)
    for problem in notify.problems if isinstance(notify := values.get("notify"), NotifyList) else ():
        notes.warning(problem)
    config = Config(path=path, given=tuple(values), warnings=tuple(notes.warnings), **_attributes(values))
    return Reading(config=config, problems=tuple(notes.problems), bad_keys=frozenset(notes.bad_keys))


def _decode(text: str, notes: _KeyNotes) -> Mapping[str, object]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        mistake = find_mistake(error)
        notes.problem(f"not valid JSON, {mistake}; the line is: {_line_shown(text, mistake)}")
    except RecursionError:
        notes.problem("not a configuration: nested too deeply")
    except ValueError as error:  # an integer of thousands of digits
        notes.problem(f"not a configuration: {error}")
    else:
        if isinstance(body, dict):
            _warn_of_repeats(text, notes)
            return body
        notes.problem(f"expected a JSON object of keys and values, got {_shown(body)}")
    notes.bad_keys.update(_KEY_OF)  # all keys are unknown
    return {}


def _line_shown(text: str, mistake: Mistake) -> str:
    """The line of a mistake, unless it may hold a secret."""
    may_hold = any(f'"{name}' in text for name in _SECRETIVE)
    return "not shown, since the file may hold addresses and passwords" if may_hold else mistake.shown


def _warn_of_repeats(text: str, notes: _KeyNotes) -> None:
    for one in repeated_names(text):
        where = f"line {one.line}: {_shown(one.name)} is given more than once (first on line {one.first_line})"
        notes.warning(f"{where}; the last one counts")


def _flatten(body: Mapping[str, object], notes: _KeyNotes) -> dict[str, object]:
    """``{"watchdog": {"interval": 60}}`` and ``{"watchdog.interval": 60}`` are the same."""
    flat: dict[str, object] = {}
    for name, value in body.items():
        if name not in _SECTIONS:
            inner = {name: value}
        elif isinstance(value, dict):
            inner = {f"{name}.{key}": member for key, member in value.items()}
        else:
            inner = {}
            if value is not None:
                notes.wrong(name, "an object of keys and values", value, _SECTIONS[name])
        flat.update(inner)
    return flat


def _unknown(name: str) -> str:
    near = closest(name, _KEY_OF)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f"unknown key {_shown(name)} is ignored{hint}"


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    limits = {phase: values.get(f"limits.{phase}", limit) for phase, limit in SILENCE_LIMITS_S.items()}
    plain = {_KEY_OF[name].attribute: value for name, value in values.items()}
    return {**plain, "limits_s": limits}


def read_file(path: Path | None) -> Reading:
    """Like `read_text`, for a file; None is `DEFAULT_PATH`, which may be absent or empty. Never raises."""
    named, path = path is not None, path or DEFAULT_PATH
    try:
        text = _contents(path)
    except FileNotFoundError:
        if not named:
            return Reading(config=Config(path=path))
        return _unusable(path, f"no such file; put it there (if no file is named, {DEFAULT_PATH} is read)")
    except PermissionError:
        return _unusable(path, "no permission to read it")
    except IsADirectoryError:
        return _unusable(path, "is a directory, expected a file")
    except UnicodeDecodeError as error:
        return _unusable(path, f"not UTF-8 text (byte 0x{error.object[error.start]:02x} at offset {error.start})")
    except OSError as error:
        return _unusable(path, f"cannot be read: {error.strerror or error}")
    if text.strip():
        return read_text(text, path)
    empty = (f"{path}: the file is empty; using the defaults",) if named else ()
    return Reading(config=Config(path=path, warnings=empty))


def _contents(path: Path) -> str:
    if path.is_dir():
        raise IsADirectoryError
    return read_regular(path, MAX_BYTES).decode("utf-8-sig")


def _unusable(path: Path, what: str) -> Reading:
    return Reading(config=Config(path=path), problems=(f"{path}: {what}",), bad_keys=frozenset(_KEY_OF))


def parse_config(text: str, path: Path | None) -> Config:
    """Parse the configuration of a JSON text; `path` is its origin, for messages.

    Raises
    ------
    OperatorError
        With every problem at once, each naming the file, the key, the value and what was expected.
    """
    return _config_or_error(read_text(text, path))


def load_config(path: Path | None) -> Config:
    """Read the configuration of a file; None is `DEFAULT_PATH`, where absent or empty means the defaults.

    Raises
    ------
    OperatorError
        A named file is absent; the file cannot be read; or as `parse_config`.
    """
    return _config_or_error(read_file(path))


def _config_or_error(reading: Reading) -> Config:
    if reading.problems:
        raise OperatorError(*reading.problems)
    return reading.config
