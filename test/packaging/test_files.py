"""The files of the packaging as the programs read them that they are for; on a real systemd: test/system."""

import configparser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.tools import needs
from livereduce.config.file import parse_config

PACKAGING = ROOT / "packaging"
PAIRS = tuple(
    (f"{name}.service", f"{name}@.service") for name in ("livereduce", "livereduce_watchdog", "livereduce-notify")
)
"""Each service, and its template for several on a host."""
UNITS = tuple(unit for pair in PAIRS for unit in pair)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(PACKAGING / name)
    return parser


# ---- units


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A root with the host's own units and ours."""
    units = tmp_path / "usr" / "lib" / "systemd" / "system"
    shutil.copytree("/usr/lib/systemd/system", units, symlinks=True)
    for name in UNITS:
        shutil.copy(PACKAGING / name, units)
    return tmp_path


def verify(folder: Path, *, spoilt: bool = False) -> subprocess.CompletedProcess[str]:
    """What `systemd-analyze verify` says of our units, their programs lying there too (given --root it is silent)."""
    for program in ("livereduce", "livereduce.sh", "livereduce_watchdog.sh"):
        (folder / program).touch(mode=0o755)
    for name in UNITS:
        text = (PACKAGING / name).read_text().replace("/usr/bin/livereduce", f"{folder}/livereduce")
        (folder / name).write_text(text.replace("KillMode=mixed", "KillMode=mixd") if spoilt else text)
    return run("systemd-analyze", "verify", "--man=no", *(folder / name for name in UNITS))


@needs("systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    verified = verify(tmp_path)
    assert (verified.stderr, verified.returncode) == ("", 0)


@needs("systemd-analyze")
def test_systemd_would_find_something(tmp_path: Path) -> None:
    assert "livereduce@.service:" in verify(tmp_path, spoilt=True).stderr


def exposure(system: Path, name: str) -> float:
    """What `systemd-analyze security` makes of a unit, 0 to 10."""
    shown = run("systemd-analyze", "security", "--offline=true", f"--root={system}", name).stdout
    (figure,) = re.findall(r"Overall exposure level .*: ([\d.]+)", shown)
    return float(figure)


@needs("systemd-analyze")
def test_the_strict_set_is_as_strict_as_documented(system: Path) -> None:
    plain, watchdog = exposure(system, "livereduce.service"), exposure(system, "livereduce_watchdog.service")
    folder = system / "etc" / "systemd" / "system" / "livereduce.service.d"
    folder.mkdir(parents=True)
    shutil.copy(PACKAGING / "livereduce_strict.conf", folder / "strict.conf")
    strict = exposure(system, "livereduce.service")
    assert strict <= 3
    seen = {"livereduce": plain, "livereduce_strict": strict, "livereduce_watchdog": watchdog}
    told = re.findall(r"`(livereduce\w*)` \| ([\d.]+) \|", (ROOT / "docs" / "installation.md").read_text())
    assert {name: float(figure) for name, figure in told} == pytest.approx(seen, abs=0.5)  # other versions weigh anew


def test_a_template_differs_in_its_name_alone() -> None:
    for plain, template in PAIRS:
        ours, theirs = unit(plain), unit(template)
        for section in ours.sections():
            for key, value in ours[section].items():
                if key != "Environment":
                    assert re.sub(r" \(%i\)|[@_]%i| /etc/livereduce/%i.conf", "", theirs[section][key]) == value
        named = "Environment=LIVEREDUCE_INSTANCE=%i\n" in (PACKAGING / template).read_text()
        assert named or "-notify" in template, "the name of its log"


@pytest.mark.parametrize("name", UNITS)
def test_no_unit_stays_dead(name: str) -> None:
    assert unit(name)["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit(name)["Service"]["Restart"] == "always"


def test_scripts_keep_what_they_use() -> None:
    """A mount namespace may hide automounts; numba makes memory executable; the limit of memory is the daemon's."""
    given = set(unit("livereduce.service")["Service"])
    assert not given & {"PrivateTmp", "ProtectHome", "ProtectSystem", "PrivateDevices", "ReadWritePaths"}
    assert "MemoryDenyWriteExecute" not in given | set(unit("livereduce_strict.conf")["Service"])
    assert not {key for key in given if key.startswith("Memory")}


def test_what_takes_the_fence_away_names_all_of_it() -> None:
    text = (PACKAGING / "livereduce.service").read_text().partition("# What no script notices")[2]
    (taken,) = re.findall(
        r"^```ini\n\[Service\]\n(.*?)^```", (ROOT / "docs" / "installation.md").read_text(), re.M | re.S
    )
    fence = re.findall(r"^(\w+)=", text.partition("[Install]")[0], re.M)
    assert re.findall(r"^(\w+)=", taken, re.M) == fence


def test_the_watchdog_stands_apart() -> None:
    given = unit("livereduce_watchdog.service")["Unit"]
    assert given["After"] == "livereduce.service"
    assert not set(given) & {"Requires", "BindsTo", "PartOf", "Wants"}


# ---- who may do what


ASK = """
var polkit = {{rules: [], Result: {{YES: "yes", NOT_HANDLED: null}}}};
polkit.addRule = function(rule) {{ polkit.rules.push(rule); }};
{rules}
var details = {details};
var action = {{id: {action}, lookup: function(key) {{ return details[key]; }}}};
print(polkit.rules.some(function(rule) {{ return rule(action, {{user: {user}}}) === polkit.Result.YES; }}));
"""


def may(rules: str, user: str, verb: str | None, unit: str | None, action: str = "manage-units") -> bool:
    """The answer of a rules file, by the JavaScript engine that polkit uses."""
    details = {key: value for key, value in (("verb", verb), ("unit", unit)) if value}
    text = ASK.format(
        rules=(PACKAGING / rules).read_text(),
        details=json.dumps(details),
        action=json.dumps(f"org.freedesktop.systemd1.{action}"),
        user=json.dumps(user),
    )
    command = ["duk", "--run-stdin"]
    answer = subprocess.run(command, input=text, capture_output=True, text=True, timeout=10, check=True)
    return {"true": True, "false": False}[answer.stdout.strip()]


SERVICE, WATCHDOG = "50-snsdata-livereduce.rules", "50-snsdata-livereduce_watchdog.rules"
VERBS = ("start", "stop", "restart", "reload", "try-restart", "reset-failed", "kill", "set-property", None)
OTHERS = (
    "sshd.service",
    "livereduce.socket",
    "xlivereduce.service",
    "livereduce.service.d",
    "livereduceXservice",
    None,
)


@needs("duk")
@pytest.mark.parametrize(
    ("rules", "unit", "allowed"),
    [
        *((SERVICE, name, {"start", "stop", "restart"}) for name in ("livereduce.service", "livereduce@PG3.service")),
        (SERVICE, "livereduce@PG3-2_\\x2d.service", {"start", "stop", "restart"}),
        (SERVICE, "livereduce@.service", set()),
        (SERVICE, "livereduce_watchdog.service", set()),
        *((WATCHDOG, name, {"restart"}) for name in ("livereduce.service", "livereduce@PG3.service")),
        (WATCHDOG, "livereduce_watchdog.service", {"start", "stop", "restart"}),
        (WATCHDOG, "livereduce_watchdog@PG3.service", {"start", "stop", "restart"}),
        *((rules, name, set()) for rules in (SERVICE, WATCHDOG) for name in OTHERS),
    ],
)
def test_the_account_of_the_service_may_do_this_and_nothing_else(
    rules: str, unit: str | None, allowed: set[str]
) -> None:
    assert {verb for verb in VERBS if may(rules, "snsdata", verb, unit)} == allowed


@needs("duk")
@pytest.mark.parametrize("rules", [SERVICE, WATCHDOG])
def test_nobody_else_may_anything_nor_the_account_other_actions(rules: str) -> None:
    assert may(rules, "snsdata", "restart", "livereduce.service")
    assert not may(rules, "user", "restart", "livereduce.service")
    assert not may(rules, "snsdata", "restart", "livereduce.service", action="manage-unit-files")
    assert not may(rules, "snsdata", None, None, action="reload-daemon")


# ---- the other files


@needs("logrotate")
@as_root
def test_logs_are_rotated(tmp_path: Path) -> None:
    logs = tmp_path / "log"
    logs.mkdir(mode=0o755)
    ours = ["livereduce.log", "livereduce_PG3.log", "livereduce_wand.log"]
    watchdog = ["livereduce_watchdog.log", "livereduce_watchdog_PG3.log"]
    for name in (*ours, *watchdog, "other.log"):
        (logs / name).write_text("a line\n")
    for rules in ("livereduce", "livereduce_watchdog"):  # they must not name the same file: logrotate would do neither
        text = (PACKAGING / f"{rules}.logrotate").read_text().replace("/var/log/SNS_applications", str(logs))
        (tmp_path / rules).write_text(text)
    command = ("logrotate", "--force", "--verbose", "--state", tmp_path / "state")
    rotated = run(*command, tmp_path / "livereduce", tmp_path / "livereduce_watchdog")
    assert rotated.returncode == 0, rotated.stderr
    assert "error:" not in rotated.stderr
    assert {path.name for path in logs.iterdir()} == {"other.log", *(f"{name}.1" for name in (*ours, *watchdog))}


@needs("systemd-sysusers", "systemd-tmpfiles")
@as_root
def test_account_and_directory_of_the_logs_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    made = run("systemd-sysusers", f"--root={tmp_path}", PACKAGING / "livereduce.sysusers.conf")
    assert made.returncode == 0, made.stderr
    assert re.search(r"^snsdata:.*:/var/lib/livereduce:/sbin/nologin$", (tmp_path / "etc" / "passwd").read_text(), re.M)
    made = run("systemd-tmpfiles", "--create", f"--root={tmp_path}", PACKAGING / "livereduce.tmpfiles.conf")
    assert made.returncode == 0, made.stderr
    seen = (tmp_path / "var" / "log" / "SNS_applications").stat()
    assert f"snsdata:x:{seen.st_uid}:" in (tmp_path / "etc" / "passwd").read_text()
    assert oct(seen.st_mode) == "0o41755"


@pytest.mark.parametrize("name", ["livereduce.conf", "livereduce.conf.example"])
def test_the_configurations_can_be_used(name: str) -> None:
    assert parse_config((PACKAGING / name).read_text(), None).warnings == ()
