"""Contents of the packages that rpmbuild.sh makes, and their scriptlets; on a real systemd: test/system."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.packages import Small, build, found, query
from helpers.paths import ROOT
from helpers.tools import needs
from livereduce import __version__

pytestmark = [needs("rpmbuild", "rpm"), pytest.mark.timeout(180)]
in_a_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to install into a directory")
PACKAGE = "/usr/share/livereduce/livereduce"
LOG = Path("/var/log/SNS_applications/livereduce.log")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return build(tmp_path_factory.mktemp("rpm") / "home")


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return build(tmp_path_factory.mktemp("rpm") / "home", version="99.0.0")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Names, files and scriptlets of the original at 1.22."""
    home = tmp_path_factory.mktemp("rpm")
    spec = ROOT / "test" / "system" / "original.spec"
    subprocess.run(["rpmbuild", "-bb", "--quiet", spec], env=os.environ | {"HOME": str(home)}, check=True)
    return found(home)


# ---- metadata and files


def told(package: str, what: str) -> set[str]:
    """Names from one of rpm's lists, less what rpm makes itself."""
    names = {line.split()[0] for line in query(package, f"--{what}")}
    return {name for name in names if not re.match(r"rpmlib\(|config\(|/bin/sh$", name)}


def test_both_are_noarch_and_of_this_version(packages: dict[str, str]) -> None:
    version = re.sub(r"\.?(dev|a|b|rc)(\d+)$", r"~\1\2", __version__)
    for kind, name in (("main", "python-livereduce"), ("watchdog", "python-livereduce-watchdog")):
        assert query(packages[kind], "--queryformat", "%{NAME} %{VERSION} %{ARCH} %{LICENSE}") == [
            f"{name} {version} noarch MIT"
        ]


def test_what_they_need_has_the_names_of_rhel_9(packages: dict[str, str]) -> None:
    assert told(packages["main"], "requires") == {
        *("bash", "coreutils", "polkit", "python3.11", "python3.11-psutil", "systemd"),
        *("/bin/bash", "/usr/bin/python3.11"),
    }
    assert told(packages["watchdog"], "requires") == {"bash", "coreutils", "jq", "systemd", "/bin/bash"}
    assert told(packages["src"], "requires") == {"bash", "coreutils", "sed", "systemd-rpm-macros"}


def test_what_they_stand_for(packages: dict[str, str]) -> None:
    assert told(packages["main"], "provides") == {
        *("livereduce", "python-livereduce", "python-livereduce-filewatch"),
    }
    assert told(packages["main"], "obsoletes") == {"python-livereduce-filewatch"}
    assert told(packages["main"], "recommends") == {"nsd-app-wrap", "logrotate"}
    assert told(packages["watchdog"], "provides") == {"livereduce-watchdog", "python-livereduce-watchdog"}
    assert told(packages["watchdog"], "recommends") == {"logrotate", "polkit"}


def modes(package: str) -> dict[str, str]:
    """Path to type and mode, with the letters of rpm's flags (c: configuration, n: not replaced, g: ghost, d, l)."""
    form = r"[%{FILENAMES} %{FILEMODES:octal} %{FILEFLAGS:fflags} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]"
    rows = [line.split() for line in query(package, "--queryformat", form)]
    assert {row[-1] for row in rows} == {"root:root"}
    return {row[0]: " ".join(row[1:-1]) for row in rows}


def test_the_files_of_the_service(packages: dict[str, str]) -> None:
    seen = modes(packages["main"])
    docs = {name: mode for name, mode in seen.items() if re.match("/usr/share/(doc|licenses)/", name)}
    assert "/usr/share/doc/python-livereduce/docs/operation.md" in docs
    assert "/usr/share/doc/python-livereduce/livereduce.conf.example" in docs
    package = {name for name in seen if name.startswith(f"{PACKAGE}/")}
    assert {name: mode for name, mode in seen.items() if name not in package | set(docs)} == {
        "/etc/livereduce": "40755",
        "/etc/livereduce.conf": "100644 cn",
        "/etc/logrotate.d/livereduce": "100644 cn",
        "/usr/bin/livereduce": "100755",
        "/usr/bin/livereduce.py": "100755",
        "/usr/bin/livereduce.sh": "100755",
        "/usr/lib/systemd/system/livereduce.service": "100644",
        "/usr/lib/systemd/system/livereduce-notify.service": "100644",
        "/usr/lib/systemd/system/livereduce-notify@.service": "100644",
        "/usr/lib/systemd/system/livereduce-pvs.service": "100644",
        "/usr/lib/systemd/system/livereduce-pvs@.service": "100644",
        "/usr/lib/systemd/system/livereduce-web.service": "100644",
        "/usr/lib/systemd/system/livereduce@.service": "100644",
        "/usr/lib/tmpfiles.d/livereduce.conf": "100644",
        "/usr/share/livereduce": "40755",
        PACKAGE: "40755",
        "/usr/share/livereduce/livereduce.sysusers.conf": "100644",
        "/usr/share/livereduce/livereduce_alerts.yml": "100644",
        "/usr/share/livereduce/livereduce_dashboard.json": "100644",
        "/usr/share/livereduce/livereduce_strict.conf": "100644",
        "/usr/share/polkit-1/rules.d/50-snsdata-livereduce.rules": "100644",
        "/var/log/SNS_applications": "40755 g",
    }


def test_the_package_is_that_of_the_checkout(packages: dict[str, str]) -> None:
    source = ROOT / "src" / "livereduce"
    wanted = {str(path.relative_to(source)) for path in source.rglob("*") if "__pycache__" not in path.parts}
    wanted |= {f"examples/{path.relative_to(ROOT / 'examples')}" for path in (ROOT / "examples").rglob("*")}
    units = [path.name for path in (ROOT / "packaging").iterdir() if path.suffix in (".service", ".rules")]
    wanted |= {"examples", "packaging", *(f"packaging/{name}" for name in [*units, "livereduce_watchdog.sh"])}
    seen = modes(packages["main"])
    inside = {name.removeprefix(f"{PACKAGE}/") for name in seen if name.startswith(f"{PACKAGE}/")}
    assert {name for name in inside if "__pycache__" not in name} == wanted
    assert inside == wanted
    assert {seen[f"{PACKAGE}/{name}"] for name in wanted} <= {"40755", "100644", "100755"}


def test_the_files_of_the_watchdog(packages: dict[str, str]) -> None:
    seen = modes(packages["watchdog"])
    assert {name: mode for name, mode in seen.items() if not name.startswith("/usr/share/licenses/")} == {
        "/etc/logrotate.d/livereduce_watchdog": "100644 cn",
        "/usr/bin/livereduce_watchdog.sh": "100755",
        "/usr/lib/systemd/system/livereduce_watchdog.service": "100644",
        "/usr/lib/systemd/system/livereduce_watchdog@.service": "100644",
        "/usr/lib/tmpfiles.d/livereduce_watchdog.conf": "100644",
        "/usr/share/polkit-1/rules.d/50-snsdata-livereduce_watchdog.rules": "100644",
        "/var/log/SNS_applications": "40755 g",
    }


@needs("rpmlint")
def test_rpmlint_finds_nothing(packages: dict[str, str]) -> None:
    command = ["rpmlint", "-c", "packaging/rpmlint.toml", "packaging/livereduce.spec", *packages.values()]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert " 0 errors, 0 warnings" in checked.stdout, checked.stdout


# ---- installed


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small.make(tmp_path / "root")


@pytest.fixture
def logs(small: Small) -> Iterator[Callable[[], dict[str, str]]]:
    """Some lines in each log file; the answer is what is in them later."""
    folder = small.root / "var" / "log" / "SNS_applications"
    folder.mkdir(parents=True)
    for name in ("livereduce.log", "livereduce.log.1", "livereduce_watchdog.log", "livereduce_watchdog_PG3.log.1"):
        (folder / name).write_text(f"{name}, old\n")
        os.chown(folder / name, 1234, 100)  # who runs the service
    yield lambda: {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(path.name for path in folder.parent.iterdir()) == ["SNS_applications"], "something is left"


@needs("busybox")
@in_a_root
@pytest.mark.parametrize("kind", ["main", "watchdog"])
def test_without_the_account_nothing_is_installed(kind: str, packages: dict[str, str], small: Small) -> None:
    (small.root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    tried = small.rpm("--install", packages[kind])
    assert tried.returncode != 0
    assert "there is no user snsdata" in tried.stderr
    assert small.installed() == set()
    assert not (small.root / "usr" / "lib" / "systemd").exists()


@needs("busybox")
@in_a_root
@pytest.mark.parametrize("kind", ["main", "watchdog"])
def test_either_can_be_installed_alone(kind: str, packages: dict[str, str], small: Small) -> None:
    small.change("--install", packages[kind])
    folder = (small.root / "var" / "log" / "SNS_applications").stat()
    assert (folder.st_uid, oct(folder.st_mode)) == (1234, "0o41755")
    assert {call.split()[0] for call in small.lines("calls")} == {"daemon-reload", "list-units"}, "nothing is enabled"
    small.change("--erase", "python-livereduce" if kind == "main" else "python-livereduce-watchdog")
    assert {call.split()[0] for call in small.lines("calls")} >= {"stop", "--no-reload", "daemon-reload"}
    left = [path for path in small.root.rglob("*livereduce*") if path.name != ".livereduce"]
    assert left == []


@needs("busybox")
@in_a_root
def test_a_configuration_that_is_there_is_left_as_it_is(packages: dict[str, str], small: Small) -> None:
    conf = small.root / "etc" / "livereduce.conf"
    conf.write_text('{"instrument": "PG3"}\n')
    small.rpm("--install", packages["main"])
    assert conf.read_text() == '{"instrument": "PG3"}\n'


@needs("busybox")
@in_a_root
def test_an_own_copy_of_the_pages_unit_is_named_and_left_as_it_is(packages: dict[str, str], small: Small) -> None:
    copy = small.root / "etc" / "systemd" / "system" / "livereduce-web.service"
    assert "hides" not in small.rpm("--install", packages["main"]).stderr
    copy.parent.mkdir(parents=True)
    copy.write_text("[Service]\nMemoryDenyWriteExecute=yes\n")
    told = small.rpm("--install", "--replacepkgs", packages["main"])
    assert told.returncode == 0
    assert f"/{copy.relative_to(small.root)} hides the unit of this package" in told.stderr + told.stdout
    assert copy.read_text() == "[Service]\nMemoryDenyWriteExecute=yes\n"
    copy.unlink()
    copy.symlink_to("/dev/null")
    told = small.rpm("--install", "--replacepkgs", packages["main"])
    assert "hides" not in told.stderr + told.stdout, "it is masked, on purpose"


@needs("busybox")
@in_a_root
def test_an_upgrade_restarts_once_what_was_running_and_keeps_the_rest(
    packages: dict[str, str], later: dict[str, str], small: Small, logs: Callable[[], dict[str, str]]
) -> None:
    conf = small.root / "etc" / "livereduce.conf"
    small.change("--install", packages["main"], packages["watchdog"])
    conf.write_text('{"instrument": "PG3"}\n')
    before = logs()
    small.change("--upgrade", later["main"], later["watchdog"])
    assert small.lines("restarts") == [], "nothing was running"
    (small.root / "running").write_text("livereduce.service loaded active running x\n")
    small.change("--upgrade", "--oldpackage", packages["main"])
    assert small.lines("restarts") == ["restarted"]
    assert (conf.read_text(), logs()) == ('{"instrument": "PG3"}\n', before)


@needs("busybox")
@in_a_root
def test_erasing_the_watchdog_deletes_its_log_alone(
    packages: dict[str, str], small: Small, logs: Callable[[], dict[str, str]]
) -> None:
    small.change("--install", packages["main"], packages["watchdog"])
    small.change("--erase", "python-livereduce-watchdog")
    assert set(logs()) == {"livereduce.log", "livereduce.log.1"}
    assert "stop livereduce_watchdog.service livereduce_watchdog@*.service" in small.lines("calls")
    assert not any(call.startswith("stop livereduce.service") for call in small.lines("calls"))


@needs("busybox")
@in_a_root
def test_from_the_original_and_back(
    packages: dict[str, str], original: dict[str, str], small: Small, logs: Callable[[], dict[str, str]]
) -> None:
    """The original's own %preun deletes the log files at an upgrade; ours bring them back."""
    conf = small.root / "etc" / "livereduce.conf"
    small.rpm("--install", original["main"], original["watchdog"])
    conf.write_text('{"instrument": "PG3"}\n')
    (small.root / "running").write_text("livereduce.service loaded active running x\n")
    before = logs()
    small.rpm("--upgrade", packages["main"], packages["watchdog"])
    assert len(small.installed()) == 2
    assert not any(name.endswith("1.22") for name in small.installed())
    assert (conf.read_text(), {name: logs().get(name) for name in before}) == ('{"instrument": "PG3"}\n', before)
    assert not (small.root / "etc" / "polkit-1" / "rules.d" / "50-snsdata-livereduce.rules").exists()
    (small.root / "restarts").write_text("")
    small.rpm("--upgrade", "--oldpackage", original["main"], original["watchdog"])
    assert small.installed() == {"python-livereduce-1.22", "python-livereduce-watchdog-1.22"}
    assert (conf.read_text(), logs()) == ('{"instrument": "PG3"}\n', before)
    assert small.lines("restarts")
    assert "stop livereduce@*.service" in small.lines("calls"), "the original knows no instances"
    assert not (small.root / "usr" / "share" / "livereduce").exists()


@needs("busybox")
@in_a_root
def test_an_upgrade_restarts_also_where_the_version_before_does_not(
    packages: dict[str, str], original: dict[str, str], small: Small
) -> None:
    """The macros of RHEL 9 only mark: there the restart of the original's %postun comes at the end, or from us."""
    small.rpm("--install", original["main"])
    (small.root / "running").write_text("livereduce.service loaded active running x\n")
    (small.root / "deaf").touch()
    small.rpm("--upgrade", packages["main"])
    assert not (small.root / "deaf").exists()
    assert small.lines("restarts") == ["restarted"]


@needs("busybox")
@in_a_root
def test_lines_that_the_new_version_has_written_meanwhile_stay(
    packages: dict[str, str], original: dict[str, str], small: Small, logs: Callable[[], dict[str, str]]
) -> None:
    small.rpm("--install", original["main"])
    stub = small.root / "bin" / "systemctl"
    log = "/var/log/SNS_applications/livereduce.log"
    writes = f"try-restart) echo new >>{log}; chown snsdata {log};"
    stub.write_text(stub.read_text().replace("try-restart)", writes))
    small.rpm("--upgrade", packages["main"])
    assert logs()["livereduce.log"] == "livereduce.log, old\nnew\n"


ATTACK = """#!/bin/sh
# Somebody who owns the directory of the logs is quicker: before each step of root's a link takes the place of the log.
cd /var/log/SNS_applications || exit
if [ -f livereduce.log ]; then /bin/busybox mv -T livereduce.log .aside; fi
/bin/busybox ln -sfn TARGET livereduce.log
exec /bin/busybox COMMAND "$@"
"""


@needs("busybox")
@in_a_root
@pytest.mark.parametrize("target", ["/etc/secret", "/etc/folder"])
@pytest.mark.parametrize("command", ["cat", "ln", "mv", "rm", "stat"])
def test_whoever_owns_the_directory_of_the_logs_gains_nothing_by_links(
    command: str, target: str, packages: dict[str, str], original: dict[str, str], small: Small
) -> None:
    """Root's scriptlets work in a directory of the service's account; that is no way to other files."""
    folder = small.root / "var" / "log" / "SNS_applications"
    small.rpm("--install", original["main"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "livereduce.log").write_text("old\n")
    os.chown(folder / "livereduce.log", 1234, 100)
    (small.root / "etc" / "folder").mkdir()
    secret = small.root / "etc" / "secret"
    secret.write_text("of root's\n")
    secret.chmod(0o600)
    writes = "try-restart) rm -f LOG; echo new >LOG; chown snsdata LOG;".replace("LOG", str(LOG))
    stub = small.root / "bin" / "systemctl"
    stub.write_text(stub.read_text().replace("try-restart)", writes))
    (small.root / "bin" / command).unlink()
    (small.root / "bin" / command).write_text(ATTACK.replace("TARGET", target).replace("COMMAND", command))
    (small.root / "bin" / command).chmod(0o755)
    small.rpm("--upgrade", packages["main"])
    assert secret.read_text() == "of root's\n"
    assert (secret.stat().st_uid, oct(secret.stat().st_mode), secret.stat().st_nlink) == (0, "0o100600", 1)
    assert list((small.root / "etc" / "folder").iterdir()) == []
    told = [path.read_text() for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    assert not any("of root's" in text for text in told)


@needs("rpm2cpio", "cpio")
def test_what_is_packed_runs(packages: dict[str, str], tmp_path: Path) -> None:
    """Not what is installed beside the python that runs it."""
    cpio = subprocess.run(["rpm2cpio", packages["main"]], capture_output=True, check=True).stdout
    subprocess.run(["cpio", "-idm", "--quiet"], input=cpio, cwd=tmp_path, check=True)
    init = tmp_path / PACKAGE[1:] / "__init__.py"
    init.write_text(init.read_text() + "\nprint('from', __file__)\n")
    command = [sys.executable, str(tmp_path / "usr" / "bin" / "livereduce.py"), "--help"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"from {init}\n")
    ask = "from livereduce.commands.demo import examples; print(examples())"
    environ = os.environ | {"PYTHONPATH": str(init.parents[1])}
    shown = subprocess.run([sys.executable, "-c", ask], env=environ, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == [f"from {init}", str(init.parent / "examples" / "powder")]
