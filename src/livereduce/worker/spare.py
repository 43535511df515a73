"""Stand by: a worker with everything of the builtin engine imported and no script in it, until it is given a job."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.waiting import is_readable
from livereduce.child.beats import Beats
from livereduce.child.orders import Orders
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job, decode_job
from livereduce.messages.progress import Progress
from livereduce.messages.receiver import MAX_NOTE_BYTES, SPARE_READY, decode_adopt

BEAT_S = 1.0

Load = Callable[[Callable[[str], object]], object]


def stand_by(adopt_fd: int, load: Load, beats: Beats, orders: Orders) -> tuple[Job, int] | None:
    """Load everything, then wait for a job; return it with the socket to the receiver, or None if told to leave.

    In the phase `Phase.STARTING` until it has a job, whatever it does: it is no worker yet.

    Raises
    ------
    OperatorError
        What came is no job that can be read.
    """
    beats.phase(Phase.STARTING)
    load(beats.doing)
    with socket.socket(fileno=adopt_fd) as daemon:
        while not orders.leave.is_set():
            beats.phase(Phase.STARTING, Progress(doing=SPARE_READY))
            if is_readable(daemon, BEAT_S):
                adopted = _adopted(daemon)
                beats.phase(Phase.STARTING, Progress())
                return adopted
    return None


def _adopted(daemon: socket.socket) -> tuple[Job, int] | None:
    message, descriptors, _, _ = socket.recv_fds(daemon, MAX_NOTE_BYTES, 1)
    for fd in descriptors:
        os.set_inheritable(fd, False)  # what scripts start must not get it
    if not message:  # the daemon has closed it
        return None
    try:
        path = Path(decode_adopt(message).job)
        return decode_job(path.read_text(encoding="utf-8")), descriptors[0]
    except (OSError, ValueError, IndexError) as error:
        raise OperatorError(f"a spare worker was given no job that it can use: {error}") from None
