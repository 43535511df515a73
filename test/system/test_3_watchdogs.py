"""Two watchdogs: systemd's own over the daemon's signs of life, and the service that reads the age of the log."""

import re
import stat
import time

import pytest

from system.service import LOG, UNIT, USER, WATCHDOG, WATCHDOG_LOG, Service

pytestmark = pytest.mark.system

PATIENCE_S = 6
IMPATIENT = f"[Service]\nWatchdogSec={PATIENCE_S}\nTimeoutAbortSec=5\nRestartSec=1\n"
NO_OTHER = "[Service]\nWatchdogSec=0\nRestartSec=1\n"
"""systemd's own watchdog would come first."""
SHORT = {"watchdog": {"interval": 1, "threshold": 20}}


def test_systemd_restarts_a_daemon_that_is_stuck(running: Service) -> None:
    running.drop_in(UNIT, IMPATIENT)
    running.machine.systemctl("restart", UNIT)
    before = running.wait_for_results().pid
    running.send("STOP", before)
    running.wait_for_results(other_than=before)
    assert running.restarts() == 1
    journal = running.machine.journal(UNIT)
    assert "Watchdog timeout" in journal
    assert "Fatal Python error: Aborted" in journal, "not told where it was stuck"
    running.without_drop_in(UNIT)


def test_a_daemon_that_is_not_stuck_keeps_systemd_content(running: Service) -> None:
    """Longer than its patience, which is so short that a daemon without signs of life would have been restarted."""
    running.drop_in(UNIT, IMPATIENT)
    running.machine.systemctl("restart", UNIT)
    before = running.wait_for_results().pid
    begun = time.monotonic()
    running.machine.until("twice its patience", lambda: time.monotonic() > begun + 2 * PATIENCE_S)
    assert (running.main_pid(), running.restarts()) == (before, 0)
    running.without_drop_in(UNIT)


@pytest.fixture
def watched(service: Service) -> Service:
    """The service runs with a watchdog of little patience, and without systemd's."""
    if not (service.is_reducing() and service.machine.show(UNIT, "WatchdogUSec") == "0"):
        service.drop_in(UNIT, NO_OTHER)
        service.begun(**SHORT)
    service.machine.systemctl("start", WATCHDOG)
    return service


def test_the_watchdog_restarts_a_daemon_whose_log_stands_still(watched: Service) -> None:
    machine, before = watched.machine, watched.main_pid()
    watched.send("STOP", before)
    last_lines = watched.log().splitlines()[-20:]
    watched.wait_for_results(other_than=before)
    marker = machine.path(WATCHDOG_LOG).read_text()
    found = re.search(
        rf"#{{77}}\n\S.* No change for (\d+) s in {LOG}\n"
        rf"---- Last 20 lines of {LOG} before restart:\n((?:.*\n){{20}})\nrestarting {UNIT}\.\n",
        marker,
    )
    assert found, marker
    assert 20 <= int(found[1]) < 300, "the configured threshold, not the default"
    assert found[2].splitlines() == last_lines
    assert "Active: active (running)" in marker[found.end() :]
    assert marker.count("No change for") == 1
    assert "No change for" in machine.journal(WATCHDOG)


def test_its_log_is_readable_by_anyone(watched: Service) -> None:
    assert watched.machine.run("stat", "-c", "%U", WATCHDOG_LOG).stdout == f"{USER}\n"
    assert stat.S_IMODE(watched.machine.path(WATCHDOG_LOG).stat().st_mode) == 0o644
    assert watched.machine.run("tail", WATCHDOG_LOG, user="nobody").stdout
    assert "threshold" in watched.machine.path(WATCHDOG_LOG).read_text()


def test_restarting_the_watchdog_restarts_nothing(watched: Service) -> None:
    machine, daemon, before = watched.machine, watched.main_pid(), int(watched.machine.show(WATCHDOG, "MainPID"))
    machine.systemctl("restart", WATCHDOG)
    machine.until("another watchdog", lambda: int(machine.show(WATCHDOG, "MainPID")) not in (0, before))
    assert watched.main_pid() == daemon
    assert "Active: active (running)" in machine.systemctl("status", WATCHDOG).stdout


def test_a_watchdog_that_dies_is_started_again(watched: Service) -> None:
    machine, daemon, before = watched.machine, watched.main_pid(), int(watched.machine.show(WATCHDOG, "MainPID"))
    watched.send("KILL", before)
    machine.until("another watchdog", lambda: int(machine.show(WATCHDOG, "MainPID")) not in (0, before))
    assert watched.main_pid() == daemon


def test_stopping_the_watchdog_leaves_the_service_running(watched: Service) -> None:
    daemon = watched.main_pid()
    watched.machine.systemctl("stop", WATCHDOG)
    assert watched.machine.systemctl("is-active", WATCHDOG, check=False).stdout == "inactive\n"
    assert (watched.main_pid(), watched.is_active()) == (daemon, "active")
    status = watched.status()
    assert status is not None
    watched.wait("more", lambda one: one.updated > status.updated)


def test_without_the_right_to_restart_it_says_so_once(watched: Service) -> None:
    machine, before = watched.machine, watched.main_pid()
    rule = machine.path("/usr/share/polkit-1/rules.d/50-snsdata-livereduce_watchdog.rules")
    other = machine.path("/usr/share/polkit-1/rules.d/50-snsdata-livereduce.rules")  # gives the same account more
    kept = {path: path.read_text() for path in (rule, other)}
    for path in kept:
        path.unlink()
    begun = len(machine.path(WATCHDOG_LOG).read_text())
    watched.send("STOP", before)

    def told() -> str:
        return machine.path(WATCHDOG_LOG).read_text()[begun:]

    machine.until("a word about it", lambda: "no right to restart" in told())
    assert watched.main_pid() == before
    for path, text in kept.items():
        path.write_text(text)
    watched.wait_for_results(other_than=before)  # allowed again, it acts
    assert told().count("no right to restart") == 1


def test_the_watchdog_does_not_need_the_service(service: Service) -> None:
    machine = service.machine
    machine.systemctl("stop", UNIT)
    machine.systemctl("start", WATCHDOG)
    assert machine.systemctl("is-active", WATCHDOG).stdout == "active\n"
    assert service.is_active() == "inactive"
    machine.systemctl("stop", WATCHDOG)
    service.without_drop_in(UNIT)
