"""Several instruments on one host: instances of the template, beside each other and beside the plain service."""

import pytest

from livereduce.messages.status import StateWord
from system.service import LOGS, USER, Service, instance_of

pytestmark = pytest.mark.system


def test_an_instance_runs_beside_the_plain_service(running: Service) -> None:
    machine, before, second = running.machine, running.main_pid(), instance_of(running.machine, "second")
    second.begun()
    assert machine.run("stat", "-c", "%U %a", second.log_file).stdout == f"{USER} 644\n"
    assert list(machine.path("/var/lib/livereduce_second/products").glob("*/*.nxs"))
    machine.systemctl("stop", second.unit)
    assert (running.main_pid(), running.is_active()) == (before, "active")


def test_a_watchdog_of_an_instance_reads_its_log(service: Service) -> None:
    machine = service.machine
    machine.systemctl("start", "livereduce_watchdog@second.service")
    log = machine.path(f"{LOGS}/livereduce_watchdog_second.log")
    machine.until("its first line", lambda: log.exists() and log.read_text())
    machine.systemctl("stop", "livereduce_watchdog@second.service")


def test_an_instance_without_configuration_parks(service: Service) -> None:
    none = instance_of(service.machine, "none")
    service.machine.systemctl("start", none.unit)
    status = none.wait("parked", lambda one: one.state is StateWord.PARKED)
    assert "/etc/livereduce/none.conf" in " ".join(status.problems)
    service.machine.systemctl("stop", none.unit)
