"""Crashes in compiled code, in words: the trace that Python's faulthandler printed is read for the place. Pure."""

import re
import signal
from collections.abc import Mapping, Sequence
from itertools import takewhile

from livereduce.scripting.compiling import FUNCTION

CRASHES = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "abort",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic error",
    signal.SIGILL: "illegal instruction",
}
"""Signals that a process gets for a fault of its own; people send the others."""

_FATAL = re.compile(r"Fatal Python error: ")
_CURRENT = re.compile(r"Current thread .*\(most recent call first\):")
_FRAME = re.compile(r'\s*File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)')


def crashed(code: int, lines: Sequence[str], scripts: Mapping[str, str], who: str = "the worker") -> str:
    """The sentence on a crash; empty if the exit code is not that of one.

    Parameters
    ----------
    code
        Exit code, negative for a signal.
    lines
        The last output of the process.
    scripts
        ``proc`` or ``post_proc``, by the path of the script.
    """
    fault = next((f"{words}, {number.name}" for number, words in CRASHES.items() if code == -number), "")
    if not fault:
        return ""
    frames = _frames(lines)
    in_script = next((frame for frame in frames if frame[1] in scripts and frame[2] == FUNCTION), None)
    if in_script is not None:
        return f"{scripts[in_script[1]]} crashed at {in_script[0]} ({fault})"
    return f"{who} crashed at {frames[0][0]} ({fault})" if frames else f"{who} crashed ({fault})"


def _frames(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Place (file:line), file and function of the calls in the thread that crashed, the innermost first."""
    begin = next((at + 1 for at, line in enumerate(lines) if _CURRENT.match(line)), len(lines))
    matches = takewhile(bool, (_FRAME.match(line) for line in lines[begin:]))
    return [(f"{found['file']}:{found['line']}", found["file"], found["function"]) for found in matches if found]


def before_trace(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines up to the message of a crash, without the trace after it, of which the sentence has the place."""
    end = next((at + 1 for at, line in enumerate(lines) if _FATAL.match(line)), len(lines))
    return tuple(lines[:end])


def place_of(frame: str) -> str:
    """A frame such as ``File "x.py", line 3 in f`` as ``x.py:3``; empty if it is none."""
    found = _FRAME.match(frame)
    return f"{found['file']}:{found['line']}" if found else ""
