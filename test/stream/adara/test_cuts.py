"""Ten thousand cuts of an honest stream: every packet counts once, or a gap of its run says that something is missing.

The server keeps to what was observed of a real one: files that end anywhere, between the packets of one pulse too,
index points at files and in between, and nothing of the run before. Its clock may be wrong: stamps in the future,
clocks set back. Every packet has a number of its own here, so that totals cannot be right by chance.
"""

import random
from dataclasses import dataclass, field
from itertools import groupby

import pytest

from helpers import packets as p
from helpers.decoding import table_of
from helpers.packets import END_RUN, NEW_RUN, NO_RUN, NS, RUN_BOF, RUN_EOF, STATE, T0
from livereduce.stream.adara.client import start_second
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.delivered import nothing_delivered
from livereduce.stream.adara.link.retry import Retry
from livereduce.stream.adara.repeats import Seen
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState, step
from livereduce.stream.items import Gap, RunEnded, RunStarted, StartFrom

CUTS_A_SEED = 1000
FUTURE_NS = 10**17
ENOUGH = 1 << 10
"""Packets that such a stream does not have between two run edges."""


@dataclass(frozen=True)
class Sent:
    """A packet of the stream; `number` is 0 for what is no data."""

    data: bytes
    number: int = 0


@dataclass(frozen=True)
class IndexPoint:
    """A place to begin at: what is sent first, the packet that follows, and the second of the pulse before it."""

    head: tuple[Sent, ...]
    at: int
    second: int


@dataclass
class Server:
    """Writes containers of files, a run or the time between two, and gives what it still has."""

    chance: random.Random
    written: list[Sent] = field(default_factory=list)
    index: list[tuple[int, list[IndexPoint]]] = field(default_factory=list)
    truth: dict[int, set[int]] = field(default_factory=dict)
    now_ns: int = T0
    number: int = 0

    def write_all(self, runs: int) -> None:
        for run in range(1, runs + 1):
            self.container(0, NO_RUN, NO_RUN)
            self.container(100 + run, NEW_RUN, END_RUN)
        self.container(0, NO_RUN, NO_RUN)

    def container(self, run: int, opening: int, closing: int) -> None:
        points: list[IndexPoint] = []
        self.index.append((len(self.written), points))
        self.begin_file(run, opening, points)
        self.truth.setdefault(run, set())
        for _ in range(self.chance.randrange(30)):
            if self.chance.random() < 0.05:
                self.now_ns -= self.chance.randrange(1, 8) * NS
            if self.chance.random() < 0.05:
                head = (self.status(run, STATE),)
                points.append(IndexPoint(head, len(self.written), self.now_ns // NS))
            for packet in self.pulse():
                if self.chance.random() < 0.03:
                    self.written.append(self.status(run, RUN_EOF if run else NO_RUN))
                    self.begin_file(run, RUN_BOF if run else NO_RUN, points)
                self.truth[run].add(packet.number)
                self.written.append(packet)
        self.written.append(self.status(run, closing))

    def begin_file(self, run: int, opening: int, points: list[IndexPoint]) -> None:
        points.append(IndexPoint((), len(self.written), self.now_ns // NS))
        self.written += [self.status(run, opening), Sent(p.geometry(T0, "<i/>"))]

    def status(self, run: int, kind: int) -> Sent:
        return Sent(p.run_status(self.now_ns, kind, run, start_s=run))

    def pulse(self) -> list[Sent]:
        """Monitors and banked packets that share a stamp."""
        self.now_ns += NS // 3
        stamp = self.now_ns + (FUTURE_NS if self.chance.random() < 0.04 else 0)
        made = []
        for is_monitor in [True] * self.chance.randrange(3) + [False] * self.chance.randrange(1, 4):
            self.number += 1
            data = p.monitors(stamp, {1: [self.number]}) if is_monitor else p.pulse(stamp, (self.number, 5))
            made.append(Sent(data, self.number))
        return made

    def sent_from(self, done: int, start_s: int) -> tuple[tuple[Sent, ...], int]:
        """What comes first, and where to go on, for a client that asks when so much is written.

        The next container opens in the moment that one closes.
        """
        done += done in [begun for begun, _ in self.index]
        points = [each for begun, each in self.index if begun < done][-1]
        there = [point for point in points if point.at < done]
        older = [point for point in there if point.second < start_s]
        point = older[-1] if older else there[0]
        return point.head, point.at


@dataclass
class Client:
    """A session that is fed, and what it delivered."""

    state: SessionState
    decoder: Decoder = field(default_factory=Decoder)
    delivered: list[tuple[int, int]] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)
    whole: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)

    def connect(self) -> None:
        self.state, _ = step(self.state, Connected(), 0.0)

    def feed(self, sent: list[Sent]) -> None:
        table = table_of(b"".join(one.data for one in sent))
        self.state, outputs = step(self.state, Packets(table=table, rare=self.decoder.rare(table)), 0.0)
        for output in outputs:
            match output:
                case Deliver():
                    rows = sorted([*output.banked.tolist(), *output.monitor.tolist()])
                    self.delivered += [(output.run, sent[row].number) for row in rows]
                case Gap(run=run):
                    self.gaps.add(run)
                case RunStarted(run=run, from_start=True):
                    self.whole.add(run)
                case RunEnded(run=run):
                    self.ended.add(run)


def cut_through(chance: random.Random, generation: int) -> tuple[int, Server, Client]:
    """One stream through connections that break at any packet; how many there were."""
    server = Server(chance)
    server.write_all(runs=3)
    seen = [Seen(delivered=nothing_delivered(generation)) for _ in range(2)]
    client = Client(SessionState(banked=seen[0], monitor=seen[1]))
    done, cuts = 1, 0
    while True:
        head, at = server.sent_from(done, start_second(StartFrom.RUN_START, client.state, Retry()))
        stop = min(max(at, done if chance.random() < 0.5 else 0) + chance.randrange(1, 60), len(server.written))
        client.connect()
        sent = [*head, *server.written[at:stop]]
        pieces = sorted(chance.randrange(len(sent) + 1) for _ in range(2))
        for piece in (sent[: pieces[0]], sent[pieces[0] : pieces[1]], sent[pieces[1] :]):
            client.feed(piece)
        done = max(done, stop)
        if done == len(server.written):
            return cuts, server, client
        done = min(done + chance.choice([0, 0, 0, 1, 5, 40]), len(server.written) - 1)
        cuts += 1


def check(server: Server, client: Client, generation: int) -> int:
    """How many runs came through whole, all of them exact."""
    whole = client.whole & client.ended - client.gaps
    found = {run: [n for _, n in some] for run, some in groupby(sorted(client.delivered), lambda one: one[0])}
    for run, mine in found.items():
        assert set(mine) <= server.truth[run]
        if run in whole or generation >= ENOUGH:
            assert len(mine) == len(set(mine)), f"of run {run} a packet counted twice"
    for run in whole:
        assert set(found.get(run, [])) == server.truth[run], f"run {run} lost something, and nothing says so"
    return len(whole)


@pytest.mark.parametrize("seed", range(10))
def test_every_packet_counts_once_or_a_gap_is_said(seed: int) -> None:
    """Every other stream with a memory much too small for it: then a run that is flagged may count twice, too."""
    chance, cuts, whole = random.Random(seed), 0, 0
    while cuts < CUTS_A_SEED:
        generation = chance.choice([ENOUGH, 8])
        more, server, client = cut_through(chance, generation)
        whole += check(server, client, generation)
        cuts += more
    assert whole > CUTS_A_SEED / 20, "hardly a run came through whole: nothing was tried"
