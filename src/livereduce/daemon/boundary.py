"""Error boundary of a tick's parts: a bug in one part skips neither the other parts nor the next tick."""

import logging
import time
from collections.abc import Callable

FAILURE_WINDOW_S = 60.0

log = logging.getLogger("livereduce.daemon")


class Boundary:
    """Counts exceptions in a part of a tick, and logs them once per window and part.

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
        """Run a part of a tick; its exceptions do not get out."""
        try:
            act()
        except Exception:
            self.failed = True
            self._count += 1
            now = time.monotonic()
            if now - self._told_at.get(part, float("-inf")) >= FAILURE_WINDOW_S:
                self._told_at[part] = now
                log.exception(
                    "internal error in the daemon (%s; %d errors so far); the daemon keeps running", part, self._count
                )
