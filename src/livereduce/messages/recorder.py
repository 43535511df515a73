"""What passes between the daemon and its recorder: a job, and sockets.

Receiver and recorder each have a socket of the daemon's as `TAP_FD`. For each pair of them the daemon makes a pair of
sockets, and sends one end to each (`livereduce.stream.recording.ring` is what the two then say).
"""

import json
from dataclasses import asdict, dataclass

from livereduce.base.fields import checked

TAP_FD = "LIVEREDUCE_TAP_FD"
"""Environment variable with the number of that socket; a receiver without it has no recorder."""

NOTE = b"recorder"
"""The message that a socket comes with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderJob:
    """Everything that a recorder needs; written by the daemon as JSON.

    Attributes
    ----------
    directory
        Where the folders of runs are.
    instrument
        Short name, for their names.
    source
        URL of the stream, for their index.
    keep_runs, keep_bytes
        How much is kept at most.
    """

    directory: str
    instrument: str
    source: str
    keep_runs: int
    keep_bytes: int


def encode_recorder_job(job: RecorderJob) -> str:
    """Encode the job as JSON text."""
    return json.dumps(asdict(job), indent=2)


def decode_recorder_job(text: str) -> RecorderJob:
    """Decode the job of a JSON text.

    Raises
    ------
    ValueError
        Not a recorder's job.
    """
    try:
        return checked(RecorderJob, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a job of a recorder: {error}") from None
