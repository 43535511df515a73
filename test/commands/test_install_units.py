"""`livereduce install-units`: what it writes, and that systemd can use it; the texts themselves: test/packaging."""

import io
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.paths import ROOT
from helpers.tools import needs
from livereduce.base.errors import OperatorError
from livereduce.cli import main
from livereduce.commands import install_units

COMMAND, WATCHDOG = Path("/opt/my env/bin/livereduce"), Path("/opt/livereduce_watchdog.sh")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory, and a systemctl that notes how it is called."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\n')
    systemctl.chmod(0o755)
    there = {"numba": None, "starlette": object(), "stomp": None, "caproto": object()}
    monkeypatch.setattr(install_units, "find_spec", there.__getitem__)
    return tmp_path / "home"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """snsdata exists, and is who runs this."""
    known = SimpleNamespace(pw_uid=os.getuid())
    monkeypatch.setattr(pwd, "getpwnam", {"snsdata": known}.__getitem__)
    monkeypatch.setattr(shutil, "chown", lambda path, user: os.chown(path, {"snsdata": os.getuid()}[user], -1))
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def settings(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.M)


def test_a_users_units(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["install-units", "--user"]) == 0
    folder = home / ".config" / "systemd" / "user"
    assert sorted(path.name for path in folder.iterdir()) == sorted(install_units.UNITS)
    assert (tmp_path / "calls").read_text() == "--user daemon-reload\n"
    assert (home / ".local" / "state" / "livereduce").is_dir()
    shown = capsys.readouterr().out
    assert f"systemctl --user enable --now livereduce        reads {home}/.config/livereduce.conf" in shown
    command = Path(sys.executable).with_name("livereduce")
    text = (folder / "livereduce.service").read_text()
    assert settings(text, "ExecStart") == [f"{command} run %E/livereduce.conf"]
    text = (folder / "livereduce_watchdog@.service").read_text()
    script = ROOT / "scripts" / "livereduce_watchdog.sh"
    assert settings(text, "ExecStart") == [f"/bin/bash {script} %E/livereduce/%i.conf"]
    assert "the heartbeat needs: " in shown
    assert "it needs" not in shown
    text = (folder / "livereduce-web.service").read_text()
    assert settings(text, "ExecStart") == [f"{command} web %E/livereduce.conf"]
    assert settings((folder / "livereduce-notify@.service").read_text(), "ExecStart") == [
        f"{command} notify %E/livereduce/%i.conf"
    ]
    text = (folder / "livereduce-pvs.service").read_text()
    assert settings(text, "ExecStart") == [f"{command} pvs %E/livereduce.conf"]
    text = (folder / "livereduce_watchdog@.service").read_text()
    assert "LIVEREDUCE_MANAGER=--user LIVEREDUCE_LOG_DIR=%h/.local/state/livereduce" in settings(text, "Environment")


@needs("systemd-analyze")
def test_a_users_manager_can_use_them(home: Path, tmp_path: Path) -> None:
    install_units.install_units(user=True, out=io.StringIO())
    files = list((home / ".config" / "systemd" / "user").iterdir())
    command = ["systemd-analyze", "--user", "verify", "--man=no", *map(str, files)]
    environ = {"HOME": str(home), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": os.defpath}
    verified = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (verified.stderr, verified.returncode) == ("", 0)


@pytest.mark.parametrize("name", install_units.UNITS)
def test_a_users_unit_asks_for_nothing_that_only_root_can_give(name: str) -> None:
    text = install_units.adapt((ROOT / "packaging" / name).read_text(), COMMAND, WATCHDOG, user=True)
    assert not re.search(r"^(User|CapabilityBoundingSet|Protect|Private|ReadWritePaths|RuntimeDirectory)", text, re.M)
    assert settings(text, "WantedBy") == ["default.target"]
    assert settings(text, "ConditionHost") == [os.uname().nodename], "a home directory may be on many hosts"
    assert settings(text, "WorkingDirectory") == ["%h/.local/state/livereduce"]
    assert settings(text, "Restart") == ["always"]
    assert "/etc/" not in text


@pytest.mark.usefixtures("account")
def test_the_systems_units(tmp_path: Path) -> None:
    out = io.StringIO()
    install_units.install_units(user=False, out=out, root=tmp_path)
    assert (tmp_path / "calls").read_text() == "daemon-reload\n"
    for name in install_units.UNITS:
        text = (tmp_path / "etc" / "systemd" / "system" / name).read_text()
        packaged = (ROOT / "packaging" / name).read_text()
        differing = [line for line in text.splitlines() if line not in packaged.splitlines()]
        assert [line.partition("=")[0] for line in differing] == ["ExecStart"]
        assert settings(text, "ExecStart")[0].startswith("/")
    for rules in install_units.RULES:
        written = tmp_path / "etc" / "polkit-1" / "rules.d" / rules
        assert written.read_text() == (ROOT / "packaging" / rules).read_text()
    assert oct((tmp_path / "var" / "log" / "SNS_applications").stat().st_mode) == "0o41755"
    assert "reads /etc/livereduce.conf" in out.getvalue()


@pytest.mark.usefixtures("account")
def test_the_units_of_an_installed_package_are_not_hidden(tmp_path: Path) -> None:
    packaged = tmp_path / "usr" / "lib" / "systemd" / "system"
    packaged.mkdir(parents=True)
    (packaged / "livereduce.service").touch()
    with pytest.raises(OperatorError, match="an installed package already provides the units"):
        install_units.install_units(user=False, out=io.StringIO(), root=tmp_path)
    assert not (tmp_path / "etc").exists()


def test_the_systems_units_need_root_and_the_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(pwd, "getpwnam", {}.__getitem__)
    with pytest.raises(OperatorError) as told:
        install_units.install_units(user=False, out=io.StringIO(), root=tmp_path)
    root, account = told.value.problems
    assert root.startswith("system units need root")
    assert account.startswith("there is no user snsdata")


def test_the_launcher_of_the_rpm_is_used_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "livereduce.sh").touch()
    for name, wanted in (("livereduce", f"{tmp_path}/livereduce.sh %E/livereduce.conf"), ("other/livereduce", None)):
        unit = (ROOT / "packaging" / install_units.UNITS[0]).read_text()
        text = install_units.adapt(unit, tmp_path / name, WATCHDOG, user=True)
        assert settings(text, "ExecStart") == [wanted or f"{tmp_path}/other/livereduce run %E/livereduce.conf"]


def test_a_path_is_one_word_whatever_is_in_it() -> None:
    text = install_units.adapt((ROOT / "packaging" / install_units.UNITS[0]).read_text(), COMMAND, WATCHDOG, user=False)
    assert settings(text, "ExecStart") == ['"/opt/my env/bin/livereduce" run']


def test_without_a_manager_the_units_are_written_all_the_same(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "systemctl").write_text("#!/bin/sh\necho 'no bus' >&2\nexit 1\n")
    out = io.StringIO()
    install_units.install_units(user=True, out=out)
    assert "systemctl --user daemon-reload failed, run it yourself: no bus" in out.getvalue()


def test_one_scope_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["install-units"])
    assert "--user --system" in capsys.readouterr().err


def test_the_command_of_the_units_compiles_the_kernels(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, out = tmp_path / "bin" / "livereduce", io.StringIO()
    command.write_text('#!/bin/sh\necho "livereduce $*: 48 kernels are ready"\n')
    command.chmod(0o755)
    monkeypatch.setattr(
        install_units, "find_spec", dict.fromkeys(("numba", "starlette", "stomp", "caproto"), object()).__getitem__
    )
    monkeypatch.setattr(install_units, "own_command", lambda: command)
    assert install_units.install_units(user=True, out=out) == 0
    assert "livereduce install-kernels: 48 kernels are ready\n" in out.getvalue()
