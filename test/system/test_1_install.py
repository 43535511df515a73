"""The packages go onto a machine."""

import pytest

from system.machine import Machine, said
from system.packages import BESIDE, MAIN, Packages, altered, install, rpm
from system.service import CONFIGURATION, LOGS, UNIT, USER, WATCHDOG, Service

pytestmark = pytest.mark.system


def test_without_the_account_the_install_stops_with_a_clear_message(machine: Machine, packages: Packages) -> None:
    for package in packages.both():
        refused = install(machine, package, check=False)
        assert refused.returncode != 0
        assert USER in said(refused)
        assert "install" in said(refused)
    assert rpm(machine, "--query", "--all").stdout == ""
    assert not machine.path("/usr/bin/livereduce.sh").exists()
    assert machine.run("id", USER, check=False).returncode != 0, "a local account would shadow the facility's"


def test_installed_it_waits_for_somebody_to_start_it(service: Service) -> None:
    for unit in (UNIT, WATCHDOG):
        assert service.machine.systemctl("is-enabled", unit, check=False).stdout == "disabled\n"
        assert service.machine.systemctl("is-active", unit, check=False).stdout == "inactive\n"
    assert service.machine.run("stat", "-c", "%U %a", LOGS).stdout == f"{USER} 1755\n"
    assert service.machine.path(CONFIGURATION).is_file()
    assert altered(service.machine, MAIN, BESIDE) == ""


def test_the_units_are_sound(service: Service) -> None:
    units = (UNIT, WATCHDOG, "livereduce@PG3.service", "livereduce_watchdog@PG3.service")
    assert said(service.machine.run("systemd-analyze", "verify", *units)) == ""


def test_the_command_tells_anyone_that_nothing_runs(service: Service) -> None:
    assert service.machine.run("livereduce", "status", user="nobody", check=False).returncode == 2
