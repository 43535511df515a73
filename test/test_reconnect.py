"""The stream cut in any pieces, the connection cut at any moment: what is reduced is all that the server still had."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpers.listener import Listener, drive, hello
from helpers.reduced import Reduction, job_of, reducing
from helpers.served import Clock, powder_play, url_of
from helpers.wire import banks, walk
from livereduce.engine.workspaces.tally import missing_times
from livereduce.publish.product import Product
from livereduce.simulate.adara.server import Server
from livereduce.simulate.adara.store import StreamStore
from livereduce.stream.adara.link import retry
from livereduce.stream.items import Gap

RUNS, RUN_S, GAP_S = 2, 0.7, 0.3
BEAM_S = GAP_S + RUNS * (RUN_S + GAP_S)
FILE_BYTES = 12_000
BINS_US = (0.0, 1000.0, 40_000.0)
EDGES_NS = np.arange(0, 40_001_000, 1_000_000)
RUN_STATUS, BANKED, MONITOR, DESCRIPTOR, GEOMETRY = 0x4003, 0x4000, 0x4001, 0x8000, 0x400A
RUN_EOF, RUN_BOF, END_RUN = 2, 3, 4
STEP_S = 0.03
"""Beam between two looks: two pulses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where one connection breaks, and how much beam passes before the next can be made.

    Attributes
    ----------
    type
        The packet type at which it breaks; None counts packets of all types.
    nth
        The how-manieth of them, from 0.
    part
        How much of this packet still comes: 0 nothing, 1 all of it.
    down_s
        Seconds of beam until the server can be reached again.
    reset
        Broken by a reset instead of closed in order.
    """

    type: int | None
    nth: int
    part: float = 0.5
    down_s: float = 0.0
    reset: bool = False


class Line:
    """One connection of a client to the server: what came, what of it went on, and where it breaks."""

    def __init__(self, server: Server, client: socket.socket, cut: Cut | None) -> None:
        client.settimeout(5)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client, self.cut, self.came = client, cut, bytearray()
        self.upstream = Listener(server, client.recv(20, socket.MSG_WAITALL))
        self._whole = 0
        self._before_cut = cut.nth if cut else 0
        self._breaks_at: int | None = None

    def hand_on(self, most: int) -> bool:
        """Hand on some of what there is, whole packets as long as it may break; False if it is broken."""
        self.upstream.read()
        self._look()
        until = self._whole if self._breaks_at is None else self._breaks_at
        piece = self.upstream.received[len(self.came) : min(until, len(self.came) + most)]
        self.client.sendall(piece)
        self.came += piece
        return len(self.came) != self._breaks_at

    def hang_up(self) -> None:
        if self.cut is not None and self.cut.reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.close()
        self.upstream.close()

    def _look(self) -> None:
        """Walk the packets that are whole now, up to where it breaks."""
        data = self.upstream.received
        while self._breaks_at is None and self._whole + 16 <= len(data):
            length, word = struct.unpack_from("<2I", data, self._whole)
            if self._whole + 16 + length > len(data):
                return
            if self.cut is not None and self.cut.type in (None, word >> 8):
                if self._before_cut == 0:
                    self._breaks_at = self._whole + int(self.cut.part * (16 + length))
                    return
                self._before_cut -= 1
            self._whole += 16 + length


class Proxy:
    """Between a server and its client, in the test's own thread: hands on pieces of given sizes, breaks as told.

    Attributes
    ----------
    lines
        The connections so far.
    """

    def __init__(self, server: Server, cuts: list[Cut], pieces: list[int]) -> None:
        self.server, self.cuts, self.pieces = server, list(cuts), cycle(pieces)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.lines: list[Line] = []
        self._up = False
        self._open_from_s = 0.0

    def step(self, beam_s: float) -> None:
        """Hand on one piece, or take the next connection if it is time to."""
        if self._up and not self.lines[-1].hand_on(next(self.pieces)):
            self._up = False
            cut = self.lines[-1].cut
            self._open_from_s = beam_s + (cut.down_s if cut else 0.0)
            self.lines[-1].hang_up()
        elif not self._up and beam_s >= self._open_from_s:
            self._accept()

    def close(self) -> None:
        if self._up:
            self.lines[-1].hang_up()
        self.listener.close()

    def _accept(self) -> None:
        try:
            client, _ = self.listener.accept()
        except BlockingIOError:
            return
        self.lines.append(Line(self.server, client, self.cuts.pop(0) if self.cuts else None))
        self._up = True

    @property
    def came(self) -> list[bytes]:
        """Of each connection, what the client was sent."""
        return [bytes(line.came) for line in self.lines]


@dataclass
class Stretch:
    """A run or the time between two, as far as it came: events of each pulse by its time, charge of all."""

    run: int
    tofs: dict[int, list[int]] = field(default_factory=dict, repr=False)
    charge_pc: int = 0

    @property
    def totals(self) -> tuple[int, int, int, int, list[int]]:
        tofs_ns = [100 * tof for pulse in self.tofs.values() for tof in pulse]
        histogram = np.histogram(tofs_ns, EDGES_NS)[0].tolist()
        return self.run, len(self.tofs), len(tofs_ns), self.charge_pc, histogram


def whole(data: bytes) -> bytes:
    """The packets that are whole."""
    at = 0
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("<I", data, at)
        if at + 16 + length > len(data):
            break
        at += 16 + length
    return data[:at]


def stretches_of(connections: list[bytes]) -> list[Stretch]:
    """What came, each pulse once, on the test's own parser: runs, and the times between, in the order of the stream."""
    found = [Stretch(run=0)]
    seen: set[int] = set()
    for data in connections:
        for packet in walk(whole(data)):
            if packet.type == RUN_STATUS and packet.words()[2] >> 24 != RUN_EOF:
                run = 0 if packet.words()[2] >> 24 == END_RUN else packet.words()[0]
                found += [Stretch(run=run)] if run != found[-1].run else []
            elif packet.type == BANKED and packet.time_ns not in seen:
                seen.add(packet.time_ns)
                found[-1].charge_pc += 10 * packet.words()[0]
                sections = [bank for _, several in banks(packet) for bank in several]
                found[-1].tofs[packet.time_ns] = [tof for _, _, events in sections for tof, _ in events]
    return found


def runs_at_calls(said: list[str]) -> list[int]:
    """In which run the server was whenever a client asked, from what it says."""
    run, found = 0, []
    for line in said:
        if line.startswith("run "):
            run = int(line.split()[1]) if line.endswith("started") else 0
        elif line.startswith("a client asks"):
            found.append(run)
    return found


def totals_of(product: Product) -> tuple[int, int, int, int, list[int]]:
    facts = product.attributes
    histogram = product.signal.reshape(-1, product.signal.shape[-1]).sum(axis=0)
    return (
        product.run,
        int(facts["pulses"]),
        int(facts["events"]),
        int(facts["proton_charge_pc"]),
        histogram.astype(int).tolist(),
    )


@contextmanager
def beam() -> Iterator[tuple[Server, Clock, list[str]]]:
    """A server of short runs in many small files, whose time the test moves on, and what it says."""
    clock, said = Clock(), list[str]()
    server = Server(
        powder_play(runs=RUNS, run_s=RUN_S, gap_s=GAP_S),
        speed=1.0,
        clock=clock,
        store=StreamStore(file_bytes=FILE_BYTES, sync_bytes=5_000),
        say=said.append,
    )
    try:
        yield server, clock, said
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class Truth:
    """What somebody gets who is never cut off: each run, and how the stream ends."""

    runs: dict[int, Stretch]
    end: bytes = field(repr=False)


@pytest.fixture(scope="module")
def truth() -> Truth:
    with beam() as (server, clock, said):
        listener = Listener(server, hello(1))
        drive(server, [listener], lambda: bool(said))
        clock.now_s = 2 * BEAM_S
        drive(server, [listener], lambda: server.finished)
        server.close()
        drive(server, [listener], lambda: listener.closed)
        listener.close()
    data = bytes(listener.received)
    packets = list(walk(data))
    assert [packet.words()[2] >> 24 for packet in packets if packet.type == RUN_STATUS].count(RUN_BOF) >= 4
    runs = {stretch.run: stretch for stretch in stretches_of([data]) if stretch.run}
    assert {run: (len(stretch.tofs), stretch.totals[2]) for run, stretch in runs.items()} == {
        1: (42, 840),
        2: (42, 840),
    }
    return Truth(runs, data[packets[-1].at :])


@pytest.fixture(scope="module", autouse=True)
def _no_waiting() -> Iterator[None]:
    """A client waits before it calls a server again that has just broken; that is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "EVERY_S", 0.0)
        yield


@dataclass
class Story:
    """What a client that was cut off saw, what of it the engine made, and what the server said."""

    came: list[bytes]
    reduction: Reduction
    said: list[str]

    @property
    def products(self) -> list[Product]:
        return [product for product in self.reduction.shelf.last_of_each() if product.attributes["pulses"]]

    def product(self, run: int) -> Product:
        return next(product for product in self.products if product.run == run)

    @property
    def gaps(self) -> list[Gap]:
        return [item for item in self.reduction.items if isinstance(item, Gap)]

    @property
    def closed_meanwhile(self) -> set[int]:
        """Runs that the client was in when it was cut off, and the server was not when it was called again."""
        calls = runs_at_calls(self.said)
        assert len(calls) == len(self.came)
        left_in = [stretches_of(self.came[:k])[-1].run for k in range(1, len(calls))]
        return {left for left, found in zip(left_in, calls[1:], strict=True) if left and left != found}


def run_through(folder: Path, truth: Truth, cuts: list[Cut], pieces: list[int], **job: Any) -> Story:
    """Let server, proxy and engine go on by turns until all is played and has come."""
    with beam() as (server, clock, said):
        proxy = Proxy(server, cuts, pieces)
        try:
            with reducing(
                job_of(folder, url_of(proxy.listener.getsockname()), tof_bins_us=BINS_US, **job)
            ) as reduction:
                for _ in range(20_000):
                    clock.now_s += STEP_S if proxy.lines else 0.0
                    server.step(0.0)
                    proxy.step(clock.now_s)
                    reduction.poll()
                    if clock.now_s > BEAM_S and proxy.lines[-1].came.endswith(truth.end):
                        break
                else:
                    raise AssertionError(f"not through: {reduction.said[-1]}")
        finally:
            proxy.close()
    return Story(proxy.came, reduction, said)


def check(story: Story, truth: Truth) -> None:
    """Exactly what came is there; it is all there was unless the server had closed a run, and then that is told."""
    came = [stretch for stretch in stretches_of(story.came) if stretch.tofs]
    assert [totals_of(product) for product in story.products] == [stretch.totals for stretch in came]
    closed, gaps = story.closed_meanwhile, {gap.run: gap for gap in story.gaps}
    for stretch in came:
        if not stretch.run:
            continue
        incomplete = story.product(stretch.run).attributes["incomplete"]
        if stretch.run in closed:
            gap = gaps[stretch.run]
            assert incomplete == f"{gap.reason} (missing {missing_times(gap, max(stretch.tofs))})" != ""
            assert gap.from_ns == max(stretch.tofs) < gap.to_ns
        else:
            assert stretch.totals == truth.runs[stretch.run].totals
            assert (incomplete, stretch.run in gaps) == ("", False)
    missed = set(truth.runs) - {stretch.run for stretch in came}
    first_ns = min(min(stretch.tofs) for stretch in came)
    if any(min(truth.runs[run].tofs) > first_ns for run in missed):
        assert gaps, f"nothing is said of runs {missed}"
    assert story.reduction.said[-1].total.gaps == len(story.gaps)
    assert story.reduction.said[-1].source.bad_packets == 0


sizes = st.lists(st.integers(1, 3000), min_size=1, max_size=8).map(lambda some: [*some, 4000])
cut_places = st.one_of(
    st.builds(Cut, type=st.just(RUN_STATUS), nth=st.integers(0, 9), part=st.sampled_from([0.0, 0.3, 0.6, 1.0])),
    st.builds(Cut, type=st.just(BANKED), nth=st.integers(0, 60), part=st.sampled_from([0.0, 0.1, 0.9, 1.0])),
    st.builds(Cut, type=st.none(), nth=st.integers(0, 250), part=st.floats(0, 1)),
    st.builds(Cut, type=st.just(DESCRIPTOR), nth=st.integers(0, 3), part=st.floats(0, 1)),
)
all_cuts = st.builds(
    replace, cut_places, down_s=st.one_of(st.just(0.0), st.floats(0, 1.2 * RUN_S)), reset=st.booleans()
)
quickly = settings(
    derandomize=True,
    phases=[Phase.generate],  # making an example smaller would take minutes, and five cuts are few enough to read
    suppress_health_check=[HealthCheck.too_slow],
)


@settings(quickly, max_examples=12)
@given(sizes, st.booleans())
def test_the_stream_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, truth: Truth, pieces: list[int], preserve_events: bool
) -> None:
    story = run_through(tmp_path_factory.mktemp("job"), truth, [], pieces, preserve_events=preserve_events)
    check(story, truth)
    assert (len(story.came), story.closed_meanwhile, story.gaps) == (1, set(), [])
    assert {product.run for product in story.products} == {0, *truth.runs}
    assert story.reduction.shelf.ended_runs == list(truth.runs)


@settings(quickly, max_examples=80)
@given(st.lists(all_cuts, min_size=1, max_size=5), sizes, st.booleans())
def test_the_connection_cut_at_any_moment(
    tmp_path_factory: pytest.TempPathFactory, truth: Truth, cuts: list[Cut], pieces: list[int], preserve_events: bool
) -> None:
    story = run_through(tmp_path_factory.mktemp("job"), truth, cuts, pieces, preserve_events=preserve_events)
    check(story, truth)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    "cuts",
    [
        pytest.param([Cut(type=None, nth=0, part=0.0)] * 3, id="right after the hello"),
        pytest.param([Cut(type=DESCRIPTOR, nth=1), Cut(type=GEOMETRY, nth=0)], id="in the prologue"),
        pytest.param([Cut(type=RUN_STATUS, nth=0)], id="in the first run status"),
        pytest.param([Cut(type=BANKED, nth=30)], id="in mid-packet"),
        pytest.param([Cut(type=BANKED, nth=30, part=1.0)], id="between two pulses"),
        pytest.param([Cut(type=MONITOR, nth=30, part=1.0)], id="in mid-pulse"),
        pytest.param([Cut(type=BANKED, nth=k) for k in (25, 10, 15)], id="again and again"),
        pytest.param([Cut(type=BANKED, nth=25, down_s=0.3)], id="for a while"),
    ],
)
def test_nothing_is_lost_as_long_as_the_run_is_open(tmp_path: Path, truth: Truth, cuts: list[Cut], reset: bool) -> None:
    story = run_through(tmp_path, truth, [replace(cut, reset=reset) for cut in cuts], [100_000])
    check(story, truth)
    assert (len(story.came), story.closed_meanwhile) == (len(cuts) + 1, set())
    assert {run: totals_of(story.product(run)) for run in truth.runs} == {
        run: stretch.totals for run, stretch in truth.runs.items()
    }
    assert {gap.run for gap in story.gaps} <= {0}


@pytest.mark.parametrize(("down_s", "next_run"), [(RUN_S, 0), (RUN_S + GAP_S, 2)])
def test_a_run_that_the_server_has_closed_meanwhile_is_told_to_be_incomplete(
    tmp_path: Path, truth: Truth, down_s: float, next_run: int
) -> None:
    story = run_through(tmp_path, truth, [Cut(type=BANKED, nth=30, down_s=down_s)], [100_000])
    check(story, truth)
    assert story.closed_meanwhile == {1}
    assert runs_at_calls(story.said) == [0, next_run]
    product, whole_run = story.product(1), truth.runs[1]
    assert 0 < product.attributes["events"] < whole_run.totals[2]  # type: ignore[operator]
    assert str(product.attributes["incomplete"]).startswith("the connection was down when run 1 ended (missing ")
    assert story.product(2).attributes["incomplete"] == ""
    said = {progress.run.incomplete for progress in story.reduction.said if progress.run.number == 1}
    # where the next thing comes in the moment in which this becomes known, what is said is of that
    assert said <= {"", product.attributes["incomplete"]}
    assert not story.reduction.said[-1].run.incomplete


def test_a_run_of_which_nothing_was_seen_is_a_gap_between_runs(tmp_path: Path, truth: Truth) -> None:
    story = run_through(tmp_path, truth, [Cut(type=BANKED, nth=3, down_s=RUN_S + 1.3 * GAP_S)], [100_000])
    check(story, truth)
    assert [product.run for product in story.products] == [0, 2, 0]
    assert [gap.run for gap in story.gaps] == [0]
    assert str(story.products[0].attributes["incomplete"]).startswith(f"{story.gaps[0].reason} (missing ")
