"""``python -m livereduce.recorder JOB.json``: reads the job, and writes what receivers give it until told to exit."""

import os
import socket
import sys
import time
from collections.abc import Sequence

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.processes import give_way
from livereduce.child.beats import Beats
from livereduce.child.orders import Orders, begin
from livereduce.child.setup import CRASHED, inherited_fd, leave_soon, prepare_process, read_job, unusable
from livereduce.messages.beat import Phase
from livereduce.messages.job import BEAT_FD, ORDER_FD
from livereduce.messages.recorder import TAP_FD, RecorderJob, decode_recorder_job

NICE, OOM_SCORE = 5, 300
"""Receiver and worker go first: what the recorder has no time for waits in its ring, and at worst is a gap."""
REST_S = 1.0
"""Time for what is left when it is told to exit; the daemon waits a little longer."""


def main(arguments: Sequence[str]) -> int:
    """Record until told to exit; return the exit code."""
    prepare_process()
    try:
        beat_fd, order_fd, tap_fd = (inherited_fd(name) for name in (BEAT_FD, ORDER_FD, TAP_FD))
        if tap_fd is None:
            raise OperatorError("a recorder is started by the daemon; alone it is: livereduce record URL --out DIR")
        job = read_job(arguments, decode_recorder_job)
    except OperatorError as error:
        return unusable(error)
    orders = begin(order_fd)
    code = CRASHED
    try:
        code = _record(job, Beats(beat_fd), orders, socket.socket(fileno=tap_fd))
    finally:
        leave_soon(code)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # as in the receiver: there is nothing to save


def _record(job: RecorderJob, beats: Beats, orders: Orders, sockets: socket.socket) -> int:
    beats.phase(Phase.STARTING)
    give_way(NICE, OOM_SCORE)
    # As in the receiver: numba would import scipy, for linear algebra that no kernel here needs.
    sys.modules["scipy"] = None  # type: ignore[assignment]
    from livereduce.recorder.recording import POLL_S, Recorder

    recorder = Recorder(job, sockets)
    try:
        while not orders.leave.is_set():
            recorder.poll(POLL_S)
            beats.phase(Phase.WAITING, recorder.progress())
        beats.phase(Phase.STOPPING)
        until_s = time.monotonic() + REST_S
        while recorder.poll(0.0) and time.monotonic() < until_s:  # what was received before the order
            pass
    finally:
        recorder.close()
    return ExitCode.OK
