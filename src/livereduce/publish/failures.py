"""The error boundary around publishing: a failure is stored and logged, and the reduction goes on."""

import logging
import math
import os
import re
import time
from collections.abc import Callable

LOG_WINDOW_S = 60.0

logger = logging.getLogger("livereduce.publish")


class Failures:
    """Last failure of each kind.

    Attributes
    ----------
    now
        The problem of each kind that has not succeeded since.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: dict[str, tuple[str, float]] = {}
        self.now: dict[str, str] = {}

    def contain(self, kind: str, act: Callable[[], object]) -> bool:
        """Run something that must not end the reduction; return True if it succeeded."""
        try:
            act()
        except Exception as error:
            logger.debug("%s", kind, exc_info=True)
            self.note(kind, plain(error))
            return False
        self.note(kind, "")
        return True

    def note(self, kind: str, problem: str) -> None:
        """Record the outcome of a kind (empty: success); the same problem is logged once per window."""
        before = self.now.pop(kind, "")
        if not problem:
            if before:
                logger.info("%s works again", kind)
            return
        self.now[kind] = problem
        same, at_s = self._logged.get(kind, ("", -math.inf))
        text = re.sub(r"\d+", "", problem)  # the next run has the same problem under another number
        if text != same or self._clock() - at_s >= LOG_WINDOW_S:
            self._logged[kind] = (text, self._clock())
            logger.error("%s failed: %s", kind, problem)


def plain(error: Exception) -> str:
    """One line for an error: the system's message, not the half page that a library makes of it."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) + (f": {error.filename}" if error.filename else "")
    return f"{type(error).__name__}: {error}"
