"""Files that lie where scripts can write: only a real one is opened, no link to elsewhere and no pipe to wait for."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


def require_real(path: Path) -> None:
    """Refuse what is no regular file.

    Raises
    ------
    OSError
        It is a link, a pipe or something else; or there is nothing.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError("not a regular file")


def open_real(path: Path) -> tuple[int, BinaryIO]:
    """Size of a regular file, and the file to read from.

    Raises
    ------
    OSError
        As `require_real`; or it cannot be read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise OSError("not a regular file")
    return found.st_size, os.fdopen(fd, "rb")
