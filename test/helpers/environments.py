"""Environments that hold a python each, and launchers for them that behave and misbehave as the real ones do.

The environments are real (venv); what they have besides the standard library is said when they are made. The `mantid`
in there is a few lines: enough to be found, imported, and asked for an instrument.
"""

import os
import sys
import venv
from pathlib import Path

import psutil

MANTID = """
__version__ = "6.11.0"
"""
KERNEL = """
class _Named:
    def __init__(self, name):
        self._name = name

    def name(self):
        return self._name


class _Instrument(_Named):
    def shortName(self):
        return self._name[:3]

    def facility(self):
        return _Named("ELSEWHERE")


class ConfigService:
    @staticmethod
    def getInstrument(name="NEWONE"):
        print("Welcome to Mantid", end="")
        if name == "NOBODY":
            raise RuntimeError("no instrument NOBODY")
        return _Instrument(name)
"""
OLD = "import sys; sys.version_info = (3, 9, 18, 'final', 0)\n"
"""A line of a ``.pth`` file: Debian's python has a sitecustomize.py of its own, which is found first."""

ODD = b"two\nlines, \xe9 and \xff"
"""The value of a variable that the launchers set: neither one line nor UTF-8."""

WRAP = r"""
[ $# -eq 0 ] || { echo "a wrap that takes $1 for its own argument"; exit 9; }
shopt -s extglob
pixi_launch() {
    local name=$1; shift
    echo "activating $name"; printf 'no end of line'
    [ -d "@ENVS@/$name" ] || { echo "pixi_launch: no environment $name" >&2; return 1; }
    @BEFORE@
    ACTIVE=$name ODD=$'two\nlines, \xe9 and \xff' NOTIFY_SOCKET=/mangled PATH="@ENVS@/$name/bin:$PATH" "$@"
    local code=$?
    @AFTER@
    return $code
}
"""
PIXI = r"""#!/bin/bash
[ "$1 $2 $3" = "run --frozen --manifest-path" ] || { echo "pixi: what is $*?" >&2; exit 2; }
env=$(basename "$(dirname "$4")"); shift 4
ACTIVE=$env PATH="@ENVS@/$env/bin:$PATH" exec "$@"
"""
CONDA = r"""#!/bin/bash
if [ "$*" = "env list --json" ]; then
    echo "a warning on the same stream"
    echo '{"envs": ["/opt/conda", "/opt/conda/envs/mantid", "/opt/conda/envs/mantid-dev"]}'
    exit
fi
[ "$1" = run ] && shift
[ "$1" = --no-capture-output ] && shift
[ "$1" = -n ] || { echo "conda: what is $*?" >&2; exit 2; }
env=$2; shift 2
case "$*" in *$'\n'*) echo "arguments contain newlines" >&2; exit 3;; esac
[ -d "@ENVS@/$env" ] || { echo "EnvironmentLocationNotFound: $env" >&2; exit 1; }
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
ACTIVE=$env PATH="@ENVS@/$env/bin:$PATH" "$@"
"""


class Launchers:
    """A directory of launchers, to be put on a PATH, and the environments that they launch."""

    def __init__(self, folder: Path) -> None:
        self.environments = folder / "environments"
        self.bin = folder / "launchers"
        self.bin.mkdir(parents=True)
        self.environments.mkdir()

    def environment(self, name: str, *, mantid: str | None = MANTID, psutil: bool = True, old: bool = False) -> Path:
        """Make an environment; its python. `mantid` is the text of the package's ``__init__.py``."""
        folder = self.environments / name
        venv.create(folder, symlinks=True)
        packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        if mantid is not None:
            (packages / "mantid" / "kernel").mkdir(parents=True)
            (packages / "mantid" / "__init__.py").write_text(mantid)
            (packages / "mantid" / "kernel" / "__init__.py").write_text(KERNEL)
        if psutil:
            (packages / "psutil").symlink_to(psutil_folder())
        if old:
            (packages / "old.pth").write_text(OLD)
        return folder / "bin" / "python"

    def install(self, name: str, text: str) -> Path:
        """Put a launcher there."""
        path = self.bin / name
        path.write_text(text.replace("@ENVS@", str(self.environments)))
        path.chmod(0o755)
        return path

    def wrap(self, *, before: str = ":", after: str = ":", text: str = WRAP) -> Path:
        """The site's wrap; `before` and `after` are run around the command."""
        return self.install("nsd-app-wrap.sh", text.replace("@BEFORE@", before).replace("@AFTER@", after))

    def path(self) -> str:
        """A PATH with these launchers, and what they need of a system; none of the host's own launchers."""
        return os.pathsep.join((str(self.bin), "/usr/bin", "/bin"))


def psutil_folder() -> Path:
    """Where psutil lies for this python."""
    return Path(psutil.__file__).parent
