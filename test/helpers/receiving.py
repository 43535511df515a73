"""A receiver as a process of its own, and readers of what it holds, in the test's."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from livereduce.messages.job import ORDER_FD
from livereduce.messages.receiver import ATTACH_FD, Attach, ReaderKind, ReceiverJob, encode_note, encode_receiver_job
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import EventBatch, Item, RunEnded

PATIENCE_S = 50.0


@dataclass(frozen=True, slots=True)
class RunningReceiver:
    """A receiver, as the daemon has it."""

    process: subprocess.Popen[bytes]
    attach: socket.socket
    orders: int

    def reader(self, name: str = "a test", kind: ReaderKind = ReaderKind.WORKER) -> HeldSource:
        """A new reader; a worker begins where a new worker does."""
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            socket.send_fds(self.attach, [encode_note(Attach(reader=name, kind=kind))], [its.fileno()])
        return HeldSource(mine.detach())


@contextmanager
def receiving(url: str, folder: Path, *, held_limit_bytes: int | None = None) -> Iterator[RunningReceiver]:
    """``python -m livereduce.receiver`` on a URL; told to exit at the end."""
    job = folder / "receiver.json"
    job.write_text(
        encode_receiver_job(
            ReceiverJob(
                number=1,
                source=url,
                state_dir=str(folder),
                mark=str(folder / "mark"),
                held_limit_bytes=held_limit_bytes,
            )
        )
    )
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    orders_its, orders = os.pipe()
    environ = os.environ | {ATTACH_FD: str(its.fileno()), ORDER_FD: str(orders_its)}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "livereduce.receiver", str(job)],
        env=environ,
        pass_fds=(its.fileno(), orders_its),
    )
    its.close()
    os.close(orders_its)
    try:
        yield RunningReceiver(process, mine, orders)
    finally:
        os.close(orders)
        mine.close()
        process.wait(PATIENCE_S)


def until_events(source: HeldSource) -> list[Item]:
    """The first items up to some events."""
    items: list[Item] = []
    deadline = time.monotonic() + PATIENCE_S
    while not any(isinstance(item, EventBatch) and len(item.tof_ns) for item in items):
        assert time.monotonic() < deadline, f"no events come; the last is {items[-1:]}"
        items += source.read(1.0)
    return items


def until_run_ends(source: HeldSource, run: int) -> list[Item]:
    """All items up to the end of a run."""
    items: list[Item] = []
    deadline = time.monotonic() + PATIENCE_S
    while not any(isinstance(item, RunEnded) and item.run == run for item in items):
        assert time.monotonic() < deadline, f"run {run} does not end; the last is {items[-1:]}"
        items += source.read(1.0)
    return items
