"""Which engine is meant, and which environment holds it, from the configuration and facts about this host."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from livereduce.config import Config
from livereduce.instrument import read_properties

DEFAULT_CONDA_ENV = "mantid-dev"
LAUNCHERS = ("nsd-app-wrap.sh", "pixi_launch")
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
    """

    environ: Mapping[str, str]
    cwd: Path
    launcher: str = ""
    mantid: str = ""
    missing: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which engine, and why, in words that name what decided it."""

    engine: str
    reason: str


def look_at_host(environ: Mapping[str, str], cwd: Path) -> Host:
    """The facts about this host, as far as they matter here."""
    search = environ.get("PATH", os.defpath)
    launchers = (shutil.which(name, path=search) for name in LAUNCHERS)
    return Host(
        environ=environ,
        cwd=cwd,
        launcher=next((path for path in launchers if path), ""),
        mantid=_location("mantid"),
        missing=tuple(name for name in BUILTIN_NEEDS if not _location(name)),
        properties=read_properties(Path(environ.get("HOME") or "/")),
    )


def _location(package: str) -> str:
    """Where a package would be imported from, without importing it; empty if it would not."""
    try:
        spec = find_spec(package)
    except ValueError:  # something has put a half-made module in its place
        return ""
    return (spec.origin or package) if spec is not None else ""


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


def describe_environment(config: Config, host: Host) -> str:
    """The environment that is to hold Mantid, in words."""
    name = config.pixi_env or config.conda_env or DEFAULT_CONDA_ENV
    if name.startswith("/"):
        return f"python {name}"
    if config.pixi_env is None and not host.launcher:
        return f"conda {name}"
    stem, dash, suffix = name.rpartition("-")
    return f"pixi {stem}_{suffix}" if dash and suffix in ("dev", "qa") else f"pixi {name}"
