"""A directory that the daemon owns: locked, cleaned up, and created again if somebody removes it."""

import errno
import logging
import os
from pathlib import Path

from livereduce.base import lock
from livereduce.base.errors import OperatorError
from livereduce.base.files import sweep

NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})
"""Errors of a file system without locks."""

_GONE = {
    "runtime": "nothing is lost",
    "state": "the products of earlier runs are gone with it; the present run is written again with its next result",
}
"""What the removal of a directory costs, by its kind."""

log = logging.getLogger("livereduce.daemon")


class Held(OperatorError):
    """Another daemon has the lock of a directory."""


class Home:
    """One of the daemon's directories and its lock; it can move to another directory.

    Parameters
    ----------
    kind
        ``runtime`` or ``state``.
    name
        Name of the lock file.

    Attributes
    ----------
    folder
        None while there is no directory, or it cannot be written.
    """

    def __init__(self, kind: str, name: str) -> None:
        self._kind, self._name = kind, name
        self._fd = -1
        self._told = ""
        self.folder: Path | None = None

    def move(self, folder: Path, configuration: str) -> bool:
        """Lock a directory and release the one before; return True if the directory is another one.

        Raises
        ------
        Held
            Another daemon has it; the lock on the directory before is kept.
        OSError
            The directory cannot be written; the lock on the directory before is kept.
        """
        if folder == self.folder:
            return False
        fd = self._taken(folder, configuration)
        self.leave()
        self.folder, self._fd = folder, fd
        for place in (folder, *_inside(folder)):
            sweep(place)
        return True

    def hold(self, configuration: str) -> None:
        """Take the lock again if its file is gone; what fails now is tried again the next time.

        Raises
        ------
        Held
            Another daemon was faster.
        """
        if self.folder is None or (self._fd >= 0 and lock.is_there(self.folder / self._name, self._fd)):
            return
        if self._fd < 0 and self.folder.is_dir():  # on a file system without locks
            return
        try:
            fd = self._taken(self.folder, configuration)
        except OSError as error:
            self._tell(f"{self.folder} was removed and cannot be recreated: {error.strerror}")
            return
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._told = fd, ""
        log.error("%s was removed: creating it again; %s", self.folder, _GONE[self._kind])

    def leave(self) -> None:
        """Release the lock."""
        if self._fd >= 0:
            os.close(self._fd)
        self.folder, self._fd = None, -1

    def _taken(self, folder: Path, configuration: str) -> int:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self._name
        try:
            return lock.take(path, configuration)
        except BlockingIOError:
            raise Held(lock.in_use(self._kind, folder, lock.holder(path).who)) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            self._tell(f"{folder}: its file system does not support locks; make sure that no other livereduce uses it")
            return -1

    def _tell(self, what: str) -> None:
        if what != self._told:
            self._told = what
            log.warning("%s", what)


def _inside(folder: Path) -> list[Path]:
    try:
        return [place for place in folder.iterdir() if place.is_dir() and not place.is_symlink()]
    except OSError:
        return []
