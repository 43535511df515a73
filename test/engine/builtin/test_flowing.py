"""The pulses of a real stream as the engine sees them: beam off is no fault, a silent source is one."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.dim import dim_play
from helpers.pausing import paused_play
from helpers.reduced import Reduction, job_of, reducing
from helpers.served import Clock, serving
from livereduce.base.times import epics_ns
from livereduce.messages.progress import Progress, RunState
from livereduce.stream import flow, pace
from livereduce.stream.adara.link import idle

LIMIT_S = 50.0


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LEAST_SILENCE_S", 1.0)
    monkeypatch.setattr(pace, "LONG_WAIT_S", 0.33)
    monkeypatch.setattr(idle, "LISTEN_S", 0.5)
    monkeypatch.setattr(flow, "EVENTS_S", 2.0)
    monkeypatch.setattr(flow, "MISSING_S", 1.0)


def until(reduction: Reduction, what: str, there: Callable[[Progress], bool]) -> Progress:
    deadline_s = time.monotonic() + LIMIT_S
    while not there(said := reduction.poll(0.05)):
        assert time.monotonic() < deadline_s, f"{what} does not come: {said}"
    return said


@pytest.mark.parametrize("charge", [True, False])
def test_a_beam_that_goes_off_is_told_and_is_no_silence(tmp_path: Path, charge: bool) -> None:
    origin_ns = epics_ns(time.time())
    play = dim_play(origin_ns, on_s=2.0, run_s=60.0, charge=charge)
    with serving(play, speed=1.0) as url, reducing(job_of(tmp_path, url)) as reduction:
        off = until(reduction, "no beam", lambda said: said.source.no_beam_since is not None)
        assert (off.run.number, off.run.state) == (1, RunState.RUNNING)
        assert off.source.no_beam_since == pytest.approx(origin_ns / 1e9 + 631_152_000 + 2.5, abs=1.1)
        assert all(said.source.no_pulses_since is None for said in reduction.said)
        last = until(reduction, "more pulses", lambda said: said.run.pulses > off.run.pulses + 60)
        assert (last.source.no_beam_since, last.source.no_pulses_since) == (off.source.no_beam_since, None)
        assert (last.run.proton_charge_pc > 0) == charge


def test_a_beam_that_is_on_is_never_off(tmp_path: Path) -> None:
    play = dim_play(epics_ns(time.time()), on_s=60.0, run_s=3.0)
    with serving(play, speed=1.0) as url, reducing(job_of(tmp_path, url)) as reduction:
        until(reduction, "the run", lambda said: said.run.pulses >= 150)
        assert all((said.source.no_beam_since, said.source.no_pulses_since) == (None, None) for said in reduction.said)


def test_a_source_that_falls_silent_in_a_run_and_comes_back(tmp_path: Path) -> None:
    clock = Clock()
    play = dim_play(epics_ns(time.time()), on_s=60.0, run_s=30.0)
    with serving(play, speed=1.0, clock=clock) as url, reducing(job_of(tmp_path, url)) as reduction:
        clock.now_s = 1.5
        until(reduction, "pulses", lambda said: said.run.pulses >= 30)
        before_s = time.time()
        silent = until(reduction, "the silence", lambda said: said.source.no_pulses_since is not None)
        assert silent.source.no_pulses_since == pytest.approx(before_s, abs=1.0)
        assert silent.source.connected
        clock.now_s = 1.6
        until(reduction, "pulses again", lambda said: said.source.no_pulses_since is None)
        assert reduction.said[-1].source.connects == 1


def test_a_script_that_takes_its_time_is_no_silence(tmp_path: Path) -> None:
    proc = "import time\ntime.sleep(1.5)\n"
    play = dim_play(epics_ns(time.time()), on_s=60.0, run_s=30.0)
    job = job_of(tmp_path, "", proc=proc, update_every_s=0.5)
    with serving(play, speed=1.0) as url, reducing(replace(job, source=url)) as reduction:
        until(reduction, "results", lambda said: said.total.results >= 3)
        assert all(said.source.no_pulses_since is None for said in reduction.said)


def test_a_pause_owes_no_pulses(tmp_path: Path) -> None:
    play = paused_play(epics_ns(time.time()), run=10, before_s=1.0, pause_s=4.0, after_s=1.0)
    with serving(play, speed=1.0) as url, reducing(job_of(tmp_path, url)) as reduction:
        until(reduction, "the end of the run", lambda said: said.run.state is RunState.ENDED)
        assert any(said.run.state is RunState.PAUSED for said in reduction.said)
        assert all(said.source.no_pulses_since is None for said in reduction.said)
