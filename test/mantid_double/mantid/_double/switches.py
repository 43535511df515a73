"""The defects that the double imitates, each with a switch.

The variable ``LIVEREDUCE_DOUBLE`` turns them on (``name``) and off (``-name``): ``slow_cancel,-rereads_scripts``. If it
begins with ``@`` the rest is a file with that text, read anew at each question, so that another process can change it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "LIVEREDUCE_DOUBLE"


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect: whether it is there without being asked for, and a sentence that says what it is."""

    default: bool
    text: str


DEFECTS = {
    "stall_after_close": Defect(True, "an orderly close by the server is not noticed (era C always notices)"),
    "silent_death": Defect(True, "an error ends MonitorLiveData, and nobody is told"),
    "rereads_scripts": Defect(True, "a script file is read again in every cycle"),
    "stale_result": Defect(True, "a post script that makes no output republishes the old one"),
    "drops_keywords": Defect(True, "a keyword that the instrument does not know costs only a warning"),
    "carry_over": Defect(True, "a chunk begins with the last value of every log of the chunk before"),
    "keeps_instrument": Defect(True, "Replace keeps the instrument of what was there before"),
    "duplicate_names": Defect(True, "a start is refused while a monitor with the same output is running"),
    "weak_handles": Defect(True, "a handle is dead once the data service holds another"),
    "endless_shutdown": Defect(True, "shutdown waits without limit for what is running (off: 5 s)"),
    "atexit_shutdown": Defect(True, "the interpreter's exit calls shutdown"),
    "shutdown_holds_gil": Defect(False, "shutdown waits without giving other threads the interpreter"),
    "slow_cancel": Defect(False, "letting go of the listener takes the 30 s of a blocking receive"),
    "join_crash": Defect(False, "letting go of the listener times out after 60 s, and the process aborts"),
    "deaf_cancel": Defect(False, "cancel is noticed by nothing: the monitor goes on"),
    "other_error_type": Defect(False, "simpleapi raises something else than RuntimeError (unverified there)"),
    "merge_drops_duplicates": Defect(False, "merging logs drops an entry that both have (unverified there)"),
    "odd_handlers": Defect(
        False, "observers of algorithms are never called (their handlers were read in old copies only)"
    ),
}


def _asked() -> str:
    text = os.environ.get(VARIABLE, "")
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text()
    except OSError:
        return ""


def is_on(name: str) -> bool:
    """Whether a defect is imitated now.

    Raises
    ------
    RuntimeError
        The variable names a defect that there is not.
    """
    state = DEFECTS[name].default
    for word in _asked().replace("\n", ",").split(","):
        wanted = word.strip()
        if not wanted:
            continue
        if wanted.removeprefix("-") not in DEFECTS:
            raise RuntimeError(f"{VARIABLE}: no switch is named {wanted!r}; there are {', '.join(DEFECTS)}")
        if wanted.removeprefix("-") == name:
            state = not wanted.startswith("-")
    return state
