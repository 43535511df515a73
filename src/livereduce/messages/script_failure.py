"""The last failure of a script, with its traceback: the engine writes it, the daemon shows it.

A file in the state directory, replaced by rename: a traceback does not fit into a beat, and in the output of a worker
it could be torn or lost. A newer failure replaces it; the daemon judges whether it still holds.
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
    """A failure in one version of a script.

    Attributes
    ----------
    at
        ISO 8601 with time zone.
    script_errors
        Number of script errors in that generation, including this one (`Progress.script_errors`).
    step, md5
        ``proc`` or ``post_proc``, and its version.
    file, line, text
        The user's file, the line (0 if not known), the error in one line.
    traceback
        As Python shows it, with the script's own lines; its length is limited where it is made.
    well_again
        The same version has made a result since. Set by the daemon.
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
    """Replace the stored failure.

    Raises
    ------
    OSError
        The directory cannot be written; the old one is unchanged.
    """
    replace_file(state_dir / FILE_NAME, json.dumps(asdict(failure)).encode())


def read_failure(state_dir: Path) -> ScriptFailure | None:
    """Read the last failure; None if there was none, or the file is invalid."""
    try:
        return failure_of(json.loads(read_regular(state_dir / FILE_NAME, MAX_BYTES, follow_link=False)))
    except (OSError, ValueError, RecursionError):
        return None


def failure_of(body: Any) -> ScriptFailure:
    """Make the failure of a JSON object; unknown keys are ignored.

    Raises
    ------
    ValueError
        It is not valid.
    """
    try:
        return checked(ScriptFailure, body)
    except ValueError as error:
        raise ValueError(f"not a failure of a script: {error}") from None
