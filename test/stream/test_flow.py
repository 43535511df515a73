"""A silent source, and a beam that is off, told apart by a manual clock."""

from dataclasses import dataclass, field

import pytest

from livereduce.stream.flow import (
    EVENTS_S,
    MISSING_S,
    RATE_UNKNOWN_S,
    Flow,
    PulseFlow,
    no_beam_since_ns,
    pulses_came,
    silent_since,
    waited_for,
)

NS = 10**9
T = 1_700_000_000
"""The wall clock, and the clock of the pulses, when the test's own is at 0."""


@dataclass
class Source:
    """Pulses that come as they are stamped, and what of them is said at each moment."""

    flow: Flow = field(default_factory=Flow)
    now: float = 0.0
    silences: list[float] = field(default_factory=list)
    beam_off: list[float] = field(default_factory=list)

    def run(self, seconds: float, every_s: float, *, charge: bool = True, events: bool = True) -> None:
        end_s = self.now + seconds
        while self.now < end_s:
            at_ns = round((T + self.now) * NS)
            self.look()
            pulses = PulseFlow(
                newest_ns=[at_ns], with_charge_ns=[at_ns] if charge else [], with_events_ns=[at_ns] if events else []
            )
            self.flow = pulses_came(self.flow, pulses, self.now, T + self.now)
            self.look()
            self.now += every_s

    def silent(self, seconds: float) -> None:
        end_s = self.now + seconds
        while self.now < end_s:
            self.now += 0.25
            self.look()

    def look(self) -> None:
        if (since := silent_since(self.flow, self.now)) is not None:
            self.silences.append(self.now)
            assert since == self.flow.came_unix_s
        if no_beam_since_ns(self.flow) is not None:
            self.beam_off.append(self.now)


def test_a_source_that_falls_silent_is_noticed_after_a_few_seconds() -> None:
    source = Source()
    source.run(10.0, 1 / 60)
    assert (source.silences, source.beam_off) == ([], [])
    source.silent(20.0)
    assert source.silences[0] - 10.0 == pytest.approx(MISSING_S, abs=0.3)
    assert source.beam_off == []
    assert silent_since(source.flow, source.now) == pytest.approx(T + 10.0, abs=0.1)


def test_pulses_again_end_it() -> None:
    source = Source()
    source.run(10.0, 1 / 60)
    source.silent(20.0)
    source.silences.clear()
    source.run(0.1, 1 / 60)
    assert len(source.silences) == 1, "the look before the first of them"


@pytest.mark.parametrize("every_s", [1.0, 10.0, 25.0])
def test_slow_sources_do_not_flap(every_s: float) -> None:
    source = Source()
    source.run(600.0, every_s)
    source.silent(1.4 * every_s)
    assert (source.silences, source.beam_off) == ([], [])
    source.silent(max(3 * every_s + 4, MISSING_S + 1))
    assert source.silences


def test_a_run_that_never_brings_a_pulse() -> None:
    source = Source()
    source.silent(100.0)
    assert source.silences == [], "nothing has begun"
    source.flow = waited_for(source.flow, source.now, T + source.now)
    source.silent(RATE_UNKNOWN_S + 1)
    assert source.silences[0] == 100.0 + RATE_UNKNOWN_S


def test_a_pause_is_no_silence_when_it_is_over() -> None:
    source = Source()
    source.run(5.0, 1 / 60)
    source.now += 3600.0
    source.flow = waited_for(source.flow, source.now, T + source.now)
    source.silent(3.5)
    assert source.silences == []
    source.silent(MISSING_S)
    assert source.silences


def test_beam_off_is_told_with_the_time_of_the_last_pulse_that_had_beam() -> None:
    source = Source()
    source.run(10.0, 1 / 60)
    off_s = source.now
    source.run(60.0, 1 / 60, charge=False, events=False)
    assert source.silences == []
    assert source.beam_off[0] - off_s == pytest.approx(4.0, abs=0.1)
    since_ns = no_beam_since_ns(source.flow)
    assert since_ns is not None
    assert since_ns / NS - T == pytest.approx(off_s, abs=0.05)
    source.run(0.1, 1 / 60)
    assert no_beam_since_ns(source.flow) is None


def test_events_without_charge_are_no_beam_where_there_was_charge() -> None:
    source = Source()
    source.run(10.0, 1 / 60)
    source.run(60.0, 1 / 60, charge=False, events=True)
    assert source.beam_off


def test_a_source_that_never_sends_charge_goes_by_events() -> None:
    source = Source()
    source.run(60.0, 1 / 60, charge=False)
    assert source.beam_off == []
    off_s = source.now
    source.run(60.0, 1 / 60, charge=False, events=False)
    assert source.beam_off[0] - off_s == pytest.approx(EVENTS_S, abs=0.1)


def test_few_events_without_charge_do_not_flap() -> None:
    source = Source()
    for k in range(200):
        source.run(3.0 + 5.0 * (k % 3), 0.5, charge=False, events=False)
        source.run(0.5, 0.5, charge=False)
    assert source.beam_off == []


def test_a_charge_that_comes_later_tells_from_then_on() -> None:
    source = Source()
    source.run(60.0, 1 / 60, charge=False)
    source.run(10.0, 1 / 60)
    source.run(10.0, 1 / 60, charge=False)
    assert source.beam_off


def test_a_beam_that_was_off_all_the_time() -> None:
    source = Source()
    source.run(60.0, 1 / 60, charge=False, events=False)
    assert no_beam_since_ns(source.flow) == T * NS


def test_every_second_pulse_without_charge_is_beam() -> None:
    source = Source()
    for k in range(1200):
        source.run(1 / 60, 1 / 60, charge=bool(k % 2))
    assert source.beam_off == []


def test_a_clock_set_back_and_a_future_stamp_are_no_beam_off() -> None:
    flow = Flow()
    for k, at_s in enumerate([*range(20), 3600, *range(21, 40), *range(-3600, -3500)]):
        pulses = PulseFlow(newest_ns=[at_s * NS], with_charge_ns=[at_s * NS])
        flow = pulses_came(flow, pulses, float(k), float(k))
        assert no_beam_since_ns(flow) is None
