"""The benchmarks: the rows of workbench and pictures run to their end with next to no data, and leave nothing behind.

What they measure is of no interest here, and nothing of it is asserted.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.paths import ROOT

WORKBENCH = ROOT / "benchmarks" / "workbench.py"
PICTURES = ROOT / "benchmarks" / "web_pictures.py"
PVS = ROOT / "benchmarks" / "pvs.py"


def run(*arguments: str, temporary: Path, program: Path = WORKBENCH) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"TMPDIR": str(temporary)}
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_rows_run_and_have_a_reference_each(tmp_path: Path) -> None:
    """All but catch-up, which has nothing that recording does not have: each starts a service."""
    done = run("--smoke", "--json", "recording", "picture", "try", "reduce", "background", temporary=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert len(rows) == 6
    for row in rows:
        assert row["reference"], row
        assert row["ratio"] > 0, row
    assert not list(tmp_path.iterdir())


def test_pictures_are_drawn_while_the_page_is_asked(tmp_path: Path) -> None:
    done = run("--smoke", "--json", temporary=tmp_path, program=PICTURES)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["name"] for row in rows] == ["picture of 1,000 points", "page while pictures are drawn"]
    assert all(row["ratio"] > 0 for row in rows)
    assert not list(tmp_path.iterdir())


def test_values_of_the_control_system_are_watched(tmp_path: Path) -> None:
    done = run("--smoke", "--json", temporary=tmp_path, program=PVS)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["name"] for row in rows] == ["value updated", "value updated beside 2 clients × 3 metrics"]
    assert all(row["seconds"] > 0 for row in rows)
    assert not list(tmp_path.iterdir())


def test_groups_are_chosen_by_name(tmp_path: Path) -> None:
    done = run("recording", "speed", temporary=tmp_path)
    assert done.returncode == 2
    assert "unknown group speed; expected recording, catch-up, picture, try, reduce, background" in done.stderr
