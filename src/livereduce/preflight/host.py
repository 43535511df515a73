"""Choose the engine and its environment, from the configuration and facts about this host."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.extras import how_to_install, is_of_the_system, own_python
from livereduce.config.file import Config
from livereduce.config.instrument import lookup, read_properties
from livereduce.environment.identity import Identity
from livereduce.environment.launched import Launched, fingerprint, read_launched
from livereduce.environment.launchers import WRAP, environment_name
from livereduce.environment.probe import BUILTIN_NEEDS, location


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Facts about this host.

    Attributes
    ----------
    python
        The interpreter that the daemon runs in; `mantid` and `missing` describe it.
    launcher
        Path of the launcher of Mantid environments; empty if there is none.
    mantid
        Place from which it would import Mantid; empty if it would not.
    missing
        Packages of the builtin engine that it does not have.
    properties
        Texts of Mantid's properties files, the one with priority first.
    launched
        How this process was launched; None if it was started in another way.
    identity
        Mantid's answer on the instrument; None if it was not asked.
    of_service
        `environ` and `cwd` are those of a service that somebody else asks about: systemd makes its directories.
    of_another_user
        That service runs as another user, so this process cannot tell what it may write.
    """

    environ: Mapping[str, str]
    cwd: Path
    python: str = sys.executable
    launcher: str = ""
    mantid: str = ""
    missing: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    launched: Launched | None = None
    identity: Identity | None = None
    of_service: bool = False
    of_another_user: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The engine, and the reason for it, naming what decided it."""

    engine: str
    reason: str


def look_at_host(environ: Mapping[str, str], cwd: Path) -> Host:
    """Collect the facts about this host, as far as they matter here."""
    return Host(
        environ=environ,
        cwd=cwd,
        launcher=shutil.which(WRAP, path=environ.get("PATH", os.defpath)) or "",
        mantid=location("mantid"),
        missing=tuple(name for name in BUILTIN_NEEDS if not location(name)),
        properties=read_properties(Path(environ.get("HOME") or "/")),
        launched=read_launched(environ),
    )


def choose_engine(config: Config, host: Host) -> Verdict:
    """Choose the engine; ``auto`` is builtin only if Mantid was not found."""
    if config.engine != "auto":
        return Verdict(engine=config.engine, reason=f'"engine" in the configuration names {config.engine}')
    pointers = (
        (config.pixi_env, '"PIXI_ENV" in the configuration names {}'),
        (config.conda_env, '"CONDA_ENV" in the configuration names {}'),
        (host.launcher, "the launcher {} is installed"),
        (host.mantid, "this python has Mantid, {}"),
    )
    for what, reason in pointers:
        if what:
            return Verdict(engine="mantid", reason=reason.format(what))
    return Verdict(engine="builtin", reason="Mantid was not found")


def relaunch(config: Config, host: Host) -> str:
    """Reason why a configuration needs another process, launched again; empty if this one is right."""
    if host.launched is None or host.launched.config == fingerprint(config):
        return ""
    return "the configuration changed since the daemon was launched"


def engine_problems(config: Config, host: Host, verdict: Verdict) -> list[str]:
    """Reasons why the engine cannot run here."""
    if relaunch(config, host):
        return []  # what holds in this Python tells nothing about the next
    if host.launched and host.launched.problem:
        return [host.launched.problem]
    if verdict.engine == "mantid" and not host.mantid and not environment_name(config).startswith("/"):
        cure = (
            "start livereduce with livereduce.sh, or give the absolute path of its python; or set "
            '"engine": "builtin" to reduce without Mantid'
        )
        return [f"Mantid cannot be imported in {host.python}, but {verdict.reason}; {cure}"]
    if verdict.engine == "builtin" and host.missing:
        needs = f"engine builtin needs {', '.join(host.missing)}, which {host.python} does not have"
        return [f"{needs}; install them: {how_to_install('builtin', host.python)}{_then_name_it(host.python)}"]
    return []


def _then_name_it(python: str) -> str:
    """Advice to name a separate environment in the configuration: only then the service finds it."""
    if not is_of_the_system(python):
        return ""
    return f', then set "engine": "builtin" and "CONDA_ENV": "{own_python("builtin")}" in the configuration'


def interpreter_for(config: Config, host: Host, engine: str) -> str:
    """The Python of the worker: the daemon's own, unless another one is configured and this was not launched in it."""
    name = environment_name(config)
    return name if engine == "mantid" and host.launched is None and name.startswith("/") else host.python


def needs_mantid(config: Config, engine: str) -> bool:
    """True if only Mantid can tell the instrument: none is configured, or one that the facility table does not have."""
    return engine == "mantid" and (config.instrument is None or lookup(config.instrument) is None)


def is_elsewhere(config: Config, host: Host) -> bool:
    """True if the configured Mantid is in another Python, which this process is not for."""
    return bool(relaunch(config, host)) and not host.mantid


def question(config: Config, host: Host) -> tuple[str, str] | None:
    """The Python whose Mantid to ask for an instrument, and its name (empty: the default); None: no need to ask."""
    verdict = choose_engine(config, host)
    if not needs_mantid(config, verdict.engine) or is_elsewhere(config, host):
        return None
    if engine_problems(config, host, verdict):
        return None
    return interpreter_for(config, host, verdict.engine), config.instrument or ""


def describe_environment(config: Config, host: Host, engine: str) -> str:
    """Text on the environment that the worker gets."""
    if host.launched:
        return host.launched.environment
    interpreter = interpreter_for(config, host, engine)
    return "this python" if interpreter == host.python else f"python {interpreter}"


def describe_mantid(host: Host) -> str:
    """Version and place of the Mantid that the worker gets, as far as known."""
    facts = next((known for known in (host.identity, host.launched) if known and known.mantid), None)
    if facts is None:
        return host.mantid
    return f"{facts.mantid_version or 'of unknown version'}, {facts.mantid}"
