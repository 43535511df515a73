"""A machine with a real systemd as its process 1, in namespaces of its own: booted, used and gone without a trace.

Its root is the cached one of `provision.sh` under a layer in memory. It sees only its own processes, mounts, network
and control groups. All of it dies with its process 1, and that dies with the thread that booted it: `power.sh` keeps
the layer and boots, `boot.sh` puts the file systems together.
"""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from helpers.paths import ROOT
from helpers.tools import not_installed

HERE = ROOT / "test" / "system"
CACHE = ROOT / ".venv" / "system"
ROOT_FILES = CACHE / "root"
NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup")
PROGRAMS = ("unshare", "nsenter", "setpriv", "rpmbuild")
BOOT_S, RUN_S, PATIENCE_S = 60.0, 120.0, 120.0
GROUP, COUNT = "livereduce-system-", itertools.count()
"""Names of control groups: this, the process that has made it, and a number."""
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}

Done = subprocess.CompletedProcess[str]


class Machine:
    """A booted machine.

    Attributes
    ----------
    pid
        Of its process 1, as this system counts.
    """

    def __init__(self, process: subprocess.Popen[bytes], console: Path) -> None:
        self._process, self._console = process, console
        self.pid = 0
        self.pid = self._until_booted()

    # ---- doing something in it

    def run(self, *command: str, user: str = "", check: bool = True, input: str = "") -> Done:
        """Run a command as root or another user; unless told otherwise its failure is one of the test."""
        words = ("runuser", "-u", user, "--", *command) if user else command
        done = self._enter(*words, input=input)
        assert done.returncode == 0 or not check, f"{' '.join(words)} ended with {done.returncode}\n{said(done)}"
        return done

    def systemctl(self, *words: str, user: str = "", check: bool = True) -> Done:
        return self.run("systemctl", "--no-ask-password", *words, user=user, check=check)

    def path(self, inside: str) -> Path:
        """A file or directory of the machine, seen from here."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def write(self, inside: str, text: str) -> None:
        """Replace a file as an editor does, by rename; its directories are made."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text)
        fresh.replace(path)

    # ---- seeing what is so in it

    def show(self, unit: str, name: str) -> str:
        """A property of a unit, as systemd knows it."""
        return self.systemctl("show", "--value", "--property", name, unit).stdout.strip()

    def journal(self, unit: str) -> str:
        """What a unit's processes have said, and systemd about it."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def until(self, what: str, there: Callable[[], Any]) -> Any:
        """Wait for something to be so, without an opinion on how long that takes."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := there():
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} does not come\n{self.report()}")

    def report(self) -> str:
        """The end of everything that was said in the machine, for whoever reads why a test failed."""
        return self.run("journalctl", "--no-pager", "-n", "60", check=False).stdout

    # ---- its life

    def power_off(self) -> None:
        """Shut down in order; returns when nothing of it is left but its control groups."""
        self._enter("kill", "-s", "RTMIN+4", "1")  # systemd(1): start poweroff.target
        self._process.wait(BOOT_S)

    def reboot(self) -> None:
        """Shut down in order and boot again; what is on its disk stays, what was in /run does not."""
        before = psutil.Process(self.pid)
        self._enter("kill", "-s", "RTMIN+5", "1")  # systemd(1): start reboot.target
        before.wait(BOOT_S)
        self.pid = self._until_booted()

    def _enter(self, *words: str, input: str = "") -> Done:
        command = ("nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", *words)
        return subprocess.run(
            command, env=ENVIRON, input=input, capture_output=True, text=True, timeout=RUN_S, check=False
        )

    def _until_booted(self) -> int:
        deadline = time.monotonic() + BOOT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if (pid := self._first_process()) and self._is_up(pid):
                return pid
            time.sleep(0.1)
        raise AssertionError(f"the machine does not boot\n{self._console.read_text()}")

    def _first_process(self) -> int:
        """The process that the newest unshare has begun; 0 while there is none."""
        with suppress(psutil.NoSuchProcess):
            for unshare in psutil.Process(self._process.pid).children():
                for first in unshare.children():
                    return first.pid if first.name() == "systemd" else 0
        return 0

    def _is_up(self, pid: int) -> bool:
        self.pid = pid
        return self._enter("systemctl", "is-system-running").stdout == "running\n"


def said(done: Done) -> str:
    """All that a command has said."""
    return done.stdout + done.stderr


@contextmanager
def booted(folder: Path, shared: Path) -> Iterator[Machine]:
    """A machine that sees `shared` as /checkout; its traces outside are an empty folder and a console log."""
    empty, console = folder / "machine", folder / "console.log"
    empty.mkdir()
    with _control_group() as group, console.open("wb") as log:
        within = ("sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group))
        alone = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount")
        power = (str(HERE / "power.sh"), str(ROOT_FILES), str(empty), str(shared))
        process = subprocess.Popen((*within, *alone, *power), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield Machine(process, console)
        finally:
            process.kill()
            process.wait()
    shutil.rmtree(empty)


@contextmanager
def _control_group() -> Iterator[Path]:
    """A control group for everything in the machine; its processes are dead when it is removed."""
    _remove_orphans()
    group = unified_hierarchy() / f"{GROUP}{os.getpid()}-{next(COUNT)}"
    group.mkdir()
    try:
        yield group
    finally:
        (group / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + BOOT_S
        while "populated 1" in (group / "cgroup.events").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        _remove(group)


def _remove_orphans() -> None:
    """What a test that was killed has left: control groups without a process, since all in them died with it."""
    for group in unified_hierarchy().glob(f"{GROUP}*"):
        if not psutil.pid_exists(int(group.name.removeprefix(GROUP).partition("-")[0])):
            _remove(group)


def _remove(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()


def unified_hierarchy() -> Path:
    """Where control groups of version 2 are mounted.

    Raises
    ------
    FileNotFoundError
        They are not.
    """
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise FileNotFoundError("control groups of version 2 are not mounted")


def why_not() -> str:
    """What keeps a machine from being booted here; empty if nothing does."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return not_installed(missing)
    probe = subprocess.run(("unshare", "--fork", *NAMESPACES, "true"), capture_output=True, text=True, check=False)
    if probe.returncode:
        return f"no namespaces of its own: {probe.stderr.strip()}"
    if not ROOT_FILES.is_dir():
        return f"{ROOT_FILES} is not there: run test/system/provision.sh"
    try:
        with _control_group():
            return ""
    except OSError as error:
        return f"no control group of its own: {error}"
