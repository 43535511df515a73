"""The service of a configuration; `check`, `status` and the page must ask that one."""

import io
import json
import os
import platform
import re
from datetime import datetime
from pathlib import Path

import pytest

from helpers.paths import ROOT
from livereduce.base.logs import user_name
from livereduce.commands import install_units
from livereduce.commands.check import check
from livereduce.commands.status import show_status
from livereduce.messages.status import FILE_NAME, StateWord, Status, write_status
from livereduce.preflight.services import of_system, probable_service, service_of, usual_configuration
from livereduce.seen.locations import find_places

CONFIGURATION = {"instrument": "PG3", "engine": "builtin", "source": "adara://localhost"}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with a home directory and without units; asked from a shell in another directory."""
    for name in ("home", "etc", "units", "run", "shell", "run/user"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "shell")
    for variable in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "")
    for module in ("config.file", "preflight.services"):
        monkeypatch.setattr(f"livereduce.{module}.DEFAULT_PATH", tmp_path / "etc" / "livereduce.conf")
    monkeypatch.setattr("livereduce.preflight.services.UNIT_DIRS", (tmp_path / "units",))
    monkeypatch.setattr("livereduce.preflight.services.RUN_DIR", tmp_path / "run")
    monkeypatch.setattr("livereduce.preflight.services.STATE_DIR", tmp_path / "lib")
    return tmp_path


def installed_by_the_rpm(host: Path) -> None:
    for name in install_units.UNITS:
        (host / "units" / name).touch()


def configured(path: Path, **keys: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "reduce_PG3_live_proc.py").write_text("pass\n")
    path.write_text(json.dumps({**CONFIGURATION, "script_dir": str(path.parent), **keys}))
    return path


def checked(path: Path | None) -> tuple[str, dict[str, str]]:
    out = io.StringIO()
    check(path, out)
    return out.getvalue(), {line[:30].strip(): line[30:] for line in out.getvalue().splitlines()}


def running(folder: Path, why: str) -> None:
    """The snapshot of a daemon that is up."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now().astimezone().isoformat()
    status = Status(state=StateWord.RUNNING, why=why, since=now, pid=os.getpid(), started=now, updated=now, version="1")
    write_status(folder / FILE_NAME, status)


def asked(path: Path | None) -> str:
    out = io.StringIO()
    show_status(path, False, out)
    return out.getvalue()


def test_check_names_the_directories_of_the_service_and_not_those_of_the_shell(host: Path) -> None:
    installed_by_the_rpm(host)
    configured(host / "etc" / "livereduce.conf")
    text, rows = checked(None)
    assert rows["directories"] == "of livereduce.service, which runs as snsdata"
    assert rows["runtime"] == str(host / "run" / "livereduce")
    assert rows["state"] == str(host / "lib" / "livereduce")
    assert rows["log file"] == "/var/log/SNS_applications/livereduce.log"
    assert str(host / "shell" / "livereduce.run") in rows["livereduce run, by hand"]
    assert text.endswith("\nthis can run\n"), "systemd makes them, for another user"


def test_check_names_those_of_an_instance(host: Path) -> None:
    installed_by_the_rpm(host)
    _, rows = checked(configured(host / "etc" / "livereduce" / "second.conf"))
    assert rows["directories"] == "of livereduce@second.service, which runs as snsdata"
    assert rows["runtime"] == str(host / "run" / "livereduce_second")
    assert rows["state"] == str(host / "lib" / "livereduce_second")
    assert rows["log file"] == "/var/log/SNS_applications/livereduce_second.log"


def test_a_directory_of_the_configuration_is_the_services_too(host: Path) -> None:
    """A relative one is below the service's working directory."""
    installed_by_the_rpm(host)
    configured(host / "etc" / "livereduce.conf", state_dir="mine")
    _, rows = checked(None)
    assert rows["state"] == "/tmp/mine"


def test_what_another_user_may_write_is_not_judged(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_by_the_rpm(host)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    configured(host / "etc" / "livereduce.conf", state_dir=str(host / "lib" / "elsewhere"))
    text, _ = checked(None)
    assert text.endswith("\nthis can run\n")
    text, _ = checked(configured(host / "shell" / "mine.conf"))
    assert "no permission to write" in text


@pytest.mark.parametrize("name", ["livereduce.conf", "livereduce/second.conf"])
def test_without_a_unit_it_is_of_no_service(host: Path, name: str) -> None:
    _, rows = checked(configured(host / "etc" / name))
    assert rows["directories"] == ""
    assert rows["runtime"] == str(host / "shell" / "livereduce.run")
    assert "livereduce run, by hand" not in rows


def test_a_service_that_asks_for_itself_is_told_what_it_has(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_by_the_rpm(host)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(host / "run" / "mine"))
    _, rows = checked(configured(host / "etc" / "livereduce.conf"))
    assert (rows["directories"], rows["runtime"]) == ("", str(host / "run" / "mine"))


# ---- a user's own


@pytest.fixture
def users(host: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """After `livereduce install-units --user`."""
    monkeypatch.setattr("livereduce.commands.install_units._reload", lambda user, out: None)
    monkeypatch.setattr("livereduce.commands.install_units._compile_kernels", lambda command, out: None)
    install_units.install_units(user=True, out=io.StringIO())
    return host / "home"


def test_plain_check_is_of_the_users_own_service(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(users / "run"))
    path = configured(users / ".config" / "livereduce.conf")
    for named in (None, path):
        text, rows = checked(named)
        assert rows["configuration"] == str(path)
        assert rows["directories"] == f"of livereduce.service of the user {user_name()}"
        assert rows["runtime"] == str(users / "run" / "livereduce" / "PG3")
        assert rows["state"] == str(users / ".local" / "state" / "livereduce" / "PG3")
        assert rows["log file"] == str(users / ".local" / "state" / "livereduce" / "livereduce.log")
        assert text.endswith("\nthis can run\n")


def test_plain_check_says_that_the_users_configuration_is_not_there_yet(users: Path) -> None:
    text, _ = checked(None)
    assert f"{users / '.config' / 'livereduce.conf'}: no such file" in text


def test_plain_status_is_of_the_users_own_service(users: Path, host: Path) -> None:
    """$XDG_RUNTIME_DIR is not set after `su`."""
    configured(users / ".config" / "livereduce.conf")
    running(host / "run" / "user" / str(os.getuid()) / "livereduce" / "PG3", "of my own")
    running(host / "run" / "livereduce", "of the system")
    assert "of my own" in asked(None)
    (place,) = find_places([None], os.environ, Path.cwd())
    assert place.name == "PG3"
    assert host / "run" / "user" / str(os.getuid()) / "livereduce" / "PG3" / FILE_NAME == place.status_files[0]


def test_a_users_service_that_is_down_is_not_replaced_by_the_systems(users: Path, host: Path) -> None:
    configured(users / ".config" / "livereduce.conf")
    running(host / "run" / "livereduce", "of the system")
    assert asked(None).startswith("DOWN: no daemon status found")
    assert "of the system" in asked(host / "etc" / "livereduce.conf")


def test_units_for_another_host_are_not_meant(users: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home directory is that of many hosts, and the service runs on one of them."""
    configured(users / ".config" / "livereduce.conf")
    running(host / "run" / "livereduce", "of the system")
    monkeypatch.setattr(platform, "node", lambda: "another.host")
    assert "of the system" in asked(None)
    assert service_of(users / ".config" / "livereduce.conf", os.environ, Path.cwd()) is None


def test_an_instance_of_the_users(users: Path, host: Path) -> None:
    path = configured(users / ".config" / "livereduce" / "second.conf")
    running(host / "run" / "user" / str(os.getuid()) / "livereduce" / "PG3", "my second")
    assert "my second" in asked(path)
    _, rows = checked(path)
    assert rows["directories"] == f"of livereduce@second.service of the user {user_name()}"
    assert rows["log file"].endswith("/.local/state/livereduce/livereduce_second.log")


def test_without_units_of_the_users_the_systems_is_the_usual_one(host: Path) -> None:
    assert usual_configuration(None, os.environ) is None
    assert service_of(None, os.environ, Path.cwd()) is None
    assert probable_service(None, os.environ, Path.cwd()).unit == "livereduce.service"


@pytest.mark.parametrize(("unit", "instance"), [("livereduce", ""), ("livereduce@", "x")])
def test_a_service_of_the_system_has_what_its_unit_says(unit: str, instance: str) -> None:
    text = (ROOT / "packaging" / f"{unit}.service").read_text().replace("%i", instance)
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
    service = of_system(instance)
    assert (settings["User"], settings["WorkingDirectory"]) == (service.user, str(service.cwd))
    assert service.environ["RUNTIME_DIRECTORY"] == f"/run/{settings['RuntimeDirectory']}"
    assert service.environ["STATE_DIRECTORY"] == f"/var/lib/{settings['StateDirectory']}"
    assert f"\nEnvironment=LIVEREDUCE_INSTANCE={instance}\n" in text or not instance


def test_a_users_service_has_what_its_unit_says(users: Path) -> None:
    folder = users / ".config" / "systemd" / "user"
    for name, conf in (("livereduce", "livereduce.conf"), ("livereduce@", "livereduce/x.conf")):
        text = (folder / f"{name}.service").read_text().replace("%h", str(users)).replace("%i", "x")
        text = text.replace("%E", str(users / ".config"))
        service = service_of(users / ".config" / conf, {"HOME": str(users)}, Path("/"))
        assert service is not None
        assert f"\nWorkingDirectory={service.cwd}\n" in text
        assert f"\nEnvironment=XDG_STATE_HOME={service.environ['XDG_STATE_HOME']}\n" in text
        assert text.partition("\nExecStart=")[2].splitlines()[0].endswith(str(users / ".config" / conf))
