"""``livereduce install-units``: the systemd units of the RPM, for installations with pip or without root.

They differ from the RPM's in the program that is started and, for a user's own services, in what only the system's
manager can do. The texts are those of ``packaging/`` in the project.
"""

import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.extras import how_to_install
from livereduce.base.logs import SERVICE_DIRECTORY, SERVICE_USER
from livereduce.preflight.services import USER_DIR, config_home

UNITS = (
    "livereduce.service",
    "livereduce@.service",
    "livereduce_watchdog.service",
    "livereduce_watchdog@.service",
    "livereduce-web.service",
    "livereduce-notify.service",
    "livereduce-notify@.service",
    "livereduce-pvs.service",
    "livereduce-pvs@.service",
)
"""All are written, and none is enabled: a unit that nobody enables does nothing."""
RULES = ("50-snsdata-livereduce.rules", "50-snsdata-livereduce_watchdog.rules")
PACKAGED = Path("usr/lib/systemd/system")
"""Folder of the RPM's units; units of an administrator would hide them."""

_NOT_FOR_A_USER = re.compile(
    r"(User|WorkingDirectory|Wants|RuntimeDirectory\w*|StateDirectory|CapabilityBoundingSet|Protect\w+|Private\w+"
    r"|ReadWritePaths|IPAddressDeny|RemoveIPC|Environment=XDG_CACHE_HOME)=|After=network-online"
)
"""Settings that a user's manager cannot apply, or that mean another place there."""

_NEXT = """next:
  systemctl {scope}enable --now livereduce        reads {configuration}
  systemctl {scope}enable --now livereduce@NAME   reads {folder}/NAME.conf
optional, in the same way:
  livereduce_watchdog, livereduce_watchdog@NAME   restarts a service that hangs
  livereduce-web                                  the status page, http://localhost:8090/{web}
  livereduce-notify, livereduce-notify@NAME       "notify" and "heartbeat" of the configuration{heartbeat}
  livereduce-pvs, livereduce-pvs@NAME             results in the control system, "epics" of the configuration{epics}"""
_LINGER = "a user's services stop when the user logs out; to keep them running: loginctl enable-linger"


def install_units(*, user: bool, out: TextIO, root: Path = Path("/")) -> int:
    """Write the units for this user or for the system, and print the next steps.

    Parameters
    ----------
    root
        Files for the system go below it.

    Raises
    ------
    OperatorError
        Units for the system need root and the account that they run as, and an RPM must not have installed them
        already.
    """
    command, watchdog = own_command(), _packaged("livereduce_watchdog.sh")
    if not user:
        _may_install(root)
    own = config_home(os.environ)
    folder = own / "systemd" / "user" if user else root / "etc" / "systemd" / "system"
    for name in UNITS:
        _write(folder / name, adapt(_packaged(name).read_text(), command, watchdog, user=user), out)
    if user:
        (Path.home() / USER_DIR).mkdir(parents=True, exist_ok=True)
    else:
        _install_beside(root, out)
    _reload(user, out)
    _compile_kernels(command, out)
    place = own if user else Path("/etc")
    told: dict[str, object] = {"configuration": place / "livereduce.conf", "folder": place / "livereduce"}
    needs = (("web", "starlette"), ("heartbeat", "stomp"), ("epics", "caproto"))
    told |= {extra: _needs(extra, module, command) for extra, module in needs}
    print(_NEXT.format(scope="--user " if user else "", **told), *([_LINGER] if user else []), sep="\n", file=out)
    return ExitCode.OK


def _needs(extra: str, module: str, command: Path) -> str:
    """What is still to be installed for an optional unit; empty if nothing is, or for the RPM's command."""
    if find_spec(module) is not None or command.with_name("livereduce.sh").is_file():
        return ""
    what = "the heartbeat needs" if extra == "heartbeat" else "it needs"
    return f"\n      {what}: {how_to_install(extra, sys.executable)}"


def own_command() -> Path:
    """The ``livereduce`` of this Python, else the first on the PATH, by its absolute path.

    Raises
    ------
    OperatorError
        There is none: this is a checkout that was not installed.
    """
    beside = Path(sys.executable).with_name("livereduce")
    found = str(beside) if beside.is_file() else shutil.which("livereduce")
    if not found:
        raise OperatorError(
            f"no livereduce command next to {sys.executable} or on the PATH; the units need one to start"
        )
    return Path(found).absolute()


def adapt(text: str, command: Path, watchdog: Path, *, user: bool) -> str:
    """Adapt the text of a unit: the programs to start, for the system's manager or a user's."""
    launcher = command.with_name("livereduce.sh")  # beside the RPM's command: finds the configured environment
    program = _word(launcher) if launcher.is_file() else f"{_word(command)} run"
    text = text.replace("ExecStart=/usr/bin/livereduce.sh", f"ExecStart={program}")
    text = re.sub("^ExecStart=/usr/bin/livereduce ", lambda _: f"ExecStart={_word(command)} ", text, flags=re.M)
    text = text.replace("ExecStart=/usr/bin/livereduce_watchdog.sh", f"ExecStart=/bin/bash {_word(watchdog)}")
    return _adapt_to_user(text) if user else text


def _adapt_to_user(text: str) -> str:
    """Adapt to a user's manager: %E has the user's configurations, %h is the home directory (systemd.unit(5))."""
    lines = [line for line in text.splitlines() if not _NOT_FOR_A_USER.match(line)]
    text = "\n".join(lines) + "\n"
    text = text.replace("/etc/livereduce/", "%E/livereduce/").replace("multi-user.target", "default.target")
    text = re.sub(r"^(ExecStart=(?!.*\.conf$).*)$", r"\1 %E/livereduce.conf", text, flags=re.M)
    # Several hosts may share a home directory, and each of them would start the service.
    text = text.replace("\n\n[Service]\n", f"\nConditionHost={platform.node()}\n\n[Service]\n")
    variables = f"LIVEREDUCE_MANAGER=--user LIVEREDUCE_LOG_DIR=%h/{USER_DIR}"
    if "livereduce_watchdog.sh" not in text:
        variables = f"XDG_STATE_HOME=%h/{USER_DIR.parent}"
    beginning = f"[Service]\nWorkingDirectory=%h/{USER_DIR}\nEnvironment={variables}\n"
    return re.sub(r"^\[Service\]\n", beginning, text, flags=re.M)


def _word(path: Path) -> str:
    """Quote a path as one word of a command line in a unit."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if re.search(r"[\s'\"\\;]", text) else text


def _packaged(name: str) -> Path:
    """A file of the packaging: in the installed package, or in the project of a checkout."""
    package = Path(__file__).resolve().parents[1]
    places = (package / "packaging", package.parents[1] / "packaging", package.parents[1] / "scripts")
    for place in places:
        if (place / name).is_file():
            return place / name
    raise OperatorError(f"{name} not found: neither in {places[0]} nor in a checkout")


def _may_install(root: Path) -> None:
    problems = []
    if os.geteuid() != 0:
        problems.append("system units need root; to install units for yourself: livereduce install-units --user")
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        problems.append(f"there is no user {SERVICE_USER}; the service runs as this user")
    if any((root / PACKAGED / name).exists() for name in UNITS):
        problems.append(f"an installed package already provides the units, in /{PACKAGED}")
    if problems:
        raise OperatorError(*problems)


def _install_beside(root: Path, out: TextIO) -> None:
    """Install what the services need: the right to restart each other's unit, and a place for the log files."""
    for name in RULES:
        _write(root / "etc" / "polkit-1" / "rules.d" / name, _packaged(name).read_text(), out)
    logs = root / SERVICE_DIRECTORY.relative_to("/")
    logs.mkdir(parents=True, exist_ok=True)
    shutil.chown(logs, SERVICE_USER)
    logs.chmod(0o1755)


def _write(path: Path, text: str, out: TextIO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(f"written: {path}", file=out)


def _compile_kernels(command: Path, out: TextIO) -> None:
    """Compile the kernels ahead, where there is what the builtin engine needs; else the first start does it."""
    if find_spec("numba") is None:
        return
    done = subprocess.run(
        [command, "install-kernels"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout.strip(), file=out)


def _reload(user: bool, out: TextIO) -> None:
    """Have the manager reload its units, if one runs."""
    command = ["systemctl", *(["--user"] if user else []), "daemon-reload"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        problem = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        print(f"{' '.join(command)} failed, run it yourself: {problem}", file=out)
