"""A scientist without root: services of their own, by `livereduce install-units --user`, under their own systemd."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from livereduce.messages.status import StateWord, Status, read_status
from system.machine import Done, Machine
from system.service import COUNTED, SETTINGS, STATE, Service

pytestmark = pytest.mark.system

NAME, NUMBER = "scientist", "1500"
RUNTIME, HOME = f"/run/user/{NUMBER}", f"/home/{NAME}"


@dataclass
class Own:
    """The services of one user on a machine."""

    machine: Machine
    environ: tuple[str, ...] = field(default=("env", f"XDG_RUNTIME_DIR={RUNTIME}", f"HOME={HOME}"))

    def run(self, *command: str, check: bool = True) -> Done:
        return self.machine.run(*self.environ, *command, user=NAME, check=check)

    def systemctl(self, *words: str, check: bool = True) -> Done:
        return self.run("systemctl", "--user", *words, check=check)

    def write(self, path: str, text: str) -> None:
        self.machine.write(path, text)
        self.machine.run("chown", "-R", NAME, HOME)

    def file(self, path: str) -> Path:
        return self.machine.path(path)

    def status(self) -> Status | None:
        try:
            return read_status(self.file(f"{RUNTIME}/livereduce/POWDER/status.json"))
        except FileNotFoundError:
            return None

    def wait_for_results(self, other_than: int = 0) -> Status:
        def look() -> Status | None:
            seen = self.status()
            reduces = seen and seen.state is StateWord.RUNNING and seen.progress and seen.progress.total.results > 1
            return seen if seen and reduces and seen.pid != other_than else None

        found = self.machine.until("a result of the user's own service", look)
        assert isinstance(found, Status)
        return found


@pytest.fixture(scope="module")
def own(service: Service) -> Own:
    """A user with a systemd of their own, as a login has it."""
    machine = service.machine
    machine.systemctl("stop", service.unit)
    machine.run("useradd", "--create-home", "--uid", NUMBER, NAME)
    machine.run("install", "-d", "-m", "700", "-o", NAME, RUNTIME)
    own = Own(machine)
    options = ("--collect", "--unit=own-manager", f"--uid={NAME}", "--property=Delegate=yes")
    variables = (f"--setenv=XDG_RUNTIME_DIR={RUNTIME}", f"--setenv=HOME={HOME}")
    machine.run("systemd-run", *options, *variables, "/usr/lib/systemd/systemd", "--user")
    machine.until("the user's systemd", lambda: own.systemctl("list-units", check=False).returncode == 0)
    service.script("proc", COUNTED)
    kernels = f"{HOME}/.local/state/livereduce/POWDER"  # compiled by the service already, which takes a minute
    own.run("mkdir", "-p", kernels)
    machine.run("cp", "-r", f"{STATE}/kernels", kernels, check=False)
    machine.run("chown", "-R", NAME, HOME)
    return own


def test_units_of_their_own_are_written_and_run(own: Own) -> None:
    said = own.run("livereduce", "install-units", "--user").stdout
    assert f"reads {HOME}/.config/livereduce.conf" in said
    watchdog = {"interval": 1, "threshold": 20}
    own.write(f"{HOME}/.config/livereduce.conf", json.dumps({**SETTINGS, "watchdog": watchdog}))
    drop_in = f"{HOME}/.config/systemd/user/livereduce.service.d/test.conf"
    own.write(drop_in, "[Service]\nTimeoutStopSec=2\n")  # a stopped process does not hear SIGTERM
    own.systemctl("daemon-reload")
    own.systemctl("start", "livereduce")
    status = own.wait_for_results()
    assert status.products_dir.startswith(f"{HOME}/.local/state/livereduce/POWDER/")
    assert own.systemctl("show", "--value", "--property=MainPID", "livereduce").stdout.strip() == str(status.pid)
    assert "reducing" in own.systemctl("show", "--value", "--property=StatusText", "livereduce").stdout
    assert "the worker is at work" in own.file(f"{HOME}/.local/state/livereduce/livereduce.log").read_text()
    asked = own.run("livereduce", "status", f"{HOME}/.config/livereduce.conf")
    assert asked.stdout.startswith("state          running")


def test_their_own_watchdog_restarts_it(own: Own) -> None:
    before = own.wait_for_results()
    own.systemctl("start", "livereduce_watchdog")
    own.run("kill", "-STOP", str(before.pid))
    own.wait_for_results(other_than=before.pid)
    text = own.file(f"{HOME}/.local/state/livereduce/livereduce_watchdog.log").read_text()
    assert f"s in {HOME}/.local/state/livereduce/livereduce.log" in text
    assert "restarting livereduce.service." in text


def test_stopped_it_is_gone(own: Own) -> None:
    own.systemctl("stop", "livereduce_watchdog", "livereduce")
    assert own.systemctl("is-active", "livereduce", check=False).stdout == "inactive\n"
    own.machine.systemctl("stop", "own-manager")
