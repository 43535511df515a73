"""Captures of streams, changed at random, and everything of the builtin engine that they go through."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from helpers import packets as p
from helpers.bench import BINS_US, Shelf, job, tell_nobody
from helpers.hostile import BAD, ODD
from helpers.items import ScriptedSource
from helpers.packets import COR, ERROR, NS, T0, UNMAPPED, Bank, Section
from helpers.paths import DATA
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.stream.adara import session
from livereduce.stream.adara.census import Census
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError
from livereduce.stream.items import Item

MAX_BYTES = 60_000
"""Of a capture: a round is to take milliseconds."""
WORDS = (
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    0x7FFF,
    0x8000,
    0xFFFF,
    1 << 21,
    1 << 22,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
)
"""Values at which lengths, counts and signs turn over."""


class FaultError(Exception):
    """An exception of ours, which the containment has hidden."""


def made() -> dict[str, bytes]:
    """A capture of a run with all kinds of packets, and one of what broken servers send."""
    small = [data for data in (BAD | ODD).values() if len(data) < 4000]
    return {"a run": _a_run(), "hostile": p.run_status(T0, p.NEW_RUN, 5) + b"".join(small)}


def real() -> dict[str, bytes]:
    """The beginnings of captures of a real server, where they are."""
    files = sorted((DATA / "sms").glob("*.adara")) if DATA.is_dir() else []
    return {path.name: _whole(path) for path in files}


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES & ~3)
    table = Framer().table(np.frombuffer(data, "<u4"))
    return data[: 4 * table.used_words]


def _prologue(time_ns: int) -> bytes:
    variables = {number: (f"pv{number}", "K") for number in range(1, 9)}
    return (
        p.geometry(time_ns, "<instrument/>")
        + p.run_info(time_ns, "title", "IPTS-1")
        + p.beamline(time_ns, "BL1", "I", "Instrument")
        + p.pixel_map_alt(time_ns, [p.shorthand(0, 1, 0, 90), p.listed(90, 2, range(100, 160))])
        + p.pixel_map(time_ns, [(0, 1, range(90))])
        + p.descriptor(time_ns, 7, "device", variables)
        + p.variable(2, time_ns, 7, 1, 1.5)
        + p.annotation(time_ns, 1, scan=3)
    )


def _pulse(k: int) -> bytes:
    time_ns = T0 + k * NS // 60
    events = [(100 * (k + n) % 160_000, 7 * (k + n) % 170) for n in range(k % 20)]
    banks = [Bank(id=1, events=events, state=k % 5), Bank(id=2, events=events[:3]), Bank(id=3)]
    banks += [Bank(id=UNMAPPED, events=events[:1]), Bank(id=ERROR, events=events[:2])]
    kind = 1 + k % 5
    single: list[p.Value] = [k, 1.5, "word", [k] * (k % 4), [1.5] * (k % 3)]
    several: list[p.Value] = [k, 1.0, "w", [k], [2.5]]
    return (
        p.rtdl(time_ns)
        + p.monitors(time_ns, {1: [k, 2 * k], 2: [], 3 + k % 4: [5]}, offset=k if k % 3 else COR)
        + p.banked(time_ns, [Section(banks=banks, offset=k), Section(banks=banks[:1])], charge=k, states=k % 7 == 0)
        + p.variable(kind, time_ns, 7, kind, single[kind - 1])
        + p.multiple(kind, time_ns, 8, kind, [(9, several[kind - 1])] * (k % 4))
    )


def _a_run() -> bytes:
    parts = [p.run_status(T0, p.NEW_RUN, 5), _prologue(T0)]
    for k in range(90):
        parts.append(_pulse(k))
        if k == 30:
            parts += [p.run_status(T0, p.RUN_EOF, 5), p.run_status(T0, p.RUN_BOF, 5, file=2), _prologue(T0)]
        if k == 50:
            parts += [p.annotation(T0, p.PAUSE), p.annotation(T0, p.RESUME), p.sync(T0)]
        if k == 70:
            parts += [p.run_status(T0, p.END_RUN, 5), p.run_status(T0, p.NO_RUN), p.run_status(T0, p.NEW_RUN, 6)]
    return b"".join(parts)


Change = Callable[[list[bytearray], random.Random], None]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A capture with some packets changed; most changes leave the framing whole, so that what follows is read."""
    table = Framer().table(np.frombuffer(data, "<u4"))
    starts = [4 * int(at) - 16 for at in table.at] + [4 * table.used_words]
    packets = [bytearray(data[start:stop]) for start, stop in pairwise(starts)]
    for _ in range(chance.randrange(1, 30)):
        chance.choice(CHANGES)(packets, chance)
    return b"".join(packets)


def _word(packets: list[bytearray], chance: random.Random) -> None:
    packet = chance.choice(packets)
    if len(packet) > 16:
        place = chance.randrange(4, len(packet) // 4)
        value = chance.choice([chance.choice(WORDS), chance.getrandbits(32)])
        packet[4 * place : 4 * place + 4] = p.words(value)


def _byte(packets: list[bytearray], chance: random.Random) -> None:
    packet = chance.choice(packets)
    if len(packet) > 16:
        packet[chance.randrange(16, len(packet))] = chance.getrandbits(8)


def _type(packets: list[bytearray], chance: random.Random) -> None:
    """One kind of packet is read as another."""
    chance.choice(packets)[4:8] = chance.choice(packets)[4:8]


def _time(packets: list[bytearray], chance: random.Random) -> None:
    chance.choice(packets)[8:16] = p.words(chance.choice(WORDS), chance.choice(WORDS))


def _length(packets: list[bytearray], chance: random.Random) -> None:
    """A payload that is shorter or longer, under a header that says so."""
    packet = chance.choice(packets)
    size = 4 * chance.randrange(0, len(packet) // 4 + 4)
    body = bytes(packet[16 : 16 + size])
    packet[16:] = body + bytes(size - len(body))
    packet[:4] = p.words(size)


def _swap(packets: list[bytearray], chance: random.Random) -> None:
    one, other = chance.randrange(len(packets)), chance.randrange(len(packets))
    packets[one], packets[other] = packets[other], packets[one]


def _again(packets: list[bytearray], chance: random.Random) -> None:
    packets.insert(chance.randrange(len(packets)), bytearray(chance.choice(packets)))


def _gone(packets: list[bytearray], chance: random.Random) -> None:
    if len(packets) > 2:
        del packets[chance.randrange(len(packets))]


def _header(packets: list[bytearray], chance: random.Random) -> None:
    """Rarely: framing is lost from here on."""
    if not chance.randrange(20):
        chance.choice(packets)[:4] = p.words(chance.choice(WORDS))


CHANGES: tuple[Change, ...] = (_word, _word, _word, _byte, _type, _time, _length, _swap, _again, _gone, _header)


def chew(data: bytes, chance: random.Random, folder: Path) -> None:
    """Read a stream in pieces, count it, and reduce it.

    Raises
    ------
    FaultError
        An exception of ours was contained on the way.
    """
    state, decoder, tally, block, framer = SessionState(), Decoder(), Census(), Block(1024), Framer()
    reads: list[list[Item]] = []
    at = 0
    while at < len(data):
        piece = data[at : at + chance.choice([100, 4_000, 40_000])]
        at += len(piece)
        block.room(len(piece))[: len(piece)] = piece
        block.received(len(piece))
        try:
            table = framer.table(block.words, block.offset)
        except FramingError:
            block.clear()
            state, _ = session.step(state, Connected(), 0.0)
            continue
        tally.add(table)
        rare = decoder.rare(table)
        state, outputs = session.step(state, Packets(table=table, rare=rare), 0.0)
        reads.append([])
        for output in outputs:
            reads[-1] += decoder.items(table, rare, output) if isinstance(output, Deliver) else [output]
        block.consume(table.used_words)
    if decoder.contained.count:
        raise FaultError(decoder.contained.last)
    _reduce(reads, chance, folder)


def _reduce(reads: list[list[Item]], chance: random.Random, folder: Path) -> None:
    now = [0.0]
    source, shelf = ScriptedSource(reads), Shelf()
    work = job(folder, preserve_events=chance.random() < 0.5, tof_bins_us=BINS_US)
    engine = BuiltinEngine(
        work, tell_nobody, open_source=lambda _: source, clock=lambda: now[0], products_in=lambda _: shelf
    )
    for _ in range(len(reads) + 2):
        progress = engine.poll(0.0)
        now[0] += chance.choice([0.0, 31.0])
    engine.stop(1e9)
    if progress.total.contained:
        raise FaultError(progress.last_errors["internal"])
