"""Where the scripts of `livereduce try` run: the engine of the configuration, its Python, and its variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.commands.launch import Inquiry, environ_in_there, inquire
from livereduce.config.file import Config
from livereduce.daemon.worker.launching import worker_environ
from livereduce.environment.ask import NoAnswer, ask
from livereduce.environment.identity import ask_identity
from livereduce.preflight.host import Host, choose_engine, look_at_host, question


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPlace:
    """An engine, the host as its Python sees it, and the variables that attempts get."""

    engine: str
    host: Host
    environ: Mapping[str, str]

    @property
    def is_here(self) -> bool:
        """It is the Python of this command."""
        return self.host.launched is None

    def absent(self, modules: tuple[str, ...]) -> frozenset[str]:
        """Which of these modules scripts cannot import there; none if that Python does not say."""
        if self.is_here:
            return frozenset(name for name in modules if not _is_here(name))
        try:
            return frozenset(ask([self.host.python], self.environ, modules=modules).absent)
        except NoAnswer:
            return frozenset()


def place_of(config: Config, environ: Mapping[str, str], cwd: Path, folder: Path) -> TryPlace:
    """Find the place; a Python elsewhere is asked what it has.

    Parameters
    ----------
    folder
        For what another Python needs of ours.

    Raises
    ------
    OperatorError
        The engine cannot run there.
    """
    host = look_at_host(environ, cwd)
    engine = choose_engine(config, host).engine
    inquiry = inquire(config, environ, cwd)
    if inquiry is None:
        return TryPlace(engine=engine, host=_identified(config, host, environ, folder), environ=environ)
    if engine == "builtin":
        raise OperatorError(
            "livereduce try runs the builtin engine in its own Python, and the configuration names another: start it "
            f'with that one ({inquiry.plan.environment} -m livereduce try …), or leave "CONDA_ENV" out of a copy'
        )
    return _in_there(config, inquiry, host, folder)


def _in_there(config: Config, inquiry: Inquiry, host: Host, folder: Path) -> TryPlace:
    answer = inquiry.answer
    if answer is None or inquiry.problem:
        raise OperatorError(inquiry.problem)
    made = environ_in_there(answer, replace(config, state_dir=folder), host)
    environ = {os.fsdecode(name): os.fsdecode(value) for name, value in made.items()}
    launched = inquiry.launched(config)
    seen = replace(host, launched=launched, python=answer.executable, mantid=answer.mantid, missing=answer.missing)
    return TryPlace(engine="mantid", host=_identified(config, seen, environ, folder), environ=environ)


def _identified(config: Config, host: Host, environ: Mapping[str, str], folder: Path) -> Host:
    """The host with Mantid's word on the instrument, where only Mantid knows it."""
    asked = question(config, host)
    if asked is None:
        return host
    interpreter, name = asked
    return replace(host, identity=ask_identity(interpreter, worker_environ(environ, folder, interpreter), name))


def _is_here(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
