"""Stack dumps of a worker that hangs: requested by SIGUSR1 and stored in files for people.

The worker's faulthandler writes to a descriptor that it had from the start. This handler in C needs neither the
interpreter's lock nor memory, so it answers even from a loop in C code that holds the lock. The descriptor is an
unnamed temporary file and not a pipe, which nobody would empty in time: deep stacks of many threads are more than a
pipe holds, and the handler would block. A worker that is never asked leaves no file behind.
"""

import logging
import os
import signal
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from livereduce.scripting.compiling import FUNCTION

DIRECTORY = "dumps"
KEPT = 20
MAX_BYTES = 1 << 20
"""faulthandler stops at 100 threads of 100 frames each; anything longer was not written by it."""

log = logging.getLogger("livereduce.daemon")


class Stacks:
    """The file that one worker writes its stacks to; opened before the worker, which inherits the descriptor.

    Attributes
    ----------
    fd
        Passed on to the worker under the name `livereduce.messages.job.DUMP_FD`.

    Raises
    ------
    OSError
        There is no place for temporary files; a worker without this writes its stacks to its output.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the worker)
        self.fd = self._file.fileno()
        self._asked_at = 0

    def ask(self, pid: int) -> None:
        """Ask a worker that is not reaped yet for its stacks; `answer` returns them.

        Only the worker, not its group: SIGUSR1 would kill processes that scripts have started.
        """
        self._asked_at = os.fstat(self.fd).st_size
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR1)

    def answer(self) -> str:
        """Stacks written since the last `ask`; empty if nothing came, as from a process that is stopped.

        It takes milliseconds, but nothing marks the end: read it when the next step of the ladder is due.
        """
        return os.pread(self.fd, MAX_BYTES, self._asked_at).decode(errors="backslashreplace")

    def close(self) -> None:
        """Close the file, which also deletes it."""
        self._file.close()


def dump_path(state_dir: Path, generation: int, at: datetime) -> Path:
    """Path of a dump; in UTC, so that names sort by time even when the clock goes back an hour in autumn."""
    return state_dir / DIRECTORY / f"{generation:06d}-{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z.txt"


def save_dump(state_dir: Path, generation: int, at: datetime, why: str, stacks: str) -> Path | None:
    """Save stacks with the reason why they were asked for; the oldest files beyond `KEPT` are deleted.

    Returns
    -------
    The file; None if it could not be written, or there are no stacks: then the caller logs that.
    """
    if not stacks:
        return None
    path = dump_path(state_dir, generation, at)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # first, because it may free the space that is needed
        for old in superfluous(sorted(path.parent.glob("*.txt"))):
            old.unlink(missing_ok=True)
        path.write_text(f"generation {generation}, {at.isoformat()}: {why}\n\n{stacks}", errors="backslashreplace")
    except OSError:
        with suppress(OSError):
            path.unlink()  # half a dump would be taken for a whole one
        return None
    return path


def log_dump(path: Path | None, stacks: str, who: str = "worker") -> None:
    """Log where the stacks of an unresponsive process are; without a file, the stacks themselves."""
    if path:
        shows = where_it_stood(stacks) or "not known"
        log.error("the stack traces of the unresponsive %s are in %s; it was at: %s", who, path, shows)
    else:
        unsaved = f", or they could not be saved: {stacks}" if stacks else ""
        log.error("no stack traces of the unresponsive %s%s", who, unsaved)


def superfluous(dumps: list[Path]) -> list[Path]:
    """The files, of those given oldest first, that must go before one more is written."""
    return dumps[: max(0, len(dumps) - (KEPT - 1))]


def where_it_stood(stacks: str) -> str:
    """The innermost line of the thread that runs a script, else of the main one; empty if neither is among the stacks.

    One line, for log and status. faulthandler writes the most recent call first and the main thread last; Mantid runs
    the scripts in a thread of its own.
    """
    threads = stacks.split("(most recent call first):\n")
    in_script = (thread for thread in threads if f" in {FUNCTION}\n" in thread)
    first_line = next(in_script, threads[-1]).partition("\n")[0].strip()
    return first_line if first_line.startswith("File ") else ""


def line_of_script(stacks: str) -> str:
    """The line of the script itself, which its author can correct, even if a library it called was at work.

    Where no script runs, the same as `where_it_stood`.
    """
    lines = (line.strip() for line in stacks.splitlines())
    return next((line for line in lines if line.endswith(f" in {FUNCTION}")), "") or where_it_stood(stacks)
