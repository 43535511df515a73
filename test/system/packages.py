"""The packages under test: built by `rpmbuild.sh`, a later version of them, and the original's as it was at 1.22."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT
from system.machine import HERE, Done, Machine

MAIN, BESIDE = "python-livereduce", "python-livereduce-watchdog"
INTO = "/root/packages"
NOT_COPIED = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", ".hypothesis")
VERSION = ROOT / "src" / "livereduce" / "__init__.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The main package and that of the watchdog."""

    main: Path
    watchdog: Path

    def both(self) -> tuple[Path, Path]:
        return self.main, self.watchdog


def built(home: Path, checkout: Path = ROOT) -> Packages:
    """What `rpmbuild.sh` makes of a checkout for somebody whose home directory this is."""
    home.mkdir(parents=True)
    _build(("./rpmbuild.sh",), checkout, home)
    return _found(home)


def built_later(folder: Path) -> Packages:
    """The same with a higher version."""
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=NOT_COPIED)
    version = checkout / VERSION.relative_to(ROOT)
    text, changed = re.subn(r'__version__ = "[^"]*"', '__version__ = "99.0.0"', version.read_text())
    assert changed == 1, f"{VERSION} names no version"
    version.write_text(text)
    return built(folder / "home", checkout)


def built_original(home: Path) -> Packages:
    """Packages with the names, files and scriptlets that the original had at 1.22; see `original.spec`."""
    home.mkdir(parents=True)
    _build(("rpmbuild", "-bb", "--quiet", str(HERE / "original.spec")), HERE, home)
    return _found(home)


def rpm(machine: Machine, *words: str, packages: Sequence[Path] = (), check: bool = True) -> Done:
    """Install, upgrade, ask or erase. The machine's own packages are Debian's, so no dependencies are looked for."""
    for package in packages:
        machine.path(INTO).mkdir(exist_ok=True)
        shutil.copy(package, machine.path(INTO))
    return machine.run("rpm", *words, *(f"{INTO}/{package.name}" for package in packages), check=check)


def install(machine: Machine, *packages: Path, check: bool = True) -> Done:
    return rpm(machine, "--install", "--nodeps", packages=packages, check=check)


def upgrade(machine: Machine, *packages: Path) -> Done:
    """To these versions, higher or lower."""
    return rpm(machine, "--upgrade", "--oldpackage", "--nodeps", packages=packages)


def erase(machine: Machine, *names: str) -> Done:
    return rpm(machine, "--erase", "--nodeps", *names)


def altered(machine: Machine, *names: str) -> str:
    """Files of these packages that are not as they were installed; configuration may be."""
    return rpm(machine, "--verify", "--nodeps", "--noconfig", "--noghost", *names, check=False).stdout


def _build(command: Sequence[str], checkout: Path, home: Path) -> None:
    environ = os.environ | {"HOME": str(home)}
    done = subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _found(home: Path) -> Packages:
    rpms = sorted((home / "rpmbuild" / "RPMS" / "noarch").glob("*.rpm"))
    names = {path.name: "watchdog" if "watchdog" in path.name else "main" for path in rpms}
    assert sorted(names.values()) == ["main", "watchdog"], f"found {[path.name for path in rpms]}"
    return Packages(**{kind: path for path, kind in zip(rpms, names.values(), strict=True)})
