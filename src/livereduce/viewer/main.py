"""``python -m livereduce.viewer JOB``: reads the stream along, and answers what is asked on standard input."""

import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from livereduce.base.errors import ExitCode
from livereduce.base.extras import how_to_install
from livereduce.messages.receiver import RECEIVER_FD
from livereduce.messages.views import REFUSED, ViewerJob, decode_viewer_job, encode_view_refusal, view_frame

if TYPE_CHECKING:
    from livereduce.viewer.looking import Looking

MEMORY_BYTES = 1 << 30
"""Limit of memory of its own; what is mapped of the receiver's does not count."""
OOM_SCORE = 1000
"""If memory runs out anyway, this process is ended first."""

log = logging.getLogger("livereduce.viewer")


def main(arguments: Sequence[str]) -> int:
    """Look at the run until nobody asks any more, or the receiver is gone; return the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the page, which ends this process
    answers = os.dup(1)
    os.dup2(2, 1)  # libraries may print, which must not get into the answers
    try:
        job, receiver = _begun_with(arguments)
        _limit()
        code = _made(job, receiver, answers).look()
    except (ValueError, OSError, ImportError) as error:
        with suppress(OSError):
            os.write(answers, view_frame(REFUSED, encode_view_refusal(409, _why(error))))
        log.warning("%s", _why(error))
        code = ExitCode.UNUSABLE
    os._exit(code)  # nothing is to be saved, and the interpreter's own shutdown takes its time


def _begun_with(arguments: Sequence[str]) -> tuple[ViewerJob, int]:
    """The job, and the descriptor of the connection to the receiver."""
    fd = os.environ.pop(RECEIVER_FD, "")
    if len(arguments) != 1 or not fd.isdecimal():
        raise ValueError("a viewer is started by who asks it, with a job and a connection to the receiver")
    os.set_inheritable(int(fd), False)
    return decode_viewer_job(arguments[0]), int(fd)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def _made(job: ViewerJob, receiver: int, answers: int) -> "Looking":
    from livereduce.viewer.looking import Looking

    return Looking(job, receiver, questions=0, answers=answers)


def _why(error: Exception) -> str:
    if isinstance(error, ImportError) and not (error.name or "").startswith("livereduce"):
        cure = how_to_install("builtin", sys.executable)
        return f"the detector cannot be shown: {error} (in {sys.executable}); install what is missing: {cure}"
    return f"the detector cannot be shown: {error}"
