"""Contained errors: bugs that cost a packet or a chunk, not the worker; counted, logged once per window."""

import logging
import time
from collections.abc import Callable

WINDOW_S = 60.0
"""Least time between two logged tracebacks: the cause may be in every packet of a stream."""


class Contained:
    """Counts the exceptions that one error boundary has stopped.

    Attributes
    ----------
    count
        Number of exceptions since the beginning.
    last
        The newest: what was given up, and why.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger, self._clock = logger, clock
        self._logged_s = float("-inf")
        self.count = 0
        self.last = ""

    def note(self, what: str, error: Exception) -> str:
        """Count an exception, inside its ``except`` block, and log it with its traceback if that is due.

        Parameters
        ----------
        what
            What was given up, such as ``"1 packet (byte 4096: 0x8101 v0)"``.

        Returns
        -------
        `last`.
        """
        self.count += 1
        self.last = f"internal error, {what} left out: {type(error).__name__}: {error}"
        if self._clock() - self._logged_s >= WINDOW_S:
            self._logged_s = self._clock()
            self._logger.error("%s (%d so far)", self.last, self.count, exc_info=error)
        return self.last
