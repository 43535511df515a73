"""``python -m livereduce.launch [CONF]``: become the daemon, in the environment that the configuration names.

``scripts/livereduce.sh`` execs this with a python of the system. The launcher of the environment is run once, to ask
the python in there what it is; then this process execs that python on the daemon. No wrapper stays in between: what
systemd has started is the daemon itself. Where that cannot be, the daemon runs in this python and parks on the reason.
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from livereduce import logs
from livereduce.ask import Answer, NoAnswer, ask, list_environments
from livereduce.config import DEFAULT_PATH, Config, read_file
from livereduce.environment import Host, choose_engine, look_at_host
from livereduce.errors import ExitCode
from livereduce.launched import VARIABLE, Launched, encode, fingerprint
from livereduce.launchers import Plan, environment_name, look_for_launchers, plan
from livereduce.package import folder_for, python_path
from livereduce.resolve import choose_directory

LEAST_PYTHON = (3, 11)
OURS = (
    *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID", "JOURNAL_STREAM"),
    *("RUNTIME_DIRECTORY", "STATE_DIRECTORY"),
)
"""What systemd has told this process stays so, whatever a launcher makes of it."""

log = logging.getLogger("livereduce.launch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What came of a plan. `problem` is why the daemon cannot run there, in a sentence; empty if it can."""

    plan: Plan
    answer: Answer | None = None
    problem: str = ""

    def launched(self, config: Config) -> Launched:
        """What the daemon is told of it."""
        return Launched(
            config=fingerprint(config),
            environment=self.plan.environment,
            problem=self.problem,
            mantid=self.answer.mantid if self.answer else "",
            mantid_version=self.answer.mantid_version if self.answer else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to become: the daemon in this python, with these environment variables; `launched` is among them."""

    python: str
    environ: Mapping[bytes, bytes]
    launched: Launched


def main(arguments: Sequence[str]) -> int:
    """Become the daemon; returns, with an exit code, only where no python here can run it."""
    named = [argument for argument in arguments[:1] if argument and Path(argument) != DEFAULT_PATH]
    launch = prepare(Path(named[0]) if named else None, os.environ, Path.cwd())
    problem = _become(launch, named)
    if launch.python != sys.executable:
        problem = _become(_here(os.environ, replace(launch.launched, problem=problem)), named)
    return _give_up(problem)


def _become(launch: Launch, named: Sequence[str]) -> str:
    """Exec the daemon; comes back only with the reason why that cannot be."""
    if launch.python == sys.executable and find_spec("psutil") is None:
        why = f"{launch.launched.problem}; " if launch.launched.problem else ""
        return f"{why}{sys.executable} has no psutil, and the daemon cannot run in it"
    try:
        os.execve(launch.python, [launch.python, "-P", "-m", "livereduce", "run", *named], launch.environ)
    except OSError as error:
        return f"{launch.python} cannot be run: {error.strerror or error}"


def prepare(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Launch:
    """What the configuration of a file (None: the usual place) makes of this process."""
    reading = read_file(path)
    if reading.problems:
        return _here(environ, Launched(environment="this python"))  # the daemon reads it too, and parks on it
    config = reading.config
    inquiry = inquire(config, environ, cwd)
    if inquiry is None:
        return _here(environ, Launched(config=fingerprint(config), environment="this python"))
    answer, launched = inquiry.answer, inquiry.launched(config)
    if answer is None or inquiry.problem:
        return _here(environ, launched)
    try:
        folder = folder_for(answer.executable, _private_dir(config, environ, cwd))
    except OSError as error:
        return _here(environ, replace(launched, problem=f"no folder for the package of livereduce: {error}"))
    made = _environ(answer.environ, environ, folder, launched)
    return Launch(python=answer.executable, environ=made, launched=launched)


def inquire(config: Config, environ: Mapping[str, str], cwd: Path) -> Inquiry | None:
    """Ask in the environment that is configured; None where none is needed and this python is meant."""
    engine = choose_engine(config, look_at_host(environ, cwd)).engine
    if engine == "builtin" and not environment_name(config).startswith("/"):
        return None
    way = plan(config, look_for_launchers(environ))
    answer, problem = None, way.problem
    if not problem:
        try:
            answer = ask(way.command, environ)
            problem = judge(way, answer, engine)
        except NoAnswer as error:
            problem = f"environment {way.environment}: {way.command[0]} {error}"
    found = (way.found or list_environments(way.listing, environ)) if problem else ()
    hint = f"; environments found: {', '.join(found)}" if found else ""
    return Inquiry(plan=way, answer=answer, problem=problem and problem + hint)


def judge(way: Plan, answer: Answer, engine: str) -> str:
    """Why the daemon cannot run in the python that has answered, in a sentence; empty if it can."""
    where = f"{answer.executable} (environment {way.environment})"
    if answer.version < LEAST_PYTHON:
        return f"{where} is Python {answer.version_text}; expected {'.'.join(map(str, LEAST_PYTHON))} or newer"
    if not answer.psutil:
        return f"{where} has no psutil, which the daemon needs; expected it to be installed there"
    if engine == "mantid" and not answer.mantid:
        return f"Mantid does not import in {where}"
    return ""


def _private_dir(config: Config, environ: Mapping[str, str], cwd: Path) -> Path:
    """Where to make a folder for the package; the instrument, on which the state directory may depend, is not known."""
    directory = choose_directory("state", config.state_dir, None, Host(environ=environ, cwd=cwd))
    return directory or Path(environ["XDG_STATE_HOME"]) / "livereduce"


def _here(environ: Mapping[str, str], launched: Launched) -> Launch:
    """The daemon in this python, with the environment as it is."""
    given = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    made = _environ(given, environ, folder_for(sys.executable, Path()), launched)
    return Launch(python=sys.executable, environ=made, launched=launched)


def _environ(
    active: Mapping[bytes, bytes], ours: Mapping[str, str], folder: Path | None, launched: Launched
) -> dict[bytes, bytes]:
    """The variables of the active environment, with what must not get lost of ours, and this package on the path."""
    made = dict(active)
    made |= {os.fsencode(name): os.fsencode(ours[name]) for name in OURS if name in ours}
    made[VARIABLE.encode()] = encode(launched).encode()
    if path := python_path(os.fsdecode(active.get(b"PYTHONPATH", b"")), folder):
        made[b"PYTHONPATH"] = os.fsencode(path)
    return made


def _give_up(problem: str) -> int:
    """Nothing here can run the daemon, not even parked: say so where people look, and leave."""
    logs.configure(logs.log_path(logs.user_name(), None, Path.cwd()))
    log.error("%s", problem)
    return ExitCode.UNUSABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
