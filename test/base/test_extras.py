"""Commands that install the packages of a part: those in messages and documents must work."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from helpers.paths import ROOT
from livereduce.base.extras import EXTRAS, how_to_install, own_python
from livereduce.cli import main
from livereduce.config.file import Config
from livereduce.preflight.host import Host, Verdict, engine_problems

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
KINDS = ("", ".md", ".py", ".sh", ".service", ".spec", ".conf")
FOLDERS = ("docs", "examples", "packaging", "scripts", "src", "test/rpm")
FILES = [ROOT / "README.md", *(path for name in FOLDERS for path in (ROOT / name).rglob("*"))]
WRITTEN = {path: path.read_text() for path in FILES if path.is_file() and path.suffix in KINDS}


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_requirements_are_those_of_the_project(extra: str) -> None:
    wanted = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]}
    assert set(EXTRAS[extra]) == wanted


def test_a_python_of_ones_own_is_installed_into() -> None:
    command = how_to_install("builtin", "/home/ana/my env/bin/python3")
    assert command.startswith("'/home/ana/my env/bin/python3' -m pip install 'psutil>=5.9' 'numpy>=2.0' ")


def test_a_python_of_the_system_is_left_alone() -> None:
    made, installed = how_to_install("web", "/usr/bin/python3.11").split(" && ")
    assert made == "/usr/bin/python3.11 -m venv /opt/livereduce-web"
    assert installed.startswith("/opt/livereduce-web/bin/python -m pip install 'psutil>=5.9' ")


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [
        (["web"], "starlette", "web"),
        (["inspect", "x.adara"], "numpy", "builtin"),
        (["web"], "h5py", "web"),
        (["pvs"], "caproto", "epics"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    command: list[str],
    module: str,
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def without(*_: object, **__: object) -> int:
        raise ModuleNotFoundError(f"No module named '{module}'", name=f"{module}.of.it")

    monkeypatch.setattr("sys.executable", "/usr/bin/python3.11")
    for one in ("livereduce.web.server.serve", "livereduce.commands.inspect.inspect", "livereduce.pvs.serve.serve"):
        monkeypatch.setattr(one, without)
    assert main(command) == 78
    said = capsys.readouterr().err
    assert f"livereduce {command[0]} needs {module}.of.it, which /usr/bin/python3.11 does not have" in said
    assert said.strip().endswith(how_to_install(extra, "/usr/bin/python3.11"))


def test_the_builtin_engine_on_a_python_of_the_system_must_be_named_as_well() -> None:
    host = Host(environ={}, cwd=Path("/"), python="/usr/bin/python3.11", missing=("numpy",))
    (problem,) = engine_problems(Config(), host, Verdict(engine="builtin", reason="it is"))
    assert how_to_install("builtin", host.python) in problem
    assert problem.endswith(f'set "engine": "builtin" and "CONDA_ENV": "{own_python("builtin")}" in the configuration')


def test_nothing_tells_people_to_install_what_is_on_no_index() -> None:
    assert len(WRITTEN) > 150
    for path, text in WRITTEN.items():
        told = re.findall(r"""pip install\S* ["'`(]*livereduce\b.*""", text)
        allowed = [line for line in told if "on no package index" in text]
        assert told == allowed, path


@pytest.mark.parametrize(
    ("page", "extra"),
    [
        ("docs/web.md", "web"),
        ("packaging/livereduce-web.service", "web"),
        ("docs/control_system.md", "epics"),
        ("packaging/livereduce-pvs.service", "epics"),
        ("packaging/livereduce-pvs@.service", "epics"),
        ("docs/notifications.md", "heartbeat"),
        ("packaging/livereduce-notify.service", "heartbeat"),
        ("packaging/livereduce-notify@.service", "heartbeat"),
    ],
)
def test_what_has_an_environment_of_its_own_is_installed_with_what_it_needs(page: str, extra: str) -> None:
    text = re.sub(r"\\\n[# ]*", "", (ROOT / page).read_text())
    (packages,) = re.findall(rf"/opt/livereduce-{extra}/bin/python -m pip install ('.*')$", text, re.M)
    assert packages == how_to_install(extra, "python").partition("install ")[2]


def test_packages_of_the_rpm_are_called_by_their_names() -> None:
    spec = (ROOT / "packaging" / "livereduce.spec").read_text()
    (main_name,) = re.findall(r"^Name: +(\S+)", spec, re.M)
    names = {main_name, *(f"{main_name}-{sub}" for sub in re.findall(r"^%package (\S+)", spec, re.M))}
    commands = [line for text in WRITTEN.values() for line in re.findall(r"dnf (?:downgrade|remove|install) .*", text)]
    words = [word for line in commands for word in re.findall(r"(?<![\w/.-])[\w-]*livereduce[\w-]*", line)]
    assert len(words) >= 3
    assert {re.sub(r"-(1|$).*", "", word) for word in words} <= names


@pytest.mark.parametrize(
    ("command", "own"),
    [
        ("web", "web"),
        ("demo", "builtin"),
        ("inspect", "builtin"),
        ("notify", "heartbeat"),
        ("pvs", "epics"),
        ("status", None),
        ("check", None),
    ],
)
def test_the_command_of_the_rpm_finds_the_environment_that_was_made_for_it(
    tmp_path: Path, command: str, own: str | None
) -> None:
    script = tmp_path / "livereduce"
    script.write_text((ROOT / "scripts" / "livereduce").read_text().replace("/opt/", f"{tmp_path}/opt/"))
    for python in ("bin/python3", *(f"opt/livereduce-{extra}/bin/python" for extra in EXTRAS)):
        (tmp_path / python).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / python).write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$0" "$@"\n')
        (tmp_path / python).chmod(0o755)
    environ = {"PATH": f"{tmp_path}/bin:{os.defpath}"}
    told = subprocess.run(["bash", script, command, "x"], env=environ, capture_output=True, text=True, check=True)
    python = f"{tmp_path}/opt/livereduce-{own}/bin/python" if own else f"{tmp_path}/bin/python3"
    assert told.stdout == f"{python} -B -P -m livereduce {command} x\n"
