"""Counts of a stream by segment: where segments begin and end, and what counts in them."""

import numpy as np

from helpers import packets as p
from helpers.decoding import table_of
from helpers.packets import END_RUN, NEW_RUN, NO_RUN, NS, RUN_BOF, RUN_EOF, STATE, T0, UNMAPPED, Bank, Section, words
from livereduce.stream.adara.census import Census, Segment, stamp
from livereduce.stream.adara.wire.frame import Framer


def tally_of(*data: bytes) -> Census:
    tally = Census()
    tally.add(table_of(b"".join(data)))
    return tally


def said(segment: Segment) -> tuple[str, int, str | None, int]:
    return segment.opened_by, segment.run, segment.closed_by, segment.pulses


def status(kind: int, run: int = 0, *, paused: bool = False) -> bytes:
    return p.run_status(T0, kind, run, start_s=run, paused=paused)


PULSE = p.pulse(T0, (1, 2), charge=3)


def test_stamp_has_nine_decimals() -> None:
    assert stamp(5 * NS + 7) == "5.000000007"
    assert stamp(0) == "0.000000000"


def test_segments_of_two_runs() -> None:
    data = [status(STATE), PULSE, status(NO_RUN)]
    for run in (1, 2):
        data += [status(NEW_RUN, run), PULSE, PULSE, status(END_RUN, run), status(NO_RUN), PULSE, status(NO_RUN)]
    assert [said(segment) for segment in tally_of(*data).segments] == [
        ("STATE", 0, "NO_RUN", 1),
        ("NEW_RUN", 1, "END_RUN", 2),
        ("NO_RUN", 0, "NO_RUN", 1),
        ("NEW_RUN", 2, "END_RUN", 2),
        ("NO_RUN", 0, "NO_RUN", 1),
    ]


def test_files_of_one_run_are_one_segment() -> None:
    data = [status(NEW_RUN, 1), PULSE, status(RUN_EOF, 1), p.sync(T0), status(RUN_BOF, 1), PULSE, status(RUN_EOF, 1)]
    (segment,) = tally_of(*data).segments
    assert (said(segment), segment.file_boundaries) == (("NEW_RUN", 1, "RUN_EOF", 2), 2)


def test_files_of_paused_data_are_segments_of_their_own() -> None:
    data = [
        *(status(NEW_RUN, 1), PULSE, status(RUN_EOF, 1), status(RUN_BOF, 1, paused=True), PULSE, status(RUN_EOF, 1)),
        *(status(RUN_BOF, 1), status(END_RUN, 1)),
    ]
    segments = tally_of(*data).segments
    assert [(*said(s), s.paused_segment) for s in segments] == [
        ("NEW_RUN", 1, "RUN_EOF", 1, 0),
        ("RUN_BOF", 1, "RUN_EOF", 1, 1),
        ("RUN_BOF", 1, "END_RUN", 0, 0),
    ]


def test_a_segment_that_nothing_closes_is_open() -> None:
    assert [segment.closed_by for segment in tally_of(status(NEW_RUN, 1), PULSE).segments] == [None]


def test_packets_before_the_first_run_status_count_in_the_totals_alone() -> None:
    tally = tally_of(PULSE, status(NEW_RUN, 1), PULSE)
    assert (tally.pulses, tally.events, tally.charge_pc) == (2, 2, 60.0)
    assert [(s.pulses, s.packets) for s in tally.segments] == [(1, 2)]


def test_everything_sent_counts_repeats_included() -> None:
    assert tally_of(status(NEW_RUN, 1), PULSE, PULSE).as_json()["pulses"] == 2


def test_what_counts_in_a_segment() -> None:
    banks = [Bank(id=1, state=2, events=[(1, 2)] * 3), Bank(id=UNMAPPED, events=[(1, 9)])]
    data = [
        status(NEW_RUN, 7),
        p.banked(T0 + 5, [Section(banks=banks)], states=True, charge=4),
        p.banked(T0 + 9, [Section(banks=[Bank(id=1, events=[(3, 4)])])], flags=4, charge=5),
        p.banked(T0 + 12, flags=8, charge=1),
        p.monitors(T0, {1: [5, 6], 3: []}),
        p.variable(1, T0, 1, 2, 3),
        p.variable(3, T0, 2**31, 2, "x"),
        p.variable(3, T0, 2**31, 2, "y"),
    ]
    assert tally_of(*data).segments[0].as_json() == {
        "opened_by": "NEW_RUN",
        "run": 7,
        "run_start": 7,
        "packets": 8,
        "pulses": 3,
        "events": 5,
        "charge_pC": 100,
        "vetoed_pulses": 1,
        "charge_pC_not_vetoed": 50,
        "events_not_vetoed": 4,
        "missing_rtdl_pulses": 1,
        "banks": {"1": 4, str(UNMAPPED): 1},
        "states": {"2": 3, "0": 1},
        "monitors": {"1": 2, "3": 0},
        "first_pulse": stamp(T0 + 5),
        "last_pulse": stamp(T0 + 12),
        "closed_by": None,
        "variables": {"1/2": 1, f"{2**31}/2": 2},
        "file_boundaries": 0,
        "paused_segment": 0,
    }


def test_annotations_are_listed_in_order() -> None:
    tally = tally_of(p.annotation(T0 + 1, 0, "one"), status(NEW_RUN, 1), p.annotation(T0, 1, "two", scan=7))
    assert tally.as_json()["annotations"] == [[stamp(T0 + 1), 0, 0, "one"], [stamp(T0), 1, 7, "two"]]


def test_bad_packets_are_counted_and_the_last_is_named() -> None:
    damaged = p.packet(0x4000, 1, T0, words(1))
    tally = tally_of(
        status(NEW_RUN, 1), damaged, p.packet(0x4001, 1, T0), p.packet(0x400A, 0, T0), status(99, 1), PULSE
    )
    assert (tally.bad_packets, tally.pulses, tally.events) == (4, 2, 1)
    assert tally_of(status(99, 1)).problem.startswith("byte 0: 0x4003 v1: run status 99 is none of")
    assert tally_of(p.packet(0x400A, 0, T0)).problem.startswith("byte 0: 0x400a v0: geometry length: 4 bytes expected")


def test_it_does_not_matter_in_which_tables_a_stream_comes() -> None:
    data = b"".join(
        [status(NEW_RUN, 1), PULSE, p.monitors(T0, {1: [2]}), status(RUN_EOF, 1), status(RUN_BOF, 1), PULSE]
    )
    every = np.frombuffer(data, "<u4")
    tally, framer, begin = Census(), Framer(), 0
    for end in range(len(every) + 1):
        table = framer.table(every[begin:end])
        tally.add(table)
        begin += table.used_words
    assert tally.as_json() == tally_of(data).as_json()
