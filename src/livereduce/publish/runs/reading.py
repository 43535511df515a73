"""Read the files of a run table; what has not changed since the last time is not read again."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from livereduce.publish.runs import earlier
from livereduce.publish.runs.row import LastValue, RunRow, RunWithProducts, last_values
from livereduce.publish.runs.scripts import script_set_id
from livereduce.publish.runs.table import ReducedAgain, RunTable, run_table
from livereduce.publish.trends.trends import FILE_NAME as TRENDS
from livereduce.publish.trends.trends import read_trends

MAX_BESIDE = 5000
"""Most runs that were reduced again."""
FileMark = tuple[int, int, int]
"""Identity of a file: time, size and inode, which a rename changes; zeros: there is none."""


class RunTables:
    """The run table of a folder of products, as often as it is asked for, from any thread.

    Attributes
    ----------
    folder
        The folder of the products.
    beside
        The folder of runs that were reduced again, a folder for each, as ``livereduce reduce`` writes it; None if there
        is none.
    """

    def __init__(self, folder: Path, beside: Path | None = None) -> None:
        self.folder, self.beside = folder, beside
        self._read: dict[Path, tuple[FileMark, Any]] = {}
        self._lock = threading.Lock()

    def table(self, kept: Sequence[RunWithProducts], *, is_up: bool, most: int | None = None) -> RunTable:
        """Make the table; arguments as of `livereduce.publish.runs.table.run_table`."""
        with self._lock:
            known, self._read = self._read, {}
            metrics = {run.run: self._metrics(run.run, known) for run in kept if run.run}
            path = self.folder / earlier.FILE_NAME
            rows: tuple[RunRow, ...] = self._unless_read(path, lambda _: earlier.read_earlier(self.folder), known) or ()
            again = [self._unless_read(one, _reduced_again, known) for one in self._trends_beside()]
        return run_table(kept, metrics, rows, [one for one in again if one], is_up=is_up, most=most)

    def _trends_beside(self) -> list[Path]:
        """The trends of the runs that were reduced again."""
        try:
            found = sorted(self.beside.iterdir()) if self.beside else []
        except OSError:
            return []
        return [one / TRENDS for one in found[:MAX_BESIDE]]

    def version(self, kept: Sequence[RunWithProducts]) -> str:
        """A text that differs when the table may differ; reads no file."""
        paths = [self.folder / earlier.FILE_NAME, *(self.folder / str(run.run) / TRENDS for run in kept)]
        paths += self._trends_beside()
        marks = repr([kept, [_mark(path) for path in paths]])
        return hashlib.md5(marks.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    def _metrics(self, run: int, known: dict[Path, tuple[FileMark, Any]]) -> tuple[LastValue, ...]:
        found = self._unless_read(self.folder / str(run) / TRENDS, lambda path: last_values(read_trends(path)), known)
        return found or ()

    def _unless_read(self, path: Path, read: Callable[[Path], Any], known: dict[Path, tuple[FileMark, Any]]) -> Any:
        """What a file holds; None if it does not exist, or is broken: then its values are missing in the table."""
        mark, before = _mark(path), known.get(path)
        if not any(mark):
            return None
        if before is None or before[0] != mark:
            try:
                before = (mark, read(path))
            except (OSError, ValueError):
                before = (mark, None)
        self._read[path] = before
        return before[1]


def _reduced_again(path: Path) -> ReducedAgain | None:
    found = read_trends(path)
    if found is None:
        return None
    return ReducedAgain(run=found.run, scripts=script_set_id(found.scripts) or "again", metrics=last_values(found))


def _mark(path: Path) -> FileMark:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino
