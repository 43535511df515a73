"""Errors sorted by who must act, and the exit codes that tell the same to other processes.

A script that raises is not here: that is an outcome (`livereduce.scripting.runner.ScriptError`), shown and counted. Our
own bugs have no class either: they are crashes, and the daemon restarts the worker.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of our processes (0 asked to stop, 70 parent gone, 75 recycled, 78 unusable; any other is a crash)."""

    OK = 0
    DEGRADED = 1
    DOWN = 2
    PARENT_GONE = 70
    RECYCLED = 75
    UNUSABLE = 78


_MEANINGS: dict[int, str] = {
    ExitCode.OK: "as ordered",
    ExitCode.PARENT_GONE: "it lost the daemon",
    ExitCode.RECYCLED: "a new worker takes over",
    ExitCode.UNUSABLE: "it cannot run",
}


def meaning_of(code: int) -> str:
    """The exit code of a worker in words; negative codes are signals, as `subprocess` has them."""
    return "ended by a signal" if code < 0 else _MEANINGS.get(code, "a crash")


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
    """The stream or its server misbehaves: the source reconnects, no process is ended."""
