"""Snapshots of a daemon in few words, by a clock that is told."""

from datetime import UTC, datetime

from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress
from livereduce.messages.status import StateWord, Status

BEGIN = 1_000_000.0


def at(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat()


def status(
    state: StateWord = StateWord.RUNNING,
    *,
    since: float = BEGIN,
    updated: float = BEGIN,
    run_state: RunState = RunState.RUNNING,
    dark_since: float | None = None,
    last_result: float | None = None,
    run: int = 41,
) -> Status:
    return Status(
        state=state,
        why=f"because of {state}",
        since=at(since),
        pid=1,
        started=at(BEGIN),
        updated=at(updated),
        version="2",
        instrument="PG3",
        last_result="" if last_result is None else at(last_result),
        progress=Progress(
            run=RunProgress(number=run, state=run_state), source=SourceProgress(no_beam_since=dark_since)
        ),
    )
