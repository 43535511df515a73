"""Mark in the worker's output which script prints: its output comes between two tags.

The tags take the same way as the output, so that their order is right whatever is buffered on the other side. A script
that prints such tags itself can only make people believe that the other script has printed.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from livereduce.messages.beat import encode_speaker

_fd: int | None = None


def speak_through(fd: int) -> None:
    """Write tags to this descriptor from now on; until then there are none."""
    global _fd
    _fd = fd


@contextmanager
def speaking(md5: str) -> Iterator[None]:
    """Mark the output during this call as that of the script with this md5."""
    _tag(md5)
    try:
        yield
    finally:
        _tag("")


def _tag(md5: str) -> None:
    if _fd is None:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a script may have replaced it by anything
            stream.flush()
    with suppress(OSError):
        _mend_streams(_fd)
        os.write(_fd, encode_speaker(md5))


def _mend_streams(fd: int) -> None:
    """Reopen streams that a script has closed: otherwise the next file would get the number, and the output."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            if number:
                os.dup2(fd, number)
            else:
                os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), number)
