"""Packages come and go under a running service: a later version, the original at 1.22 and back, erase."""

from pathlib import Path

import pytest

from system.machine import Machine
from system.packages import BESIDE, MAIN, Packages, altered, built_later, built_original, erase, install, rpm, upgrade
from system.service import CONFIGURATION, LOGS, UNIT, USER, WATCHDOG, WATCHDOG_LOG, Service, instance_of

pytestmark = pytest.mark.system

OURS = "/usr/share/livereduce/"
"""Holds copies of both services' units for `livereduce install-units`."""


@pytest.fixture(scope="module")
def original(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return built_original(tmp_path_factory.mktemp("original") / "home")


def pids(machine: Machine) -> tuple[int, int]:
    return int(machine.show(UNIT, "MainPID")), int(machine.show(WATCHDOG, "MainPID"))


def files_of_packages(machine: Machine) -> list[Path]:
    places = ("/usr/bin", "/usr/lib/systemd", "/usr/share", "/etc/polkit-1", "/etc/logrotate.d", "/usr/lib/tmpfiles.d")
    return [path for place in places for path in machine.path(place).rglob("*livereduce*")]


def test_an_upgrade_restarts_what_ran_and_keeps_configuration_and_logs(running: Service, tmp_path: Path) -> None:
    machine = running.machine
    second = instance_of(machine, "second").begun()
    machine.systemctl("start", WATCHDOG)
    machine.systemctl("enable", UNIT)
    before_second = second.main_pid()
    before, configuration, log = pids(machine), machine.path(CONFIGURATION).read_bytes(), running.log()
    watchdog_log = machine.path(WATCHDOG_LOG).read_text()
    later = built_later(tmp_path)
    upgrade(machine, *later.both())
    status = running.wait_for_results(other_than=before[0])
    assert status.version == "99.0.0"
    assert second.wait_for_results(other_than=before_second).version == "99.0.0"
    machine.until("another watchdog", lambda: pids(machine)[1] not in (0, before[1]))
    assert machine.path(CONFIGURATION).read_bytes() == configuration
    assert running.log().startswith(log)
    assert machine.path(WATCHDOG_LOG).read_text().startswith(watchdog_log)
    assert machine.systemctl("is-enabled", UNIT).stdout == "enabled\n"


def test_an_upgrade_starts_nothing_that_did_not_run(service: Service, packages: Packages) -> None:
    machine = service.machine
    machine.systemctl("stop", UNIT, WATCHDOG, "livereduce@second.service")
    upgrade(machine, *packages.both())
    assert pids(machine) == (0, 0)
    assert rpm(machine, "--query", "--queryformat", "%{version}", MAIN).stdout != "99.0.0"


def test_the_watchdog_goes_and_comes_alone(running: Service, packages: Packages) -> None:
    machine = running.machine
    machine.systemctl("enable", "--now", WATCHDOG)
    before = running.main_pid()
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
    machine = running.machine
    machine.systemctl("enable", UNIT)
    instance_of(machine, "second").begun()
    log = running.log()
    erase(machine, MAIN)
    assert machine.run("pgrep", "-u", USER, "python", check=False).stdout == ""
    assert running.is_active() == "inactive"
    assert running.log().startswith(log)
    assert list(machine.path("/etc").glob("livereduce.conf*"))
    assert not machine.path("/etc/systemd/system/multi-user.target.wants/livereduce.service").is_symlink()
    erase(machine, BESIDE)
    assert files_of_packages(machine) == []


def test_the_original_is_upgraded_while_it_runs(machine: Machine, original: Packages, packages: Packages) -> None:
    install(machine, *original.both())
    service = Service(machine)
    service.configure()
    configuration = machine.path(CONFIGURATION).read_bytes()
    machine.systemctl("enable", "--now", UNIT)
    machine.systemctl("enable", "--now", WATCHDOG)
    before = pids(machine)
    upgrade(machine, *packages.both())
    service.wait_for_results(other_than=before[0])
    machine.until("another watchdog", lambda: pids(machine)[1] not in (0, before[1]))
    assert machine.path(CONFIGURATION).read_bytes() == configuration
    assert machine.systemctl("is-enabled", UNIT).stdout == "enabled\n"
    assert machine.run("stat", "-c", "%U", LOGS).stdout == f"{USER}\n"
    assert altered(machine, MAIN, BESIDE) == ""
    machine.systemctl("restart", UNIT, user=USER)
    service.wait_for_results()


def test_and_back(machine: Machine, original: Packages) -> None:
    service, before = Service(machine), pids(machine)
    configuration = machine.path(CONFIGURATION).read_bytes()
    upgrade(machine, *original.both())
    machine.until("the original", lambda: all(one not in (0, *before) for one in pids(machine)))
    assert "the original, started" in machine.journal(UNIT)
    assert service.is_active() == "active"
    kept = [path.read_bytes() for path in machine.path("/etc").glob("livereduce.conf*")]
    assert configuration in kept, "the configuration is lost"
    assert machine.path(CONFIGURATION).read_bytes() == configuration, "the original does not find its configuration"
    erase(machine, MAIN, BESIDE)
