"""The status page and the notifications as services, as their pages of the documentation say it for the RPM."""

import json
import re

import pytest

from helpers.paths import ROOT
from system.machine import Machine
from system.service import USER, Service

pytestmark = pytest.mark.system

PAGE, NOTIFY = "livereduce-web.service", "livereduce-notify.service"
ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())"
WHEELS = ("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/opt/wheels", "PIP_DISABLE_PIP_VERSION_CHECK=1")
"""The machine has no network: packages come from files."""
FIREWALL = "/usr/sbin/firewall-cmd"
STUB = '#!/bin/sh\necho "$@" >>/run/firewall\n'


def recipe(page: str, heading: str) -> list[str]:
    """The commands of the first shell block below a heading, each on a line."""
    text = (ROOT / "docs" / page).read_text().partition(f"\n## {heading}\n")[2]
    (block, *_) = re.findall(r"^```shell\n(.*?)^```$", text, re.M | re.S)
    return str(block).replace("\\\n", " ").splitlines()


def asked(machine: Machine, path: str) -> str:
    """What the page answers; empty while it does not."""
    return machine.run("python3", "-c", ASK, f"http://127.0.0.1:8090{path}", check=False).stdout.strip()


def test_without_its_environment_the_page_says_how_it_is_made(running: Service) -> None:
    said = running.machine.run("livereduce", "web", user=USER, check=False)
    assert said.returncode == 78
    assert "-m venv /opt/livereduce-web && /opt/livereduce-web/bin/python -m pip install " in said.stderr


def test_the_four_commands_of_the_recipe_make_the_page(running: Service) -> None:
    machine = running.machine
    machine.write(FIREWALL, STUB)
    machine.run("chmod", "755", FIREWALL)
    commands = recipe("web.md", "As a service")
    assert len(commands) == 4
    for command in commands:
        machine.run(*WHEELS, "bash", "-ec", command)
    machine.until("an answer", lambda: asked(machine, "/healthz"))
    (card,) = json.loads(asked(machine, "/api/instruments"))["instruments"]
    assert (card["id"], card["state"]) == ("powder", "running")
    pid = machine.show(PAGE, "MainPID")
    assert machine.run("ps", "-o", "user=", pid).stdout.strip() == USER
    assert machine.show(PAGE, "NRestarts") == "0"
    assert "--add-port=8090/tcp" in machine.path("/run/firewall").read_text()
    assert machine.systemctl("is-enabled", PAGE).stdout == "enabled\n"


def test_the_detector_can_be_looked_at_within_the_fence_of_the_unit(running: Service) -> None:
    """What counts there compiles, so memory must be executable; its packages are those of the engine."""
    machine = running.machine
    # the page is the last to get the processor, which on a busy machine may be too late for the first answer
    more = "Nice=-5\nCPUWeight=1000\nEnvironment=PYTHONPATH=/opt/builtin/lib/python3.11/site-packages\n"
    running.drop_in(PAGE, f"[Service]\n{more}")
    machine.systemctl("restart", PAGE)
    machine.until("an answer", lambda: asked(machine, "/healthz"))
    seen = json.loads(machine.until("the detector", lambda: asked(machine, "/api/instruments/powder/detector")))
    assert seen["total"] > 0
    found = json.loads(machine.until("findings", lambda: asked(machine, "/api/instruments/powder/findings")))
    assert isinstance(found["findings"], list)
    assert list(machine.path("/var/cache/livereduce-web/livereduce/kernels").rglob("*.nbi")), "kept for the next time"
    running.without_drop_in(PAGE)
    machine.systemctl("disable", "--now", PAGE)


def configure_beside(running: Service, **settings: object) -> None:
    """Change what only `livereduce notify` reads: the daemon goes on."""
    before, goes_on = running.main_pid(), "but nothing that the reduction reads: it goes on"
    seen = running.log().count(goes_on)
    running.configure(**settings)
    running.machine.until("the change", lambda: running.log().count(goes_on) > seen)
    assert running.main_pid() == before


def test_notifications_are_told_of_a_service_that_is_stopped(running: Service) -> None:
    machine = running.machine
    command = ["/usr/bin/systemd-cat", "-t", "told", "/bin/echo", "{text}"]
    configure_beside(running, notify=[{"on": ["down"], "longer_than_s": 0, "at_most_every_s": 1, "command": command}])
    assert machine.run("livereduce", "notify", "--try", "1", user=USER).stdout.endswith("): sent\n")
    machine.systemctl("start", NOTIFY)
    machine.until("its start", lambda: "on down" in machine.journal(NOTIFY))
    machine.systemctl("stop", running.unit)

    def told() -> str:
        return machine.run("journalctl", "--no-pager", "-o", "cat", "-t", "told").stdout

    machine.until("the message", lambda: "POWDER: down: the daemon was stopped" in told())
    machine.systemctl("start", running.unit)
    machine.until("that it is over", lambda: "POWDER: down is over after" in told())
    assert machine.show(NOTIFY, "NRestarts") == "0"
    assert machine.path("/var/lib/livereduce/notify.json").exists()
    machine.systemctl("stop", NOTIFY)


def test_the_heartbeat_has_an_environment_of_its_own(running: Service) -> None:
    machine = running.machine
    heartbeat = {"brokers": ["127.0.0.1:1"], "destination": "/topic/TST.POWDER.STATUS.LIVEREDUCE"}
    configure_beside(running, heartbeat=heartbeat)
    machine.systemctl("start", NOTIFY)
    machine.until(
        "the advice", lambda: "/opt/livereduce-heartbeat/bin/python -m pip install" in machine.journal(NOTIFY)
    )
    text = (ROOT / "docs" / "notifications.md").read_text()
    for command in re.findall(r"^(?:python3.11 -m venv|/opt/livereduce-heartbeat|systemctl restart) ?.*$", text, re.M):
        machine.run(*WHEELS, "bash", "-ec", command)
    machine.until("an attempt", lambda: "heartbeat: 127.0.0.1:1: " in machine.journal(NOTIFY))
    machine.systemctl("stop", NOTIFY)
    running.begun()
