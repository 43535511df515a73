"""The status page as a service, as docs/web.md says it is started where the RPM is installed."""

import json

import pytest

from system.machine import Machine
from system.service import USER, Service

pytestmark = pytest.mark.system

UNIT = "livereduce-web.service"
ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())"


def asked(machine: Machine, path: str) -> str:
    """What the page answers; empty while it does not."""
    return machine.run("python3", "-c", ASK, f"http://127.0.0.1:8090{path}", check=False).stdout.strip()


def test_the_page_of_the_rpm_starts_in_its_own_environment(running: Service) -> None:
    machine = running.machine
    machine.run("install", "-m", "644", f"/usr/share/livereduce/{UNIT}", "/etc/systemd/system/")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", UNIT)
    machine.until("an answer", lambda: asked(machine, "/healthz"))
    (card,) = json.loads(asked(machine, "/api/instruments"))["instruments"]
    assert (card["id"], card["state"]) == ("powder", "running")
    pid = machine.show(UNIT, "MainPID")
    assert machine.run("ps", "-o", "user=", pid).stdout.strip() == USER
    assert machine.show(UNIT, "NRestarts") == "0"
    machine.systemctl("stop", UNIT)


def test_without_that_environment_it_says_how_it_is_made(running: Service) -> None:
    machine = running.machine
    machine.run("mv", "/opt/livereduce-web", "/opt/elsewhere")
    said = machine.run("livereduce", "web", user=USER, check=False)
    machine.run("mv", "/opt/elsewhere", "/opt/livereduce-web")
    assert said.returncode == 78
    assert "-m venv /opt/livereduce-web && /opt/livereduce-web/bin/python -m pip install " in said.stderr
