"""The files that the values come from, looked at again and again; what has not changed is not read again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce.base.files import Mark, mark_of
from livereduce.publish.trends.trends import FILE_NAME, Trends, read_trends
from livereduce.pvs.records import PvFacts
from livereduce.pvs.run_now import run_now
from livereduce.seen.locations import find_places, look
from livereduce.seen.scan import SeenFiles, scan

FIND_EVERY_S = 5.0
"""How often to look for the files themselves while the daemon is down: its directories may have changed."""


class PvReader:
    """Reads the files of one configuration. One thread at a time; a file server that hangs holds it up.

    Parameters
    ----------
    configuration
        None for the default one.
    """

    def __init__(
        self,
        configuration: Path | None,
        update_every_s: float,
        environ: Mapping[str, str],
        cwd: Path,
        *,
        skip_empty: bool = False,
    ) -> None:
        self._environ, self._cwd = environ, cwd
        self._update_every_s, self._skip_empty = update_every_s, skip_empty
        (self._place,) = find_places([configuration], environ, cwd)
        self._seen = SeenFiles()
        self._found_unix_s = float("-inf")
        self._trends: tuple[Path, Mark, Trends | None] | None = None

    def look(self, now: datetime) -> PvFacts:
        """What the files say now."""
        if self._seen.down and abs(now.timestamp() - self._found_unix_s) >= FIND_EVERY_S:
            self._found_unix_s = now.timestamp()
            name, files = look(self._place.configuration, self._environ, self._cwd)
            self._place = replace(self._place, name=name, status_files=files)
        seen = self._seen = scan(self._place, self._seen, now)
        run = run_now(seen.status, seen.live.index)
        return PvFacts(
            status=seen.status,
            down=seen.down,
            index=seen.live.index,
            trends=self._trends_of(Path(seen.live.folder), run.number) if run.listed else None,
            update_every_s=self._update_every_s,
            skip_empty=self._skip_empty,
        )

    def _trends_of(self, folder: Path, run: int) -> Trends | None:
        """The metrics of a run; those read last if the file cannot be read now."""
        path, known = folder / str(run) / FILE_NAME, self._trends
        if known is not None and known[0] != path:
            known = None
        try:
            mark = mark_of(path)
            if known is None or known[1] != mark:
                known = path, mark, read_trends(path)
        except FileNotFoundError:
            known = None
        except (OSError, ValueError):  # broken, or on its way: the next look finds it whole
            pass
        self._trends = known
        return known[2] if known else None
