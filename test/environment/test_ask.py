"""A python is asked what it is, through launchers that chatter, fail, hang and close what they were given."""

import ast
import json
import os
import re
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from helpers import environments
from helpers.environments import ODD, Launchers
from livereduce.config.file import Config
from livereduce.environment import ask as ask_module
from livereduce.environment.ask import PROBE, NoAnswer, ask, list_environments, parse
from livereduce.environment.launchers import look_for_launchers, plan
from livereduce.environment.probe import describe, location

LIMIT_S = 30.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Launchers:
    """The environments, which cost time; launchers are each test's own."""
    made = Launchers(tmp_path_factory.mktemp("site"))
    made.environment("mantid_dev")
    made.environment("mantid-dev")
    made.environment("empty", mantid=None, psutil=False)
    made.environment("old", old=True)
    return made


@pytest.fixture
def site(made: Launchers, tmp_path: Path) -> Launchers:
    site = Launchers(tmp_path)
    site.environments.rmdir()
    site.environments = made.environments
    return site


def command(site: Launchers, name: str, root: Path = Path("/nowhere")) -> tuple[str, ...]:
    return plan(Config(conda_env=name), look_for_launchers({"PATH": site.path()}, root)).command


def environ(site: Launchers) -> dict[str, str]:
    return {"PATH": site.path(), "HOME": "/nowhere"}


def install(site: Launchers, launcher: str) -> Path:
    if launcher == "nsd-app-wrap.sh":
        return site.wrap()
    return site.install(launcher, environments.PIXI if launcher == "pixi" else environments.CONDA)


@pytest.mark.parametrize("launcher", ["nsd-app-wrap.sh", "pixi", "conda", "micromamba"])
def test_the_answer_is_that_of_the_active_environment(site: Launchers, launcher: str, tmp_path: Path) -> None:
    install(site, launcher)
    root = tmp_path / "root"
    if launcher == "pixi":
        (root / "mantid_dev").mkdir(parents=True)
        (root / "mantid_dev" / "pixi.toml").touch()
    name = "mantid_dev" if launcher in ("nsd-app-wrap.sh", "pixi") else "mantid-dev"
    answer = ask(command(site, "mantid-dev", root), environ(site), LIMIT_S)
    home = site.environments / name
    assert answer.executable == str(home / "bin" / "python")
    assert answer.version == sys.version_info[:3]
    assert Path(answer.mantid).parts[-2:] == ("mantid", "__init__.py")
    assert Path(answer.mantid).is_relative_to(home)
    assert answer.psutil
    assert answer.missing == ("numpy", "numba", "scipp", "scipy", "h5py")
    assert answer.environ[b"ACTIVE"] == name.encode()
    assert answer.environ[b"PATH"].startswith(f"{home}/bin:".encode())


def test_variables_arrive_byte_for_byte(site: Launchers) -> None:
    site.wrap()
    assert ask(command(site, "mantid-dev"), environ(site), LIMIT_S).environ[b"ODD"] == ODD


def test_the_probe_imports_nothing_to_find_out(site: Launchers, tmp_path: Path) -> None:
    python = Launchers(tmp_path / "other").environment("loud", mantid="raise SystemExit('imported')")
    assert ask((str(python),), environ(site), LIMIT_S).mantid


def test_the_version_is_that_of_condas_record(site: Launchers, tmp_path: Path) -> None:
    python = Launchers(tmp_path / "other").environment("conda")
    assert ask((str(python),), environ(site), LIMIT_S).mantid_version == ""
    records = python.parent.parent / "conda-meta"
    records.mkdir()
    for record in ("history", "mantidworkbench-6.9-0.json", "mantid-6.12.0.1-py311_0.json", "numpy-2-0.json"):
        (records / record).touch()
    assert ask((str(python),), environ(site), LIMIT_S).mantid_version == "6.12.0.1"


def test_the_probe_is_understood_by_an_old_python() -> None:
    """It is read with the grammar of 3.7, the oldest that can be asked for; 3.6 differs in nothing that it uses."""
    ast.parse(PROBE.read_text(), feature_version=(3, 7))


def test_what_lies_beside_the_probe_does_not_take_the_place_of_others(
    site: Launchers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copy(PROBE, tmp_path)
    (tmp_path / "mantid.py").touch()
    monkeypatch.setattr(ask_module, "PROBE", copy)
    site.wrap()
    assert ask(command(site, "empty"), environ(site), LIMIT_S).mantid == ""


def test_an_old_python_answers_too(site: Launchers) -> None:
    site.wrap()
    assert ask(command(site, "old"), environ(site), LIMIT_S).version_text == "3.9.18"


def test_what_is_not_there_is_said(site: Launchers) -> None:
    site.wrap()
    answer = ask(command(site, "empty"), environ(site), LIMIT_S)
    assert (answer.mantid, answer.mantid_version, answer.psutil) == ("", "", False)


@pytest.mark.parametrize("launcher", ["nsd-app-wrap.sh", "conda"])
def test_a_wrong_name_ends_with_what_the_launcher_says(site: Launchers, launcher: str) -> None:
    install(site, launcher)
    with pytest.raises(NoAnswer, match=r"^exited with code 1: .*(no environment|EnvironmentLocationNotFound).*nope"):
        ask(command(site, "nope"), environ(site), LIMIT_S)


def test_how_a_launcher_ends_after_the_answer_is_its_own_affair(site: Launchers) -> None:
    site.wrap(after="echo goodbye; false; code=7")
    assert ask(command(site, "mantid-dev"), environ(site), LIMIT_S).psutil


def test_a_launcher_that_hangs_is_ended_with_what_it_has_started(site: Launchers, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    site.wrap(before=f"sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; echo 'solving ...'; wait")
    with pytest.raises(NoAnswer, match=r"gave no answer within 1 s: .*solving"):
        ask(command(site, "mantid-dev"), environ(site), 1.0)
    deadline = time.monotonic() + LIMIT_S
    with suppress(psutil.NoSuchProcess):
        left = psutil.Process(int(pid.read_text()))
        while left.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left.status() == psutil.STATUS_ZOMBIE


def test_what_a_launcher_leaves_running_is_not_waited_for(site: Launchers, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    site.wrap(before=f"setsid sleep 600 & echo $! > {pid}")
    try:
        assert ask(command(site, "mantid-dev"), environ(site), LIMIT_S).psutil
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), 9)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#!/bin/sh\nexit 0\n", "did not run the Python of the environment, and printed nothing"),
        ("#!/bin/sh\necho 1; echo 2; echo; echo 3; echo 4 >&2; exit 5\n", "exited with code 5: 2 / 3 / 4"),
        ("#!/bin/sh\nkill -9 $$\n", "exited with code -9, and printed nothing"),
        ("#!/bin/sh\necho '{\"executable\": 1}' > \"$2\"\n", "gave an invalid answer ('version')"),
        ("#!/bin/sh\nprintf '\\377' > \"$2\"\n", "gave an invalid answer"),
        ("#!/no/such/shell\n", "cannot be run: No such file or directory"),
        (None, "cannot be run: No such file or directory"),
    ],
)  # fmt: skip
def test_what_is_no_python_says_so(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "python"
    if text is not None:
        path.write_text(text)
        path.chmod(0o755)
    with pytest.raises(NoAnswer, match="^" + re.escape(why)):
        ask((str(path),), {"PATH": os.defpath}, LIMIT_S)


def test_a_directory_or_a_file_that_cannot_be_run_is_no_python(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="cannot be run: Permission denied"):
        ask((str(tmp_path),), {}, LIMIT_S)


def test_nothing_is_left_in_the_temporary_directory(
    site: Launchers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "tmp"
    mine.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(mine))
    site.wrap()
    assert ask(command(site, "mantid-dev"), environ(site), LIMIT_S).psutil
    with pytest.raises(NoAnswer):
        ask(command(site, "nope"), environ(site), LIMIT_S)
    assert list(mine.iterdir()) == []


def test_the_environments_that_conda_lists(site: Launchers) -> None:
    listing = (str(install(site, "conda")), "env", "list", "--json")
    assert list_environments(listing, environ(site)) == ("/opt/conda", "mantid", "mantid-dev")
    assert list_environments((), environ(site)) == ()
    assert list_environments(("/no/such/conda",), environ(site)) == ()
    assert list_environments(("/bin/true",), environ(site)) == ()
    assert list_environments(("/bin/echo", '{"envs": 3}'), environ(site)) == ()


@pytest.mark.parametrize(
    "missing", ["executable", "version", "mantid", "mantid_version", "psutil", "missing", "environ"]
)
def test_an_answer_is_whole_or_none(site: Launchers, missing: str) -> None:
    whole = describe()
    assert parse(json.dumps(whole)).executable == sys.executable
    with pytest.raises(KeyError, match=missing):
        parse(json.dumps({key: value for key, value in whole.items() if key != missing}))
    for wrong in ("[]", "7", json.dumps(whole | {"environ": 3}), json.dumps(whole | {"version": "abc"})):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            parse(wrong)


def test_a_directory_that_is_called_mantid_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mantid").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert location("mantid") == ""
