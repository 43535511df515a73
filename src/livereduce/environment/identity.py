"""Ask the environment's Mantid, in a separate process, for its version and for an instrument.

That process is ``python -m livereduce.worker --identify [NAME]``; nothing here imports Mantid.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from livereduce.environment.ask import last_lines, run

IDENTIFY = "--identify"
IDENTIFY_S = 30.0
"""Time for Mantid to be imported and to answer; less than a service manager's watchdog interval."""
ASK_AGAIN_S = 300.0
"""Wait after an invalid answer: the host may have been slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An instrument as Mantid knows it, and where that Mantid is.

    Attributes
    ----------
    problem
        Why there is no instrument; empty if there is one.
    mantid
        Place from which Mantid was imported; empty if it was not.
    """

    name: str = ""
    short_name: str = ""
    facility: str = ""
    mantid: str = ""
    mantid_version: str = ""
    problem: str = ""


def encode(identity: Identity) -> str:
    """Encode as a line of JSON."""
    return json.dumps(asdict(identity))


def decode(said: str) -> Identity | None:
    """Find the identity in the output of a process, among Mantid's own messages; None if there is none."""
    for line in reversed(said.splitlines()):
        try:
            return Identity(**{name: str(value) for name, value in json.loads(line).items()})
        except (ValueError, TypeError, AttributeError):
            continue
    return None


def ask_identity(
    interpreter: str, environ: Mapping[str, str], name: str = "", timeout_s: float = IDENTIFY_S
) -> Identity:
    """Ask the Mantid of an interpreter for an instrument, or for its default one; never raises.

    Parameters
    ----------
    environ
        Environment of the process: finds this package, with the Mantid environment active.
    """
    command = [interpreter, "-P", "-m", "livereduce.worker", IDENTIFY, *([name] if name else [])]
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            ended = run(command, environ, timeout_s, Path(folder))
    except OSError as error:
        return Identity(problem=f"{interpreter} cannot be run: {error.strerror or error}")
    return decode(ended.said) or Identity(problem=ended.why(timeout_s) or f"gave no answer{last_lines(ended.said)}")


class Identities:
    """Answers during the life of this process, by interpreter and name; after an invalid answer it asks again later."""

    def __init__(
        self, ask: Callable[..., Identity] = ask_identity, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._clock = ask, clock
        self._known: dict[Sequence[str], tuple[Identity, float]] = {}

    def of(self, interpreter: str, environ: Mapping[str, str], name: str = "") -> Identity:
        """Like `ask_identity`, but asks only once."""
        identity, asked_at = self._known.get((interpreter, name), (None, 0.0))
        if identity is None or (identity.problem and self._clock() - asked_at >= ASK_AGAIN_S):
            identity = self._ask(interpreter, environ, name)
            self._known[interpreter, name] = (identity, self._clock())
        return identity
