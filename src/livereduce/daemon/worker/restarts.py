"""History of restarts: workers that ended and were followed by others, with the reasons; kept across daemon restarts.

A file of JSON lines in the state directory. Each line is written at once, with the worker's last output; a line that is
torn by a power cut or a full disk is skipped. Nothing in here raises: the history is for people, and its loss must not
end a service that reduces well.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.files import open_regular
from livereduce.messages.status import Restart

FILE_NAME = "restarts.jsonl"
KEPT = 200
"""The file is cut back to this many entries when it has twice as many."""
LAST_WORDS = 10
LONGEST_WORD = 200
LONGEST_REASON = 1000
"""Most characters of a text; a line of the file is then below 20 kB whatever is in it."""
MAX_BYTES = 8 << 20
"""More than the longest possible file; of a longer file, which is not ours, only the end is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartEntry:
    """One end of a worker; `restart` is the part that the snapshot shows.

    Attributes
    ----------
    code
        Exit code, negative for a signal; None if the worker never started.
    last_words
        The last lines of its output, oldest first.
    """

    restart: Restart
    code: int | None = None
    last_words: tuple[str, ...] = ()


def append(state_dir: Path, entry: RestartEntry) -> bool:
    """Add an entry; return True if it is on disk. The caller reports False (disk full, no permission)."""
    path = state_dir / FILE_NAME
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        before = _tail(path)
        torn = bool(before) and not before.endswith(b"\n")
        line = b"\n" * torn + _encode(entry)
        _write(path, line, os.O_APPEND)
    except OSError:
        return False
    if before.count(b"\n") + 1 >= 2 * KEPT or len(before) + len(line) >= MAX_BYTES:
        _cut_back(path)
    return True


def read(state_dir: Path, most: int = KEPT) -> tuple[RestartEntry, ...]:
    """The newest entries, at most `most`, oldest first; empty if there is no file or it cannot be read."""
    try:
        lines = _tail(state_dir / FILE_NAME).splitlines()
    except OSError:
        return ()
    entries: list[RestartEntry] = []
    for line in reversed(lines):
        if len(entries) == most:
            break
        with suppress(ValueError):
            entries.append(_decode(line))
    return tuple(reversed(entries))


def _encode(entry: RestartEntry) -> bytes:
    body = {
        "at": entry.restart.at,
        "generation": entry.restart.generation,
        "code": entry.code,
        "reason": entry.restart.reason[:LONGEST_REASON],
        "last_words": [word[:LONGEST_WORD] for word in entry.last_words[-LAST_WORDS:]],
    }
    return json.dumps(body).encode() + b"\n"


def _decode(line: bytes) -> RestartEntry:
    try:
        body = json.loads(line)
        restart = Restart(at=str(body["at"]), reason=str(body["reason"]), generation=int(body["generation"]))
        code = None if body["code"] is None else int(body["code"])
        return RestartEntry(restart=restart, code=code, last_words=tuple(map(str, body["last_words"])))
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not an entry of the history: {line[:80]!r}") from error


def _tail(path: Path) -> bytes:
    """Contents of the file, or only the end if it is too long; empty if there is no file."""
    try:
        with open_regular(path, follow_link=False) as fd:
            return os.pread(fd, MAX_BYTES, max(0, os.fstat(fd).st_size - MAX_BYTES))
    except FileNotFoundError:
        return b""


def _cut_back(path: Path) -> None:
    """Keep the newest entries; by rename, so that a reader never sees half a file.

    Tried again later if the disk is full.
    """
    entries = read(path.parent, KEPT)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(fresh, b"".join(map(_encode, entries)), os.O_TRUNC)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _write(path: Path, data: bytes, how: int) -> None:
    """Write all of it or raise: a disk that fills up takes a part without an error."""
    # without O_NONBLOCK a FIFO of this name would block the daemon
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | how, 0o644)
    try:
        if os.write(fd, data) < len(data):
            raise OSError("no room for all of it")
    finally:
        os.close(fd)
