"""Keep the trends of the current run, and write them beside its products."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from livereduce.base.files import make_folder, replace_file
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends, read_trends
from livereduce.scripting.reporting.report import ReportedMetric

logger = logging.getLogger("livereduce.publish")


class TrendRecorder:
    """Writes ``<products>/<run>/trends.json`` at each result for which a script has reported something.

    A worker that starts in the middle of a run replays it from its start. If it is the same run (number and first
    pulse) with the same scripts, the trends of the earlier worker are continued, and values of fewer events are
    repeats.

    Parameters
    ----------
    folder
        Folder of the products.
    scripts
        The md5 of proc and post_proc.
    """

    def __init__(self, folder: Path, scripts: tuple[str, ...]) -> None:
        self._folder = folder
        self._scripts = scripts
        self._trends: Trends | None = None
        self._told_events = -1

    def record(self, run: int, began_unix_s: float, at: Exposure, reported: Sequence[ReportedMetric]) -> None:
        """Record the values reported with a result that holds `at` of a run that began at this time.

        Raises
        ------
        OSError
            The file cannot be written; the values are kept and written with the next ones.
        """
        trends = self._trends
        # A late pulse may be older than the first one so far; a later beginning means run 0 again.
        if trends is None or trends.run != run or trends.began_unix_s < began_unix_s:
            trends = self._trends = self._begin(run, began_unix_s)
        if not reported or at.events <= self._told_events:
            return
        self._trends = add_reported(trends, reported, at)
        if self._trends.left_out != trends.left_out:
            logger.warning("run %d has too many metrics; left out: %s", run, ", ".join(self._trends.left_out))
        self._told_events = -1  # from here on all values are new
        self._write(self._trends)

    def _begin(self, run: int, began_unix_s: float) -> Trends:
        path = self._folder / str(run) / FILE_NAME
        with suppress(OSError, ValueError):  # a broken file costs only its own values
            found = read_trends(path)
            if found and (found.run, found.began_unix_s, found.scripts) == (run, began_unix_s, self._scripts):
                told = [trend.points[-1].at.events for trend in found.metrics.values() if trend.points]
                self._told_events = max(told, default=-1)
                return found
        with suppress(OSError):
            path.unlink(missing_ok=True)
        self._told_events = -1
        return Trends(run=run, began_unix_s=began_unix_s, scripts=self._scripts)

    def _write(self, trends: Trends) -> None:
        path = self._folder / str(trends.run) / FILE_NAME
        make_folder(path.parent)
        replace_file(path, encode_trends(trends, time.time()).encode())
