"""A worker for the daemon's tests: keeps the contract of `livereduce.messages.beat`, reduces nothing.

Run as ``python fake_worker.py MODE JOB``; the mode says how it misbehaves. With ``--spare`` for the job it stands by.
"""

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from livereduce.base.rss import own_bytes
from livereduce.child.setup import register_dump
from livereduce.messages.beat import Beat, Phase, encode_beat
from livereduce.messages.job import BEAT_FD, ORDER_FD, PROBLEM_PREFIX, Job, decode_job
from livereduce.messages.progress import MemoryProgress, Progress, RunProgress, SourceProgress, TotalProgress
from livereduce.messages.receiver import ADOPT_FD, MAX_NOTE_BYTES, SPARE, SPARE_READY, decode_adopt

BEAT_S = 0.02

PLAIN = encode_beat(Beat(seq=1 << 40, phase=Phase.WAITING, progress=Progress()))
FORGED = {
    "text": b"hello\n",
    "deep": b"[" * 4000 + b"\n",
    "long": b"x" * 4096,
    "huge": PLAIN.replace(b'"events":0', b'"events":' + b"9" * 400),
    "infinite": PLAIN.replace(b'"silent_s":0.0', b'"silent_s":1e999'),
    "nan": PLAIN.replace(b'"proc_s":0.0', b'"proc_s":NaN'),
    "negative": PLAIN.replace(b'"silent_s":0.0', b'"silent_s":-1e9'),
    "wrong type": PLAIN.replace(b'"events":0', b'"events":[]'),
    "wrong kind of errors": PLAIN.replace(b'"last_errors":{}', b'"last_errors":{"proc":7}'),
    "missing": PLAIN.replace(b'"events":0,', b""),
    "backwards": PLAIN.replace(b'"seq":1099511627776', b'"seq":1'),
    "ahead": PLAIN,
}
"""What a script might write to the beat pipe, by what is wrong with it."""


def main(mode: str, job: Job) -> int:
    print(f"fake worker: {mode}, generation {job.generation}")
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "refuse" and job.proc and b"good" not in Path(job.proc.copy).read_bytes():
        print(f"{PROBLEM_PREFIX}a bad script", file=sys.stderr)
        return 78
    if mode == "crash once" and job.generation == 1:
        subprocess.Popen(["sleep", "600"])  # what a script leaves behind
        print("about to crash")
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "compile":
        beat = Beat(seq=1, phase=Phase.STARTING, progress=Progress(doing="compiling kernels"))
        os.write(int(os.environ[BEAT_FD]), encode_beat(beat))
        os.read(int(os.environ[ORDER_FD]), 1)
    if mode == "crash":
        return 1
    register_dump(os.environ)
    if mode == "silent once" and job.generation == 1:
        return work(obeys=True, job=job, silent_after=3)
    if mode in ("grow", "swell"):
        return work(obeys=True, job=job, grow_bytes=(2 if mode == "grow" else 60) << 20)
    if mode == "pensive":
        return work(obeys=True, job=job, silent_after=3, until_asked=True)
    if mode == "leave once" and job.generation == 1:
        return 0
    what = mode.removeprefix("forge ")
    forged = FORGED[what] if what in FORGED else FORGED["text"] if what == "once" else b""
    return work(
        obeys=mode not in ("deaf", "stubborn"),
        job=job,
        forged=forged,
        forged_until=2 if what == "once" else 0,
        fails=mode == "fail",
    )


def work(
    *,
    obeys: bool,
    job: Job,
    silent_after: int | None = None,
    until_asked: bool = False,
    grow_bytes: int = 0,
    forged: bytes = b"",
    forged_until: int = 0,
    fails: bool = False,
    first_seq: int = 0,
) -> int:
    asked: list[int] = []
    held: list[bytes] = []
    if until_asked:
        signal.signal(signal.SIGUSR1, lambda number, _: asked.append(number))
    beats, orders = int(os.environ[BEAT_FD]), int(os.environ[ORDER_FD])
    os.set_blocking(beats, False)
    seq = first_seq
    while True:
        seq += 1
        if job.keep_events and grow_bytes:
            held.append(b"x" * grow_bytes)
        if forged and (not forged_until or seq < forged_until):
            os.write(beats, forged)
        while seq == silent_after and not asked:
            signal.pause()
        errors = {"proc": "p.py:1: NameError"} if fails else {}
        progress = Progress(
            last_errors=errors,
            run=RunProgress(number=7),
            total=TotalProgress(chunks=seq, events=1000 * seq),
            source=SourceProgress(connected=True),
            memory=MemoryProgress(rss_bytes=own_bytes(), held_bytes=sum(map(len, held))),
        )
        with suppress(BlockingIOError):
            os.write(beats, encode_beat(Beat(seq=seq, phase=Phase.WAITING, progress=progress)))
        if select.select([orders], [], [], BEAT_S)[0]:
            order = os.read(orders, 100)
            if not order:
                Path(job.state_dir, "parent_gone").touch()
                return 70
            for line in order.split():
                print(f"fake worker: told to {line.decode()}", flush=True)
            if order.endswith(b"recycle\n"):
                return 75
            if order == b"renew\n" and obeys:
                Path(job.state_dir, "renewed").touch()
                return 75
            if order == b"stop\n" and obeys:
                Path(job.state_dir, "stopped_in_order").touch()
                return 0


def stand_by(mode: str) -> tuple[Job, socket.socket]:
    """Wait for a job as a spare does; return it with the socket to the receiver."""
    if mode == "spare crash":
        sys.exit("the spare crashes")
    beats, orders = int(os.environ[BEAT_FD]), int(os.environ[ORDER_FD])
    daemon = socket.socket(fileno=int(os.environ[ADOPT_FD]))
    os.write(beats, encode_beat(Beat(seq=1, phase=Phase.STARTING, progress=Progress())))
    if mode != "spare slow":
        os.write(beats, encode_beat(Beat(seq=2, phase=Phase.STARTING, progress=Progress(doing=SPARE_READY))))
    waited: list[int | socket.socket] = [orders, daemon]
    if orders in select.select(waited, [], [])[0]:
        sys.exit(0 if os.read(orders, 100) else 70)
    message, descriptors, _, _ = socket.recv_fds(daemon, MAX_NOTE_BYTES, 1)
    if not message:
        sys.exit(70)
    return decode_job(Path(decode_adopt(message).job).read_text()), socket.socket(fileno=descriptors[0])


if __name__ == "__main__":
    what = sys.argv[1]
    if sys.argv[2] == SPARE:
        job, link = stand_by(what)
        print(f"a spare got the job, and a line {link.recv(100).decode()}", flush=True)
        sys.exit(work(obeys=True, job=job, first_seq=100))
    sys.exit(main(what, decode_job(Path(sys.argv[2]).read_text())))
