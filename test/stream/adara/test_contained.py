"""A fault of ours between a packet and its items costs that packet, is counted, and is a gap where it had events."""

import logging
from contextlib import suppress

import numpy as np
import pytest

from helpers import packets as p
from helpers.decoding import Stream, logs_of, pulses_of
from helpers.items import log_batch
from helpers.packets import NEW_RUN, NS, T0
from helpers.scripted import Scripted, sends
from livereduce.base.contained import WINDOW_S, Contained
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.adara import decode, session
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.adara.wire import packets, readers
from livereduce.stream.adara.wire.banks import BankReader, BankTable
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.items import I4, I8, Gap, Item, LogBatch, SourceLost

RUN = p.run_status(T0, NEW_RUN, 5)
BAD = 666


def pulses(n: int, pixel: int = 1) -> bytes:
    return b"".join(p.pulse(T0 + (k + 1) * NS, (k, BAD if k == n // 2 else pixel)) for k in range(n))


def gaps_of(items: list[Item]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


EMPTY = {
    **{f"multiple {kind} of nothing": p.multiple(kind, T0, 1, kind, []) for kind in range(1, 6)},
    "string of nothing": p.variable(3, T0, 1, 11, ""),
    "array of nothing": p.variable(4, T0, 1, 12, []),
    "array of no doubles": p.variable(5, T0, 1, 13, []),
    "multiple strings of nothing": p.multiple(3, T0, 1, 14, [(0, ""), (1, "")]),
    "multiple arrays of nothing": p.multiple(5, T0, 1, 15, [(0, []), (1, [])]),
    "descriptor without variables": p.descriptor(T0, 9, "", {}),
    "descriptor of a variable without a name": p.descriptor(T0, 9, "", {1: ("", "")}),
    "map without pixels": p.pixel_map_alt(T0, []),
    "old map without pixels": p.pixel_map(T0, []),
    "map of an empty section": p.pixel_map_alt(T0, [p.listed(0, 1, [])]),
    "run information of nothing": p.run_info(T0, "", ""),
    "geometry of nothing": p.geometry(T0, ""),
    "beamline without names": p.beamline(T0, "", "", ""),
    "note of nothing": p.annotation(T0, 0),
    "no monitors": p.monitors(T0, {}),
    "a monitor without events": p.monitors(T0 + 1, {1: []}),
    "no banks": p.banked(T0 + 2, [p.Section(banks=[])]),
    "a bank without events": p.banked(T0 + 3, [p.Section(banks=[p.Bank()])]),
    "no sections": p.banked(T0 + 4),
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_empty_gives_no_empty_series(name: str) -> None:
    stream = Stream()
    items = stream.feed(RUN + p.pulse(T0 - NS, (1, 1)) + EMPTY[name] + p.pulse(T0 + NS, (2, 2)))
    assert all(len(item.time_ns) for item in items if isinstance(item, LogBatch))
    assert [events for _, _, events in pulses_of(items) if events] == [((100, 1),), ((200, 2),)]
    assert stream.decoder.damaged == stream.decoder.contained.count == 0


def test_logs_without_values_are_carried_over_as_none() -> None:
    logs = RunLogs()
    logs.add_log(log_batch(5, "nothing", [], []))
    logs.add_log(LogBatch(run=5, name="words", units="", time_ns=np.empty(0, np.int64), value=()))
    assert list(logs.carried_over()) == []


def test_a_variable_that_changes_its_kind_keeps_all_values() -> None:
    logs = RunLogs()
    for data in (p.variable(2, T0, 1, 2, 1.5), p.variable(3, T0 + 1, 1, 2, "off"), p.variable(5, T0 + 2, 1, 2, [])):
        for item in Stream().feed(data):
            assert isinstance(item, LogBatch)
            logs.add_log(item)
    first, second, third = logs["device1.2"].value
    assert (first, second, third.tolist()) == (1.5, "off", [])
    assert logs.carried_over()["device1.2"].size() == 1


def test_a_pulse_that_cannot_be_read_costs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(reader: BankReader, table: PacketTable, rows: I8, tof: I4, pixel: I4) -> BankTable:
        found = read(reader, table, rows, tof, pixel)
        if (pixel[: found.first_event[-1]] == BAD).any():
            raise ZeroDivisionError("no such pixel")
        return found

    read = BankReader.read
    monkeypatch.setattr(BankReader, "read", strict)
    stream = Stream()
    items = stream.feed(RUN + pulses(100))
    assert len(pulses_of(items)) == 99
    assert [(gap.run, gap.from_ns) for gap in gaps_of(items)] == [(5, T0 + 51 * NS)]
    assert (stream.decoder.damaged, stream.decoder.contained.count) == (1, 1)
    assert "ZeroDivisionError: no such pixel" in stream.decoder.last_problem


def test_a_monitor_packet_that_cannot_be_read_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    monkeypatch.setattr(stream.decoder._monitors, "batches", lambda *_: 1 / 0)
    items = stream.feed(RUN + p.monitors(T0, {1: [5]}) + p.pulse(T0, (1, 1)))
    assert [gap.reason for gap in gaps_of(items)] == ["pulses that could not be read"]
    assert len(pulses_of(items)) == 1


def test_a_rare_packet_costs_itself_and_no_value_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(format_word: int, payload: bytes) -> object:
        if b"poison" in payload:
            raise KeyError("poison")
        return read(format_word, payload)

    read = readers.read_packet
    monkeypatch.setattr(decode, "read_packet", strict)
    words = ["a", "poison", "b"]
    stream = Stream()
    items = stream.feed(RUN + b"".join(p.variable(3, T0 + k, 1, 2, word) for k, word in enumerate(words)))
    assert logs_of(items) == {"device1.2": [(T0, "a"), (T0 + 2, "b")]}
    assert gaps_of(items) == []
    assert "KeyError" in stream.decoder.last_problem


def test_a_value_that_cannot_be_given_out_costs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    values = stream.decoder._values

    def strict(table: PacketTable, deliver: session.Deliver, row: int, packet: packets.VariableValues) -> list[Item]:
        if "poison" in packet.value:
            raise KeyError("poison")
        return values(table, deliver, row, packet)

    monkeypatch.setattr(stream.decoder, "_values", strict)
    data = b"".join(p.variable(3, T0 + k, 1, 2, word) for k, word in enumerate(["a", "poison", "b"]))
    assert logs_of(stream.feed(RUN + data)) == {"device1.2": [(T0, "a"), (T0 + 2, "b")]}
    assert stream.decoder.contained.count == 1


def test_what_the_session_cannot_follow_is_a_gap_and_the_connection_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(state: session.SessionState, fact: session.Fact, now: float) -> object:
        if isinstance(fact, session.Packets) and T0 + 2 * NS in fact.table.time_ns:
            raise RuntimeError("lost")
        return step(state, fact, now)

    step = session.step
    monkeypatch.setattr(session, "step", strict)
    parts = [RUN + p.pulse(T0 + NS, (1, 1)), p.pulse(T0 + 2 * NS, (2, 2)), p.pulse(T0 + 3 * NS, (3, 3))]
    items: list[Item] = []
    with Scripted(sends(*parts)) as server:
        source = AdaraSource("127.0.0.1", server.port)
        with suppress(SourceLost):
            while True:
                items += source.read(600.0)
    state = source.state()
    assert (state.connects, state.contained, state.gaps) == (1, 1, 1)
    assert [(run, events) for run, _, events in pulses_of(items)] == [(5, ((100, 1),)), (5, ((300, 3),))]
    assert [gap.reason for gap in gaps_of(items)] == ["a packet that could not be processed"]


def test_a_read_that_fails_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(sends(RUN), sends(RUN + p.pulse(T0, (1, 1)))) as server:
        source = AdaraSource("127.0.0.1", server.port)
        monkeypatch.setattr(source._unpacker._framer, "table", lambda *_: 1 / 0)
        with suppress(SourceLost):
            while True:
                source.read(600.0)
        assert "ZeroDivisionError" in source.state().reason
        monkeypatch.undo()
        items: list[Item] = []
        while not pulses_of(items):
            items += source.read(600.0)
        source.close()
    assert source.state().contained == 1


def test_a_traceback_is_logged_once_a_window(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    contained = Contained(logging.getLogger("test"), lambda: now[0])
    for k in range(10):
        now[0] = k * WINDOW_S / 5
        try:
            _ = 1 // 0
        except ZeroDivisionError as error:
            contained.note(f"packet {k}", error)
    assert (contained.count, "packet 9 left out" in contained.last) == (10, True)
    assert [record.getMessage()[:33] for record in caplog.records] == [
        "internal error, packet 0 left out",
        "internal error, packet 5 left out",
    ]
    assert all(record.exc_info for record in caplog.records)
