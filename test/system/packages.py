"""The packages under test and the original's as it was at 1.22, and what rpm does with them in a machine."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.packages import build, found
from system.machine import HERE, Done, Machine

MAIN, BESIDE = "python-livereduce", "python-livereduce-watchdog"
INTO = "/root/packages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The main package and that of the watchdog."""

    main: Path
    watchdog: Path

    def both(self) -> tuple[Path, Path]:
        return self.main, self.watchdog


def built(home: Path, version: str | None = None) -> Packages:
    """What `rpmbuild.sh` makes of this checkout, or would with another version."""
    return _among(build(home, version))


def built_original(home: Path) -> Packages:
    """Packages with the names, files and scriptlets that the original had at 1.22; see `original.spec`."""
    home.mkdir()
    environ = os.environ | {"HOME": str(home)}
    command = ("rpmbuild", "-bb", "--quiet", str(HERE / "original.spec"))
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return _among(found(home))


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


def _among(files: dict[str, str]) -> Packages:
    return Packages(main=Path(files["main"]), watchdog=Path(files["watchdog"]))
