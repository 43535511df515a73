"""The watchdog script: its bats tests and shellcheck, where these are installed (Debian: bats, jq, shellcheck)."""

import re
import shutil
import subprocess

import pytest

from helpers.paths import ROOT
from helpers.tools import needs

SCRIPTS = sorted(
    str(path)
    for pattern in ("scripts/*.sh", "scripts/livereduce", "*.sh", "test/*/*.sh", ".ci/*")
    for path in ROOT.glob(pattern)
)


@pytest.mark.timeout(300)
@needs("bats", "jq")
def test_it_behaves() -> None:
    bats = subprocess.run(
        ["bats", "--print-output-on-failure", ROOT / "test" / "watchdog"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert bats.returncode == 0, bats.stdout + bats.stderr
    assert bats.stdout.count("\nok ") > 20


@needs("shellcheck")
def test_shellcheck_finds_nothing() -> None:
    assert any(script.endswith("livereduce_watchdog.sh") for script in SCRIPTS)
    checked = subprocess.run(["shellcheck", *SCRIPTS], capture_output=True, text=True, timeout=60, check=False)
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_bash_alone_can_read_it() -> None:
    """Also where shellcheck is not installed."""
    bash = shutil.which("bash") or "bash"
    assert subprocess.run([bash, "-n", ROOT / "scripts" / "livereduce_watchdog.sh"], check=False).returncode == 0


def test_its_messages_in_the_documentation_are_its_own() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text().partition("## The service and its watchdog")[2]
    rows = re.findall(r"^\| `([^`]+)`(?: there| in the watchdog's log).*\|$", text, re.M)
    assert len(rows) > 5
    script = (ROOT / "scripts" / "livereduce_watchdog.sh").read_text()
    for name, value in (("$SERVICE", "livereduce.service"), ("$RESTART_LIMIT", "180"), ("watchdog.$1", "watchdog.")):
        script = script.replace(name, value)
    pieces = [piece.strip(" :,;") for row in rows for piece in row.split("…")]
    assert [piece for piece in pieces if piece not in script] == []
