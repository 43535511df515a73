"""Play a recorded run as one run: its files one after the other, between edges that the server makes.

The run statuses in the files are left out: a file that was begun on another connection says again that the run begins,
and Mantid would begin it again. Of a pulse that two files have at their seam, the second copy is left out. So is what
a capture has before and after the run.
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.capture import PULSE_TYPES, Capture, read_capture
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import Act, Opening, the_end
from livereduce.simulate.adara.prologue import NOTED_TYPES
from livereduce.stream.adara.wire.layout import HEADER_BYTES, RunStatusCode, Type
from livereduce.stream.items import B1

_SERVERS_OWN = (Type.RUN_STATUS, Type.SYNC, Type.CLIENT_HELLO, Type.DATA_DONE)
"""Packets that a server makes itself."""


_STATUS_BYTES = 12
"""Of a run status, as far as it is read."""


def recorded_acts(files: Sequence[Path], run: int, *, start_ns: int, end_ns: int) -> Iterator[Act]:
    """The files of a run, in order, as one run without what is due from `end_ns` on.

    Raises
    ------
    OperatorError
        A file cannot be read, or has no pulses.
    """
    yield Opening(
        due_ns=start_ns,
        status=RunStatusCode.NEW_RUN,
        run=run,
        start_s=start_ns // NS_PER_S,
        says=f"run {run} started",
    )
    last_ns, before = start_ns, frozenset[tuple[int, int]]()
    for path in files:
        capture = read_capture(path)
        for each in _passages(capture, _staying(capture, run, before), last_ns):
            if each.due_ns[-1] < end_ns:
                yield each
            elif each.due_ns[0] < end_ns:
                yield each.before(end_ns)
        last_ns = max(last_ns, int(capture.due_ns[-1]))
        before = _last_pulse(capture)
        if last_ns >= end_ns:
            break
    yield the_end(run, min(last_ns + 1, end_ns))


def only_run_in(path: Path) -> int:
    """The number of the one run in a file of packets.

    Raises
    ------
    OperatorError
        It cannot be read, has no pulses, or has no run, or several.
    """
    runs = dict.fromkeys(run for _, run in _statuses(read_capture(path)) if run)
    if len(runs) != 1:
        seen = f"runs {', '.join(map(str, runs))}" if runs else "none"
        raise OperatorError(f"{path}: expected the packets of one run, to play it; found {seen}")
    (run,) = runs
    return run


def _statuses(capture: Capture) -> Iterator[tuple[int, int]]:
    """Each run status: its packet, and the run that it says to be in; 0 between runs."""
    for packet in np.flatnonzero(np.array(capture.base_type) == Type.RUN_STATUS).tolist():
        if capture.begin[packet + 1] - capture.begin[packet] < HEADER_BYTES + _STATUS_BYTES:
            continue
        run: int
        run, _, word = struct.unpack_from("<3I", capture.data.data, int(capture.begin[packet]) + HEADER_BYTES)
        yield packet, 0 if word >> 24 == RunStatusCode.END_RUN else run


def _passages(capture: Capture, stays: B1, last_ns: int) -> Iterator[Passage]:
    """What stays of a file, in as few pieces as possible, due no earlier than what came before it."""
    due_ns = np.maximum(capture.due_ns, last_ns)
    edges = np.flatnonzero(np.diff(stays, prepend=False, append=False))
    for first, stop in edges.reshape(-1, 2).tolist():
        begin = capture.begin[first : stop + 1]
        yield Passage(
            data=capture.data[begin[0] : begin[-1]],
            begin=begin - begin[0],
            due_ns=due_ns[first:stop],
            noted=tuple(k - first for k in range(first, stop) if capture.base_type[k] in NOTED_TYPES),
        )


def _staying(capture: Capture, run: int, before: frozenset[tuple[int, int]]) -> B1:
    """Which packets are played: those of the run that the server does not make itself, and not those `before`."""
    types = np.array(capture.base_type)
    stays: B1 = (types >= 0) & ~np.isin(types, _SERVERS_OWN)  # a torn packet at the end has no type
    in_run = np.ones_like(stays)
    for packet, its_run in _statuses(capture):
        in_run[packet:] = its_run == run
    stays &= in_run
    seam_ns = max((time_ns for _, time_ns in before), default=0)
    for packet in np.flatnonzero(capture.due_ns == seam_ns).tolist():
        if (capture.base_type[packet], seam_ns) in before:
            stays[packet] = False
    return stays


def _last_pulse(capture: Capture) -> frozenset[tuple[int, int]]:
    """The packets of a file's newest pulse: their type and time."""
    last_ns = int(capture.due_ns[-1])
    rows = np.flatnonzero(capture.due_ns == last_ns).tolist()
    return frozenset((kind, last_ns) for kind in (capture.base_type[row] for row in rows) if kind in PULSE_TYPES)
