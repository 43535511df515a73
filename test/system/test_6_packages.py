"""Packages come and go under running services: a later version, the original at 1.22 and back, erase."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from system.machine import Machine
from system.packages import (
    BESIDE,
    MAIN,
    Packages,
    altered,
    built,
    built_original,
    erase,
    install,
    rpm,
    upgrade,
)
from system.service import (
    CONFIGURATION,
    LOG,
    LOGS,
    UNIT,
    USER,
    WATCHDOG,
    WATCHDOG_LOG,
    Service,
    instance_of,
)

pytestmark = pytest.mark.system

LATER = "99.0.0"
OURS = "/usr/share/livereduce/"
"""Holds copies of both services' units for `livereduce install-units`."""


@pytest.fixture(scope="module")
def original(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return built_original(tmp_path_factory.mktemp("original") / "home")


def pids(machine: Machine, *units: str) -> list[int]:
    return [int(machine.show(unit, "MainPID")) for unit in units]


def files_of_packages(machine: Machine) -> list[Path]:
    places = ("usr/bin", "usr/lib/systemd", "usr/lib/tmpfiles.d", "usr/share", "etc/polkit-1", "etc/logrotate.d")
    return [path for place in places for path in machine.path(f"/{place}").rglob("*livereduce*")]


@contextmanager
def a_change_of_packages(machine: Machine, *units: str) -> Iterator[None]:
    """Within it: what was running is restarted, each exactly once; configuration and logs are kept."""
    before, starts = pids(machine, *units), [starts_of(machine, unit) for unit in units]
    assert all(before), "nothing to restart"
    configuration = machine.path(CONFIGURATION).read_bytes()
    logs = {path: machine.path(path).read_text() for path in (LOG, WATCHDOG_LOG)}
    yield
    machine.until("other processes", lambda: all(now not in (0, *before) for now in pids(machine, *units)))
    assert [starts_of(machine, unit) for unit in units] == [count + 1 for count in starts]
    assert machine.path(CONFIGURATION).read_bytes() == configuration
    for path, text in logs.items():
        assert text
        assert machine.path(path).read_text().startswith(text), f"{path} is not what it was"


def starts_of(machine: Machine, unit: str) -> int:
    """How often systemd has begun to start it since the machine was made."""
    return machine.journal(unit).count(f"Started {unit}")


def test_an_upgrade_restarts_what_ran_and_keeps_configuration_and_logs(running: Service, tmp_path: Path) -> None:
    machine, second = running.machine, instance_of(running.machine, "second").begun()
    machine.systemctl("start", WATCHDOG)
    machine.systemctl("enable", UNIT)
    later = built(tmp_path / "home", LATER)
    with a_change_of_packages(machine, UNIT, WATCHDOG, second.unit):
        upgrade(machine, *later.both())
        for service in (running, second):
            service.wait("the later version", lambda status: status.version == LATER)
            service.wait_for_results()
    assert machine.systemctl("is-enabled", UNIT).stdout == "enabled\n"
    machine.systemctl("stop", second.unit)


def test_an_upgrade_starts_nothing_that_did_not_run(service: Service, packages: Packages) -> None:
    machine = service.machine
    machine.systemctl("stop", UNIT, WATCHDOG)
    upgrade(machine, *packages.both())
    assert pids(machine, UNIT, WATCHDOG) == [0, 0]
    assert rpm(machine, "--query", "--queryformat", "%{version}", MAIN).stdout != LATER


def test_the_watchdog_goes_and_comes_alone(running: Service, packages: Packages) -> None:
    machine, before = running.machine, running.main_pid()
    machine.systemctl("enable", "--now", WATCHDOG)
    erase(machine, BESIDE)
    assert machine.systemctl("is-active", WATCHDOG, check=False).stdout == "inactive\n"
    assert not machine.path(WATCHDOG_LOG).exists()
    assert not [path for path in files_of_packages(machine) if "watchdog" in path.name and OURS not in str(path)]
    assert (running.main_pid(), running.is_active()) == (before, "active")
    assert running.log()
    erase(machine, MAIN)
    install(machine, packages.watchdog)
    machine.systemctl("start", WATCHDOG, user=USER)
    assert machine.systemctl("is-active", WATCHDOG).stdout == "active\n"
    install(machine, packages.main)
    assert running.is_active() == "inactive"


def test_erased_it_is_stopped_and_leaves_configuration_and_log(running: Service) -> None:
    machine, second = running.machine, instance_of(running.machine, "second").begun()
    machine.systemctl("enable", UNIT)
    log = running.log()
    erase(machine, MAIN)
    assert machine.run("pgrep", "-u", USER, "python", check=False).stdout == ""
    assert (running.is_active(), second.is_active()) == ("inactive", "inactive")
    assert running.log().startswith(log)
    assert list(machine.path("/etc").glob("livereduce.conf*"))
    assert not machine.path(f"/etc/systemd/system/multi-user.target.wants/{UNIT}").is_symlink()
    erase(machine, BESIDE)
    assert files_of_packages(machine) == []


def test_the_original_is_upgraded_while_it_runs(machine: Machine, original: Packages, packages: Packages) -> None:
    install(machine, *original.both())
    service = Service(machine)
    service.configure()
    machine.systemctl("enable", "--now", UNIT)
    machine.systemctl("enable", "--now", WATCHDOG)
    machine.until("its logs", lambda: "original" in service.log() and machine.path(WATCHDOG_LOG).exists())
    with a_change_of_packages(machine, UNIT, WATCHDOG):
        upgrade(machine, *packages.both())
        service.wait_for_results()
    assert machine.systemctl("is-enabled", UNIT, WATCHDOG).stdout == "enabled\nenabled\n"
    assert machine.run("stat", "-c", "%U", LOGS).stdout == f"{USER}\n"
    assert altered(machine, MAIN, BESIDE) == ""
    machine.systemctl("restart", UNIT, user=USER)
    service.wait_for_results()


def test_and_back(machine: Machine, original: Packages) -> None:
    with a_change_of_packages(machine, UNIT, WATCHDOG):
        upgrade(machine, *original.both())
        machine.until("the original", lambda: Service(machine).log().endswith("the original, started\n"))
    erase(machine, MAIN, BESIDE)
    assert files_of_packages(machine) == []
