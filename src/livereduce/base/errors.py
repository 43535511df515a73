"""Errors sorted by who must act, and the exit codes that say the same to other processes.

A script that raises is not here: that is an outcome (`livereduce.scripting.runner.ScriptError`), shown and counted.
What is our own fault has no class either: it is a crash, and the daemon starts the worker again.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours ends with (0 asked to stop, 70 parent gone, 75 recycled, 78 unusable; else a crash)."""

    OK = 0
    DEGRADED = 1
    DOWN = 2
    PARENT_GONE = 70
    RECYCLED = 75
    UNUSABLE = 78


class OperatorError(Exception):
    """Somebody with access to the host must act: configuration, scripts or environment cannot be used.

    Parameters
    ----------
    problems
        One sentence each, naming the thing, what was expected and what was seen.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class UpstreamError(Exception):
    """The stream or its server misbehaves: the source reconnects, nobody is killed."""
