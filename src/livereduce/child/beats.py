"""Beats from the work loop to the daemon: full snapshots on a pipe that may be full, broken or absent."""

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace

from livereduce.messages.beat import Beat, Phase, encode_beat
from livereduce.messages.progress import Progress

log = logging.getLogger("livereduce.worker")

SHORTEST_S = 0.05
"""Within a phase at most 20 beats a second: an engine that polls fast must not spend its time on beats."""


class Beats:
    """Sends a beat at each change of phase, and progress at a bounded rate; never blocks.

    Mantid runs scripts in a thread of its own: a change of phase may come from there.

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
        """Report that the work loop enters a phase, or is still in it; engines call this as `beat`."""
        with self._lock:
            news = progress is not None and _news(progress) != _news(self._progress)
            self._progress = progress or self._progress
            changed = phase != self._phase or not self._seq
            if changed and progress is None and self._progress.silent_s:  # the silence of the phase before has ended
                self._progress = replace(self._progress, silent_s=0.0)
            self._phase = phase
            self._send(at_once=changed or news)

    def doing(self, what: str) -> None:
        """Report what takes long while the worker starts or waits; while scripts run, phases tell that."""
        with self._lock:
            if self._phase not in (Phase.STARTING, Phase.WAITING):
                return
            if what != self._progress.doing:
                log.info("%s", what)
            news, self._progress = what != self._progress.doing, replace(self._progress, doing=what)
            self._send(at_once=news)

    def progress(self, progress: Progress) -> None:
        """Report progress within the present phase; important news is sent at once."""
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
        # A script may have closed the descriptor; its number may then belong to a file of the script.
        if _identity(self._fd) != self._pipe:
            leave("a script closed the worker's status pipe: the worker exits")
            return
        # A full pipe means a slow daemon: a beat is lost. A broken one means that the daemon is gone: `worker.orders`
        # acts.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, beat)


def _identity(fd: int) -> tuple[int, int] | None:
    """Identity of an open file; None if the descriptor is closed."""
    try:
        facts = os.fstat(fd)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def leave(why: str) -> None:
    """End this process at once: it can no longer report whether it works."""
    log.error("%s", why)
    os._exit(1)


def _news(progress: Progress) -> tuple[object, ...]:
    """The values whose change is worth a beat of its own.

    Next the process may die, or a step may never end; or somebody waits for just this.
    """
    source = progress.source
    return progress.last_errors, source.connected, source.reason, source.ended, progress.run.number
