"""The services of this host, from their units: find the service of a configuration, and its environment.

A person in a shell has another working directory and other variables than the service: what the service uses follows
from its unit (``packaging/``, and `livereduce.commands.install_units` for a user's own).
"""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.logs import INSTANCE, SERVICE_USER, log_path, user_name
from livereduce.config.file import DEFAULT_PATH

UNIT_DIRS = (Path("/etc/systemd/system"), Path("/run/systemd/system"), Path("/usr/lib/systemd/system"))
"""Folders of the system's units (systemd.unit(5))."""
RUN_DIR, STATE_DIR = Path("/run"), Path("/var/lib")
"""Where systemd makes the directories of the system's services (systemd.exec(5))."""
USER_DIR = Path(".local/state/livereduce")
"""Below the home directory: working directory of a user's own service, with its log files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service with a unit on this host.

    Attributes
    ----------
    unit
        Its name: ``livereduce.service``, ``livereduce@NAME.service``.
    of_user
        It belongs to the asking user's manager (``systemctl --user``), not to the system's.
    user
        The user that it runs as.
    environ, cwd
        Its working directory, and the variables on which its directories depend.
    """

    unit: str
    of_user: bool
    user: str
    environ: Mapping[str, str]
    cwd: Path

    @property
    def log_file(self) -> Path:
        """Path of its log."""
        return log_path(self.user, self.environ.get(INSTANCE), self.cwd)

    def __str__(self) -> str:
        return f"{self.unit} of the user {self.user}" if self.of_user else f"{self.unit}, which runs as {self.user}"


def config_home(environ: Mapping[str, str]) -> Path:
    """Folder of the configurations of the user's own services; %E in their units."""
    given = environ.get("XDG_CONFIG_HOME", "")
    return Path(given) if given.startswith("/") else _home(environ) / ".config"


def usual_configuration(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration used if none is named: that of the user's own service, if there is one."""
    own = config_home(environ)
    return own / DEFAULT_PATH.name if path is None and _is_installed(_user_units(own), "") else path


def service_of(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Service | None:
    """The service of a configuration (None: the system's default one); None if no installed service has it."""
    own = config_home(environ)
    instance = _instance(path, own, cwd) if path is not None else None
    if instance is not None and _is_installed(_user_units(own), instance):
        return _of_user(instance, environ)
    instance = _instance(path or DEFAULT_PATH, DEFAULT_PATH.parent, cwd)
    if instance is not None and any(_is_installed(folder, instance) for folder in UNIT_DIRS):
        return of_system(instance)
    return None


def probable_service(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Service:
    """The service to ask for the state of a configuration: its own, or else the system's ``livereduce``."""
    named = _instance(path or DEFAULT_PATH, DEFAULT_PATH.parent, cwd)
    return service_of(path, environ, cwd) or of_system(named or "")


def of_system(instance: str) -> Service:
    """A service of the system, installed or not; an empty instance is ``livereduce`` itself."""
    name = f"livereduce_{instance}" if instance else "livereduce"
    environ = {"RUNTIME_DIRECTORY": str(RUN_DIR / name), "STATE_DIRECTORY": str(STATE_DIR / name)}
    return Service(
        unit=_unit(instance),
        of_user=False,
        user=SERVICE_USER,
        environ=environ | ({INSTANCE: instance} if instance else {}),
        cwd=Path("/tmp"),
    )


def _of_user(instance: str, environ: Mapping[str, str]) -> Service:
    cwd = _home(environ) / USER_DIR
    runtime = environ.get("XDG_RUNTIME_DIR") or f"{RUN_DIR}/user/{os.getuid()}"
    variables = {"XDG_RUNTIME_DIR": runtime, "XDG_STATE_HOME": str(cwd.parent)}
    return Service(
        unit=_unit(instance),
        of_user=True,
        user=user_name(),
        environ=variables | ({INSTANCE: instance} if instance else {}),
        cwd=cwd,
    )


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or "/")


def _unit(instance: str) -> str:
    return f"livereduce@{instance}.service" if instance else "livereduce.service"


def _user_units(own: Path) -> Path:
    return own / "systemd" / "user"


def _is_installed(folder: Path, instance: str) -> bool:
    """True if the unit exists and is for this host: many hosts may share a home directory and its units."""
    try:
        text = (folder / ("livereduce@.service" if instance else "livereduce.service")).read_text(errors="replace")
    except OSError:
        return False
    hosts = re.findall(r"^ConditionHost=(\S+)$", text, re.M)
    return not hosts or platform.node() in hosts


def _instance(path: Path, folder: Path, cwd: Path) -> str | None:
    """NAME of ``livereduce@NAME`` if the file is that service's in `folder`; empty for ``livereduce`` itself."""
    path = Path(os.path.normpath(cwd / path))
    if path == folder / DEFAULT_PATH.name:
        return ""
    return path.stem if path.parent == folder / "livereduce" and path.suffix == ".conf" else None
