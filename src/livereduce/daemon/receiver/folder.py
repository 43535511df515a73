"""Folders of receivers in the state directory: the job of each, and its mark."""

from pathlib import Path

from livereduce.daemon.numbered import delete_oldest, new_folder
from livereduce.daemon.worker.suspects import RECEIVERS_STAGES, read_suspects
from livereduce.messages.marks import FILE_NAME as MARK_FILE
from livereduce.messages.receiver import ReceiverJob, encode_receiver_job
from livereduce.preflight.resolve import Resolved


def make_receiver_folder(resolved: Resolved, held_limit_bytes: int | None) -> tuple[ReceiverJob, Path]:
    """Write the job of a new receiver in a folder of its own; delete the oldest folders.

    Returns
    -------
    The job, and its file: the receiver's one argument.

    Raises
    ------
    OSError
        The state directory cannot be written.
    """
    receivers = resolved.state_dir / "receivers"
    number, folder = new_folder(receivers)
    job = ReceiverJob(
        number=number,
        source=resolved.source,
        state_dir=str(resolved.state_dir),
        mark=str(folder / MARK_FILE),
        suspects=tuple(one for one in read_suspects(resolved.state_dir) if one.stage in RECEIVERS_STAGES),
        held_limit_bytes=held_limit_bytes,
    )
    path = folder / "job.json"
    path.write_text(encode_receiver_job(job))
    delete_oldest(receivers)
    return job, path
