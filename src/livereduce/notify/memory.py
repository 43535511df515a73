"""The file with what was told, in the state directory of the configuration, and the lock that says whose it is."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from livereduce.base import lock
from livereduce.base.errors import OperatorError
from livereduce.base.files import replace_file
from livereduce.notify.remembered import FILE_NAME, Remembered, encode_remembered, read_remembered
from livereduce.preflight.services import service_of
from livereduce.preflight.status_files import find_products

LOCK_NAME = "notify.lock"

log = logging.getLogger("livereduce.notify")


class Memory:
    """Reads the file once, and writes it when something has changed; without a state directory nothing is kept.

    Raises
    ------
    OperatorError
        Another process sends for this configuration already.
    """

    def __init__(self, path: Path | None, environ: Mapping[str, str], cwd: Path) -> None:
        self._folder = _folder(path, environ, cwd)
        self._lock_fd = _locked(self._folder) if self._folder else -1
        self._complained = ""
        self.kept = self._read() if self._folder else Remembered()

    def close(self) -> None:
        """Release the lock."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)

    def keep(self, now: Remembered) -> None:
        """Write, if this is something else than before."""
        if self._folder is None or now == self.kept:
            return
        try:
            replace_file(self._folder / FILE_NAME, encode_remembered(now))
        except OSError as error:
            self._complain(f"{self._folder / FILE_NAME} cannot be written: {error.strerror or error}")
        else:
            self.kept, self._complained = now, ""

    def _read(self) -> Remembered:
        assert self._folder is not None
        try:
            return read_remembered(self._folder / FILE_NAME)
        except FileNotFoundError:
            return Remembered()
        except (OSError, ValueError) as error:
            self._complain(f"what was told before is not known: {error}")
            return Remembered()

    def _complain(self, what: str) -> None:
        if what != self._complained:
            log.warning("%s; after a restart things may be told again", what)
        self._complained = what


def _folder(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The state directory of the configuration; None if there is none that can be written."""
    places = [folder.parent for folder in find_products(path, environ, cwd)]
    if service_of(path, environ, cwd) is None:  # the others are of a service with another configuration
        places = places[:1]
    found = next((one for one in places if one.is_dir() and os.access(one, os.W_OK | os.X_OK)), None)
    if found is None:
        shown = " nor ".join(map(str, places)) or "it is not known"
        log.warning("the state directory is not there or cannot be written (%s): nothing is remembered", shown)
    return found


def _locked(folder: Path) -> int:
    path = folder / LOCK_NAME
    try:
        return lock.take(path)
    except BlockingIOError:
        who = lock.holder(path).who
        raise OperatorError(f"another livereduce notify ({who}) already sends for this configuration") from None
    except OSError as error:
        log.warning("%s: %s; make sure that no other livereduce notify runs for this configuration", path, error)
        return -1
