"""Look through a file of a recording for its pulses, without decoding them."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from livereduce.base.files import open_regular
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError, PacketTable
from livereduce.stream.adara.wire.layout import Kind
from livereduce.stream.adara.wire.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What was found up to a byte: whole packets, pulses, and the times of the oldest and newest of them (0: none)."""

    bytes: int = 0
    pulses: int = 0
    first_ns: int = 0
    last_ns: int = 0


def scan(path: Path, known: Scanned) -> Scanned:
    """Look through a file from where it is known; a torn packet at its end is left out. Never raises."""
    block, framer, missing = Block(), Framer(), 0
    try:
        with open_regular(path, follow_link=False) as fd:
            os.lseek(fd, known.bytes, os.SEEK_SET)
            while size := os.readv(fd, [block.room(missing)]):
                block.received(size)
                walk = Walk(framer, block.words)
                for table in walk:
                    known = with_table(known, table)
                block.consume(walk.used_words)
                missing = 4 * walk.missing_words
    except (OSError, FramingError):
        pass
    return known


def with_table(scanned: Scanned, table: PacketTable) -> Scanned:
    """What was found, with the packets of a table."""
    size = scanned.bytes + 4 * table.used_words
    times = np.concatenate([table.time_ns[table.rows[kind]] for kind in (Kind.BANKED, Kind.MONITOR)])
    if not len(times):
        return replace(scanned, bytes=size)
    return Scanned(
        bytes=size,
        pulses=scanned.pulses + len(table.rows[Kind.BANKED]),
        first_ns=min(scanned.first_ns or int(times.min()), int(times.min())),
        last_ns=max(scanned.last_ns, int(times.max())),
    )
