"""Result of the daemon's launch, in one environment variable, which `launch` writes and the daemon reads."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from livereduce.config.file import Config, value_of
from livereduce.config.keys import KEYS

VARIABLE = "LIVEREDUCE_LAUNCHED"
ASK = "--ask"
"""Option of the launcher: only check whether the environment can be used. The daemon repeats that until it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """Findings of the launch.

    Attributes
    ----------
    config
        `fingerprint` of the configuration that it was made for; empty if that could not be read.
    environment
        For people: the environment, and what launched it.
    problem
        Why the daemon does not run in the configured environment; empty if it does.
    mantid, mantid_version
        Place from which Mantid is imported there, and its version as far as known without importing it.
    """

    config: str = ""
    environment: str = ""
    problem: str = ""
    mantid: str = ""
    mantid_version: str = ""


def fingerprint(config: Config) -> str:
    """Fingerprint of the settings, the same in every Python."""
    settings = {key.name: value_of(config, key) for key in KEYS}
    return hashlib.md5(json.dumps(settings, default=str).encode(), usedforsecurity=False).hexdigest()


def encode(launched: Launched) -> str:
    """The value of the variable."""
    return json.dumps(asdict(launched))


def read_launched(environ: Mapping[str, str]) -> Launched | None:
    """Result of this process's launch; None if it was not, or the variable is not ours."""
    try:
        return Launched(**{name: str(value) for name, value in json.loads(environ[VARIABLE]).items()})
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
