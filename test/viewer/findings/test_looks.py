"""Looks cut of what is counted: every event with beam is in one look; those without beam have looks of their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.stream.items import EventBatch
from livereduce.viewer.findings import looks
from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook
from livereduce.viewer.findings.looks import LEAST_DARK_PULSES, LONGEST_LOOK_NS, LookCutter

LAYOUT = DetectorLayout(
    pixel=np.array([10, 11, 20, 21, 12], np.int32), bank=np.array([0, 0, 1, 1, 0], np.int32), names=("a", "b")
)
BINS = 3
PULSE_NS = 16_666_667


def batch(first_ns: int, charges: list[float], rows: list[list[int]]) -> EventBatch:
    """Pulses 60 Hz apart; the pixel of an event is its row, which is all that is asked of it here."""
    events = np.array([row for pulse in rows for row in pulse], np.int32)
    first = np.concatenate(([0], np.cumsum([len(pulse) for pulse in rows]))).astype(np.int64)
    pulses = len(charges)
    return EventBatch(
        run=1, tof_ns=np.zeros(len(events), np.int32), pixel=events, state=None, first=first,
        pulse_ns=first_ns + PULSE_NS * np.arange(pulses), charge_pc=np.array(charges, np.float64),
        flags=np.zeros(pulses, np.uint32), period=np.zeros(pulses, np.uint16),
    )  # fmt: skip


class Counter:
    """Counts events as the viewer does, and cuts."""

    def __init__(self, usual: float = 0.0) -> None:
        self.cells = np.zeros((5, BINS), np.uint32)
        self.cutter = LookCutter(1, LAYOUT, self.cells, usual)
        self.time_ns = 1
        self.looks: list[DetectorLook] = []

    def take(self, charges: list[float], rows: list[list[int]], *, live: bool = True) -> None:
        one = batch(self.time_ns, charges, rows)
        self.time_ns += PULSE_NS * len(charges)
        for row in one.pixel.tolist():
            self.cells[row, row % BINS] += 1
        self.cutter.note(one, one.pixel)
        if self.cutter.is_due(live=live):
            self.looks += self.cutter.cut(self.cells)


ROWS = st.lists(st.integers(0, 4), max_size=6)
PULSES = st.lists(st.tuples(st.sampled_from([0.0, 10.0]), ROWS), min_size=1, max_size=40)


@given(st.lists(PULSES, min_size=1, max_size=30))
def test_each_event_is_in_one_look_of_its_kind(batches: list[list[tuple[float, list[int]]]]) -> None:
    counter, lit, dark = Counter(), np.zeros(5), np.zeros(5)
    counter.take([10.0], [[]])  # charge is told from the first pulse on
    for pulses in batches:
        counter.take([charge for charge, _ in pulses], [rows for _, rows in pulses])
        for charge, rows in pulses:
            np.add.at(lit if charge else dark, rows, 1)
    counter.cutter.usual = 0.0  # what is left is cut, however little
    counter.time_ns += 2 * LONGEST_LOOK_NS
    counter.take([10.0] + [0.0] * LEAST_DARK_PULSES, [[]] * (1 + LEAST_DARK_PULSES))
    beam = [one for one in counter.looks if one.exposure > 0]
    away = [one for one in counter.looks if one.exposure == 0]
    assert sum((one.counts for one in beam), np.zeros(5)).tolist() == lit.tolist()
    assert sum((one.counts for one in away), np.zeros(5)).tolist() == dark.tolist()


def test_a_look_is_a_second_and_its_spectra_are_those_of_the_banks() -> None:
    counter = Counter()
    for _ in range(62):
        counter.take([10.0], [[0, 0, 1, 2, 4]])
    (look,) = counter.looks
    assert look.counts.tolist() == [122, 61, 61, 0, 61]
    assert look.exposure == 610
    assert look.spectra.sum(axis=1).tolist() == [244, 61]


def test_few_counts_or_many_pixels_make_longer_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Counter()
    for _ in range(60 * 29):
        few.take([10.0], [[]])
    assert few.looks == []
    for _ in range(120):
        few.take([10.0], [[]])
    assert len(few.looks) == 1
    monkeypatch.setattr(looks, "PIXELS_OF_SECOND", 1)
    many = Counter()
    for _ in range(60 * 4):
        many.take([10.0], [[0, 1, 2]])
    assert many.looks == []


def test_behind_the_stream_looks_are_longer() -> None:
    counter = Counter()
    for _ in range(60 * 19):
        counter.take([10.0], [[0, 1, 2]], live=False)
    assert counter.looks == []
    for _ in range(120):
        counter.take([10.0], [[0, 1, 2]], live=False)
    assert len(counter.looks) == 1


def test_a_second_of_which_the_beam_was_away_goes_on() -> None:
    counter = Counter(usual=600.0)
    counter.take([10.0] * 5 + [0.0] * 60, [[1, 1]] * 5 + [[0]] * 60)
    assert [(one.exposure, one.counts.tolist()) for one in counter.looks] == [(0.0, [60, 0, 0, 0, 0])]
    counter.take([10.0] * 61, [[1]] * 61)
    assert [one.counts.tolist() for one in counter.looks[1:]] == [[0, 71, 0, 0, 0]]


def test_where_no_charge_is_told_every_pulse_has_beam() -> None:
    counter = Counter()
    for _ in range(61):
        counter.take([0.0], [[0, 1, 2]])
    assert [one.exposure for one in counter.looks] == [61]
