"""Silence on real sockets: servers that are stopped, networks that swallow. The policy itself is in `test_idle`."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpers.pausing import paused_play, stoppable
from helpers.reduced import Reduction, job_of, reducing
from helpers.served import powder_play, serving
from helpers.swallow import Swallowing, everybody, nobody
from livereduce.base.times import epics_ns
from livereduce.messages.progress import Progress
from livereduce.stream import pace
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.adara.link import idle
from livereduce.stream.items import EventBatch, Gap, Item, Paused, Resumed, RunEnded, RunStarted, SourceLost, StartFrom

LIMIT_S = 60.0
"""Nothing here takes so long; a test that waits for what does not come shall say what."""


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, shorter: what is tested is what comes of them."""
    monkeypatch.setattr(pace, "LEAST_SILENCE_S", 1.0)
    monkeypatch.setattr(pace, "LONG_WAIT_S", 0.3)
    monkeypatch.setattr(idle, "FIRST_WORD_S", 2.0)
    monkeypatch.setattr(idle, "LISTEN_S", 0.5)
    monkeypatch.setattr(idle, "LONGEST_BETWEEN_S", 2.0)


@dataclass
class Reader:
    """A source that is read, and what came of it."""

    source: AdaraSource
    items: list[Item] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    longest_read_s: float = 0.0

    def read(self) -> None:
        begun_s = time.monotonic()
        try:
            self.items += self.source.read(0.2)
        except SourceLost as lost:
            self.losses.append(lost.reason)
        self.longest_read_s = max(self.longest_read_s, time.monotonic() - begun_s)

    def until(self, what: str, there: Callable[[], Any]) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while not there():
            assert time.monotonic() < deadline_s, f"{what} does not come: {self.losses}, {self.edges}"
            self.read()

    def for_s(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.read()

    @property
    def edges(self) -> list[str]:
        kinds = (RunStarted, RunEnded, Paused, Resumed, Gap)
        return [f"{type(item).__name__} {item.run}" for item in self.items if isinstance(item, kinds)]

    @property
    def pulses(self) -> dict[int, list[int]]:
        """Times of the pulses of each run, in the order in which they came."""
        found: dict[int, list[int]] = {}
        for item in self.items:
            if isinstance(item, EventBatch):
                found.setdefault(item.run, []).extend(item.pulse_ns.tolist())
        return found

    def count(self, run: int) -> int:
        return len(self.pulses.get(run, []))


@contextmanager
def reading(port: int) -> Iterator[Reader]:
    source = AdaraSource("127.0.0.1", port)
    source.open(StartFrom.RUN_START)
    try:
        yield Reader(source)
    finally:
        source.close()


@contextmanager
def paused_server(pause_s: float, said: list[str]) -> Iterator[int]:
    play = paused_play(epics_ns(time.time()), run=10, before_s=1.0, pause_s=pause_s, after_s=0.5)
    with serving(play, speed=1.0, say=said.append) as url:
        yield int(url.rpartition(":")[2])


def test_a_pause_is_waited_for_on_the_same_connection_and_the_server_is_asked_a_few_times() -> None:
    said: list[str] = []
    with paused_server(7.0, said) as port, reading(port) as reader:
        reader.until("the end of the run", lambda: "RunEnded 10" in reader.edges)
        assert reader.losses == []
        assert reader.source.state().connects == 1
    assert reader.edges == ["RunStarted 10", "Paused 10", "Resumed 10", "RunEnded 10"]
    assert reader.count(10) == 90
    asked = said.count("a client asks for new data only")
    assert 1 <= asked <= 5
    assert reader.longest_read_s < 1.0


def test_a_server_that_is_stopped_in_a_pause() -> None:
    with stoppable("pause", "9.0") as (server, port), reading(port) as reader:
        reader.until("the pause", lambda: "Paused 10" in reader.edges)
        server.send_signal(signal.SIGSTOP)
        reader.until("the loss", lambda: reader.losses)
        assert reader.losses[0].endswith("a second connection got no answer")
        assert not reader.source.state().connected
        reader.for_s(1.0)
        server.send_signal(signal.SIGCONT)
        reader.until("the end of the run", lambda: "RunEnded 10" in reader.edges)
    assert reader.edges == ["RunStarted 10", "Paused 10", "Resumed 10", "RunEnded 10"]
    assert Counter(reader.pulses[10]).most_common(1)[0][1] == 1
    assert reader.count(10) == 150


@contextmanager
def at_wall_pace(*, runs: int, run_s: float) -> Iterator[int]:
    """A server of short runs with 0.3 s between; its port."""
    play = powder_play(runs=runs, run_s=run_s, gap_s=0.3, origin_ns=epics_ns(time.time()))
    with serving(play, speed=1.0) as url:
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize("way", ["both ways", "one way"])
def test_a_network_that_swallows_one_connection_costs_seconds_and_no_pulse(way: str) -> None:
    with at_wall_pace(runs=1, run_s=6.0) as port, Swallowing(port) as network, reading(network.port) as reader:
        reader.until("some of the run", lambda: reader.count(1) >= 25)
        network.swallows_down = lambda number: number == 1
        network.swallows_up = network.swallows_down if way == "both ways" else nobody
        reader.until("another connection", lambda: reader.source.state().connects == 2)
        assert reader.losses[0].endswith("a second connection gets pulses")
        reader.until("the end of the run", lambda: "RunEnded 1" in reader.edges)
    assert reader.edges == ["RunStarted 1", "RunEnded 1"]
    assert (reader.count(1), len(set(reader.pulses[1]))) == (360, 360)


def test_a_network_that_swallows_what_the_client_says() -> None:
    """The hello does not arrive, so the server is silent."""
    with at_wall_pace(runs=1, run_s=60.0) as port, Swallowing(port) as network, reading(network.port) as reader:
        network.swallows_up = everybody
        reader.until("the loss", lambda: reader.losses)
        assert reader.losses == ["the server accepted the connection and sent nothing for 2 s"]
        assert reader.source.state().connects == 0
        network.swallows_up = nobody
        reader.until("pulses", lambda: reader.count(1) > 0)


def test_whole_runs_that_pass_while_everything_is_swallowed_are_gaps_by_number(tmp_path: Path) -> None:
    with at_wall_pace(runs=60, run_s=1.0) as port, Swallowing(port) as network:
        job = job_of(tmp_path, f"adara://127.0.0.1:{network.port}", update_every_s=0.2)
        with reducing(job, in_memory=False) as reduction:
            poll_until(reduction, "some of the first run", lambda said: said.run.number == 1 and said.run.pulses >= 10)
            network.swallows_down = everybody
            poll_until(reduction, "the loss", lambda said: "source" in said.last_errors)
            poll_for(reduction, 3.0)
            network.swallows_down = nobody
            now = poll_until(
                reduction, "another run", lambda said: said.run.number > 1 and said.run.pulses > 0
            ).run.number
            last = poll_until(reduction, "the note", lambda said: bool(said.incomplete_runs))
        index = json.loads((tmp_path / "state" / "products" / "index.json").read_text())
    assert now > 3
    assert [(one["first"], one["last"]) for one in index["missed"]] == [(2, now - 1)]
    assert any(note.startswith(("run 2:", "runs 2")) for note in last.incomplete_runs)
    (first,) = [run for run in index["runs"] if run["run"] == 1]
    assert first["ended"]
    assert "the connection was down when run 1 ended" in first["products"][0]["incomplete"]


def test_a_server_that_is_stopped_over_two_runs_loses_nothing_unsaid(tmp_path: Path) -> None:
    """When it goes on it plays what it has missed at once: a run that it has forgotten by then is said."""
    with stoppable("runs", "1.0") as (server, port):
        job = job_of(tmp_path, f"adara://127.0.0.1:{port}", update_every_s=0.2)
        with reducing(job, in_memory=False) as reduction:
            some = poll_until(reduction, "some of a run", lambda said: said.run.number > 0 and said.run.pulses >= 10)
            begun = some.run.number
            server.send_signal(signal.SIGSTOP)
            poll_for(reduction, 4.5)
            assert "source" in reduction.said[-1].last_errors
            server.send_signal(signal.SIGCONT)
            later = poll_until(reduction, "pulses", lambda said: said.run.number > begun and said.run.pulses > 0)
            first = later.run.number
            last = poll_until(reduction, "three more runs", lambda said: said.run.number > first + 2).run.number
        index = json.loads((tmp_path / "state" / "products" / "index.json").read_text())
    missed = {run for one in index["missed"] for run in range(one["first"], one["last"] + 1)}
    products = {run["run"]: run["products"][0] for run in index["runs"] if run["run"] and run["products"]}
    for run in range(begun, last):
        whole = run in products and products[run]["events"] == EVENTS_OF_A_RUN and not products[run]["incomplete"]
        said = run in missed or (run in products and products[run]["incomplete"] != "")
        assert whole != said, (run, products.get(run), missed)


EVENTS_OF_A_RUN = 1200


def poll_until(reduction: Reduction, what: str, there: Callable[[Progress], bool]) -> Progress:
    deadline_s = time.monotonic() + LIMIT_S
    while not there(said := reduction.poll(0.1)):
        assert time.monotonic() < deadline_s, f"{what} does not come: {said}"
    return said


def poll_for(reduction: Reduction, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        reduction.poll(0.1)
