"""What an attempt prints, shown as it comes: not more than anybody reads, however much a script prints."""

import logging
from collections.abc import Callable

from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.spoken import record_level

MAX_LINES = 200
"""Most lines that are shown of an attempt."""
MAX_CHARACTERS = 400
"""Most characters of a line."""


class Printout:
    """Shows lines of an attempt, and counts the rest.

    Parameters
    ----------
    say
        Shows a line.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._shown = self._left_out = 0
        self._warned: set[str] = set()

    def begin(self) -> None:
        """An attempt begins."""
        self._shown = self._left_out = 0
        self._warned = set()

    def take(self, line: Line, name: str) -> None:
        """A line of the script of this name (empty: of neither), or of the worker's own log."""
        level = record_level(line)
        if level is None:
            self._show(f"  [{name}] {line.text}" if name else f"  {line.text}")
        elif level == logging.WARNING and line.text not in self._warned:  # errors are in the report
            self._warned.add(line.text)
            self._show(f"  {line.text}")

    def end(self) -> None:
        """The attempt is over."""
        if self._left_out:
            self._say(f"  … and {self._left_out:,} more lines")

    def _show(self, text: str) -> None:
        if self._shown >= MAX_LINES:
            self._left_out += 1
            return
        self._shown += 1
        self._say(text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…")
