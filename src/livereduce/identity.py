"""What the environment's Mantid says of itself and of an instrument, asked in a process of its own.

That process is ``python -m livereduce.worker --identify [NAME]``; nothing here imports Mantid.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from livereduce.ask import last_lines, run

IDENTIFY = "--identify"
IDENTIFY_S = 30.0
"""For Mantid to be imported and to answer; less than what a service manager waits for the next sign of life."""
ASK_AGAIN_S = 300.0
"""After an answer that is none: the host may have been slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An instrument as Mantid knows it, and that Mantid.

    Attributes
    ----------
    problem
        Why there is no instrument; empty if there is one.
    mantid
        Where Mantid was imported from; empty if it was not.
    """

    name: str = ""
    short_name: str = ""
    facility: str = ""
    mantid: str = ""
    mantid_version: str = ""
    problem: str = ""


def encode(identity: Identity) -> str:
    """As a line of JSON."""
    return json.dumps(asdict(identity))


def decode(said: str) -> Identity | None:
    """The identity in what a process has printed, Mantid's own chatter around it; None if there is none."""
    for line in reversed(said.splitlines()):
        try:
            return Identity(**{name: str(value) for name, value in json.loads(line).items()})
        except (ValueError, TypeError, AttributeError):
            continue
    return None


def ask_identity(
    interpreter: str, environ: Mapping[str, str], name: str = "", timeout_s: float = IDENTIFY_S
) -> Identity:
    """What the Mantid of an interpreter says of an instrument, or of its default one; never raises.

    Parameters
    ----------
    environ
        Of the process: finds this package, with the environment active.
    """
    command = [interpreter, "-P", "-m", "livereduce.worker", IDENTIFY, *([name] if name else [])]
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            ended = run(command, environ, timeout_s, Path(folder))
    except OSError as error:
        return Identity(problem=f"{interpreter} cannot be run: {error.strerror or error}")
    return decode(ended.said) or Identity(problem=ended.why(timeout_s) or f"gave no answer{last_lines(ended.said)}")


class Identities:
    """The answers of this process's life, by interpreter and name; what was no answer is asked for again later."""

    def __init__(
        self, ask: Callable[..., Identity] = ask_identity, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._clock = ask, clock
        self._known: dict[Sequence[str], tuple[Identity, float]] = {}

    def of(self, interpreter: str, environ: Mapping[str, str], name: str = "") -> Identity:
        """As `ask_identity`, once."""
        identity, asked_at = self._known.get((interpreter, name), (None, 0.0))
        if identity is None or (identity.problem and self._clock() - asked_at >= ASK_AGAIN_S):
            identity = self._ask(interpreter, environ, name)
            self._known[interpreter, name] = (identity, self._clock())
        return identity
