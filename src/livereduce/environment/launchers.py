"""Find the launcher for the configured environment: facts about the host, and a plan made from them.

A launcher runs a command in an environment: the site's ``nsd-app-wrap.sh`` with its function ``pixi_launch``, ``pixi``,
``conda``, ``micromamba``. `plan` decides; `livereduce.environment.ask` runs the command.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livereduce.config.file import Config

DEFAULT_ENVIRONMENT = "mantid-dev"
WRAP = "nsd-app-wrap.sh"
PIXI_ROOT = Path("/usr/local/pixi")
"""Folder of a site's pixi environments, one folder each."""
MANIFESTS = ("pixi.toml", "pyproject.toml")

_SOURCE_AND_LAUNCH = """\
wrap=$0 name=$1; shift; command=("$@"); set --
source "$wrap"
declare -F pixi_launch >/dev/null || { echo "$wrap does not define pixi_launch"; exit 1; }
pixi_launch "$name" "${command[@]}"
"""
"""Script for bash. The wrap is sourced without arguments, because it would take ours for its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launchers:
    """Paths of the installed launchers; empty for one that is not installed.

    Attributes
    ----------
    python
        The Python that the path leads to.
    manifests
        Manifests of the site's pixi environments, by name.
    """

    wrap: str = ""
    pixi: str = ""
    conda: str = ""
    micromamba: str = ""
    python: str = ""
    manifests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A way into an environment.

    Attributes
    ----------
    environment, launcher
        For people: the environment, and its launcher.
    command
        Runs Python there, followed by its arguments; empty if there is a problem.
    listing
        A command that lists the environments of this launcher as JSON; empty if `found` has them.
    found
        Names of the environments that exist.
    problem
        Why there is no way, in a sentence; empty if there is one.
    """

    environment: str
    launcher: str = ""
    command: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    problem: str = ""

    @property
    def in_words(self) -> str:
        """Environment and launcher for people."""
        return f"{self.environment}, launched by {self.launcher}" if self.launcher else self.environment


def look_for_launchers(environ: Mapping[str, str], pixi_root: Path = PIXI_ROOT) -> Launchers:
    """Find the launchers on the ``PATH``, and the site's pixi environments."""

    def which(*names: str) -> str:
        paths = (shutil.which(name, path=environ.get("PATH", os.defpath)) for name in names)
        return next((path for path in paths if path), "")

    return Launchers(
        wrap=which(WRAP),
        pixi=which("pixi"),
        conda=which("conda"),
        micromamba=which("micromamba"),
        python=which("python", "python3"),
        manifests=_manifests(pixi_root),
    )


def _manifests(root: Path) -> dict[str, str]:
    try:
        folders = sorted(root.iterdir())
    except OSError:
        return {}
    candidates = [(folder.name, folder / name) for folder in folders for name in reversed(MANIFESTS)]
    return {name: str(manifest) for name, manifest in candidates if manifest.is_file()}


def environment_name(config: Config) -> str:
    """Name of the configured environment, or the default; the path of a Python begins with a slash."""
    return config.pixi_env or config.conda_env or DEFAULT_ENVIRONMENT


def pixi_name(name: str) -> str:
    """Name for pixi, which the site writes with ``_dev`` and ``_qa`` at the end."""
    stem, dash, suffix = name.rpartition("-")
    return f"{stem}_{suffix}" if dash and suffix in ("dev", "qa") else name


def plan(config: Config, launchers: Launchers) -> Plan:
    """Plan the way into the configured environment, with the first launcher that is installed."""
    name = environment_name(config)
    if name.startswith("/"):
        return Plan(environment=f"python {name}", command=(name,))
    return _with_pixi(pixi_name(name), launchers) or _with_conda(name, launchers) or _without(name, launchers)


def _with_pixi(name: str, launchers: Launchers) -> Plan | None:
    found, environment = tuple(launchers.manifests), f"pixi {name}"
    if launchers.wrap:
        command = ("bash", "-c", _SOURCE_AND_LAUNCH, launchers.wrap, name, "python")
        return Plan(environment=environment, launcher=launchers.wrap, command=command, found=found)
    manifest = launchers.manifests.get(name)
    if launchers.pixi and manifest:
        command = (launchers.pixi, "run", "--frozen", "--manifest-path", manifest, "python")
        return Plan(environment=environment, launcher=launchers.pixi, command=command, found=found)
    if launchers.pixi and not launchers.conda and not launchers.micromamba:
        missing = f"environment {environment} cannot be used: it is not in {PIXI_ROOT}"
        return Plan(environment=environment, found=found, problem=missing)
    return None


def _with_conda(name: str, launchers: Launchers) -> Plan | None:
    for launcher, options in ((launchers.conda, ("--no-capture-output",)), (launchers.micromamba, ())):
        if launcher:
            return Plan(
                environment=f"conda {name}",
                launcher=launcher,
                command=(launcher, "run", *options, "-n", name, "python"),
                listing=(launcher, "env", "list", "--json"),
            )
    return None


def _without(name: str, launchers: Launchers) -> Plan:
    none = f"none of {WRAP}, pixi, conda and micromamba is on the PATH"
    if launchers.python:
        words = f"{name}, assumed to be active because {none}"
        return Plan(environment=words, command=(launchers.python,))
    return Plan(environment=name, problem=f"environment {name} cannot be used: {none}, and neither is python")
