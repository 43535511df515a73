"""Signs of life from the work loop to the daemon: full snapshots on a pipe that may be full, broken or absent."""

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace

from livereduce.messages.beat import Beat, Phase, Progress, encode_beat

log = logging.getLogger("livereduce.worker")

SHORTEST_S = 0.05
"""Within a phase not more than 20 beats a second: an engine that polls fast must not spend its time on beats."""


class Beats:
    """Sends a beat at each change of phase, and progress at a bounded rate; never waits.

    Mantid's scripts run in a thread of Mantid's: a change of phase may come from there.

    Parameters
    ----------
    fd
        The pipe to the daemon; None when run by hand: then beats go nowhere.
    """

    def __init__(self, fd: int | None) -> None:
        if fd is not None:
            os.set_blocking(fd, False)
        self._fd = fd
        self._pipe = _identity(fd) if fd is not None else None
        self._seq = 0
        self._sent_s = 0.0
        self._phase = Phase.STARTING
        self._progress = Progress()
        self._lock = threading.Lock()

    def phase(self, phase: Phase, progress: Progress | None = None) -> None:
        """The work loop enters a phase, or is still in it, having got so far; this is the `beat` of engines."""
        with self._lock:
            news = progress is not None and _news(progress) != _news(self._progress)
            self._progress = progress or self._progress
            changed = phase != self._phase or not self._seq
            if (
                changed and progress is None and self._progress.silent_s
            ):  # what was silent in the phase before is so no more
                self._progress = replace(self._progress, silent_s=0.0)
            self._phase = phase
            self._send(at_once=changed or news)

    def doing(self, what: str) -> None:
        """Say what takes long while the worker starts; later there are other signs of what it does."""
        with self._lock:
            if self._phase is not Phase.STARTING:
                return
            if what != self._progress.doing:
                log.info("%s", what)
            news, self._progress = what != self._progress.doing, replace(self._progress, doing=what)
            self._send(at_once=news)

    def progress(self, progress: Progress) -> None:
        """The work loop has got so far, in the phase it was last in; what somebody waits for is told at once."""
        with self._lock:
            news = _news(progress) != _news(self._progress)
            self._progress = progress
            self._send(at_once=news)

    def _send(self, *, at_once: bool = False) -> None:
        now_s = time.monotonic()
        if self._fd is None or (not at_once and now_s - self._sent_s < SHORTEST_S):
            return
        self._seq += 1
        self._sent_s = now_s
        beat = encode_beat(Beat(seq=self._seq, phase=self._phase, progress=self._progress))
        # A script may have closed the descriptor, and then its number means a file of the script.
        if _identity(self._fd) != self._pipe:
            leave("a script closed the worker's status pipe: the worker exits")
            return
        # A full pipe means a slow daemon, a broken one that it is gone: the first loses a beat, the second is the
        # business of `worker.orders`.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, beat)


def _identity(fd: int) -> tuple[int, int] | None:
    """What tells an open file from another; None if the descriptor is closed."""
    try:
        facts = os.fstat(fd)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def leave(why: str) -> None:
    """End this process at once: nobody can know any more whether it works."""
    log.error("%s", why)
    os._exit(1)


def _news(progress: Progress) -> tuple[object, ...]:
    """What is worth a beat of its own: the next thing may be the end of the process, or a step without an end."""
    return progress.last_errors, progress.source_connected, progress.source_reason, progress.run
