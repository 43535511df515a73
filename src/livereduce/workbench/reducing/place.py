"""The temporary folder of a task; folders that killed tasks have left are removed by the next one."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from livereduce.base import lock

PREFIX = "livereduce-reduce-"
_NEW = ".new-"


@contextmanager
def temporary_place() -> Iterator[Path]:
    """A folder that is gone afterwards; its lock, held meanwhile, tells it from one whose process was killed.

    Raises
    ------
    OSError
        It cannot be made.
    """
    base = Path(tempfile.gettempdir())
    remove_left(base)
    new = Path(tempfile.mkdtemp(prefix=_NEW + PREFIX, dir=base))
    folder = new.with_name(new.name.removeprefix(_NEW))
    try:
        held = lock.take(new / lock.FILE_NAME)
        try:
            yield new.rename(folder)  # only now others look at it: its lock is held
        finally:
            os.close(held)
    finally:
        for place in (new, folder):
            shutil.rmtree(place, ignore_errors=True)


def remove_left(base: Path) -> None:
    """Remove this user's folders of tasks whose processes are gone."""
    for folder in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            seen = folder.lstat()
            if stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid() and _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    return lock.holder(folder / lock.FILE_NAME).held is False
