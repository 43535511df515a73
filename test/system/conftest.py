"""One machine for all scenarios, which run in order; how many they were is said at the end."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.paths import ROOT
from system.machine import Machine, booted, why_not
from system.packages import Packages, built, install
from system.service import USER, Service, serve_stream

BEGUN = pytest.StashKey[tuple[float, str]]()
"""When, and with which systemd."""


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted machine, with a stream server in it and nothing of livereduce installed."""
    if reason := why_not():
        assert not (os.environ.get("CI") == "true" and os.geteuid() == 0), f"cannot be skipped here: {reason}"
        pytest.skip(reason)
    begun_s = time.monotonic()
    with booted(tmp_path_factory.mktemp("system"), ROOT / "src") as machine:
        request.config.stash[BEGUN] = begun_s, machine.systemctl("--version").stdout.splitlines()[0]
        serve_stream(machine)
        yield machine


@pytest.fixture(scope="session")
def packages(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The packages of this checkout."""
    return built(tmp_path_factory.mktemp("packages") / "home")


@pytest.fixture(scope="session")
def user(machine: Machine) -> str:
    """The account of the service, from outside any package."""
    machine.run("useradd", "--create-home", USER)
    return USER


@pytest.fixture(scope="session")
def service(machine: Machine, packages: Packages, user: str) -> Service:
    """The service, installed for the first time and not started."""
    install(machine, *packages.both())
    return Service(machine)


@pytest.fixture
def running(service: Service) -> Service:
    """The service with results flowing: left as it is if that is so, else begun."""
    return service if service.is_reducing() else service.begun()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    here = Path(__file__).parent.relative_to(ROOT).as_posix()
    counts = {
        outcome: sum(
            report.nodeid.startswith(here) and report.when == ("setup" if outcome == "skipped" else "call")
            for report in terminalreporter.stats.get(outcome, ())
        )
        for outcome in ("passed", "failed", "skipped")
    }
    if any(counts.values()):
        begun_s, version = config.stash.get(BEGUN, (time.monotonic(), "no systemd"))
        each = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.section("system")
        terminalreporter.write_line(
            f"{sum(counts.values())} scenarios: {each}; with {version}, in {time.monotonic() - begun_s:.0f} s"
        )
