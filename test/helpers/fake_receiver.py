"""A receiver for the daemon's tests: keeps the contract of `livereduce.messages.receiver`, receives nothing.

Run as ``python fake_receiver.py MODE JOB``; the mode says how it misbehaves. Who was attached is written to the state
directory.
"""

import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from livereduce.child.orders import die_with_parent
from livereduce.child.setup import register_dump
from livereduce.messages.beat import Beat, Phase, encode_beat
from livereduce.messages.job import BEAT_FD, ORDER_FD, PROBLEM_PREFIX
from livereduce.messages.marks import Marker, MarkStage
from livereduce.messages.progress import Progress
from livereduce.messages.receiver import (
    ATTACH_FD,
    MAX_NOTE_BYTES,
    ReceiverJob,
    decode_attach,
    decode_receiver_job,
)

BEAT_S = 0.02


def main(mode: str, job: ReceiverJob) -> int:
    if mode == "receiver stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"fake receiver: {mode}, number {job.number}, {len(job.suspects)} suspects", flush=True)
    print("WARNING livereduce.stream: a record of the stream", flush=True)
    register_dump(os.environ)
    die_with_parent()
    if mode == "receiver refuse":
        print(f"{PROBLEM_PREFIX}no such stream", file=sys.stderr)
        return 78
    marker = Marker(Path(job.mark))
    marker.data(MarkStage.DECODE, 7, 5, 6)
    if mode == "receiver crash":
        return 1
    return receive(mode, job)


def receive(mode: str, job: ReceiverJob) -> int:
    beats, orders = int(os.environ[BEAT_FD]), int(os.environ[ORDER_FD])
    attach = socket.socket(fileno=int(os.environ[ATTACH_FD]))
    os.set_blocking(beats, False)
    readers: list[socket.socket] = []
    seq = 0
    while True:
        seq += 1
        with suppress(BlockingIOError):
            os.write(beats, encode_beat(Beat(seq=seq, phase=Phase.WAITING, progress=Progress())))
        if mode == "receiver silent once" and job.number == 1 and readers:
            while True:
                signal.pause()
        if mode == "receiver nonsense":
            os.write(beats, b"nonsense\n")
        waited: list[int | socket.socket] = [orders, attach]
        ready = select.select(waited, [], [], BEAT_S)[0]
        if attach in ready:
            message, descriptors, _, _ = socket.recv_fds(attach, MAX_NOTE_BYTES, 1)
            if message:
                readers.append(socket.socket(fileno=descriptors[0]))
                with suppress(OSError):  # it may be gone already
                    readers[-1].send(f"from receiver {job.number}".encode())
                with Path(job.state_dir, "attached").open("a") as file:
                    file.write(f"{decode_attach(message).reader} to receiver {job.number}\n")
        if orders in ready:
            order = os.read(orders, 100)
            if not order:
                return 70
            if order.endswith(b"stop\n") and mode not in ("receiver deaf", "receiver stubborn"):
                Path(job.state_dir, "receiver_stopped").touch()
                return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], decode_receiver_job(Path(sys.argv[2]).read_text())))
