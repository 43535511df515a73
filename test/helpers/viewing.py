"""Viewers on receivers and pages, and what numpy counts of the same events."""

import base64
import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from helpers.receiving import RunningReceiver
from livereduce.messages.receiver import Attach, ReaderKind, encode_note
from livereduce.messages.regions import Region, RegionKind
from livereduce.messages.views import Question, ViewerJob
from livereduce.preflight.viewing import ViewerProcess
from livereduce.stream.items import EventBatch, Item

BINS_US = (0.0, 100.0, 16_700.0)
JOB = ViewerJob(instrument="POWDER", tof_bins_us=BINS_US)


@contextmanager
def viewing(receiver: RunningReceiver, job: ViewerJob = JOB) -> Iterator[ViewerProcess]:
    """A viewer on a receiver; nothing of it stays."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with mine, its:
        note = encode_note(Attach(reader="a viewer", kind=ReaderKind.VIEWER))
        socket.send_fds(receiver.attach, [note], [its.fileno()])
        viewer = ViewerProcess.started(job, mine)
    try:
        yield viewer
    finally:
        viewer.end()


def asked(viewer: ViewerProcess, question: Question) -> Any:
    return json.loads(viewer.ask(question))


def by_pixels(name: str, pixels: str, *, tof_us: tuple[float, float] | None = None) -> Region:
    low, high = tof_us or (None, None)
    return Region(name=name, kind=RegionKind.PIXELS, pixels=pixels, tof_min_us=low, tof_max_us=high)


def counts_of(body: Any) -> np.ndarray[Any, Any]:
    """The picture of an answer, row after row."""
    found = np.frombuffer(base64.b64decode(body["counts"]), "<f4")
    return found.reshape(body["height"], body["width"])


def events_of(items: Iterable[Item], run: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Times of flight and pixels of all events of a run."""
    batches = [one for one in items if isinstance(one, EventBatch) and one.run == run]
    return np.concatenate([one.tof_ns for one in batches]), np.concatenate([one.pixel for one in batches])


def spectrum(
    events: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], first: int, last: int, bins_us: Any = BINS_US
) -> list[int]:
    """What plain numpy counts of a range of pixels."""
    tof_ns, pixel = events
    low, step, high = (round(1000 * one) for one in bins_us)
    edges = np.append(np.arange(low, high, step), high)
    inside = (pixel >= first) & (pixel <= last) & (tof_ns < high) & (tof_ns >= low)
    counts, _ = np.histogram(tof_ns[inside], edges)
    return [int(one) for one in counts]
