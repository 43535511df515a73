"""Segments that were given up, and are still in use by readers who were told of them: how much, and since when.

A reader that is stopped hears nothing, so it keeps what it has mapped. That cannot be taken from it, but it can be
seen: a lease on a file (fcntl(2), F_SETLEASE) is granted only if nobody else has it open or mapped.
"""

import fcntl
import os
import signal
from dataclasses import dataclass

from livereduce.stream.held.segments import SharedSegment

LOOK_S = 1.0
"""Time between two looks."""
LINGERS_S = 60.0
"""A reader that is alive drops what it is told is gone when it reads the next time, after a script that runs."""


@dataclass(frozen=True, slots=True)
class _GivenUp:
    fd: int
    used: int
    since_s: float


class GivenUp:
    """Segments that were given up after readers that are no workers were told of them.

    One thread adds and looks; others may ask for `lingers`.

    Attributes
    ----------
    lingers
        Bytes that have been in use for too long.
    """

    def __init__(self) -> None:
        self.lingers = 0
        self._segments: list[_GivenUp] = []
        self._due_s = 0.0

    def add(self, segment: SharedSegment, used: int, now: float) -> None:
        """Give up a segment; what is left of it here is a descriptor, to ask by."""
        try:
            fd = os.open(f"/proc/self/fd/{segment.fd}", os.O_RDONLY | os.O_CLOEXEC)  # another than readers were given
        except OSError:  # out of descriptors: then nobody knows
            segment.forget()
            return
        segment.forget()
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)  # who opens it while we ask must not end us
        self._segments.append(_GivenUp(fd, used, now))

    def look(self, now: float) -> None:
        """Look which of them are in use, if it is time to."""
        if now < self._due_s:
            return
        self._due_s = now + LOOK_S
        left = []
        for one in self._segments:
            if _is_in_use(one.fd):
                left.append(one)
            else:
                os.close(one.fd)
        self._segments = left
        self.lingers = sum(one.used for one in left if now - one.since_s >= LINGERS_S)

    def close(self) -> None:
        """Ask no more."""
        for one in self._segments:
            os.close(one.fd)
        self._segments = []


def _is_in_use(fd: int) -> bool:
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        return True
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
