"""The containment of the parts of a tick: a fault of ours in one of them skips neither the others nor the next tick."""

import logging
import time
from collections.abc import Callable

FAILURE_WINDOW_S = 60.0

log = logging.getLogger("livereduce.daemon")


class Boundary:
    """Counts what fails inside of it, and logs it once in a while for each part.

    Attributes
    ----------
    failed
        Something has failed since this was last set to False.
    """

    def __init__(self) -> None:
        self.failed = False
        self._count = 0
        self._told_at: dict[str, float] = {}

    def contain(self, part: str, act: Callable[[], object]) -> None:
        """Do a part of a tick; whatever it raises stays here."""
        try:
            act()
        except Exception:
            self.failed = True
            self._count += 1
            now = time.monotonic()
            if now - self._told_at.get(part, float("-inf")) >= FAILURE_WINDOW_S:
                self._told_at[part] = now
                log.exception(
                    "internal error in the daemon (%s; %d errors so far); the daemon goes on", part, self._count
                )
