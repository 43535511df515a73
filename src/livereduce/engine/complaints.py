"""Tell the author of a script what of its reports is not usable: in the log, and in the status."""

import logging
import time
from collections.abc import Callable, Sequence

from livereduce.base.contained import WINDOW_S
from livereduce.scripting.reporting.report import Complaint

logger = logging.getLogger("livereduce.engine")

REPORTED = "reported"
"""Key of the newest complaint among the errors of the status."""
MAX_PLACES = 200
"""Most places in scripts that are remembered."""


def no_events_yet(*, spares: bool) -> str:
    """The addition to an error of a script that was given data without events; `spares`: ``skip_empty`` is set."""
    return " (no events yet)" if spares else ' (no events yet; "skip_empty": true spares scripts such data)'


class ComplaintLog:
    """Logs complaints: those about one line of a script once per window, that something was changed only once.

    Attributes
    ----------
    newest
        The newest complaint of the last cycle, with file and line; empty if it gave no reason to.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_s: dict[tuple[str, int, bool], float] = {}
        self.newest = ""

    def take(self, run: int, complaints: Sequence[Complaint]) -> None:
        """Take the complaints of a cycle."""
        for one in complaints:
            if self._is_due(one):
                logger.log(logging.INFO if one.is_note else logging.WARNING, "run %d: %s", run, one)
        self.newest = next((str(one) for one in reversed(complaints) if not one.is_note), "")

    def _is_due(self, one: Complaint) -> bool:
        place, now = (one.file, one.line, one.is_note), self._clock()
        said_s = self._said_s.get(place)
        if said_s is not None and (one.is_note or now - said_s < WINDOW_S):
            return False
        if len(self._said_s) >= MAX_PLACES:
            self._said_s.clear()
        self._said_s[place] = now
        return True
