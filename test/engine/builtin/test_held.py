"""Workers that read what a receiver holds: however often they are replaced, the results are the same."""

from pathlib import Path

import numpy as np
import pytest

from helpers.bench import tell_nobody
from helpers.receiving import RunningReceiver, receiving
from helpers.reduced import Shelf, job_of, reduce_all
from helpers.served import powder_play, serving
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.publish.product import Product
from livereduce.simulate.adara.play import Play
from livereduce.stream.held.source import HeldSource


class Held:
    """An engine that reads from a receiver, as a worker does."""

    def __init__(self, folder: Path, receiver: RunningReceiver, *, preserve_events: bool = True) -> None:
        folder.mkdir()
        self.shelf = Shelf()
        self.source: HeldSource = receiver.reader()
        self.engine = BuiltinEngine(
            job_of(folder, "adara://127.0.0.1:1", preserve_events=preserve_events),
            tell_nobody,
            open_source=lambda _: self.source,
            products_in=lambda _: self.shelf,
            report=self.source.report,
        )

    def die(self) -> None:
        """As a process that is killed: nothing is said to anybody."""
        self.source.close()


def ended_by(shelf: Shelf) -> dict[int, Product]:
    """The last product of each run that has ended on this shelf."""
    return {product.run: product for product in shelf.published if product.run and product.run in shelf.ended_runs}


def play() -> Play:
    return powder_play(runs=3, run_s=4, gap_s=1, rate=12_000)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Product]:
    """What an engine makes of it that reads the stream itself."""
    folder = tmp_path_factory.mktemp("direct")
    with serving(play()) as url:
        return ended_by(reduce_all(job_of(folder, url)).shelf)


def assert_same(found: dict[int, Product], expected: dict[int, Product]) -> None:
    assert found.keys() == expected.keys() == {1, 2, 3}
    for run, product in expected.items():
        np.testing.assert_array_equal(found[run].signal, product.signal)
        for name in ("events", "pulses", "proton_charge_pc"):
            assert found[run].attributes.get(name) == product.attributes.get(name)


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize("polls", [1, 2, 3, 5, 8])
def test_workers_that_die_at_any_moment_end_with_the_same_results(
    tmp_path: Path, expected: dict[int, Product], polls: int, preserve_events: bool
) -> None:
    found: dict[int, Product] = {}
    with serving(play()) as url, receiving(url, tmp_path) as receiver:
        for number in range(100):
            worker = Held(tmp_path / f"{number}", receiver, preserve_events=preserve_events)
            for _ in range(polls + number):
                worker.engine.poll(0.05)
            found |= ended_by(worker.shelf)
            worker.die()
            if 3 in found:
                break
    assert_same(found, expected)


@pytest.mark.parametrize("preserve_events", [True, False])
def test_events_that_are_kept_are_the_receivers_memory(tmp_path: Path, preserve_events: bool) -> None:
    with serving(powder_play(runs=1, run_s=4, gap_s=1, rate=120_000)) as url, receiving(url, tmp_path) as receiver:
        one = Held(tmp_path / "held", receiver, preserve_events=preserve_events)
        progress = one.engine.poll(0.1)
        while not ended_by(one.shelf):
            progress = one.engine.poll(0.1)
        one.die()
    assert progress.run.events == 480_000
    assert progress.memory.mapped_bytes == (8 * 480_000 if preserve_events else 0)
    assert progress.memory.held_bytes < 480_000, "histograms, and what is known of pulses"
