"""The daemon is launched: by a fake launcher, in a real environment, as a real process that stays one process."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from helpers import environments
from helpers.environments import Launchers
from helpers.paths import ROOT
from helpers.tools import needs
from livereduce.base.errors import ExitCode
from livereduce.commands import launch
from livereduce.commands.launch import environ_in_there, judge, prepare, stays_here
from livereduce.config.file import Config, load_config
from livereduce.environment.ask import Answer
from livereduce.environment.launched import Launched, fingerprint, read_launched
from livereduce.environment.launchers import Plan
from livereduce.messages.status import FILE_NAME, StateWord, Status, read_status
from livereduce.preflight.host import Host

LIMIT_S = 30.0
SHELL = ROOT / "scripts" / "livereduce.sh"
SCRIPT = ROOT / "scripts" / "livereduce.py"

# ---- decided


def answer(**facts: object) -> Answer:
    body: dict[str, object] = {
        "executable": "/env/bin/python",
        "version": (3, 11, 7),
        "mantid": "/env/mantid/__init__.py",
        "mantid_version": "6.11.0",
        "psutil": True,
        "missing": (),
        "environ": {},
    }
    return Answer(**(body | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "engine", "problem"),
    [
        ({}, "mantid", ""),
        ({"version": (3, 10, 14)}, "mantid", "is Python 3.10.14; expected 3.11 or newer"),
        ({"version": (4, 0, 0)}, "mantid", ""),
        ({"mantid": ""}, "mantid", "Mantid cannot be imported in /env/bin/python"),
        ({"mantid": ""}, "builtin", ""),
        ({"psutil": False}, "builtin", "has no psutil"),
    ],
)
def test_what_an_environment_must_have(facts: dict[str, object], engine: str, problem: str) -> None:
    said = judge(Plan(environment="pixi x", launcher="/w"), answer(**facts), engine)
    assert (problem in said) if problem else said == ""
    assert not said or "/env/bin/python (environment pixi x, launched by /w)" in said


@pytest.mark.parametrize(
    ("config", "facts", "engine", "here"),
    [
        (Config(), {}, "builtin", True),
        (Config(conda_env="mantid-dev"), {}, "builtin", True),  # it holds Mantid, which is not meant
        (Config(conda_env="/opt/bin/python"), {}, "builtin", False),  # a python is a python
        (Config(), {}, "mantid", False),
        (Config(), {"mantid": "/here"}, "mantid", True),
        (Config(), {"mantid": "/here", "launcher": "/w"}, "mantid", False),
        (Config(pixi_env="x"), {"mantid": "/here"}, "mantid", False),
    ],
)
def test_when_no_environment_is_launched(config: Config, facts: dict[str, str], engine: str, here: bool) -> None:
    host = Host(environ={}, cwd=Path("/"), **facts)  # type: ignore[arg-type]
    assert stays_here(config, host, engine) is here


def test_what_systemd_has_told_stays_and_the_package_is_on_the_path() -> None:
    host = Host(environ={"NOTIFY_SOCKET": "/ours", "STATE_DIRECTORY": "/state", "PATH": "/ours"}, cwd=Path("/"))
    active = {b"NOTIFY_SOCKET": b"/mangled", b"PATH": b"/env/bin", b"PYTHONPATH": b"/first", b"X": b"\xff"}
    made = environ_in_there(answer(environ=active), Config(), host)
    assert made.pop(b"PYTHONPATH").split(b":") == [b"/first", str(ROOT / "src").encode()]
    assert made == {b"NOTIFY_SOCKET": b"/ours", b"STATE_DIRECTORY": b"/state", b"PATH": b"/env/bin", b"X": b"\xff"}


# ---- prepared


@dataclass
class Site:
    """A host with launchers and environments, and a directory with a configuration and a script."""

    launchers: Launchers
    cwd: Path
    daemons: list[subprocess.Popen[str]] = field(default_factory=list)

    def configure(self, **settings: object) -> Path:
        body = {"instrument": "PG3", "script_dir": ".", "runtime_dir": "run", "state_dir": "state"} | settings
        path = self.cwd / "livereduce.conf"
        path.with_suffix(".new").write_text(json.dumps(body))
        path.with_suffix(".new").rename(path)
        return path

    @property
    def environ(self) -> dict[str, str]:
        path = f"{self.launchers.bin}:{self.launchers.environments}/system/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.cwd), "LANG": "C.UTF-8"}

    def start(self, *command: str | Path, **variables: str) -> subprocess.Popen[str]:
        daemon = subprocess.Popen(
            command,
            cwd=self.cwd,
            env=self.environ | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.daemons.append(daemon)
        return daemon

    def wait(self, there: Callable[[Status], bool]) -> Status:
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError):
                if there(status := read_status(self.cwd / "run" / FILE_NAME)):
                    return status
            time.sleep(0.01)
        raise AssertionError((self.cwd / "livereduce.log").read_text())

    def log(self) -> str:
        return (self.cwd / "livereduce.log").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Launchers:
    made = Launchers(tmp_path_factory.mktemp("host"))
    made.environment("mantid_dev")
    made.environment("mantid_qa")
    made.environment("no_mantid", mantid=None)
    made.environment("no_psutil", psutil=False)
    made.environment("broken", mantid="raise ImportError('libMantidKernel.so: cannot open shared object file')")
    made.environment("old", old=True)
    made.environment("system", mantid=None)
    made.environment("bare", mantid=None, psutil=False)
    return made


@pytest.fixture
def site(made: Launchers, tmp_path: Path) -> Iterator[Site]:
    launchers = Launchers(tmp_path / "host")
    launchers.environments.rmdir()
    launchers.environments = made.environments
    (tmp_path / "reduce_PG3_live_proc.py").write_text("pass\n")
    site = Site(launchers, tmp_path)
    site.launchers.wrap()
    yield site
    for daemon in site.daemons:
        daemon.kill()
        daemon.wait()
        assert daemon.stderr is not None
        daemon.stderr.close()


def prepared(site: Site, **settings: object) -> launch.Launch:
    return prepare(site.configure(**settings), site.environ, site.cwd)


def test_the_python_of_the_environment_becomes_the_daemon(site: Site) -> None:
    made = prepared(site, CONDA_ENV="mantid-dev", PIXI_ENV=None)
    assert made.python == str(site.launchers.environments / "mantid_dev" / "bin" / "python")
    assert made.environ[b"ACTIVE"] == b"mantid_dev"
    assert made.environ[b"ODD"] == environments.ODD
    words = {os.fsdecode(name): os.fsdecode(value) for name, value in made.environ.items()}
    launched = read_launched(words)
    assert launched == made.launched
    assert launched.environment == f"pixi mantid_dev, launched by {site.launchers.bin}/nsd-app-wrap.sh"
    assert launched.mantid.endswith("mantid/__init__.py")
    assert launched.problem == ""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "nope",
            "environment pixi nope cannot be used: {wrap} exited with code 1: .*pixi_launch: no environment nope$",
        ),
        ("no_mantid", "^Mantid cannot be imported in .*/no_mantid/bin/python"),
        ("no_psutil", "/no_psutil/bin/python .* has no psutil, which the daemon needs"),
        ("old", "/old/bin/python .* is Python 3.9.18; expected 3.11 or newer"),
        ("/no/such/python", "environment python /no/such/python cannot be used: it cannot be run: No such file"),
    ],
)
def test_where_that_cannot_be_this_python_does_with_the_reason(site: Site, name: str, problem: str) -> None:
    made = prepared(site, PIXI_ENV=name)
    assert made.python == sys.executable
    assert b"ACTIVE" not in made.environ
    wrap = site.launchers.bin / "nsd-app-wrap.sh"
    assert re.search(problem.format(wrap=wrap), made.launched.problem)


def test_a_wrong_name_is_answered_with_those_that_are_there(site: Site) -> None:
    site.launchers.install("conda", environments.CONDA)
    (site.launchers.bin / "nsd-app-wrap.sh").unlink()
    assert prepared(site, CONDA_ENV="nope").launched.problem.endswith(
        "EnvironmentLocationNotFound: nope; environments found: /opt/conda, mantid, mantid-dev"
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"engine": 3}', '{"PIXI_ENV": ["x"]}'])
def test_a_configuration_that_cannot_be_read_is_left_to_the_daemon(site: Site, text: str) -> None:
    path = site.configure()
    path.write_text(text)
    made = prepare(path, site.environ, site.cwd)
    assert (made.python, made.launched) == (sys.executable, Launched(environment="this python"))


def test_without_mantid_nothing_is_launched(site: Site) -> None:
    site.launchers.wrap(before="exit 99")
    made = prepared(site, engine="builtin", CONDA_ENV="mantid-dev")
    config = load_config(site.cwd / "livereduce.conf")
    assert made.python == sys.executable
    assert made.launched == Launched(config=fingerprint(config), environment="this python")


def test_a_package_from_a_site_packages_gets_a_folder_of_its_own(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "livereduce"
    installed.mkdir(parents=True)
    monkeypatch.setattr("livereduce.__file__", str(installed / "__init__.py"))
    made = prepared(site, CONDA_ENV="mantid-dev")
    assert made.environ[b"PYTHONPATH"] == str(tmp_path / "state" / "package").encode()
    assert (tmp_path / "state" / "package" / "livereduce").resolve() == installed
    made = prepared(site, CONDA_ENV="mantid-dev", state_dir="livereduce.conf/x")
    assert made.python == sys.executable
    assert "cannot create a folder for the livereduce package" in made.launched.problem


# ---- as a process


def becomes(site: Site, daemon: subprocess.Popen[str], environment: str) -> Status:
    """Wait until the process that was started is the daemon, in that environment."""
    status = site.wait(lambda seen: seen.pid == daemon.pid and seen.generation > 0)
    python, *rest = Path(f"/proc/{daemon.pid}/cmdline").read_bytes().decode().split("\0")
    assert python == str(site.launchers.environments / environment / "bin" / "python")
    assert rest[:4] == ["-P", "-m", "livereduce", "run"]
    return status


def ends(daemon: subprocess.Popen[str], code: int = 0) -> None:
    assert daemon.wait(LIMIT_S) == code


def test_what_was_started_is_the_daemon_and_gets_its_signals(site: Site) -> None:
    daemon = site.start(SHELL, site.configure(CONDA_ENV="mantid-dev"))
    status = becomes(site, daemon, "mantid_dev")
    assert status.engine == "mantid"
    variables = Path(f"/proc/{daemon.pid}/environ").read_bytes().split(b"\0")
    assert f"PYTHONPATH={ROOT / 'src'}".encode() in variables
    assert b"ACTIVE=mantid_dev" in variables
    assert b"ODD=" + environments.ODD in variables
    assert f"pixi mantid_dev, launched by {site.launchers.bin}/nsd-app-wrap.sh" in site.log()
    assert re.search(r"Mantid: of unknown version, .*/mantid_dev/.*/mantid/__init__.py", site.log())
    daemon.send_signal(signal.SIGTERM)
    ends(daemon)
    assert site.wait(lambda seen: seen.state is StateWord.STOPPED).why.startswith("asked to stop (SIGTERM)")


def test_systemd_is_told_by_the_process_that_it_has_started(site: Site, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(LIMIT_S)
        daemon = site.start(SHELL, site.configure(CONDA_ENV="mantid-dev"), NOTIFY_SOCKET=str(tmp_path / "notify"))
        told, credentials, _, _ = manager.recvmsg(4096, 64)
        while b"READY=1" not in told:
            told, credentials, _, _ = manager.recvmsg(4096, 64)
        assert int.from_bytes(credentials[0][2][:4], sys.byteorder) == daemon.pid
        becomes(site, daemon, "mantid_dev")


def test_parked_it_says_why_and_a_mended_configuration_launches_anew(site: Site) -> None:
    daemon = site.start(SHELL, site.configure(PIXI_ENV="nope"))
    parked = site.wait(lambda seen: seen.state is StateWord.PARKED)
    assert parked.pid == daemon.pid
    assert parked.why.startswith("environment pixi nope cannot be used: ")
    assert f"parked: {parked.why}" in site.log()
    site.configure(PIXI_ENV="mantid_qa")
    ends(daemon)
    assert "the configuration changed since the daemon was launched" in site.log()
    becomes(site, site.start(SHELL, site.cwd / "livereduce.conf"), "mantid_qa")


def test_mantid_names_the_instrument_and_another_environment_launches_anew(site: Site) -> None:
    (site.cwd / "reduce_NEW_live_proc.py").write_text("pass\n")
    daemon = site.start(SHELL, site.configure(instrument=None, PIXI_ENV="mantid_dev"))
    assert becomes(site, daemon, "mantid_dev").instrument == "NEWONE"
    assert "Mantid: 6.11.0, " in site.log()
    site.configure(instrument=None, PIXI_ENV="mantid_qa")
    ends(daemon)


def test_parked_for_its_environment_it_does_not_need_to_know_the_instrument(site: Site) -> None:
    daemon = site.start(SHELL, site.configure(instrument=None, PIXI_ENV="nope"))
    site.wait(lambda seen: seen.state is StateWord.PARKED)
    site.configure(instrument=None, PIXI_ENV="mantid_qa")
    ends(daemon)


def test_started_by_hand_it_runs_in_the_python_that_has_mantid(site: Site, made: Launchers) -> None:
    python = made.environments / "mantid_dev" / "bin" / "python"
    daemon = site.start(python, SCRIPT, site.configure(CONDA_ENV="mantid-dev"))
    assert site.wait(lambda seen: seen.pid == daemon.pid and seen.generation > 0).engine == "mantid"
    assert f"interpreter: {python} (Python" in site.log()
    assert "engine: mantid in this python" in site.log()


def test_started_by_hand_in_another_python_it_says_what_to_do(site: Site, made: Launchers) -> None:
    python = made.environments / "system" / "bin" / "python"
    site.start(python, SCRIPT, site.configure(CONDA_ENV="mantid-dev"))
    parked = site.wait(lambda seen: seen.state is StateWord.PARKED)
    assert parked.why.startswith(f'Mantid cannot be imported in {python}, but "CONDA_ENV" in the configuration names')
    assert "start livereduce with livereduce.sh" in parked.why


def test_started_by_hand_the_worker_gets_the_python_that_is_named_outright(site: Site, made: Launchers) -> None:
    python = made.environments / "mantid_dev" / "bin" / "python"
    daemon = site.start(made.environments / "system" / "bin" / "python", SCRIPT, site.configure(CONDA_ENV=str(python)))
    site.wait(lambda seen: seen.pid == daemon.pid and seen.generation > 0)
    assert f"interpreter: {python}\n" in site.log()


def test_an_environment_that_comes_later_is_noticed(site: Site, tmp_path: Path) -> None:
    here = tmp_path / "here"
    site.launchers.wrap(before=f"[ -e {here} ] || {{ echo 'not mounted yet'; return 1; }}")
    path = site.configure(PIXI_ENV="mantid_dev")
    launched = prepared(site, PIXI_ENV="mantid_dev")
    assert "not mounted yet" in launched.launched.problem
    limits = "Limits(look_s=0.1, ask_again_s=0.1)"
    code = "\n".join(
        (
            "import sys",
            "from pathlib import Path",
            "from livereduce.daemon.run import run",
            "from livereduce.daemon.facts import Limits",
            f"sys.exit(run(Path({str(path)!r}), limits={limits}))",
        )
    )
    words = {os.fsdecode(name): os.fsdecode(value) for name, value in launched.environ.items()}
    daemon = site.start(sys.executable, "-c", code, **words)
    site.wait(lambda seen: seen.state is StateWord.PARKED)
    here.touch()
    ends(daemon)
    assert "the environment can be used now" in site.log()


@pytest.mark.parametrize("arguments", [["nothing.conf"], ["livereduce.conf", "and", "more"], ["", "x"]])
def test_nothing_is_refused(site: Site, arguments: list[str]) -> None:
    """As with the original: whatever is wrong, the service is up; it parks."""
    path = site.configure(PIXI_ENV=None, CONDA_ENV="mantid-dev", instrument="PG3", junk={"deep": [1]})
    daemon = site.start(SHELL, *arguments, RUNTIME_DIRECTORY="run", STATE_DIRECTORY="state")
    assert path.exists()
    assert site.wait(lambda seen: seen.pid == daemon.pid)


def test_a_launcher_that_is_waited_for_ends_with_the_order_to_stop(site: Site, tmp_path: Path) -> None:
    started = tmp_path / "started"
    site.launchers.wrap(before=f"echo $$ > {started}.new; mv {started}.new {started}; sleep 600")
    daemon = site.start(SHELL, site.configure(CONDA_ENV="mantid-dev"))
    deadline = time.monotonic() + LIMIT_S
    while not started.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    launcher = int(started.read_text())
    daemon.send_signal(signal.SIGTERM)
    ends(daemon)
    with pytest.raises(ProcessLookupError):
        os.kill(launcher, 0)


def test_a_python_that_is_gone_when_it_is_to_be_run_parks_the_daemon(site: Site, made: Launchers) -> None:
    python = made.environment("fading")
    site.launchers.wrap(after=f"mv {python} {python}.gone")
    daemon = site.start(SHELL, site.configure(PIXI_ENV="fading"))
    parked = site.wait(lambda seen: seen.state is StateWord.PARKED)
    assert (parked.pid, parked.why) == (daemon.pid, f"{python} cannot be run: No such file or directory")


def test_without_psutil_anywhere_the_log_says_so(site: Site) -> None:
    path = site.environ["PATH"].replace("/system/bin:", "/bare/bin:")
    daemon = site.start(SHELL, site.configure(PIXI_ENV="nope"), PATH=path)
    ends(daemon, ExitCode.UNUSABLE)
    assert "environment pixi nope cannot be used" in site.log()
    assert "has no psutil, so the daemon cannot run in it" in site.log()


def tools(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def test_without_a_python_that_is_new_enough_it_says_so(site: Site, made: Launchers, tmp_path: Path) -> None:
    folder = tools(tmp_path / "tools", "bash", "env", "dirname", "readlink")
    (folder / "python3").symlink_to(made.environments / "old" / "bin" / "python")
    (folder / "python3").unlink()
    (folder / "python3").write_text(f'#!/bin/bash\nexec {made.environments}/old/bin/python "$@"\n')
    (folder / "python3").chmod(0o755)
    daemon = site.start(SHELL, site.configure(), PATH=str(folder))
    _, said = daemon.communicate(timeout=LIMIT_S)
    assert daemon.returncode == ExitCode.UNUSABLE
    assert "needs a python3 that is 3.11 or newer" in said


@pytest.mark.parametrize("layout", ["rpm", "pip"])
def test_installed_it_runs_the_installed_package(site: Site, made: Launchers, tmp_path: Path, layout: str) -> None:
    usr = tmp_path / "usr"
    (usr / "bin").mkdir(parents=True)
    shell = shutil.copy(SHELL, usr / "bin")
    if layout == "rpm":
        package = usr / "share" / "livereduce" / "livereduce"
        shutil.copytree(ROOT / "src" / "livereduce", package)
        expected = package
    else:
        package = next(made.environments.glob("system/lib/*/site-packages")) / "livereduce"
        shutil.copytree(ROOT / "src" / "livereduce", package, dirs_exist_ok=True)
        expected = tmp_path / "state" / "package" / "livereduce"  # and nothing else of that site-packages
    daemon = site.start(shell, site.configure(CONDA_ENV="mantid-dev"))
    becomes(site, daemon, "mantid_dev")
    assert f"{expected}/__main__.py run " in site.log()
    assert [entry.name for entry in expected.parent.iterdir()] == ["livereduce"]


@needs("shellcheck")
def test_the_shell_script_is_clean() -> None:
    subprocess.run(["shellcheck", SHELL], check=True)
