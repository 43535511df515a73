"""Workers that ended and were followed by others, with the reasons: kept over restarts of the daemon.

A file of JSON lines in the state directory. A line is written at once, with the last ones of what the worker printed;
a line that a power cut or a full disk has torn is passed over. Nothing in here raises: the history is for people, and
a service that reduces well must not end for want of it.
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
"""The file is cut back to as many when it has twice as many."""
LAST_WORDS = 10
LONGEST_WORD = 200
LONGEST_REASON = 1000
"""Characters; a line of the file is then below 20 kB whatever is in it."""
MAX_BYTES = 8 << 20
"""More than the longest possible file; of a longer one, which is not ours, only the end is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartEntry:
    """One end of a worker; `restart` is the part of it that the snapshot shows.

    Attributes
    ----------
    code
        Exit code, negative for a signal; None if the worker never came up.
    last_words
        The last lines of its output, oldest first.
    """

    restart: Restart
    code: int | None = None
    last_words: tuple[str, ...] = ()


def append(state_dir: Path, entry: RestartEntry) -> bool:
    """Add an entry; whether it is on disk. False (disk full, no permission) is for the caller to say."""
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
    """The newest entries, at most `most`, oldest first; none where there is no file or it cannot be read."""
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
    """The contents, or the end of too long ones; empty if there is no file."""
    try:
        with open_regular(path, follow_link=False) as fd:
            return os.pread(fd, MAX_BYTES, max(0, os.fstat(fd).st_size - MAX_BYTES))
    except FileNotFoundError:
        return b""


def _cut_back(path: Path) -> None:
    """Keep the newest; by rename, so that a reader never sees half a file. Where there is no room, the next time."""
    entries = read(path.parent, KEPT)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(fresh, b"".join(map(_encode, entries)), os.O_TRUNC)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _write(path: Path, data: bytes, how: int) -> None:
    """Write all of it or raise: a disk that fills up takes a part without complaint."""
    # without O_NONBLOCK a FIFO under this name would hold the daemon
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | how, 0o644)
    try:
        if os.write(fd, data) < len(data):
            raise OSError("no room for all of it")
    finally:
        os.close(fd)
