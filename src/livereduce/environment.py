"""Which engine is meant, and which environment holds it, from the configuration and facts about this host."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.config import Config
from livereduce.instrument import read_properties
from livereduce.launched import Launched, fingerprint, read_launched
from livereduce.launchers import WRAP, environment_name
from livereduce.probe import location

BUILTIN_NEEDS = ("numpy", "numba", "scipp", "h5py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Facts about this host.

    Attributes
    ----------
    launcher
        Path of the launcher of Mantid environments; empty if there is none.
    mantid
        Where this interpreter would import Mantid from; empty if it would not.
    missing
        Packages of the builtin engine that this interpreter does not have.
    properties
        Texts of Mantid's properties files, the one that wins first.
    launched
        How this process was launched; None if it was started in another way.
    """

    environ: Mapping[str, str]
    cwd: Path
    launcher: str = ""
    mantid: str = ""
    missing: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    launched: Launched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which engine, and why, in words that name what decided it."""

    engine: str
    reason: str


def look_at_host(environ: Mapping[str, str], cwd: Path) -> Host:
    """The facts about this host, as far as they matter here."""
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
    """The engine that is meant; ``auto`` is builtin only where nothing points to Mantid."""
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
    return Verdict(engine="builtin", reason="nothing points to Mantid")


def relaunch(config: Config, host: Host) -> str:
    """Why a configuration is for another process, launched anew; empty if it is for this one."""
    if host.launched is None or host.launched.config == fingerprint(config):
        return ""
    return "the configuration is not the one that the daemon was launched for"


def describe_environment(config: Config, host: Host, engine: str) -> str:
    """The environment that the worker gets, in words."""
    if host.launched:
        return host.launched.environment
    name = environment_name(config)
    return f"python {name}" if engine == "mantid" and name.startswith("/") else "this python"
