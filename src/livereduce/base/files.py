"""Files that others share: replaced as a whole, and opened with care.

A reader of a replaced file sees the old contents or the new ones, never half. A path that others can write to may be
anything by the time it is opened: a FIFO without a writer, a device, a directory, a terabyte of zeros.
"""

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from livereduce.base.processes import process_exists

READABLE_BY_ALL = 0o644
"""Mode of files for the page and for people. Set explicitly: a script can change the umask of its process."""
Mark = tuple[int, int, int]
"""Identity of a file: time, size and inode, which a rename changes."""


def mark_of(path: Path) -> Mark:
    """The identity of a file.

    Raises
    ------
    OSError
        There is none.
    """
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


@contextmanager
def open_regular(path: Path, *, follow_link: bool = True) -> Iterator[int]:
    """Open a regular file for reading; anything else is refused without blocking.

    O_NONBLOCK keeps a FIFO without a writer from blocking the caller, and the type is asked of the open descriptor: the
    file at a path may change between a check and the opening.

    Parameters
    ----------
    follow_link
        False for files that this service writes: they are never links, and a link there was made by somebody else and
        may lead to a file that only we may read.

    Raises
    ------
    OSError
        It cannot be opened, or is not a regular file; `strerror` says which.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        fd = os.open(path, flags if follow_link else flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.EINVAL, "not a regular file", str(path)) from None
        raise
    try:
        if not S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield fd
    finally:
        os.close(fd)


def read_bounded(fd: int, most_bytes: int) -> bytes:
    """Read the contents of an open regular file.

    Raises
    ------
    OSError
        It holds more than `most_bytes` (EFBIG, also while it grows), or cannot be read.
    """
    size = os.fstat(fd).st_size
    pieces: list[bytes] = []
    if size <= most_bytes:
        left = most_bytes + 1
        while left and (piece := os.read(fd, min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
        if left:
            return b"".join(pieces)
        size = most_bytes + 1
    raise OSError(errno.EFBIG, too_long(size, most_bytes))


def read_regular(path: Path, most_bytes: int, *, follow_link: bool = True) -> bytes:
    """Read a regular file of bounded size.

    Raises
    ------
    OSError
        As `open_regular` and `read_bounded`.
    """
    with open_regular(path, follow_link=follow_link) as fd:
        return read_bounded(fd, most_bytes)


def too_long(size: int, most_bytes: int) -> str:
    """The end of a sentence about a file that is too long."""
    shown = in_bytes(size)
    return f"too long ({shown if shown != in_bytes(most_bytes) else f'{size} bytes'}, at most {in_bytes(most_bytes)})"


def in_bytes(size: int) -> str:
    """Format a size for people: ``17 bytes``, ``1 MiB``, ``55.9 GiB``."""
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.4g} {unit}"
    return f"{size} bytes"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside a file, for a new one that takes its place, with a rename, when the block ends without an error.

    Raises
    ------
    OSError
        The directory cannot be written; the old file is unchanged, and nothing is left beside it.
    """
    fresh = unfinished_path(path)
    fresh.unlink(missing_ok=True)
    try:
        yield fresh
        fresh.chmod(READABLE_BY_ALL)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def write_all(fd: int, data: memoryview | bytes) -> None:
    """Write everything: one call of write(2) may take a part.

    Raises
    ------
    OSError
        It could not be written, or not all of it.
    """
    left = memoryview(data).cast("B")
    while left:
        left = left[os.write(fd, left) :]


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file by these bytes, with a rename; everybody may read it.

    Raises
    ------
    OSError
        As `replacing`.
    """
    # "x": never into something that somebody else has put under this name, such as a FIFO
    with replacing(path) as fresh, fresh.open("xb") as file:
        file.write(data)


def make_folder(path: Path) -> None:
    """Make a directory and its parents, readable by everybody, whatever the umask is.

    Raises
    ------
    OSError
        It cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        folder.chmod(0o755)


def unfinished_path(path: Path) -> Path:
    """Temporary path of this process for a file that it will replace: beside it, hidden, with the pid in its name."""
    return path.with_name(f".{path.name}.{os.getpid()}")


_UNFINISHED = re.compile(r"\..+\.(?P<pid>[1-9]\d{0,9}|tmp)")
OLD_S = 3600.0
"""A temporary file older than an hour is left over, even if a process with its pid lives: the number was reused."""


def sweep(folder: Path) -> int:
    """Remove temporary files that killed writers have left in a folder; return how many. Never raises."""
    swept = 0
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in entries:
        named = _UNFINISHED.fullmatch(entry.name)
        with suppress(OSError):
            if named and not entry.is_dir(follow_symlinks=False) and not _is_being_written(entry, named["pid"]):
                os.unlink(entry.path)  # noqa: PTH108 (what scandir has given is no Path)
                swept += 1
    return swept


def _is_being_written(entry: "os.DirEntry[str]", pid: str) -> bool:
    if pid == "tmp":  # from versions before November 2026
        return False
    if not process_exists(int(pid)):
        return False
    age_s = time.time() - entry.stat(follow_symlinks=False).st_mtime
    return int(pid) != os.getpid() and age_s < OLD_S
