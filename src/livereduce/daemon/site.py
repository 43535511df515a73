"""Where the daemon is at home: the configuration as judged last, the runtime directory, and the lock in there."""

import fcntl
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from livereduce.config import Config, read_file
from livereduce.daemon.vocabulary import Judged
from livereduce.environment import look_at_host
from livereduce.errors import OperatorError
from livereduce.resolve import Resolved, resolve, survey
from livereduce.status import FILE_NAME, runtime_directory


class Held(OperatorError):
    """Another daemon has the lock of this runtime directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at configuration and scripts has found, as far as it could be read."""

    config: Config
    runtime_dir: Path
    problems: tuple[str, ...] = ()
    resolved: Resolved | None = None

    @property
    def judged(self) -> Judged:
        """The fact for the policy; its fingerprint is the same for the same settings and the same bytes of scripts."""
        seen = hashlib.md5(repr((self.problems, self.resolved)).encode(), usedforsecurity=False)
        return Judged(fingerprint=seen.hexdigest(), problems=self.problems, silence_s=self.config.limits_s)


def look(path: Path | None) -> Found:
    """Read and judge, anew, the configuration and all it leads to."""
    cwd = Path.cwd()
    reading = read_file(path)
    seen = survey(reading.config, look_at_host(os.environ, cwd), reading.bad_keys)
    found = Found(
        config=reading.config,
        runtime_dir=runtime_directory(seen, os.environ, cwd),
        problems=(*reading.problems, *seen.problems),
    )
    if found.problems:
        return found
    try:
        return replace(found, resolved=resolve(reading.config, os.environ, cwd))
    except OperatorError as error:  # it has changed in this moment
        return replace(found, problems=error.problems)


class Site:
    """The newest `Found`, and the lock on its runtime directory (no lock: it cannot be written, `found` says why)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.found = look(path)
        self._lock: tuple[Path, int] | None = None
        self._move()

    @property
    def status_path(self) -> Path | None:
        """Where the snapshot goes, if anywhere."""
        return self._lock[0] / FILE_NAME if self._lock else None

    def look(self) -> Judged:
        """Look again."""
        self.found = look(self.path)
        try:
            self._move()
        except Held as error:
            self._add_problems(*error.problems)
        return self.found.judged

    def _move(self) -> None:
        """Lock the runtime directory, which may be another one since the last look."""
        runtime_dir = self.found.runtime_dir
        if self._lock and self._lock[0] == runtime_dir:
            return
        try:
            lock = (runtime_dir, _lock(runtime_dir))
        except OSError as error:
            self._add_problems(f"runtime directory {runtime_dir} cannot be written: {error.strerror}")
            return
        if self.status_path:
            self.status_path.unlink(missing_ok=True)  # nobody will write there any more
        self.leave()
        self._lock = lock

    def leave(self) -> None:
        """Give the lock back."""
        if self._lock:
            os.close(self._lock[1])
            self._lock = None

    def _add_problems(self, *problems: str) -> None:
        self.found = replace(self.found, problems=(*self.found.problems, *problems))


def _lock(runtime_dir: Path) -> int:
    """The descriptor that holds the lock; the kernel drops it with the process, however that ends.

    The file itself is never removed: of two who wait, one would lock the old file and the other a new one.
    """
    runtime_dir.mkdir(parents=True, exist_ok=True)
    fd = os.open(runtime_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(fd, 100).decode(errors="replace").strip() or "pid unknown"
        os.close(fd)
        raise Held(f"another livereduce ({holder}) runs with runtime directory {runtime_dir}") from None
    with suppress(OSError):  # who holds it is for people; a full disk must not stop the service
        os.ftruncate(fd, 0)
        os.write(fd, f"pid {os.getpid()}\n".encode())
    return fd
