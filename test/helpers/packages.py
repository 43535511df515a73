"""RPMs built from this checkout, and a root to install them into that has little more than a shell."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import ROOT

SOURCES = ("CHANGELOG.md", "LICENSE", "README.md", "docs", "examples", "packaging", "rpmbuild.sh", "scripts", "src")
COMMANDS = ("sh", "cat", "chmod", "chown", "grep", "id", "ln", "mkdir", "mv", "rm", "stat", "touch")

SYSTEMCTL = """#!/bin/sh
# Notes what it is asked for; /running has a line for each unit that runs, /marked one for each that is to restart.
echo "$*" >>/calls
case "$1" in
  list-units) cat /running ;;
  set-property) echo "$2" >>/marked ;;
  show) if grep -q -x "$3" /marked; then echo Markers=needs-restart; else echo Markers=; fi ;;
  try-restart)
    if [ -e /deaf ]; then rm /deaf; exit; fi
    if [ -s /running ]; then echo "restarted" >>/restarts; fi
    : >/marked ;;
esac
"""


def build(home: Path, version: str | None = None) -> dict[str, str]:
    """What rpmbuild.sh makes for somebody with this home directory: main, watchdog and src; with another version."""
    checkout = ROOT
    home.mkdir(parents=True)
    if version is not None:
        checkout = home / "checkout"
        checkout.mkdir()
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, checkout / name)
        init = checkout / "src" / "livereduce" / "__init__.py"
        text, changed = re.subn(r'__version__ = "[^"]*"', f'__version__ = "{version}"', init.read_text())
        assert changed == 1
        init.write_text(text)
    environ = os.environ | {"HOME": str(home)}
    done = subprocess.run([checkout / "rpmbuild.sh"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return found(home)


def found(home: Path) -> dict[str, str]:
    """The packages in ~/rpmbuild."""
    files = sorted((home / "rpmbuild").glob("*RPMS/**/*.rpm"))
    return {
        "src" if path.name.endswith(".src.rpm") else "watchdog" if "watchdog" in path.name else "main": str(path)
        for path in files
    }


def query(package: str, *options: str) -> list[str]:
    """The lines that rpm answers about a package file."""
    done = subprocess.run(["rpm", "-qp", *options, package], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A root with busybox, a systemctl that notes what it is asked for, and an rpm database; only root can use it."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Small":
        for folder in ("bin", "usr/bin", "etc", "run/systemd/system", "var/log", "var/lib/rpm", "tmp"):
            (root / folder).mkdir(parents=True)
        linked = subprocess.run(["ldd", "/bin/busybox"], capture_output=True, text=True, check=False).stdout
        for file in ["/bin/busybox", *re.findall(r"(/\S+) \(", linked)]:  # no libraries if it is the static one
            (root / file[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, root / file[1:])
        for command in COMMANDS:
            (root / "bin" / command).symlink_to("busybox")
        (root / "bin" / "systemctl").write_text(SYSTEMCTL)
        (root / "bin" / "systemctl").chmod(0o755)
        (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\nsnsdata:x:1234:100::/:/bin/sh\n")
        (root / "etc" / "group").write_text("root:x:0:\nusers:x:100:\n")
        (root / "dev").mkdir()
        for name in ("dev/null", "calls", "running", "marked", "restarts"):
            (root / name).touch()
        return cls(root=root)

    def rpm(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The root has no packages but ours, so no dependencies are looked for."""
        options = [] if words[0].startswith("-q") else ["--nodeps"]
        command = ["rpm", f"--root={self.root}", "--dbpath=/var/lib/rpm", *options, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def installed(self) -> set[str]:
        """Names and versions."""
        return set(self.rpm("-qa", "--queryformat", "%{NAME}-%{VERSION}\n").stdout.split())

    def change(self, *words: str) -> None:
        """Install, upgrade or erase without a word of complaint."""
        for name in ("calls", "restarts"):
            (self.root / name).write_text("")
        done = self.rpm(*words)
        # Debian's rpm says first that Debian has packages of its own.
        complaints = [line for line in done.stderr.splitlines() if not line.startswith("rpm: ")]
        assert (done.returncode, complaints) == (0, []), done.stderr

    def lines(self, name: str) -> list[str]:
        return (self.root / name).read_text().splitlines()
