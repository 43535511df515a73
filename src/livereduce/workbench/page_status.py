"""What the status page shows of attempts: a snapshot as the daemon writes it, and the lock that says who is there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce import __version__
from livereduce.base import lock
from livereduce.messages.progress import Progress
from livereduce.messages.status import FILE_NAME, ScriptSeen, StateWord, Status, iso, write_status
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import ScriptFile
from livereduce.workbench.attempts.attempt import Attempted

WHAT = "livereduce try"


def status_of(
    resolved: Resolved,
    started: datetime,
    at: datetime,
    progress: Progress | None,
    attempted: Attempted | None,
    problems: tuple[str, ...] = (),
) -> Status:
    """The snapshot: of what keeps attempts from being made, of the attempt that goes on, or of the last one."""
    is_of_file = resolved.source_ends or resolved.engine == "mantid"  # to which one is played
    status = Status(
        state=StateWord.RUNNING,
        why=f"{WHAT}: an attempt goes on",
        since=iso(started),
        pid=os.getpid(),
        started=iso(started),
        updated=iso(at),
        version=__version__,
        instrument=resolved.instrument.name,
        engine=resolved.engine,
        interpreter=resolved.interpreter,
        proc=_seen(resolved.scripts.proc),
        post_proc=_seen(resolved.scripts.post_proc),
        products_dir=str(resolved.state_dir / "products"),
        warnings=resolved.warnings,
        progress=_without_age(progress) if progress and is_of_file else progress,
    )
    if problems:
        why = f"{WHAT}: waiting for the next save: {'; '.join(problems)}"
        return replace(status, state=StateWord.DEGRADED, why=why, problems=problems)
    if attempted is None:
        return status
    bad = attempted.died or ("a script has failed" if attempted.failed else "")
    word = StateWord.DEGRADED if bad else StateWord.RUNNING
    why = f"{WHAT}: {bad or 'the last attempt is over'}"
    failure = attempted.failure
    return replace(status, state=word, why=why, problems=(bad,) if bad else (), script_failure=failure)


def _without_age(progress: Progress) -> Progress:
    """A file may be years old, and is not behind anything."""
    return replace(progress, source=replace(progress.source, data_age_s=None))


def tell(runtime_dir: Path, status: Status) -> None:
    """Replace the snapshot.

    Raises
    ------
    OSError
        The directory cannot be written.
    """
    write_status(runtime_dir / FILE_NAME, status)


@contextmanager
def present(runtime_dir: Path, configuration: Path) -> Iterator[None]:
    """Hold the lock, as a daemon does."""
    runtime_dir.mkdir(parents=True, exist_ok=True)
    fd = lock.take(runtime_dir / lock.FILE_NAME, str(configuration))
    try:
        yield
    finally:
        os.close(fd)


def _seen(script: ScriptFile | None) -> ScriptSeen | None:
    return None if script is None else ScriptSeen(path=str(script.path), md5=script.md5)
