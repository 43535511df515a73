"""Play a capture of a real server's stream unchanged: only the edges of its files are detected.

Its files and runs become files and runs of the store, so that a client that asks for the start of a run gets it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.base.files import read_regular
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import Act, FileMark, Play
from livereduce.simulate.adara.prologue import NOTED_TYPES
from livereduce.stream.adara.wire.frame import Framer, FramingError, PacketTable
from livereduce.stream.adara.wire.layout import HEADER_BYTES, HEADER_WORDS, RunStatusCode, Type
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.items import I8, U1

MAX_CAPTURE_BYTES = 16 << 30
"""A capture is held in memory as a whole."""

PULSE_TYPES = frozenset({Type.RTDL, Type.BANKED_EVENT, Type.BANKED_EVENT_STATE, Type.BEAM_MONITOR_EVENT})
_TORN = -1
_BEGINS_FILE = frozenset({RunStatusCode.NO_RUN, RunStatusCode.NEW_RUN, RunStatusCode.RUN_BOF})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capture:
    """The bytes, and for each packet its beginning, base type and time when it is due."""

    data: U1
    begin: I8
    base_type: list[int]
    due_ns: I8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """The first packet of a file, and the run status after it."""

    packet: int
    run: int
    start_s: int
    status: int
    paused: bool


def read_capture(path: Path) -> Capture:
    """Read the packets of a capture; a torn packet at its end is kept.

    Raises
    ------
    OperatorError
        The file cannot be read, or does not hold ADARA packets with at least one pulse.
    """
    try:
        data = read_regular(path, MAX_CAPTURE_BYTES)  # a device would never end
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None
    begin, base_type, time_ns = _packets(path, data)
    pulse_ns = np.where(np.isin(base_type, list(PULSE_TYPES)), time_ns, 0)
    if not pulse_ns.any():
        raise OperatorError(f"{path}: not an ADARA capture: there is no pulse in it")
    return Capture(
        data=np.frombuffer(data, np.uint8),
        begin=np.append(begin, len(data)),
        base_type=base_type.tolist(),
        due_ns=np.maximum(np.maximum.accumulate(pulse_ns), pulse_ns[pulse_ns.nonzero()[0][0]]),
    )


def _packets(path: Path, data: bytes) -> tuple[I8, I8, I8]:
    """Beginning (byte), base type and time of each packet; a torn one at the end has type `_TORN`."""
    walk = Walk(Framer(), np.frombuffer(data, "<u4", len(data) // 4))
    nothing = np.zeros(0, np.int64)
    columns: list[tuple[I8, I8, I8]] = [(nothing, nothing, nothing)]
    try:
        columns += (_columns(table) for table in walk)
    except FramingError as error:
        raise OperatorError(f"{path}: not an ADARA capture: {error}") from None
    if 4 * walk.used_words < len(data):
        columns.append((np.array([4 * walk.used_words]), np.array([_TORN]), np.zeros(1, np.int64)))
    begin, base_type, time_ns = (np.concatenate(column) for column in zip(*columns, strict=True))
    return begin, base_type, time_ns


def _columns(table: PacketTable) -> tuple[I8, I8, I8]:
    """A copy: the walk overwrites its table."""
    begin = table.offset + 4 * (table.at - HEADER_WORDS)
    return begin, (table.format >> 8).astype(np.int64), table.time_ns.copy()


def _edges(capture: Capture) -> Iterator[_Edge]:
    """Beginnings of files: at the start, and at each SYNC followed by a run status that begins a file."""
    types = capture.base_type
    for packet, base_type in enumerate(types[:-1]):
        if types[packet + 1] != Type.RUN_STATUS or base_type != Type.SYNC:
            continue
        at = int(capture.begin[packet + 1]) + HEADER_BYTES
        run, start_s, word, pause = struct.unpack_from("<4I", capture.data.data, at)
        if packet == 0 or word >> 24 in _BEGINS_FILE:
            yield _Edge(packet=packet, run=run, start_s=start_s, status=word >> 24, paused=bool(pause >> 24))


def _acts(capture: Capture) -> Iterator[Act]:
    edges = list(_edges(capture))
    if not edges or edges[0].packet:
        edges.insert(0, _Edge(packet=0, run=0, start_s=0, status=RunStatusCode.STATE, paused=False))
    run = None
    for edge, following in zip(edges, [*(edge.packet for edge in edges[1:]), len(capture.base_type)], strict=True):
        first = edge.packet
        yield FileMark(
            due_ns=int(capture.due_ns[first]),
            container=edge.run != run,
            paused=edge.paused,
            run=edge.run,
            start_s=edge.start_s,
            says=_says(run, edge),
        )
        run = edge.run
        begin = capture.begin[first : following + 1]
        yield Passage(
            data=capture.data[begin[0] : begin[-1]],
            begin=begin - begin[0],
            due_ns=capture.due_ns[first:following],
            noted=tuple(k - first for k in range(first, following) if capture.base_type[k] in NOTED_TYPES),
            verbatim=True,
        )


def _says(run: int | None, edge: _Edge) -> str:
    """A change of run, in words for people."""
    if edge.run == run or (run is None and edge.run == 0):
        return ""
    return f"run {edge.run} started" if edge.run else f"run {run} stopped"


def capture_play(path: Path) -> Play:
    """A capture as a play, on the time of its own pulses."""
    capture = read_capture(path)
    return Play(origin_ns=int(capture.due_ns[0]), acts=_acts(capture))
