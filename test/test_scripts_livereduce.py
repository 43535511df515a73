"""`scripts/livereduce.py` as people have always run it: from a checkout, and as a file beside nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.paths import ROOT

SCRIPT = ROOT / "scripts" / "livereduce.py"
LIMIT_S = 30


def run_script(
    *arguments: str, cwd: Path, script: str = str(SCRIPT), options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *options, script, *arguments],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_it_tells_how_it_is_used(tmp_path: Path) -> None:
    shown = run_script("--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert "/etc/livereduce.conf" in shown.stdout


@pytest.mark.parametrize("script", ["livereduce.py", "./livereduce.py"])
def test_it_finds_the_package_from_its_own_directory(script: str) -> None:
    """There, both the script's directory and the current one would make it import itself."""
    shown = run_script("--help", cwd=SCRIPT.parent, script=script)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_the_package_is_the_one_of_the_checkout(tmp_path: Path) -> None:
    """Not one that happens to be installed: -S hides everything installed, and psutil comes in by hand."""
    import psutil

    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, checkout / "scripts")
    shutil.copytree(ROOT / "src" / "livereduce", checkout / "src" / "livereduce")
    shutil.copytree(Path(psutil.__file__).parent, checkout / "src" / "psutil")
    init = checkout / "src" / "livereduce" / "__init__.py"
    init.write_text(init.read_text() + "\nprint('from', __file__)\n")
    shown = run_script("--help", cwd=tmp_path, script="checkout/scripts/livereduce.py", options=("-S",))
    assert shown.stderr == ""
    assert shown.stdout.startswith(f"from {init}\n")


def test_installed_it_finds_the_installed_package(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path / "livereduce.py")
    shown = run_script("--help", cwd=tmp_path, script="livereduce.py")
    assert (shown.returncode, shown.stderr) == (0, "")


def test_a_bad_configuration_parks_with_a_clear_message(tmp_path: Path) -> None:
    (tmp_path / "livereduce.conf").write_text(json.dumps({"instrument": "PG3", "update_every": -1}))
    environ = os.environ | {"RUNTIME_DIRECTORY": str(tmp_path / "run"), "STATE_DIRECTORY": str(tmp_path / "state")}
    daemon = subprocess.Popen(
        [sys.executable, "-u", SCRIPT, "./livereduce.conf"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert daemon.stdout
    try:
        line = next(line for line in daemon.stdout if "parked: " in line)
        assert "livereduce.conf" in line
        assert "update_every" in line
        daemon.send_signal(signal.SIGTERM)
        daemon.stdout.read()
        assert daemon.wait(LIMIT_S) == 0
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()
