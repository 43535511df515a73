"""How a daemon was launched, in one environment variable, which `launch` writes and the daemon reads."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from livereduce.config.file import Config, value_of
from livereduce.config.keys import KEYS

VARIABLE = "LIVEREDUCE_LAUNCHED"
ASK = "--ask"
"""The launcher only says whether the environment can be used; so the daemon asks again for one that could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What the launch has found out.

    Attributes
    ----------
    config
        `fingerprint` of the configuration it was made for; empty if that could not be read.
    environment
        For people: which environment, and what launched it.
    problem
        Why the daemon does not run in the environment that is meant; empty if it does.
    mantid, mantid_version
        Where Mantid is imported from in there, and its version as far as it can be told without importing it.
    """

    config: str = ""
    environment: str = ""
    problem: str = ""
    mantid: str = ""
    mantid_version: str = ""


def fingerprint(config: Config) -> str:
    """The same for the same settings, whatever python asks."""
    settings = {key.name: value_of(config, key) for key in KEYS}
    return hashlib.md5(json.dumps(settings, default=str).encode(), usedforsecurity=False).hexdigest()


def encode(launched: Launched) -> str:
    """The value of the variable."""
    return json.dumps(asdict(launched))


def read_launched(environ: Mapping[str, str]) -> Launched | None:
    """How this process was launched; None if it was not, or the variable is not ours."""
    try:
        return Launched(**{name: str(value) for name, value in json.loads(environ[VARIABLE]).items()})
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
