"""From packets to items: names, units, geometry, logs; what cannot be read is counted and costs itself alone."""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest

from helpers import packets as p
from helpers.decoding import Stream, edges_of, items_of, logs_of, monitors_of, pulses_of, table_of
from helpers.packets import COR, ERROR, NEW_RUN, RUN_BOF, RUN_EOF, T0, UNMAPPED, Bank, Section, packet, words
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.session import Deliver
from livereduce.stream.adara.wire.variables import MAX_VARIABLES
from livereduce.stream.items import FLAG_DAMAGED, EventBatch, Geometry, Item, LogBatch, MonitorBatch

T = TypeVar("T", EventBatch, MonitorBatch, LogBatch)
RUN = p.run_status(T0, NEW_RUN, 9, start_s=1)


def the(items: list[Item], kind: type[T]) -> T:
    """The only item of its kind."""
    (found,) = (item for item in items if isinstance(item, kind))
    return found


def test_a_batch_has_all_pulses_of_a_block() -> None:
    batch = the(
        items_of(
            RUN,
            p.pulse(T0 + 1, (10, 5), (11, 6), charge=2),
            p.pulse(T0 + 2, charge=3),
            p.banked(T0 + 3, [Section(banks=[Bank(events=[(12, 7)])])], flags=4, veto=1, charge=0),
        ),
        EventBatch,
    )
    assert (batch.run, batch.state) == (9, None)
    assert (batch.tof_ns.tolist(), batch.pixel.tolist()) == ([1000, 1100, 1200], [5, 6, 7])
    assert (batch.first.tolist(), batch.pulse_ns.tolist()) == ([0, 2, 2, 3], [T0 + 1, T0 + 2, T0 + 3])
    assert (batch.charge_pc.tolist(), batch.flags.tolist()) == ([20.0, 30.0, 0.0], [0, 0, 1 << 20 | 4])
    assert batch.period.tolist() == [0, 0, 0]


def test_arrays_have_the_types_promised_and_are_read_only() -> None:
    data = [RUN, p.banked(T0, [Section(banks=[Bank(events=[(1, 2)])])], states=True), p.monitors(T0, {1: [2]})]
    items = items_of(*data, p.variable(2, T0, 1, 2, 3.0))
    batch, monitor, log = (the(items, EventBatch), the(items, MonitorBatch), the(items, LogBatch))
    assert isinstance(log.value, np.ndarray)
    kinds = {"tof_ns": "i4", "pixel": "i4", "state": "u1", "first": "i8", "pulse_ns": "i8", "charge_pc": "f8"}
    for name, kind in {**kinds, "flags": "u4", "period": "u2"}.items():
        column = getattr(batch, name)
        assert (column.dtype.str[1:], column.flags.writeable) == (kind, False), name
    for column, kind in ((monitor.tof_ns, "i4"), (monitor.first, "i8"), (log.time_ns, "i8"), (log.value, "f8")):
        assert (column.dtype.str[1:], column.flags.writeable) == (kind, False)


def test_a_batch_keeps_its_events_when_more_come() -> None:
    stream = Stream()
    first = the(stream.feed(RUN + p.pulse(T0, (10, 5))), EventBatch)
    for k in range(1, 20):
        stream.feed(p.pulse(T0 + k, (k, k), (k, k)))
    assert (first.tof_ns.tolist(), first.pixel.tolist()) == ([1000], [5])


def test_states_are_there_if_any_pulse_of_the_batch_has_them() -> None:
    with_states = p.banked(T0 + 1, [Section(banks=[Bank(state=3, events=[(1, 2)])])], states=True)
    batch = the(items_of(RUN, p.pulse(T0, (1, 1)), with_states, p.pulse(T0 + 2, (1, 1))), EventBatch)
    assert batch.state is not None
    assert batch.state.tolist() == [0, 3, 0]


def test_events_without_a_pixel_are_counted() -> None:
    banks = [Bank(id=UNMAPPED, events=[(1, 2)] * 2), Bank(id=ERROR, events=[(1, 2)] * 3), Bank(events=[(1, 2)])]
    batch = the(items_of(RUN, p.banked(T0, [Section(banks=banks)])), EventBatch)
    assert (len(batch.tof_ns), batch.unmapped, batch.erroneous) == (1, 2, 3)


def test_offset_of_uncorrected_packets_is_applied() -> None:
    data = p.banked(T0, [Section(banks=[Bank(events=[(10, 2)])], offset=5)]) + p.monitors(T0, {1: [10]}, offset=5)
    items = items_of(RUN, data, p.monitors(T0 + 1, {1: [10]}, offset=COR | 5))
    assert the(items, EventBatch).tof_ns.tolist() == [1500]
    assert monitors_of(items) == {1: [(T0, (1500,)), (T0 + 1, (1000,))]}


def test_a_damaged_packet_costs_itself_alone_and_marks_its_pulse() -> None:
    stream = Stream()
    bad = packet(0x4000, 1, T0 + 1, words(5, 0, 0, 0, 1, 2, COR, 99))
    items = stream.feed(RUN + p.pulse(T0, (1, 2)) + bad + p.pulse(T0 + 2, (3, 4)))
    assert pulses_of(items) == [(9, T0, ((100, 2),)), (9, T0 + 1, ()), (9, T0 + 2, ((300, 4),))]
    batch = the(items, EventBatch)
    assert (batch.flags.tolist(), batch.charge_pc.tolist()) == ([0, FLAG_DAMAGED, 0], [10, 0, 10])
    assert stream.decoder.damaged == 1
    where = f"byte {len(RUN + p.pulse(T0, (1, 2)))}: 0x4000 v1: "
    assert stream.decoder.last_problem == where + "its banks do not fit its payload of 32 bytes"


def test_every_kind_of_damage_is_counted() -> None:
    stream = Stream()
    stream.feed(
        packet(0x4001, 1, T0, words(0, 0, 0, 0, 9))
        + packet(0x8001, 0, T0, words(1, 2, 3))
        + packet(0x4003, 1, T0, words(1, 2))
        + packet(0x4000, 1, T0)
        + packet(0x8000, 0, T0, words(1, 4) + b"<a><")
    )
    assert stream.decoder.damaged == 5


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (p.run_status(T0, 77, 1), "0x4003 v1: run status 77 is none of 0"),
        (packet(0x4000, 0, T0), "0x4000 v0: its banks do not fit its payload of 0 bytes"),
        (packet(0x4100, 0, T0, words(0, 0, 0, 0, 1)), "0x4100 v0: its banks do not fit its payload of 20 bytes"),
        (packet(0x4001, 1, T0, words(0, 0, 0, 0, 9)), "0x4001 v1: its sections do not fit its payload of 20 bytes"),
        (p.monitors(T0, {k: [] for k in range(70)}), "0x4001 v1: its sections do not fit its payload of 856 bytes"),
        (packet(0x8001, 0, T0, words(1, 2, 3)), "0x8001 v0: no room for a value in 12 bytes"),
    ],
)
def test_a_problem_names_the_place_in_the_stream_the_packet_and_why(bad: bytes, named: str) -> None:
    """Places count from the start of the connection, whatever was in the tables before."""
    good = p.monitors(T0, {1: [2]}) + p.pulse(T0, (1, 2)) + p.variable(1, T0, 1, 2, 3)
    stream = Stream()
    stream.feed(RUN + good)
    assert stream.decoder.last_problem == ""
    stream.feed(good + bad + good)
    assert stream.decoder.last_problem.startswith(f"byte {len(RUN + 2 * good)}: {named}")


def test_of_several_bad_packets_of_a_kind_the_first_is_named() -> None:
    stream, bad = Stream(), [packet(0x4000, 1, T0, words(k)) for k in range(3)]
    stream.feed(RUN + p.pulse(T0) + bad[0] + p.pulse(T0 + 1) + bad[1] + bad[2])
    place = len(RUN + p.pulse(T0))
    assert stream.decoder.damaged == 3
    assert stream.decoder.last_problem == (
        f"byte {place}: 0x4000 v1: its banks do not fit its payload of 4 bytes; 2 more like it in the same block"
    )


def test_unknown_types_are_skipped_and_counted() -> None:
    stream = Stream()
    items = stream.feed(RUN + packet(0x4242, 3, T0, words(1)) * 2 + packet(0xF_4000, 0, T0) + p.pulse(T0, (1, 2)))
    assert pulses_of(items) == [(9, T0, ((100, 2),))]
    assert stream.decoder.unknown_types == {"0x4242 v3": 2, "0xf4000 v0": 1}
    assert stream.decoder.damaged == 0


def test_known_types_that_mean_nothing_to_us_are_no_items() -> None:
    quiet = [p.sync(T0, "x"), p.rtdl(T0), *(packet(t, 0, T0) for t in (0, 2, 3, 0x4005, 0x4006, 0x4009, 0x400C))]
    stream = Stream()
    assert stream.feed(b"".join([*quiet, packet(0x400D, 1, T0), packet(0x400E, 0, T0), p.annotation(T0, 5, "x")])) == []
    assert (stream.decoder.unknown_types, stream.decoder.damaged) == ({}, 0)


def test_names_and_units_come_from_the_descriptor() -> None:
    data = [RUN, p.variable(2, T0, 1, 2, 1.5), p.descriptor(T0, 1, "oven", {2: ("temp", "K"), 3: ("", "s")})]
    stream = Stream()
    first = stream.feed(b"".join(data))
    assert [(log.name, log.units) for log in first if isinstance(log, LogBatch)] == [("temp", "K")]
    second = stream.feed(p.variable(2, T0 + 1, 1, 2, 2.5) + p.variable(1, T0, 1, 3, 7) + p.variable(1, T0, 5, 6, 7))
    assert [(log.run, log.name, log.units) for log in second if isinstance(log, LogBatch)] == [
        (9, "temp", "K"),
        (9, "device1.3", "s"),
        (9, "device5.6", ""),
    ]


def test_a_descriptor_may_rename() -> None:
    stream = Stream()
    stream.feed(p.descriptor(T0, 1, "d", {2: ("old", "")}) + p.variable(1, T0, 1, 2, 1))
    items = stream.feed(p.descriptor(T0, 1, "d", {2: ("new", "mm")}) + p.variable(1, T0 + 1, 1, 2, 1))
    assert logs_of(items) == {"new": [(T0 + 1, 1.0)]}


def test_all_kinds_of_values() -> None:
    items = items_of(
        p.variable(1, T0, 1, 1, 7),
        p.variable(2, T0, 1, 2, math.pi),
        p.variable(3, T0, 1, 3, "on"),
        p.variable(4, T0, 1, 4, [1, 2]),
        p.variable(5, T0, 1, 5, [0.5]),
        p.multiple(2, T0, 1, 6, [(100, 1.0), (200, 2.0)]),
        p.multiple(3, T0, 1, 7, [(100, "a"), (200, "b")]),
        p.multiple(4, T0, 1, 8, [(100, [1]), (200, [])]),
    )
    logs = logs_of(items)
    assert logs.pop("device1.4")[0][1].tolist() == [1.0, 2.0]  # type: ignore[attr-defined]
    assert logs.pop("device1.5")[0][1].tolist() == [0.5]  # type: ignore[attr-defined]
    assert [t for t, _ in logs.pop("device1.8")] == [T0 + 100, T0 + 200]
    assert logs == {
        "device1.1": [(T0, 7.0)],
        "device1.2": [(T0, math.pi)],
        "device1.3": [(T0, "on")],
        "device1.6": [(T0 + 100, 1.0), (T0 + 200, 2.0)],
        "device1.7": [(T0 + 100, "a"), (T0 + 200, "b")],
    }


@pytest.mark.parametrize(
    "value_at",
    [
        lambda t: p.variable(1, t, 1, 2, 7),
        lambda t: p.variable(3, t, 1, 2, "x"),
        lambda t: p.multiple(2, t, 1, 2, [(0, 1.0)]),
    ],
    ids=["scalar", "string", "multiple"],
)
def test_values_that_a_prologue_repeats_are_dropped(value_at: Callable[[int], bytes]) -> None:
    stream = Stream()
    stream.feed(RUN + value_at(T0 - 5) + p.pulse(T0) + value_at(T0 + 1) + p.run_status(T0 + 2, RUN_EOF, 9))
    again = p.run_status(T0 + 2, RUN_BOF, 9) + value_at(T0 + 1) + value_at(T0 - 5) + value_at(T0 + 2)
    assert [t for t, _ in logs_of(stream.feed(again))["device1.2"]] == [T0 + 2]
    assert logs_of(stream.feed(p.pulse(T0 + 3) + value_at(T0 + 2) + value_at(T0 + 4)))["device1.2"][0][0] == T0 + 4


def test_geometry_comes_in_parts() -> None:
    items = items_of(
        RUN,
        p.geometry(T0, "<instrument/>"),
        p.beamline(T0, "BL1", "B", "BEAM"),
        p.run_info(T0, "a title", "IPTS-7"),
        p.pixel_map_alt(T0, [p.shorthand(0, 1, 4, 3)]),
        p.pixel_map(T0, [(1, 1, [0])]),
    )
    parts = [item for item in edges_of(items) if isinstance(item, Geometry)]
    said = [(g.definition_xml, g.instrument, g.title, g.proposal) for g in parts]
    assert said[:3] == [("<instrument/>", "", "", ""), ("", "BEAM", "", ""), ("", "", "a title", "IPTS-7")]
    assert [None if g.pixels is None else g.pixels.tolist() for g in parts] == [None, None, None, [4, 5, 6], [1]]
    assert {g.run for g in parts} == {9}


def test_scans_are_a_log() -> None:
    items = items_of(RUN, p.annotation(T0, 1, "go", scan=7), p.annotation(T0 + 5, 2, "stop", scan=7))
    assert logs_of(items) == {"scan_index": [(T0, 7.0), (T0 + 5, 0.0)]}


def test_names_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livereduce.stream.adara.names.MAX_VARIABLES", 3)
    stream = Stream()
    stream.feed(p.descriptor(T0, 1, "d", {k: (f"n{k}", "") for k in range(5)}))
    items = stream.feed(b"".join(p.variable(1, T0, 1, k, 1) for k in range(5)))
    assert sorted(logs_of(items)) == ["device1.3", "device1.4", "n0", "n1", "n2"]


def test_variables_of_all_kinds_have_a_limit_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livereduce.stream.adara.decode.MAX_VARIABLES", 2)
    stream, values = Stream(), b"".join(p.variable(3, T0, 1, k, "x") for k in range(4))
    assert sorted(logs_of(stream.feed(values))) == ["device1.0", "device1.1"]
    assert stream.decoder.damaged == 2
    assert "a variable beyond the limit of 2; its values are ignored" in stream.decoder.last_problem


def test_too_many_numbers_and_numbers_cut_short_are_told_apart() -> None:
    many = np.tile(np.frombuffer(p.variable(1, T0, 1, 0, 5), "<u4"), (MAX_VARIABLES + 1, 1))
    many[:, 5] = np.arange(len(many))
    stream = Stream()
    stream.feed(many.tobytes())
    assert f"a variable beyond the limit of {MAX_VARIABLES}" in stream.decoder.last_problem
    stream.feed(p.packet(0x8001, 0, T0, p.words(1, 2, 0)))
    assert "no room for a value in 12 bytes" in stream.decoder.last_problem
    assert stream.decoder.damaged == 2


def test_only_the_rows_asked_for_are_decoded() -> None:
    table = table_of(b"".join(p.monitors(T0 + k, {1: [k]}) + p.pulse(T0 + k, (k, k)) for k in range(4)))
    decoder = Decoder()
    deliver = Deliver(
        run=3,
        banked=np.array([3, 7]),
        monitor=np.array([4]),
        scalar=np.empty(0, np.int64),
        repeats_before=0,
        rare=(),
    )
    items = decoder.items(table, decoder.rare(table), deliver)
    assert pulses_of(items) == [(3, T0 + 1, ((100, 1),)), (3, T0 + 3, ((300, 3),))]
    assert monitors_of(items) == {1: [(T0 + 2, (200,))]}


def test_nothing_to_deliver_is_no_item() -> None:
    assert items_of(b"") == []
    assert edges_of(items_of(RUN)) == items_of(RUN)
