"""The installed service on a machine, beside a simulated stream server: what its operators and users do and see."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livereduce.messages.status import StateWord, Status, read_status
from system.machine import Machine

UNIT, WATCHDOG = "livereduce.service", "livereduce_watchdog.service"
USER = "snsdata"
CONFIGURATION = "/etc/livereduce.conf"
LOGS = "/var/log/SNS_applications"
LOG, WATCHDOG_LOG = f"{LOGS}/livereduce.log", f"{LOGS}/livereduce_watchdog.log"
RUNTIME, STATE = "/run/livereduce", "/var/lib/livereduce"
SCRIPTS = "/SNS/POWDER/shared/livereduce"
ENVIRONMENT = "/opt/builtin/bin/python"
SETTINGS = {
    "instrument": "POWDER",
    "CONDA_ENV": ENVIRONMENT,
    "engine": "builtin",
    "source": "adara://127.0.0.1:31415",
    "update_every": 1,
}
COUNTED = "output = input.data * 1.0\n"


@dataclass
class Service:
    """`livereduce.service` on a machine, or an instance of its template."""

    machine: Machine
    unit: str = UNIT
    configuration: str = CONFIGURATION
    runtime: str = RUNTIME
    log_file: str = LOG

    # ---- what operators do

    def configure(self, **settings: Any) -> None:
        """Replace the configuration: that of the simulated instrument, and what differs."""
        self.machine.write(self.configuration, json.dumps(SETTINGS | settings, indent=2))

    def script(self, step: str, text: str) -> None:
        self.machine.write(f"{SCRIPTS}/reduce_POWDER_live_{step}.py", text)

    def drop_in(self, unit: str, text: str) -> None:
        """Other values for some settings of a unit, for as long as the machine is up or until `without_drop_in`."""
        self.machine.write(f"/run/systemd/system/{unit}.d/test.conf", text)
        self.machine.systemctl("daemon-reload")

    def without_drop_in(self, unit: str) -> None:
        self.machine.path(f"/run/systemd/system/{unit}.d/test.conf").unlink()
        self.machine.systemctl("daemon-reload")

    def send(self, signal: str, pid: int) -> None:
        """A signal to a process of the machine."""
        self.machine.run("kill", "-s", signal, str(pid))

    # ---- what they see

    def is_active(self) -> str:
        return self.machine.systemctl("is-active", self.unit, check=False).stdout.strip()

    def main_pid(self) -> int:
        """Of the daemon, as the machine counts; 0 if there is none."""
        return int(self.machine.show(self.unit, "MainPID"))

    def restarts(self) -> int:
        """How often systemd has restarted the unit by itself since it was started."""
        return int(self.machine.show(self.unit, "NRestarts"))

    def log(self) -> str:
        with suppress(FileNotFoundError):
            return self.machine.path(self.log_file).read_text()
        return ""

    def status(self) -> Status | None:
        """The daemon's own snapshot."""
        with suppress(FileNotFoundError):
            return read_status(self.machine.path(f"{self.runtime}/status.json"))
        return None

    def products(self) -> list[Path]:
        return sorted(self.machine.path(f"{STATE}/products").glob("*/*.nxs"))

    def newest_product(self) -> Path:
        return max(self.products(), key=lambda path: path.stat().st_mtime)

    # ---- what they wait for

    def wait(self, what: str, there: Callable[[Status], bool]) -> Status:
        """Wait until the status is as expected; one that an earlier daemon left does not count."""
        seen: Status | None = None

        def look() -> Status | None:
            nonlocal seen
            seen = self.status()
            fits = seen is not None and there(seen) and seen.pid == self.main_pid()
            return seen if fits else None

        try:
            found = self.machine.until(what, look)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{seen}\n{self.log()[-4000:]}") from None
        assert isinstance(found, Status)
        return found

    def wait_for_results(self, *, other_than: int = 0, generation: int = 1) -> Status:
        """Wait until results flow: by another daemon than that with this process id, from this generation on."""
        return self.wait(
            "results",
            lambda one: (
                one.pid != other_than
                and one.generation >= generation
                and one.state is StateWord.RUNNING
                and one.progress is not None
                and one.progress.total.results > 1
            ),
        )

    def begun(self, **settings: Any) -> "Service":
        """Have it run with the settings and scripts of these tests, whatever was before; results flow."""
        self.script("proc", COUNTED)
        self.configure(**settings)
        self.machine.systemctl("restart", self.unit)
        self.wait_for_results()
        return self

    def is_reducing(self) -> bool:
        """Whether it does so already."""
        status = self.status()
        return status is not None and status.state is StateWord.RUNNING and status.pid == self.main_pid()


def instance_of(machine: Machine, name: str) -> Service:
    """The service `livereduce@NAME`."""
    return Service(
        machine,
        unit=f"livereduce@{name}.service",
        configuration=f"/etc/livereduce/{name}.conf",
        runtime=f"/run/livereduce_{name}",
        log_file=f"{LOGS}/livereduce_{name}.log",
    )


def serve_stream(machine: Machine) -> None:
    """The simulated server, as a service of its own: a beam in one long run."""
    words = ("simulate", "--powder", "--rate", "5000", "--run-seconds", "3600")
    machine.run(
        *("systemd-run", "--quiet", "--unit=stream-server", "--setenv=PYTHONPATH=/checkout"),
        *(ENVIRONMENT, "-m", "livereduce", *words),
    )
    machine.until("the stream", lambda: "listening on" in machine.journal("stream-server"))
