"""No input makes the reader crash, hang or fill the memory, and the next good packet still arrives."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import packets as p
from helpers.decoding import Stream, pulses_of, table_of
from helpers.hostile import BAD, BROKEN, ODD
from helpers.packets import NEW_RUN, NS, T0
from helpers.paths import DATA, needs_data
from helpers.scripted import Scripted, sends
from livereduce.stream.adara.census import Census
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.link import retry
from livereduce.stream.adara.session import Deliver, Packets, SessionState, step
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError
from livereduce.stream.adara.wire.layout import MAX_PAYLOAD_BYTES
from livereduce.stream.items import Item, SourceLost

MB = 1 << 20
RUN = p.run_status(T0, NEW_RUN, 101)
BEFORE = p.pulse(T0 - NS, (11, 1), (12, 2))
AFTER = p.pulse(T0 + NS, (21, 3))
EVENTS = [((1100, 1), (1200, 2)), ((2100, 3),)]
MAX_BYTES = 300 * MB
"""A map of 8 million pixels takes most: 64 MiB as a result, and several times that while it is sorted."""


def good_pulses(items: list[Item]) -> list[tuple[tuple[int, int], ...]]:
    return [events for run, time_ns, events in pulses_of(items) if run == 101 and time_ns in (T0 - NS, T0 + NS)]


@pytest.mark.parametrize("name", [*BAD, *ODD])
def test_neighbours_arrive_and_memory_is_bounded(name: str) -> None:
    stream, data = Stream(), RUN + BEFORE + (BAD | ODD)[name] + AFTER
    tracemalloc.start()
    try:
        items = stream.feed(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert good_pulses(items) == EVENTS
    assert peak < MAX_BYTES + 10 * len(data)
    assert (stream.decoder.damaged > 0) == (name in BAD)
    assert len(stream.decoder.last_problem) < 1000
    if name in BAD and "variable" not in name:
        assert stream.decoder.last_problem
    assert len(stream.decoder.unknown_types) <= 257


def test_all_of_it_one_after_another() -> None:
    """Every time in a run of its own, so that no pulse is taken for one that is repeated."""
    stream, names = Stream(), sorted(BAD | ODD)
    random.Random(7).shuffle(names)
    for run, name in enumerate(names, 200):
        items = stream.feed(p.run_status(T0, NEW_RUN, run) + BEFORE + (BAD | ODD)[name] + AFTER)
        assert pulses_of(items)[-1][2] == EVENTS[-1], name


@pytest.mark.parametrize("name", [*BAD, *ODD])
def test_inspect_counts_it(name: str) -> None:
    tally = Census()
    tally.add(table_of(RUN + BEFORE + (BAD | ODD)[name] + AFTER))
    assert tally.as_json()["pulses"] >= 2
    assert tally.as_json()["events"] >= 3


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_came_before_a_broken_frame_is_given(broken: bytes) -> None:
    framer, data = Framer(), np.frombuffer(RUN + BEFORE + AFTER + broken + AFTER, "<u4")
    table = framer.table(data)
    assert len(table) == 3
    with pytest.raises(FramingError, match="impossible packet"):
        framer.table(data[table.used_words :], 4 * table.used_words)


@pytest.mark.parametrize("length", [MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES - 4])
def test_a_length_that_is_only_claimed_takes_no_memory_of_its_own(length: int) -> None:
    """The block asks for the room, and the system gives pages when bytes come."""
    block, framer = Block(), Framer()
    block.room()[:16] = p.words(length, 0x400001, 1, 2)
    block.received(16)
    missing = 4 * framer.table(block.words).missing_words
    assert missing == length
    assert len(block.room(missing)) <= 2 * (MAX_PAYLOAD_BYTES + 16)


def swallow(data: bytes, pieces: int) -> None:
    """Feed bytes in pieces to everything there is, until framing breaks."""
    state, decoder, tally, block, framer = SessionState(), Decoder(), Census(), Block(1024), Framer()
    for piece in [data[k : k + pieces] for k in range(0, len(data), pieces)]:
        room = block.room(len(piece))
        room[: len(piece)] = piece
        block.received(len(piece))
        try:
            table = framer.table(block.words, block.offset)
        except FramingError:
            return
        tally.add(table)
        rare = decoder.rare(table)
        state, outputs = step(state, Packets(table=table, rare=rare), 0.0)
        for output in outputs:
            if isinstance(output, Deliver):
                decoder.items(table, rare, output)
        block.consume(table.used_words)


FRAMES = st.builds(
    lambda base, version, body: p.packet(base, version, T0, body),
    st.sampled_from([0x4000, 0x4001, 0x4002, 0x4003, 0x4004, 0x4007, 0x400A, 0x400B, 0x4100, 0x4102,
                     *range(0x8000, 0x8006), *range(0x8101, 0x8106), 0x4242]),
    st.integers(0, 2),
    st.one_of(
        st.binary(max_size=60).map(p.padded), st.lists(st.integers(0, 6), max_size=16).map(lambda v: p.words(*v))
    ),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.binary(max_size=400), st.lists(FRAMES, max_size=12).map(b"".join)), st.integers(1, 200))
def test_any_bytes_are_swallowed(data: bytes, pieces: int) -> None:
    swallow(data, pieces)


@needs_data
@settings(deadline=None, max_examples=30)
@given(st.randoms(use_true_random=False), st.sampled_from(["a_gen60_two_runs", "g_states", "j_pvgen"]))
def test_a_real_stream_with_bytes_flipped_is_swallowed(chance: random.Random, name: str) -> None:
    """Lengths are left alone, or the first flip among them would end the stream."""
    with (DATA / "sms" / f"{name}.adara").open("rb") as file:
        data = bytearray(file.read(60_000 & ~3))
    table = table_of(bytes(data))
    headers = {int(at) * 4 - 16 + k for at in table.at for k in range(4)}
    for _ in range(chance.randrange(1, 400)):
        place = chance.randrange(4 * table.used_words)
        if place not in headers:
            data[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    swallow(bytes(data), chance.choice([20_000, 7_001, 60_000]))


def test_over_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad packets keep the connection; broken frames cost it, and the next one goes on."""
    monkeypatch.setattr(retry, "EVERY_S", 1e-4)
    bad = b"".join(data for data in BAD.values() if len(data) < 10_000)
    plays = [sends(RUN + BEFORE + bad + broken) for broken in BROKEN.values()]
    with Scripted(*plays, sends(RUN + BEFORE + bad + AFTER)) as server:
        source = AdaraSource("127.0.0.1", server.port)
        items: list[Item] = []
        losses: list[str] = []
        while len(losses) <= len(BROKEN):
            try:
                items += source.read(600.0)
            except SourceLost as lost:
                losses.append(lost.reason)
    assert good_pulses(items) == EVENTS
    assert all(reason.startswith("impossible packet") for reason in losses[:-1])
    assert losses[-1] == "the server closed the connection"
    assert source.state().bad_packets > 0
