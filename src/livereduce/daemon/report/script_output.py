"""Output of the scripts: the last lines they printed, and their last failure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from livereduce.messages.progress import Progress
from livereduce.messages.script_failure import FILE_NAME, ScriptFailure, read_failure
from livereduce.messages.status import Printed

MAX_LINES = 40
MAX_CHARACTERS = 8000
LONGEST_LINE = 500


class PrintedLines:
    """The last lines that scripts printed."""

    def __init__(self) -> None:
        self._lines: deque[Printed] = deque(maxlen=MAX_LINES)

    def take(self, line: str, at: str, script: str = "") -> None:
        """Add a line of a script; a long one is cut at its end."""
        text = line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
        self._lines.append(Printed(at=at, line=text, script=script))

    @property
    def last(self) -> tuple[Printed, ...]:
        """The last lines, up to a total length, the newest last."""
        length = count = 0
        for printed in reversed(self._lines):
            length += len(printed.line)
            if length > MAX_CHARACTERS:
                break
            count += 1
        return tuple(islice(self._lines, len(self._lines) - count, None))


def judge_failure(
    failure: ScriptFailure | None, md5s: Mapping[str, str], generation: int, progress: Progress | None
) -> ScriptFailure | None:
    """The failure to show: None if that script has been replaced.

    Parameters
    ----------
    md5s
        md5 of the scripts in use, by step.
    generation, progress
        The newest worker and its progress; None before its first beat.
    """
    if failure is None or md5s.get(failure.step) != failure.md5:
        return None
    well = progress is not None and progress.total.results > 0 and failure.step not in progress.last_errors
    if progress is not None and generation == failure.generation:
        # otherwise it does not know of this failure yet
        well = well and progress.total.script_errors >= failure.script_errors
    return replace(failure, well_again=well and generation >= failure.generation)


class FailureFile:
    """The last failure of a script as the workers store it; read when the file has changed."""

    def __init__(self) -> None:
        self._version: tuple[int, ...] = ()
        self._failure: ScriptFailure | None = None

    def look(self, state_dir: Path) -> ScriptFailure | None:
        """The current failure; None if there is none."""
        try:
            found = (state_dir / FILE_NAME).stat()
            version: tuple[int, ...] = (found.st_ino, found.st_mtime_ns, found.st_size)
        except OSError:
            version = ()
        if version != self._version:
            self._version = version
            self._failure = read_failure(state_dir) if version else None
        return self._failure
