"""Pulses in Mantid's cycles, by a manual clock."""

from dataclasses import dataclass, field, replace

import pytest

from livereduce.engine.mantid.flowing import WatchedFlow, looked, no_beam_since, no_pulses_since
from livereduce.engine.mantid.run_ledger import Described, RunLedger, take_chunk
from livereduce.messages.progress import RunState
from livereduce.stream.flow import MISSING_S

NS = 10**9
T = 1_700_000_000


@dataclass
class Cycles:
    """Chunks as Mantid gives them: each begins with the last pulse of the one before."""

    every_s: float
    watched: WatchedFlow = field(default_factory=WatchedFlow)
    book: RunLedger = field(default_factory=lambda: RunLedger(said=5, run=5))
    now: float = 0.0
    last_ns: int = 0
    last_charged_ns: int = 0

    def cycle(self, *, pulses: bool = True, charge: bool = True, rate: float = 60.0, paused: bool = False) -> None:
        end_ns = round((T + self.now + self.every_s) * NS)
        new = range(round((T + self.now) * NS), end_ns, round(NS / rate)) if pulses else range(0)
        self.now += self.every_s
        times = [*([self.last_ns] if self.last_ns else []), *new]
        self.last_charged_ns = new[-1] if new and charge else 0
        self.last_ns = times[-1] if times else 0
        seen = Described(run=5, paused=paused, events=len(new), pulses=len(times), pulses_ns=tuple(times[-16:]),
                    charged_ns=self.last_charged_ns, last_ns=self.last_ns)  # fmt: skip
        after = take_chunk(self.book, seen)
        self.watched = looked(self.watched, seen, self.book, after, self.now, T + self.now)
        self.book = after

    @property
    def silent(self) -> bool:
        return no_pulses_since(self.watched, self.book.state) is not None


@pytest.mark.parametrize("every_s", [1.0, 5.0, 30.0, 300.0])
def test_a_cycle_without_pulses_means_what_its_length_says(every_s: float) -> None:
    cycles = Cycles(every_s)
    for _ in range(10):
        cycles.cycle()
        assert not cycles.silent
    came_s = cycles.now
    while not cycles.silent:
        cycles.cycle(pulses=False)
    assert cycles.now - came_s == max(every_s, MISSING_S)
    assert no_pulses_since(cycles.watched, RunState.RUNNING) == T + came_s
    cycles.cycle()
    assert not cycles.silent


def test_between_two_looks_nothing_is_known() -> None:
    cycles = Cycles(30.0)
    cycles.cycle()
    cycles.now += 3600.0  # a script takes an hour
    cycles.cycle()
    assert not cycles.silent


def test_slow_pulses_in_short_cycles_do_not_flap() -> None:
    cycles = Cycles(1.0)
    for k in range(200):
        cycles.cycle(pulses=k % 10 == 0, rate=1.0)
        assert k < 20 or not cycles.silent


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.ENDED, RunState.NO_RUN])
def test_only_a_run_that_is_not_paused_owes_pulses(state: RunState) -> None:
    cycles = Cycles(30.0)
    cycles.cycle()
    cycles.cycle(pulses=False)
    assert cycles.silent
    assert no_pulses_since(cycles.watched, state) is None


def test_after_a_pause_pulses_are_waited_for_anew() -> None:
    cycles = Cycles(3.0)
    cycles.cycle()
    for _ in range(10):
        cycles.cycle(pulses=False, paused=True)
    for _ in range(4):  # the first of them still holds the end of the pause
        cycles.cycle(pulses=False)
        assert not cycles.silent
    cycles.cycle(pulses=False)
    assert cycles.silent


def test_data_without_pulses_at_all_is_never_silent() -> None:
    cycles = Cycles(30.0)
    for _ in range(20):
        cycles.cycle(pulses=False)
        assert not cycles.silent


def test_beam_off_is_not_silence() -> None:
    cycles = Cycles(30.0)
    cycles.cycle()
    assert no_beam_since(cycles.watched) is None
    off_s = cycles.now
    cycles.cycle(charge=False)
    assert not cycles.silent
    assert no_beam_since(cycles.watched) == pytest.approx(T + off_s, abs=0.1)
    cycles.cycle()
    assert no_beam_since(cycles.watched) is None


def test_a_clock_set_back_is_not_silence() -> None:
    cycles = Cycles(30.0)
    cycles.cycle()
    cycles.watched = replace(cycles.watched, flow=replace(cycles.watched.flow, last_ns=(T + 9000) * NS))
    cycles.cycle()
    assert not cycles.silent
