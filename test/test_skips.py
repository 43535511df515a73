"""The tests on a stock machine: what is skipped says what ends it, what is slow does not fail."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from helpers import tools
from helpers.environments import Launchers
from helpers.tools import needs, not_installed


def test_a_skip_names_the_package_that_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "MUST_RUN", False)
    mark = needs("rpm2cpio", "duk", "rpm").mark
    assert mark.args == (True,)
    assert mark.kwargs["reason"] == "not installed: rpm2cpio, duk, rpm (Debian: apt-get install duktape rpm)"


def test_a_program_without_a_package_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        needs("no-such-program")


def test_nothing_is_needed_of_a_machine_that_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "jq").write_text("#!/bin/sh\n")
    (tmp_path / "jq").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert needs("jq").mark.args == (False,)
    assert "apt-get install jq" in not_installed(["jq"])


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert settings().deadline is None


def test_an_old_python_is_old_whatever_the_system_customizes(tmp_path: Path) -> None:
    """Debian's python has a sitecustomize.py, which is found before one of an environment."""
    python = Launchers(tmp_path).environment("old", old=True)
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "sitecustomize.py").touch()
    command = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    environ = {"PYTHONPATH": str(tmp_path / "debian")}
    assert subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout == "3 9\n"
