"""The last failure of a script, with its traceback: from the engine, where it happens, to the daemon, which shows it.

A file in the state directory, replaced by rename: a traceback has no room in a beat, and among the output of a worker
it could be torn or lost. A newer failure replaces it; whether it still holds is for the daemon to judge.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from livereduce.base.fields import checked
from livereduce.base.files import read_regular, replace_file

FILE_NAME = "script_failure.json"
MAX_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFailure:
    """What went wrong in which version of a script.

    Attributes
    ----------
    at
        ISO 8601 with zone.
    script_errors
        How many script errors there have been in that generation, with this one (`Progress.script_errors`).
    step, md5
        ``proc`` or ``post_proc``, and which bytes of it.
    file, line, text
        The user's file, the line (0 if not known), the error in one line.
    traceback
        As Python shows it, with the script's own lines; bounded where it is made.
    well_again
        The same version has made a result since. For the daemon to say.
    """

    at: str
    generation: int
    script_errors: int
    run: int
    step: str
    md5: str
    file: str
    line: int
    text: str
    traceback: str
    well_again: bool = False


def write_failure(state_dir: Path, failure: ScriptFailure) -> None:
    """Put a failure in the place of the one before.

    Raises
    ------
    OSError
        The directory cannot be written; the old one stands.
    """
    replace_file(state_dir / FILE_NAME, json.dumps(asdict(failure)).encode())


def read_failure(state_dir: Path) -> ScriptFailure | None:
    """The last failure; None if there was none, or what is there is none."""
    try:
        return failure_of(json.loads(read_regular(state_dir / FILE_NAME, MAX_BYTES, follow_link=False)))
    except (OSError, ValueError, RecursionError):
        return None


def failure_of(body: Any) -> ScriptFailure:
    """The failure of a JSON object; keys that are not known are left out.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return checked(ScriptFailure, body)
    except ValueError as error:
        raise ValueError(f"not a failure of a script: {error}") from None
