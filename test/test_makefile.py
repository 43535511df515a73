"""Installations by `make`, which says first what it installs and for whom; with a python that only records its
calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.tools import needs

pytestmark = needs("make")

PYTHON = """#!/bin/sh
echo "CALLED $*"
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/livereduce ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone, as far as make looks at it."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src").mkdir()
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def tried(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHON": str(clone / "python")}  # nothing of a make around us
    return subprocess.run(["make", *words], cwd=clone, env=environ, capture_output=True, text=True, check=False)


def made(clone: Path, *words: str) -> list[str]:
    done = tried(clone, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def installed(lines: list[str]) -> list[str]:
    return [line.rpartition(" ")[2] for line in lines if line.startswith("CALLED -m pip install")]


def test_the_demo_installs_what_it_needs_and_says_so_before(clone: Path) -> None:
    lines = made(clone, "demo", "ARGS=--once")
    assert installed(lines) == [".[builtin,web]"]
    assert not any("--quiet" in line for line in lines if line.startswith("CALLED")), "pip says what it does"
    order = [
        "Installing what livereduce runs on",
        "MB to download",
        "CALLED -m pip install",
        "CALLED install-kernels",
        "CALLED demo --once",
    ]
    places = [next(number for number, line in enumerate(lines) if said in line) for said in order]
    assert places == sorted(places)
    again = made(clone, "demo")
    assert [line for line in again if line.startswith(("CALLED", "Installing"))] == ["CALLED demo"]


def test_the_tests_come_with_the_developers_tools(clone: Path) -> None:
    made(clone, "demo")
    lines = made(clone, "test")
    assert installed(lines) == [".[builtin,web,dev]"]
    assert any("developers' tools" in line for line in lines)
    assert not any("install-kernels" in line for line in lines), "they are compiled already"


def test_whoever_has_set_up_everything_needs_no_more_for_the_demo(clone: Path) -> None:
    assert installed(made(clone, "setup")) == [".[builtin,web,dev]"]
    assert installed(made(clone, "demo")) == []


def test_a_python_that_is_too_old_is_named(clone: Path) -> None:
    (clone / "python").write_text('#!/bin/sh\n[ "$1" != -c ] && echo Python 3.9.2\n')
    done = tried(clone, "demo")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer; " in done.stdout
    assert "is Python 3.9.2" in done.stdout
    assert not (clone / ".venv").exists()
