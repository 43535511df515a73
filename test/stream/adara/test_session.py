"""Packets that count, their run, and what is missing: scenarios seen on a real server, then any other.

The orders of packets at the edges are those of real servers (see the captures); times are seconds after `T0`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import packets as p
from helpers.decoding import Stream, edges_of, items_of, monitors_of, pulses_of, table_of
from helpers.packets import END_RUN, NEW_RUN, NO_RUN, NS, PAUSE, PROLOGUE, RESUME, RUN_BOF, RUN_EOF, STATE, T0
from helpers.stepping import histories, run_history
from livereduce.stream.adara import session
from livereduce.stream.adara.client import start_second
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.delivered import nothing_delivered
from livereduce.stream.adara.link.retry import Retry
from livereduce.stream.adara.position import position_after
from livereduce.stream.adara.repeats import Seen
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState
from livereduce.stream.items import (
    EventBatch,
    Gap,
    Item,
    MonitorBatch,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    StartFrom,
)


def at(seconds: float) -> int:
    return T0 + round(seconds * NS)


def status(seconds: float, kind: int, run: int, *, paused: bool = False) -> bytes:
    return p.run_status(at(seconds), kind, run, start_s=run, paused=paused)


def note(seconds: float, type_: int) -> bytes:
    return p.annotation(at(seconds), type_, "as the server says it")


def pulses(*seconds: float, pixel: int = 5) -> bytes:
    """A monitor and a banked packet each; another pixel makes them others of the same time."""
    return b"".join(p.monitors(at(s), {1: [pixel]}) + p.pulse(at(s), (int(10 * s), pixel)) for s in seconds)


def got(items: Sequence[Item]) -> list[tuple[int, float]]:
    """Run and seconds of every pulse; monitors must tell the same."""
    found = [(run, (time_ns - T0) / NS) for run, time_ns, _ in pulses_of(items)]
    assert [(t - T0) / NS for t, _ in monitors_of(items).get(1, [])] == [seconds for _, seconds in found]
    return found


def started(run: int, *, whole: bool = True) -> RunStarted:
    return RunStarted(run=run, time_ns=run * NS, from_start=whole)


def ended(run: int, seconds: float) -> RunEnded:
    return RunEnded(run=run, time_ns=at(seconds))


OVERLAP_MISSING = "the server no longer had the data that it sent while the connection was down"


def test_joined_between_runs_then_a_whole_run() -> None:
    items = items_of(
        status(0, STATE, 0), pulses(1, 2), status(2.5, NO_RUN, 0),
        status(2.6, NEW_RUN, 101), pulses(3, 4), status(4.5, END_RUN, 101),
        status(4.6, NO_RUN, 0), pulses(5),
    )  # fmt: skip
    assert edges_of(items) == [started(101), ended(101, 4.5)]
    assert got(items) == [(0, 1), (0, 2), (101, 3), (101, 4), (0, 5)]


def test_items_come_in_the_order_of_the_stream() -> None:
    items = items_of(pulses(1), status(2, NEW_RUN, 7), pulses(3), status(4, END_RUN, 7), pulses(5))
    assert [type(item).__name__ for item in items] == [
        "MonitorBatch", "EventBatch", "RunStarted", "MonitorBatch", "EventBatch", "RunEnded", "MonitorBatch",
        "EventBatch",
    ]  # fmt: skip


def test_joined_in_a_run_is_not_from_its_start() -> None:
    assert edges_of(items_of(status(0, STATE, 102), pulses(1))) == [started(102, whole=False)]
    assert edges_of(items_of(status(0, RUN_BOF, 102), pulses(1))) == [started(102, whole=False)]


def test_data_before_any_run_status_belong_to_no_run() -> None:
    items = items_of(pulses(1), status(2, NEW_RUN, 5), pulses(3))
    assert (got(items), edges_of(items)) == ([(0, 1), (5, 3)], [started(5)])


def test_one_run_right_after_another() -> None:
    items = items_of(status(0, NEW_RUN, 1), pulses(1), status(2, NEW_RUN, 2), pulses(3))
    assert edges_of(items) == [started(1), ended(1, 2), started(2)]
    assert got(items) == [(1, 1), (2, 3)]


def test_an_end_of_run_is_an_end_whatever_number_it_names() -> None:
    items = items_of(status(0, NEW_RUN, 1), pulses(1), status(2, END_RUN, 9), pulses(3))
    assert edges_of(items) == [started(1), ended(1, 2)]
    assert got(items) == [(1, 1), (0, 3)]


def test_an_end_of_a_run_that_was_never_seen_is_no_edge() -> None:
    assert edges_of(items_of(status(0, END_RUN, 9), status(1, NO_RUN, 0), pulses(3))) == []


def test_file_boundaries_are_no_run_boundaries() -> None:
    items = items_of(
        status(0, NEW_RUN, 101), pulses(1, 2), p.sync(at(2)), status(2.1, RUN_EOF, 101), p.sync(at(2)),
        status(2.2, RUN_BOF, 101), p.geometry(at(-5), "<i/>"), pulses(3), status(4, END_RUN, 101),
    )  # fmt: skip
    assert [edge for edge in edges_of(items) if not hasattr(edge, "definition_xml")] == [started(101), ended(101, 4)]
    assert got(items) == [(101, 1), (101, 2), (101, 3)]


def test_a_file_may_end_between_the_packets_of_one_pulse() -> None:
    """RTDL and monitor in one file, prologue, then the banked packet of the same pulse in the next."""
    items = items_of(
        status(0, NEW_RUN, 101), pulses(1), p.rtdl(at(2)), p.monitors(at(2), {1: [3]}), status(2.1, RUN_EOF, 101),
        status(2.2, RUN_BOF, 101), p.geometry(at(-5), "<i/>"), p.pulse(at(2), (20, 5)), pulses(3),
    )  # fmt: skip
    assert got(items) == [(101, 1), (101, 2), (101, 3)]


def test_what_is_repeated_at_a_file_boundary_is_dropped() -> None:
    stream = Stream()
    items = stream.feed(status(0, NEW_RUN, 1) + pulses(1, 2, 3) + status(3, RUN_EOF, 1))
    items += stream.feed(status(3, RUN_BOF, 1) + pulses(2))
    items += stream.feed(pulses(3, 4))
    assert got(items) == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert stream.state.window.repeated_pulses == 2


def test_pause_whose_data_are_not_sent() -> None:
    """The file of paused data is skipped: nothing comes until the first file after it."""
    items = items_of(
        status(0, NEW_RUN, 101), pulses(1), note(1.5, PAUSE), pulses(2), status(2.5, RUN_EOF, 101),
        status(9, RUN_BOF, 101), note(9.1, 1), note(9.2, RESUME), pulses(10),
    )  # fmt: skip
    assert edges_of(items) == [
        started(101), Paused(run=101, time_ns=at(1.5)), Resumed(run=101, time_ns=at(9)),
    ]  # fmt: skip
    assert got(items) == [(101, 1), (101, 2), (101, 10)]


def test_pause_whose_data_are_sent() -> None:
    items = items_of(
        status(0, NEW_RUN, 101), pulses(1), note(1.5, PAUSE), status(2.5, RUN_EOF, 101),
        status(2.6, RUN_BOF, 101, paused=True), note(2.7, PAUSE), pulses(3), status(4, RUN_EOF, 101),
        status(4.1, RUN_BOF, 101), note(4.2, RESUME), pulses(5),
    )  # fmt: skip
    assert edges_of(items) == [started(101), Paused(run=101, time_ns=at(1.5)), Resumed(run=101, time_ns=at(4.1))]
    assert got(items) == [(101, 1), (101, 3), (101, 5)]


def test_a_pause_comes_between_the_data_before_and_after_it() -> None:
    items = items_of(status(0, NEW_RUN, 1), pulses(1), note(1.5, PAUSE), pulses(2), note(2.5, RESUME), pulses(3))
    kinds = [type(item).__name__ for item in items if not hasattr(item, "monitor")]
    assert kinds == ["RunStarted", "EventBatch", "Paused", "EventBatch", "Resumed", "EventBatch"]


def test_stopped_while_paused() -> None:
    items = items_of(
        status(0, NEW_RUN, 101), pulses(1), note(1.5, PAUSE), status(2.5, RUN_EOF, 101),
        status(6, RUN_BOF, 101), note(6.1, RESUME), note(6.2, 0), status(6.5, END_RUN, 101),
        status(6.6, NO_RUN, 0), pulses(7),
    )  # fmt: skip
    assert edges_of(items) == [
        started(101), Paused(run=101, time_ns=at(1.5)), Resumed(run=101, time_ns=at(6)), ended(101, 6.5),
    ]  # fmt: skip
    assert got(items) == [(101, 1), (0, 7)]


def test_a_run_that_ends_paused_does_not_pause_the_next() -> None:
    stream = Stream()
    stream.feed(status(0, NEW_RUN, 1) + note(1, PAUSE) + status(2, END_RUN, 1))
    assert edges_of(stream.feed(status(3, NEW_RUN, 2) + note(4, PAUSE))) == [
        started(2),
        Paused(run=2, time_ns=at(4)),
    ]


def test_pause_and_resume_twice_say_it_once() -> None:
    items = items_of(status(0, NEW_RUN, 1), note(1, PAUSE), note(2, PAUSE), note(3, RESUME), note(4, RESUME))
    assert edges_of(items) == [started(1), Paused(run=1, time_ns=at(1)), Resumed(run=1, time_ns=at(3))]


def test_joined_during_a_pause() -> None:
    assert edges_of(items_of(status(0, STATE, 4, paused=True), note(-3, PAUSE))) == [
        started(4, whole=False),
        Paused(run=4, time_ns=at(0)),
    ]


def lost_in_run() -> Stream:
    """A client that was in run 101 and got pulses 1 to 3, and has connected again."""
    stream = Stream()
    stream.connect()
    items = stream.feed(status(0, NEW_RUN, 101) + pulses(1, 2, 3))
    assert edges_of(items) == [started(101)]
    stream.connect()
    return stream


def test_reconnected_with_overlap_loses_and_repeats_nothing() -> None:
    stream = lost_in_run()
    items = stream.feed(status(1.5, RUN_BOF, 101) + pulses(2, 3, 4, 5))
    assert (got(items), edges_of(items)) == ([(101, 4), (101, 5)], [])
    assert stream.state.window.repeated_pulses == 2
    assert stream.state.position == position_after(run=101, pulse_ns=at(5))


def test_reconnected_to_a_snapshot_in_the_same_run() -> None:
    items = lost_in_run().feed(status(2.5, STATE, 101) + pulses(3, 4))
    assert (got(items), edges_of(items)) == ([(101, 4)], [])


def test_reconnected_without_overlap_is_a_gap_before_the_data() -> None:
    stream = lost_in_run()
    items = stream.feed(status(6, STATE, 101) + pulses(7, 8))
    gap = Gap(run=101, reason=OVERLAP_MISSING, from_ns=at(3), to_ns=at(7))
    assert items[0] == gap
    assert (got(items), edges_of(items)) == ([(101, 7), (101, 8)], [gap])
    assert edges_of(stream.feed(pulses(9))) == []


def test_reconnected_to_the_start_of_the_same_run() -> None:
    items = lost_in_run().feed(status(0, NEW_RUN, 101) + pulses(1, 2, 3, 4))
    assert (got(items), edges_of(items)) == ([(101, 4)], [])


def test_reconnected_to_the_start_of_a_run_of_which_no_pulse_had_come() -> None:
    stream = Stream()
    stream.feed(status(0, STATE, 0) + pulses(1) + status(2, NEW_RUN, 101))
    stream.connect()
    items = stream.feed(status(2, NEW_RUN, 101) + pulses(3))
    assert (got(items), edges_of(items)) == ([(101, 3)], [])


def test_reconnected_when_the_run_had_ended_and_another_begun() -> None:
    items = lost_in_run().feed(status(10, NEW_RUN, 102) + pulses(11))
    reason = "the connection was down when run 101 ended"
    assert edges_of(items) == [
        Gap(run=101, reason=reason, from_ns=at(3), to_ns=at(10)), ended(101, 10), started(102),
    ]  # fmt: skip
    assert got(items) == [(102, 11)]


def test_reconnected_between_runs() -> None:
    items = lost_in_run().feed(status(10, STATE, 0) + pulses(11))
    reason = "the connection was down when run 101 ended"
    assert edges_of(items) == [Gap(run=101, reason=reason, from_ns=at(3), to_ns=at(10)), ended(101, 10)]
    assert got(items) == [(0, 11)]


def test_reconnected_from_between_runs_into_a_run() -> None:
    stream = Stream()
    stream.feed(status(0, STATE, 0) + pulses(1))
    stream.connect()
    items = stream.feed(status(3, NEW_RUN, 102) + pulses(4))
    assert edges_of(items) == [
        Gap(run=0, reason="a reconnect between runs", from_ns=at(1), to_ns=at(3)),
        started(102),
    ]


def test_reconnected_in_a_pause_the_run_stays_paused_while_the_server_says_again_what_was_before() -> None:
    stream = Stream()
    before = status(0, NEW_RUN, 101) + pulses(1, 2) + p.annotation(at(3), PAUSE) + p.annotation(at(4), RESUME)
    paused = pulses(5) + p.annotation(at(6), PAUSE) + status(6, RUN_EOF, 101)
    stream.feed(before + paused)
    stream.connect()
    assert edges_of(stream.feed(before + paused)) == []
    assert stream.state.paused
    items = stream.feed(status(9, RUN_BOF, 101) + p.annotation(at(9), RESUME) + pulses(9))
    assert edges_of(items) == [Resumed(run=101, time_ns=at(9))]
    assert got(items) == [(101, 9)]


def test_a_reconnect_is_no_gap_before_anything_was_seen() -> None:
    stream = Stream()
    stream.connect()
    stream.connect()
    assert edges_of(stream.feed(status(0, STATE, 3) + pulses(1))) == [started(3, whole=False)]


def test_two_reconnects_with_nothing_between() -> None:
    stream = lost_in_run()
    assert got(stream.feed(status(1.5, RUN_BOF, 101) + pulses(2))) == []
    stream.connect()
    items = stream.feed(status(1.5, RUN_BOF, 101) + pulses(2, 3, 4))
    assert (got(items), edges_of(items)) == ([(101, 4)], [])


def test_run_edges_after_a_reconnect_that_went_well_are_no_gap() -> None:
    stream = lost_in_run()
    items = stream.feed(status(1, RUN_BOF, 101) + pulses(3, 4) + status(5, END_RUN, 101) + status(6, NEW_RUN, 102))
    assert edges_of(items) == [ended(101, 5), started(102)]


def test_pulses_older_than_the_time_wanted_are_dropped() -> None:
    stream = Stream(session.starting_at(at(3)))
    stream.connect()
    items = stream.feed(status(0, NEW_RUN, 101) + pulses(1, 2) + status(2, RUN_EOF, 101) + status(2, RUN_BOF, 101))
    items += stream.feed(pulses(2.5, 3, 4))
    assert got(items) == [(101, 3), (101, 4)]
    assert edges_of(items) == [started(101)]


def test_a_clock_set_back_inside_a_run_loses_nothing() -> None:
    stream = Stream()
    items = stream.feed(status(0, NEW_RUN, 1) + pulses(10, 11, 5, 6))
    items += stream.feed(pulses(2, 12))
    assert got(items) == [(1, s) for s in (10, 11, 5, 6, 2, 12)]
    assert stream.state.window.repeated_pulses == 0


def test_a_clock_set_back_after_a_reconnect_loses_nothing_once_a_newer_pulse_came() -> None:
    stream = lost_in_run()
    items = stream.feed(status(1, RUN_BOF, 101) + pulses(2, 3, 4) + pulses(1, 2, pixel=6))
    assert got(items) == [(101, 4), (101, 1), (101, 2)]


def test_a_clock_set_back_between_two_runs_loses_nothing() -> None:
    items = items_of(status(0, NEW_RUN, 1), pulses(10), status(11, NEW_RUN, 2), pulses(5))
    assert got(items) == [(1, 10), (2, 5)]


def test_two_pulses_with_one_time_are_both_delivered() -> None:
    assert got(items_of(status(0, NEW_RUN, 1), pulses(1), pulses(1, pixel=6), pulses(2))) == [(1, 1), (1, 1), (1, 2)]


def test_resuming_a_stored_position() -> None:
    stream = Stream(session.resuming(position_after(run=101, pulse_ns=at(2))))
    stream.connect()
    items = stream.feed(status(0, NEW_RUN, 101) + pulses(1, 2, 3))
    assert (got(items), edges_of(items)) == ([(101, 3)], [])


def test_resuming_a_position_whose_run_is_over() -> None:
    stream = Stream(session.resuming(position_after(run=101, pulse_ns=at(2))))
    stream.connect()
    items = stream.feed(status(5, NEW_RUN, 102) + pulses(6))
    assert [type(edge).__name__ for edge in edges_of(items)] == ["Gap", "RunEnded", "RunStarted"]


def test_resuming_a_position_without_a_pulse_is_no_gap() -> None:
    stream = Stream(session.resuming(position_after(run=101, pulse_ns=0)))
    stream.connect()
    items = stream.feed(status(0, STATE, 101) + pulses(1))
    assert (got(items), edges_of(items)) == ([(101, 1)], [])


def test_position_is_after_the_last_pulse_delivered() -> None:
    stream = Stream()
    assert stream.state.position == position_after(run=0, pulse_ns=0)
    stream.feed(status(0, NEW_RUN, 7) + pulses(1, 2))
    assert stream.state.position == position_after(run=7, pulse_ns=at(2))


# Any history of packets, against a session that is written packet by packet.

Token = tuple[str, int, int]
_DECODER = Decoder()
STATUSES = st.sampled_from([NO_RUN, NEW_RUN, RUN_EOF, RUN_BOF, END_RUN, STATE, PROLOGUE])
TOKENS = st.one_of(
    st.tuples(st.just("pulse"), st.integers(0, 12), st.just(0)),
    st.tuples(st.just("monitor"), st.integers(0, 12), st.just(0)),
    st.tuples(st.just("status"), STATUSES, st.integers(0, 2)),
    st.tuples(st.just("paused"), STATUSES, st.integers(0, 2)),
    st.tuples(st.just("note"), st.sampled_from([0, 1, PAUSE, RESUME]), st.just(0)),
)


@dataclass(frozen=True, eq=False)
class Block(Packets):
    """A fact that remembers the tokens it was made of."""

    tokens: tuple[Token, ...] = ()


def block_of(tokens: list[Token]) -> Block:
    data = b""
    for kind, first, second in tokens:
        if kind == "pulse":
            data += p.pulse(at(first))
        elif kind == "monitor":
            data += p.monitors(at(first), {})
        elif kind == "note":
            data += note(0, first)
        else:
            data += status(0, first, 0 if first == NO_RUN else second, paused=kind == "paused")
    table = table_of(data)
    return Block(table=table, rare=_DECODER.rare(table), tokens=tuple(tokens))


def ascending(places: list[int]) -> Block:
    """Pulses with monitors, each newer than the one before: what comes nearly always."""
    return block_of([(kind, place, 0) for place in sorted(set(places)) for kind in ("pulse", "monitor")])


@dataclass
class Model:
    """The session in the plainest words: one packet at a time, and a set of those that were delivered of this run."""

    run: int | None = None
    seen: set[tuple[str, int]] = field(default_factory=set)
    began: list[int] = field(default_factory=list)
    delivered: list[tuple[str, int, int]] = field(default_factory=list)

    def take(self, token: Token) -> None:
        kind, first, second = token
        if kind in ("pulse", "monitor"):
            if (kind, first) not in self.seen:
                self.seen.add((kind, first))
                self.delivered.append((kind, self.run or 0, first))
        elif kind in ("status", "paused") and first not in (RUN_EOF, PROLOGUE):
            self.enter(0 if first in (END_RUN, NO_RUN) else second)

    def enter(self, run: int) -> None:
        if run != self.run:
            if self.run or (run and self.run is not None):
                self.seen = set()
            self.began += [run] if run else []
        self.run = run


def delivered_by(output: Deliver, block: Block) -> list[tuple[str, int, int]]:
    rows = sorted([("pulse", int(row)) for row in output.banked] + [("monitor", int(row)) for row in output.monitor],
                  key=lambda one: one[1])  # fmt: skip
    assert all(block.tokens[row][0] == kind for kind, row in rows)
    return [(kind, output.run, block.tokens[row][1]) for kind, row in rows]


FACTS = st.one_of(st.just(Connected()), st.lists(TOKENS, max_size=10).map(block_of))


class Watch:
    """Looks at every step of a history."""

    def __init__(self) -> None:
        self.model = Model()
        self.delivered: list[tuple[str, int, int]] = []
        self.open_run = 0
        self.paused = False
        self.gaps_left = 0

    def __call__(
        self, before: SessionState, fact: Any, now: float, after: SessionState, outputs: Sequence[Any]
    ) -> None:
        if isinstance(fact, Connected):
            self.model.began = [self.model.run] if self.model.run else []
            self.gaps_left = 2  # what was not given again, and the end of the run that was missed
            assert outputs == ()
            return
        for token in fact.tokens:
            self.model.take(token)
        for output in outputs:
            self.look_at(output, fact)
        assert self.delivered == self.model.delivered
        assert after.run == self.model.run
        rows = [output for output in outputs if isinstance(output, Deliver)]
        assert all(set(a.rare).isdisjoint(b.rare) for a, b in pairwise(rows))

    def look_at(self, output: Item | Deliver, fact: Block) -> None:
        match output:
            case Deliver():
                assert output.run == self.open_run
                self.delivered += delivered_by(output, fact)
            case RunStarted():
                assert (self.open_run, output.run > 0) == (0, True)
                self.open_run, self.paused = output.run, False
            case RunEnded():
                assert self.open_run == output.run
                self.open_run, self.paused = 0, False
            case Paused():
                # Between runs a pause can vanish with a run status that is no edge.
                assert (output.run, self.paused and self.open_run > 0) == (self.open_run, False)
                self.paused = True
            case Resumed():
                assert (output.run, self.paused) == (self.open_run, True)
                self.paused = False
            case Gap():
                assert output.run == self.open_run
                if "came back" in output.reason:
                    assert self.model.began.count(output.run) > 1
                else:
                    self.gaps_left -= 1
                    assert self.gaps_left >= 0
            case _:
                pytest.fail(f"unexpected {output!r}")


@settings(deadline=None, max_examples=300)
@given(histories(FACTS, most=12))
def test_any_history_is_told_as_by_a_session_in_plain_words(history: list[tuple[float, Any]]) -> None:
    seen = [Seen(delivered=nothing_delivered(1 << 10)) for _ in range(2)]  # every step copies it
    small = SessionState(banked=seen[0], monitor=seen[1], rare_seen=nothing_delivered(1 << 10))
    run_history(session.step, small, history, Watch())


@settings(deadline=None)
@given(st.lists(TOKENS, max_size=30), st.lists(st.integers(0, 30), max_size=5))
def test_it_does_not_matter_where_a_block_ends(tokens: list[Token], cuts: list[int]) -> None:
    def told(pieces: list[list[Token]]) -> tuple[list[Any], list[tuple[str, int, int]], SessionState]:
        state, edges, delivered = SessionState(), [], []
        for piece in pieces:
            block = block_of(piece)
            state, outputs = session.step(state, block, 0.0)
            for output in outputs:
                if isinstance(output, Deliver):
                    delivered += delivered_by(output, block)
                else:
                    edges.append(output)
        return edges, delivered, state

    places = [0, *sorted(min(cut, len(tokens)) for cut in cuts), len(tokens)]
    assert told([tokens[a:b] for a, b in pairwise(places)]) == told([tokens])


# A server as real ones are, whose connection breaks at any packet and is made again at any later moment.


@dataclass(frozen=True)
class File:
    """A file of a container: its first packet is a run status; the index knows the last pulse before it."""

    container: int
    packets: list[bytes]
    index_s: int


def stored(runs: list[list[int]]) -> tuple[list[File], dict[int, list[float]]]:
    """Files of what a server writes, and the pulses of each run: every third container is between runs.

    Every entry of `runs` is a container: the numbers of pulses in its files.
    """
    files: list[File] = []
    truth: dict[int, list[float]] = {}
    before_s, tenths = 0.0, 0
    for container, sizes in enumerate(runs):
        run = 0 if container % 3 == 0 else 100 + container
        opening, closing = (
            (NEW_RUN, [RUN_EOF] * (len(sizes) - 1) + [END_RUN]) if run else (NO_RUN, [NO_RUN] * len(sizes))
        )
        for number, size in enumerate(sizes):
            packets = [status(before_s, RUN_BOF if run and number else opening, run), p.geometry(at(-9), "<i/>")]
            times = [(tenths + 4 * k) / 10 for k in range(1, size + 1)]
            truth.setdefault(run, []).extend(times)
            packets += [one for s in times for one in (p.monitors(at(s), {1: [3]}), p.pulse(at(s), (1, 2)))]
            tenths += 4 * size
            packets.append(status(tenths / 10, closing[number], run))
            files.append(File(container, packets, at(before_s) // NS))
            before_s = tenths / 10
    return files, truth


class Server:
    """What a real stream server does, as observed: the index is of the current container, history is forgotten."""

    def __init__(self, files: list[File]) -> None:
        self.written = [(number, packet) for number, file in enumerate(files) for packet in file.packets]
        self.files = files
        self.done = 1

    def write(self, up_to: int) -> None:
        """Go on until so many packets are written; the next container opens in the moment that one closes."""
        self.done = max(self.done, min(up_to, len(self.written)))
        if self.done < len(self.written):
            before, after = (self.files[self.written[k][0]].container for k in (self.done - 1, self.done))
            self.done += before != after

    def first_to_send(self, start_s: int) -> int:
        current = self.written[self.done - 1][0]
        usable = [n for n in range(current + 1) if self.files[n].container == self.files[current].container]
        older = [n for n in usable if self.files[n].index_s < start_s]
        wanted = older[-1] if older else usable[0]
        return next(k for k, (number, _) in enumerate(self.written) if number == wanted)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=3), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(0, 12)), max_size=8),
)
def test_a_connection_may_break_at_any_packet(runs: list[list[int]], breaks: list[tuple[int, int, int]]) -> None:
    """No pulse of a run counts twice, and none is missing unless a gap of that run says so."""
    files, truth = stored([*runs, *[[1]] * (-len(runs) % 3 + 1)])
    server, stream = Server(files), Stream()
    items: list[Item] = []
    for ahead, sent, unseen in [*breaks, (10**6, 10**6, 0)]:
        server.write(server.done + ahead)
        begin = server.first_to_send(start_second(StartFrom.RUN_START, stream.state, Retry()))
        end = min(begin + sent, len(server.written))
        server.write(end)
        stream.connect()
        items += stream.feed(b"".join(packet for _, packet in server.written[begin:end]))
        server.write(server.done + unseen)
    gaps = {item.run for item in items if isinstance(item, Gap)}
    opened = {item.run for item in items if isinstance(item, RunStarted)}
    banked, monitor = by_run(items, EventBatch), by_run(items, MonitorBatch)
    for run in set(truth) - {0}:
        for mine in banked.get(run, []), monitor.get(run, []):
            assert mine == sorted(set(mine))
            assert set(mine) <= set(truth[run])
            if run in opened - gaps:
                assert mine == truth[run]


def by_run(items: Sequence[Item], kind: type[EventBatch | MonitorBatch]) -> dict[int, list[float]]:
    """Seconds of the pulses of each run."""
    found: dict[int, list[float]] = {}
    for item in items:
        if isinstance(item, kind):
            found.setdefault(item.run, []).extend(((item.pulse_ns - T0) / NS).tolist())
    return found


def said(outputs: Sequence[Any]) -> list[Any]:
    """Outputs as values that can be compared."""
    return [
        (one.run, one.banked.tolist(), one.monitor.tolist(), one.scalar.tolist(), one.repeats_before, one.rare)
        if isinstance(one, Deliver)
        else one
        for one in outputs
    ]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(FACTS, st.lists(st.integers(0, 12), max_size=5).map(ascending)), max_size=12))
def test_the_short_way_through_undisturbed_data_is_the_long_way(facts: list[Connected | Packets]) -> None:
    short = long = SessionState()
    for fact in facts:
        short, outputs = session.step(short, fact, 0.0)
        if isinstance(fact, Connected):
            long = session._connected(long)
            continue
        long, expected = session._packets(long, fact)
        assert said(outputs) == said(expected)
        assert short == long
        assert (len(short.banked.delivered), len(short.monitor.delivered)) == (
            len(long.banked.delivered),
            len(long.monitor.delivered),
        )


def test_data_after_the_start_of_a_run_go_the_short_way() -> None:
    state, _ = session.step(SessionState(), block_of([("status", NEW_RUN, 1), ("pulse", 1, 0)]), 0.0)
    data = block_of([("pulse", 2, 0), ("monitor", 2, 0), ("pulse", 3, 0)])
    assert session._undisturbed(state, data) is not None
    state, _ = session.step(state, data, 0.0)
    assert session._undisturbed(state, data) is None, "repeats are for the long way"
