"""The polkit rules: the account of the service manages exactly these units, and nobody else manages anything."""

import pytest

from system.service import UNIT, USER, WATCHDOG, Service

pytestmark = pytest.mark.system

INSTANCES = ("livereduce@PG3.service", "livereduce_watchdog@PG3.service")


@pytest.mark.parametrize("unit", [UNIT, WATCHDOG])
def test_the_account_starts_restarts_and_stops_it(service: Service, unit: str) -> None:
    machine = service.machine
    machine.systemctl("stop", unit)
    for verb, state in (("start", "active"), ("restart", "active"), ("stop", "inactive")):
        machine.systemctl(verb, unit, user=USER)
        assert machine.systemctl("is-active", unit, check=False).stdout == f"{state}\n"


@pytest.mark.parametrize("unit", INSTANCES)
def test_so_it_does_an_instance(service: Service, unit: str) -> None:
    for verb in ("start", "restart", "stop"):
        service.machine.systemctl(verb, unit, user=USER)


@pytest.mark.parametrize(
    "words",
    [
        ("restart", "dbus.service"),
        ("stop", "systemd-journald.service"),
        ("restart", "livereduce_other.service"),
        ("restart", "xlivereduce.service"),
        ("start", "livereduce.socket"),
        ("kill", UNIT),
        ("reload", UNIT),
        ("enable", UNIT),
        ("disable", WATCHDOG),
        ("mask", UNIT),
        ("set-property", UNIT, "CPUQuota=1%"),
        ("daemon-reload",),
        ("poweroff",),
    ],
    ids=" ".join,
)
def test_anything_else_is_refused(running: Service, words: tuple[str, ...]) -> None:
    before = running.main_pid()
    refused = running.machine.systemctl(*words, user=USER, check=False)
    assert refused.returncode != 0
    assert "uthentication" in refused.stderr or "Access denied" in refused.stderr, refused.stderr
    assert running.main_pid() == before


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_other_users_are_refused(running: Service, verb: str) -> None:
    before = running.main_pid()
    for unit in (UNIT, WATCHDOG):
        refused = running.machine.systemctl(verb, unit, user="nobody", check=False)
        assert refused.returncode != 0
        assert "uthentication" in refused.stderr, refused.stderr
    assert running.main_pid() == before
