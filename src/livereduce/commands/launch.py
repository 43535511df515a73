"""``python -m livereduce.commands.launch [CONF]``: become the daemon, in the configured environment.

``scripts/livereduce.sh`` execs this with a Python of the system. The launcher of the environment is run once, to ask
the Python in there what it is; then this process execs that Python on the daemon. No wrapper stays in between: the
process that systemd has started is the daemon itself. If that is not possible, the daemon runs in this Python and parks
with the reason.
"""

import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from livereduce.base import logs
from livereduce.base.errors import ExitCode
from livereduce.base.names import did_you_mean
from livereduce.config.file import DEFAULT_PATH, Config, read_file
from livereduce.environment.ask import Answer, NoAnswer, ask, list_environments
from livereduce.environment.launched import ASK, VARIABLE, Launched, encode, fingerprint
from livereduce.environment.launchers import Plan, environment_name, look_for_launchers, plan
from livereduce.environment.package import folder_for, python_path
from livereduce.preflight.host import Host, choose_engine, look_at_host
from livereduce.preflight.resolve import private_dir

CUT_SHORT = 128 + signal.SIGTERM
LEAST_PYTHON = (3, 11)
OURS = (
    *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID", "JOURNAL_STREAM"),
    *("RUNTIME_DIRECTORY", "STATE_DIRECTORY", logs.INSTANCE),
)
"""Variables that systemd has set for this process are kept, whatever a launcher makes of them."""

log = logging.getLogger("livereduce.commands.launch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Result of a plan. `problem` is why the daemon cannot run there, in a sentence; empty if it can."""

    plan: Plan
    answer: Answer | None = None
    problem: str = ""

    def launched(self, config: Config) -> Launched:
        """The result as passed on to the daemon."""
        return Launched(
            config=fingerprint(config),
            environment=self.plan.in_words,
            problem=self.problem,
            mantid=self.answer.mantid if self.answer else "",
            mantid_version=self.answer.mantid_version if self.answer else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """The program to exec: the daemon in this Python, with these environment variables; `launched` is among them."""

    python: str
    environ: Mapping[bytes, bytes]
    launched: Launched


def main(arguments: Sequence[str]) -> int:
    """Become the daemon; returns, with an exit code, only if no Python here can run it.

    With ``--ask`` in front it only checks whether the environment can be used: 0, or 78 and why not.
    """
    only_ask = ASK in arguments[:1]
    # Unwind, so that a launcher that is being waited for is ended. Exec restores the signals' default actions.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(CUT_SHORT if only_ask else ExitCode.OK))
    named = [name for name in arguments[only_ask : only_ask + 1] if name and Path(name) != DEFAULT_PATH]
    launch = prepare(Path(named[0]) if named else None, os.environ, Path.cwd())
    if only_ask:
        print(launch.launched.problem)
        return ExitCode.UNUSABLE if launch.launched.problem else ExitCode.OK
    problem = _become(launch, named)
    if launch.python != sys.executable:
        problem = _become(_here(os.environ, replace(launch.launched, problem=problem)), named)
    return _give_up(problem)


def _become(launch: Launch, named: Sequence[str]) -> str:
    """Exec the daemon; returns only with the reason why that is impossible."""
    if launch.python == sys.executable and find_spec("psutil") is None:
        why = f"{launch.launched.problem}; " if launch.launched.problem else ""
        return f"{why}{sys.executable} has no psutil, so the daemon cannot run in it"
    try:
        os.execve(launch.python, [launch.python, "-P", "-m", "livereduce", "run", *named], launch.environ)
    except OSError as error:
        return f"{launch.python} cannot be run: {error.strerror or error}"


def prepare(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Launch:
    """Decide what this process becomes under the configuration of a file (None: the default place)."""
    reading = read_file(path)
    if reading.problems:
        return _here(environ, Launched(environment="this python"))  # the daemon reads it too, and parks because of it
    config = reading.config
    inquiry = inquire(config, environ, cwd)
    if inquiry is None:
        return _here(environ, Launched(config=fingerprint(config), environment="this python"))
    launched = inquiry.launched(config)
    if inquiry.answer is None or inquiry.problem:
        return _here(environ, launched)
    try:
        made = environ_in_there(inquiry.answer, config, Host(environ=environ, cwd=cwd))
    except OSError as error:
        return _here(environ, replace(launched, problem=f"cannot create a folder for the livereduce package: {error}"))
    made[VARIABLE.encode()] = encode(launched).encode()
    return Launch(python=inquiry.answer.executable, environ=made, launched=launched)


def inquire(config: Config, environ: Mapping[str, str], cwd: Path) -> Inquiry | None:
    """Ask in the configured environment; None if this Python is meant."""
    host = look_at_host(environ, cwd)
    engine = choose_engine(config, host).engine
    if stays_here(config, host, engine):
        return None
    way = plan(config, look_for_launchers(environ))
    if way.problem:
        return Inquiry(plan=way, problem=way.problem + _found(way, environ))
    try:
        answer = ask(way.command, environ)
    except NoAnswer as error:
        problem = f"environment {way.environment} cannot be used: {way.launcher or 'it'} {error}"
        return Inquiry(plan=way, problem=problem + _found(way, environ))
    problem = judge(way, answer, engine)
    another = _found(way, environ) if problem and not answer.mantid else ""
    return Inquiry(plan=way, answer=answer, problem=problem + another)


def stays_here(config: Config, host: Host, engine: str) -> bool:
    """True if no environment is to be launched: none is needed, or none is named and Mantid is here already."""
    if engine == "builtin":
        return not environment_name(config).startswith("/")
    return bool(host.mantid) and not (config.pixi_env or config.conda_env or host.launcher)


def _found(way: Plan, environ: Mapping[str, str]) -> str:
    found = way.found or list_environments(way.listing, environ)
    return (
        f"{did_you_mean(way.environment.split()[-1], found)}; environments found: {', '.join(found)}" if found else ""
    )


def judge(way: Plan, answer: Answer, engine: str) -> str:
    """Sentence on why the daemon cannot run in the Python that has answered; empty if it can."""
    where = f"{answer.executable} (environment {way.in_words})"
    if answer.version < LEAST_PYTHON:
        return f"{where} is Python {answer.version_text}; expected {'.'.join(map(str, LEAST_PYTHON))} or newer"
    if engine == "mantid" and not answer.mantid:
        return f"Mantid cannot be imported in {where}"
    if not answer.psutil:
        return f"{where} has no psutil, which the daemon needs; install it there"
    return ""


def _here(environ: Mapping[str, str], launched: Launched) -> Launch:
    """The daemon in this Python, with the environment unchanged."""
    made = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    made[VARIABLE.encode()] = encode(launched).encode()
    return Launch(python=sys.executable, environ=made, launched=launched)


def environ_in_there(answer: Answer, config: Config, host: Host) -> dict[bytes, bytes]:
    """Variables of the active environment, with those of our own that must be kept, and this package on the path.

    Raises
    ------
    OSError
        A folder has to be made for the package, and cannot be.
    """
    made = dict(answer.environ)
    made |= {os.fsencode(name): os.fsencode(host.environ[name]) for name in OURS if name in host.environ}
    folder = folder_for(answer.executable, private_dir(config, host))
    if path := python_path(os.fsdecode(made.get(b"PYTHONPATH", b"")), folder):
        made[b"PYTHONPATH"] = os.fsencode(path)
    return made


def _give_up(problem: str) -> int:
    """Nothing here can run the daemon, not even parked: report it where people look, and exit."""
    logs.configure(logs.own_log_path(os.environ, Path.cwd()))
    log.error("%s", problem)
    return ExitCode.UNUSABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
