"""``python -m livereduce.receiver JOB.json``: reads the job, opens the stream, and holds it until told to exit."""

import os
import resource
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.extras import how_to_install
from livereduce.child.beats import Beats
from livereduce.child.orders import Orders, begin, refuse_debuggers
from livereduce.child.setup import CRASHED, inherited_fd, leave_soon, prepare_process, read_job, unusable
from livereduce.messages.beat import Phase
from livereduce.messages.job import BEAT_FD, ORDER_FD
from livereduce.messages.receiver import ATTACH_FD, ReceiverJob, decode_receiver_job
from livereduce.messages.recorder import TAP_FD

if TYPE_CHECKING:
    from livereduce.receiver.receiving import Receiver


def main(arguments: Sequence[str]) -> int:
    """Receive until told to exit; return the exit code."""
    prepare_process()
    try:
        beat_fd, order_fd, attach_fd, tap_fd = (
            inherited_fd(name) for name in (BEAT_FD, ORDER_FD, ATTACH_FD, TAP_FD)
        )  # fmt: skip
        if attach_fd is None:
            raise OperatorError("a receiver is started by the daemon, which gives it readers")
        job = read_job(arguments, decode_receiver_job)
    except OperatorError as error:
        return unusable(error)
    orders = begin(order_fd)
    refuse_debuggers()
    _raise_descriptor_limit()
    code = CRASHED
    try:
        code = _receive(job, Beats(beat_fd), orders, attach_fd, tap_fd)
    finally:
        leave_soon(code)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # the interpreter's own shutdown takes seconds on a busy machine, and there is nothing to save


def _receive(job: ReceiverJob, beats: Beats, orders: Orders, attach_fd: int, tap_fd: int | None) -> int:
    beats.phase(Phase.STARTING)
    try:
        receive = _loaded(beats.doing)
        taps = socket.socket(fileno=tap_fd) if tap_fd is not None else None
        receiver = receive(job, socket.socket(fileno=attach_fd), beats, taps)
    except OperatorError as error:
        return unusable(error)
    try:
        while not orders.leave.is_set():
            if orders.trim.is_set():
                orders.trim.clear()
                receiver.free_consumed()
            receiver.poll()
        beats.phase(Phase.STOPPING)
    finally:
        receiver.close()
    return ExitCode.OK


def _loaded(say: Callable[[str], object]) -> "type[Receiver]":
    """Import what receives, after the first beat: that takes a moment. `say` is told of compiling.

    Raises
    ------
    OperatorError
        Something that it needs is not installed.
    """
    # Before its first kernel numba imports scipy, for linear algebra that no kernel here needs: a third of a second.
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        from livereduce.receiver.receiving import Receiver
        from livereduce.stream.compiling import tell_of_compiling
    except ImportError as error:
        if (error.name or "").startswith("livereduce"):
            raise
        cure = how_to_install("builtin", sys.executable)
        raise OperatorError(
            f"the receiver needs numpy and numba: {error} (in {sys.executable}); install them: {cure}"
        ) from None
    tell_of_compiling(say)
    return Receiver


def _raise_descriptor_limit() -> None:
    """Allow as many descriptors as the system lets us: each segment that is held takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
