"""Bytes through framing, session and decoder, without a socket."""

from collections.abc import Iterable

import numpy as np

from livereduce.stream.adara import session
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, PacketTable
from livereduce.stream.items import EventBatch, Item, LogBatch, MonitorBatch

Row = tuple[int, int, bytes]


def table_of(data: bytes, offset: int = 0) -> PacketTable:
    """The table of the whole packets in some bytes, which begin at an offset in their stream."""
    return Framer().table(np.frombuffer(data[: len(data) & ~3], "<u4"), offset)


def rows_of(table: PacketTable) -> list[Row]:
    """Format, time and payload of each packet."""
    return [(int(table.format[k]), int(table.time_ns[k]), table.payload(k)) for k in range(len(table))]


def framed(pieces: Iterable[bytes], block: Block | None = None) -> list[Row]:
    """The packets of a stream that comes in pieces, through a block."""
    block = block or Block()
    framer, missing_bytes, rows = Framer(), 0, []
    for piece in pieces:
        while piece:
            room = block.room(missing_bytes)
            size = min(len(room), len(piece))
            room[:size] = piece[:size]
            block.received(size)
            piece = piece[size:]
            table = framer.table(block.words, block.offset)
            rows += rows_of(table)
            block.consume(table.used_words)
            missing_bytes = 4 * table.missing_words
    return rows


class Stream:
    """A session and a decoder that are fed bytes."""

    def __init__(self, state: SessionState | None = None) -> None:
        self.state = state or SessionState()
        self.decoder = Decoder()
        self.fed_bytes = 0

    def connect(self) -> None:
        self.state, outputs = session.step(self.state, Connected(), 0.0)
        assert outputs == ()

    def feed(self, data: bytes) -> list[Item]:
        """The items of whole packets."""
        table = table_of(data, self.fed_bytes)
        assert table.missing_words == 0, "the bytes end inside a packet"
        self.fed_bytes += len(data)
        rare = self.decoder.rare(table)
        self.state, outputs = session.step(self.state, Packets(table=table, rare=rare), 0.0)
        items: list[Item] = []
        for output in outputs:
            items += self.decoder.items(table, rare, output) if isinstance(output, Deliver) else [output]
        return items


def items_of(*data: bytes) -> list[Item]:
    """The items of a stream."""
    return Stream().feed(b"".join(data))


Event = tuple[int, int]


def pulses_of(items: Iterable[Item]) -> list[tuple[int, int, tuple[Event, ...]]]:
    """Run, time and events (tof in ns, pixel) of every pulse."""
    found = []
    for batch in items:
        if not isinstance(batch, EventBatch):
            continue
        events = list(zip(batch.tof_ns.tolist(), batch.pixel.tolist(), strict=True))
        for k, time_ns in enumerate(batch.pulse_ns.tolist()):
            found.append((batch.run, time_ns, tuple(events[batch.first[k] : batch.first[k + 1]])))
    return found


def edges_of(items: Iterable[Item]) -> list[Item]:
    """What is no data: run edges, pauses, gaps, geometry."""
    return [item for item in items if not isinstance(item, EventBatch | MonitorBatch | LogBatch)]


def logs_of(items: Iterable[Item]) -> dict[str, list[tuple[int, object]]]:
    """Times and values of every variable, by name."""
    found: dict[str, list[tuple[int, object]]] = {}
    for log in items:
        if isinstance(log, LogBatch):
            values = log.value.tolist() if isinstance(log.value, np.ndarray) else list(log.value)
            found.setdefault(log.name, []).extend(zip(log.time_ns.tolist(), values, strict=True))
    return found


def monitors_of(items: Iterable[Item]) -> dict[int, list[tuple[int, tuple[int, ...]]]]:
    """Times of flight of every pulse, by monitor."""
    found: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for batch in items:
        if isinstance(batch, MonitorBatch):
            for k, time_ns in enumerate(batch.pulse_ns.tolist()):
                tof_ns = tuple(batch.tof_ns[batch.first[k] : batch.first[k + 1]].tolist())
                found.setdefault(batch.monitor, []).append((time_ns, tof_ns))
    return found
