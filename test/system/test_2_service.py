"""The service as its operators know it: start, status, stop, restart, logs, and what it does by itself."""

import re
import stat
from pathlib import Path

import pytest

from livereduce.messages.status import StateWord
from livereduce.publish.products.file import read_product
from system.machine import said
from system.service import COUNTED, LOG, STATE, UNIT, USER, WATCHDOG, Service, serve_stream

pytestmark = pytest.mark.system


def test_started_without_a_usable_configuration_it_lives_and_says_why(service: Service) -> None:
    service.machine.systemctl("start", UNIT)
    status = service.wait("parked", lambda one: one.state is StateWord.PARKED)
    assert status.problems
    assert service.is_active() == "active"
    assert "parked" in service.machine.systemctl("status", UNIT).stdout


def test_a_changed_configuration_ends_it_and_systemd_starts_it_again(service: Service) -> None:
    before = service.main_pid()
    service.script("proc", COUNTED)
    service.configure()
    status = service.wait_for_results(other_than=before)
    assert status.configuration == "/etc/livereduce.conf"
    assert service.restarts() == 1
    assert service.machine.show(UNIT, "ExecMainStatus") == "0"
    assert service.machine.show(UNIT, "Result") == "success"


def test_results_flow(running: Service) -> None:
    path = running.newest_product()
    one = read_product(path)
    assert one.signal.sum() > 0
    assert one.attributes["incomplete"] == ""
    running.machine.run("head", "-c", "0", f"{STATE}/products/{one.run}/{path.name}", user="nobody")
    assert "running" in running.machine.run("livereduce", "status", user="nobody").stdout
    more = running.wait(
        "more results", lambda status: status.progress is not None and status.progress.total.results > 5
    )
    assert more.products_dir == f"{STATE}/products"


def test_systemd_watches_the_daemon_itself(running: Service) -> None:
    """Whatever launched it is gone: the main process is the daemon, in the configured environment, as the user."""
    pid = running.main_pid()
    assert running.machine.show(UNIT, "NotifyAccess") == "main"
    assert running.machine.run("ps", "-o", "user=", "-p", str(pid)).stdout.strip() == USER
    words = running.machine.path(f"/proc/{pid}/cmdline").read_text().split("\0")
    assert Path(words[0]).name.startswith("python")
    status = running.status()
    assert status is not None
    assert (status.pid, status.interpreter) == (pid, "/opt/builtin/bin/python")
    assert running.machine.show(UNIT, "StatusText").startswith("running")


def test_the_log_is_readable_by_anyone_and_in_the_journal(running: Service) -> None:
    assert running.machine.run("stat", "-c", "%U", LOG).stdout == f"{USER}\n"
    assert stat.S_IMODE(running.machine.path(LOG).stat().st_mode) == 0o644
    lines = running.machine.run("tail", "-n", "5", LOG, user="nobody").stdout.splitlines()
    assert len(lines) == 5
    started = next(line for line in running.log().splitlines() if f"started by {USER}" in line)
    journal = running.machine.journal(UNIT)
    assert started in journal
    assert "Started livereduce.service" in journal


def test_a_rotated_log_goes_on_in_a_new_file(running: Service) -> None:
    machine, before = running.machine, running.machine.path(LOG).stat().st_ino
    machine.run("logrotate", "--force", "/etc/logrotate.d/livereduce")
    assert machine.path(f"{LOG}.1").stat().st_ino == before
    machine.systemctl("reload", UNIT)
    machine.until("the new file", lambda: machine.path(LOG).exists() and running.log())
    assert machine.run("stat", "-c", "%U %a", LOG).stdout == f"{USER} 644\n"


def test_reloaded_it_is_the_same_daemon(running: Service) -> None:
    before = running.status()
    assert before is not None
    running.machine.systemctl("reload", UNIT)
    assert running.wait_for_results(generation=before.generation + 1).pid == before.pid


def test_what_scripts_are_used_to_they_can_do(running: Service) -> None:
    """Compile with numba, and write to /tmp, home and the instrument's shared directory, for others to see."""
    places = ("/tmp/seen", f"/home/{USER}/.mantid/seen", "/SNS/POWDER/shared/seen")
    running.machine.run("install", "-d", "-o", USER, f"/home/{USER}/.mantid", "/SNS/POWDER/shared")
    running.script(
        "post_proc",
        "import numba\n"
        "@numba.njit\n"
        "def two(): return 2\n"
        f"for place in {places!r}:\n"
        "    open(place, 'w').write(str(two()))\n"
        "output = input\n",
    )
    for place in places:
        running.machine.until(place, running.machine.path(place).exists)
        assert running.machine.run("stat", "-c", "%U", place).stdout == f"{USER}\n"
    status = running.status()
    assert status is not None
    assert status.progress is not None
    assert "post_proc" not in status.progress.last_errors
    running.machine.path("/SNS/POWDER/shared/livereduce/reduce_POWDER_live_post_proc.py").unlink()


def test_a_killed_worker_is_replaced_by_the_daemon(running: Service) -> None:
    before = running.status()
    assert before is not None
    assert before.worker_pid is not None
    running.send("KILL", before.worker_pid)
    after = running.wait_for_results(generation=before.generation + 1)
    assert (after.pid, after.restarts) == (before.pid, before.restarts + 1)
    assert "SIGKILL" in after.last_restarts[-1].reason
    assert after.worker_pid != before.worker_pid
    assert (after.receiver_pid, after.receiver_restarts) == (before.receiver_pid, before.receiver_restarts)


def test_a_killed_receiver_is_replaced_with_its_worker(running: Service) -> None:
    before = running.status()
    assert before is not None
    assert before.receiver_pid is not None
    running.send("KILL", before.receiver_pid)
    after = running.wait_for_results(generation=before.generation + 1)
    assert (after.pid, after.receiver_restarts) == (before.pid, before.receiver_restarts + 1)
    assert "the receiver was killed by SIGKILL" in after.last_restarts[-1].reason
    assert (after.receiver_pid, after.worker_pid) != (before.receiver_pid, before.worker_pid)


def test_restarted_it_is_another_one_and_its_log_goes_on(running: Service) -> None:
    before, written = running.main_pid(), running.log()
    running.machine.systemctl("restart", UNIT)
    running.wait_for_results(other_than=before)
    assert running.log().startswith(written)


def test_stopped_nothing_of_it_is_left(running: Service) -> None:
    running.machine.systemctl("stop", UNIT)
    assert running.is_active() == "inactive"
    assert running.machine.show(UNIT, "Result") == "success"
    assert running.machine.run("pgrep", "-u", USER, check=False).stdout == ""
    assert running.machine.systemctl("status", UNIT, check=False).returncode == 3  # systemctl(1): not running
    assert running.machine.run("livereduce", "status", check=False).returncode == 2
    assert "DOWN" in said(running.machine.run("livereduce", "status", check=False))


def test_started_by_the_two_separate_commands_it_runs_again(service: Service) -> None:
    service.machine.systemctl("stop", UNIT)
    service.machine.systemctl("start", UNIT)
    assert service.is_active() == "active"
    service.wait_for_results()


def test_a_daemon_that_dies_is_started_again(running: Service) -> None:
    before, count = running.status(), running.restarts()
    assert before is not None
    running.send("KILL", before.pid)
    after = running.wait_for_results(other_than=before.pid)
    assert running.restarts() == count + 1
    assert after.worker_pid != before.worker_pid
    for pid in (before.worker_pid, before.receiver_pid):
        assert not running.machine.path(f"/proc/{pid}").exists(), "a worker or receiver outlived its daemon"


def test_the_strict_set_is_strict_and_lets_results_flow(service: Service) -> None:
    machine, drop_in = service.machine, "/etc/systemd/system/livereduce.service.d/strict.conf"
    machine.run("install", "-D", "-m", "644", "/usr/share/livereduce/livereduce_strict.conf", drop_in)
    machine.systemctl("daemon-reload")
    service.begun()
    said_of_it = machine.run("systemd-analyze", "security", "--no-pager", UNIT).stdout
    found = re.search(r"Overall exposure level for livereduce.service: ([0-9.]+)", said_of_it)
    assert found
    assert float(found[1]) <= 3.0
    machine.path(drop_in).unlink()
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", UNIT)


def test_enabled_they_come_with_the_system_disabled_they_do_not(service: Service) -> None:
    machine, both = service.machine, (UNIT, WATCHDOG)
    machine.systemctl("enable", *both)
    assert machine.systemctl("is-enabled", *both).stdout == "enabled\nenabled\n"
    machine.reboot()
    serve_stream(machine)
    service.wait_for_results()
    assert machine.systemctl("is-active", *both).stdout == "active\nactive\n"
    machine.systemctl("disable", *both)
    machine.reboot()
    serve_stream(machine)
    assert machine.systemctl("is-active", *both, check=False).stdout == "inactive\ninactive\n"
