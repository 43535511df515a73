"""`.ci/run` with programs that only note that they were called: what it does where, and what it says at its end."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.tools import PACKAGES

NOT_FOR_TESTS = {"prometheus", "make", "mount", "util-linux"}
"""Optional, or on every Debian and in the README."""
STUB = '#!/bin/bash\necho "$(basename "$0") $*" >>"$CALLS"\n'
AT_THE_END = ["make chaos ARGS=--share 0.1", "make setup", "make test-system", "make fuzz"]
"""The last two side by side, with the other Pythons."""
COUNTS = "echo '12 passed, 1 skipped in 3.45s'\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose programs are stubs, for somebody who is not root."""
    shutil.copytree(ROOT / ".ci", tmp_path / "clone" / ".ci")
    for page in ("README.md", "test/README.md"):
        (tmp_path / "clone" / page).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / page, tmp_path / "clone" / page)
    (tmp_path / "bin").mkdir()
    put(tmp_path / "bin" / "id", "#!/bin/sh\necho 1000\n")
    put(tmp_path / "bin" / "make", STUB + '[ "$1" != test ] || ' + COUNTS + '[ "$1" != "$FAILS" ]\n')
    put(tmp_path / "bin" / "apt-get", STUB)
    put(tmp_path / "bin" / "python3.12", "#!/bin/sh\nexit 1\n")
    return tmp_path


def put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def run(clone: Path, fails: str = "") -> tuple[int, str, list[str]]:
    calls = clone / "calls"
    calls.touch()
    environ = {"PATH": f"{clone}/bin:{os.environ['PATH']}", "HOME": str(clone), "CALLS": str(calls), "FAILS": fails}
    command = [clone / "clone" / ".ci" / "run"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, calls.read_text().splitlines()


def test_where_no_bare_debian_can_be_made_it_says_so_and_tests_with_what_there_is(clone: Path) -> None:
    code, said, calls = run(clone)
    assert code == 0, said
    assert sorted(calls) == sorted(["make check", "make test ARGS=-rs", *AT_THE_END])
    assert "**** NO BARE DEBIAN CAN BE MADE HERE: it needs root" in said
    report = said.partition("---- .ci/run: passed\n")[2]
    assert "in a bare Debian: NOTHING, since it needs root" in report
    assert "everything, with this machine's python: 12 passed, 1 skipped in 3.45s" in report
    assert "Python 3.12: NOTHING, this machine has none" in report


def test_in_a_bare_debian_everything_runs_once(clone: Path) -> None:
    script = f'#!/bin/bash\n[ "$1" != --why-not ] || exit 0\necho "bare $*" >>"$CALLS"\n{COUNTS}'
    put(clone / "clone" / ".ci" / "bare", script)
    code, said, calls = run(clone)
    assert code == 0, said
    assert sorted(calls) == sorted(["bare bookworm .ci/newcomer", "bare trixie .ci/another-python", *AT_THE_END])
    assert re.search(r"everything, in a bare Debian 12: 12 passed, 1 skipped in 3.45s \[\d+ s\]\n", said)


@pytest.mark.parametrize(
    ("fails", "named"),
    [
        ("check", "lint"),
        ("test", "everything"),
        ("chaos", "20 kills"),
        ("test-system", "the packages"),
        ("fuzz", "streams changed"),
    ],
)
def test_what_fails_ends_it_and_is_reported(clone: Path, fails: str, named: str) -> None:
    code, said, calls = run(clone, fails)
    assert code != 0
    assert fails in [call.split()[1] for call in calls[-2:]]
    report = said.partition("---- .ci/run: FAILED")[2].splitlines()
    assert [line for line in report if line.startswith(named)]


def test_another_python_that_fails_ends_it(clone: Path) -> None:
    fails_on_trixie = '#!/bin/bash\n[ "$1" != --why-not ] || exit 0\n[ "$1" != trixie ] || exit 3\n' + COUNTS
    put(clone / "clone" / ".ci" / "bare", fails_on_trixie)
    code, said, calls = run(clone)
    assert code == 3
    assert "make test-system" in calls  # it was running beside
    assert "Python 3.13, in a bare Debian 13: exit code 3" in said.partition("---- .ci/run: FAILED")[2]


def test_the_page_for_testers_names_every_package_that_ends_a_skip() -> None:
    named = subprocess.run([ROOT / ".ci" / "newcomer", "--packages"], capture_output=True, text=True, check=True)
    first, second = (set(line.split()) for line in named.stdout.splitlines())
    assert first == {"make", "python3-venv"}
    assert set(PACKAGES.values()) - NOT_FOR_TESTS <= second


def test_the_tests_that_ci_and_make_name_are_there() -> None:
    """A test that moves must not leave CI with a path to nothing: pytest then runs none of them."""
    text = "".join(path.read_text() for path in [ROOT / "Makefile", *(ROOT / ".ci").iterdir()])
    named = re.findall(r"(?<![\w./])(?:test|benchmarks)/[\w./]+", text)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
