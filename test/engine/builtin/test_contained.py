"""A fault of ours between a chunk and its product costs that chunk, is counted, and the product says so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.bench import Bench, batch, bench, end, job, start
from helpers.items import log_batch
from livereduce.engine.builtin import intake
from livereduce.engine.builtin.accumulate import Accumulation
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream import chunk as cutting
from livereduce.stream.items import LogBatch, SourceLost

FAULT_TOF_US = 666.0


def is_bad(events: Any) -> bool:
    return any((piece.tof_ns == round(1000 * FAULT_TOF_US)).any() for piece in events)


def fails(name: str, owner: Any, monkeypatch: pytest.MonkeyPatch, bad: Any) -> None:
    """Make a function of ours raise for the arguments that `bad` says."""
    real = getattr(owner, name)

    def strict(*arguments: Any, **more: Any) -> Any:
        if bad(*arguments):
            raise KeyError("a fault of ours")
        return real(*arguments, **more)

    monkeypatch.setattr(owner, name, strict)


FAULTS: dict[str, tuple[str, Any, Any]] = {
    "cutting": ("coalesce_events", cutting, lambda batches: is_bad(batches)),
    "intake": ("workspace", Intake, lambda _, chunk, *__: is_bad(chunk.events)),
    "logs of a chunk": ("_logs_of", intake, lambda chunk, *__: is_bad(chunk.events)),
    "counting": ("add", Histogram, lambda _, events: is_bad(events.pieces)),
    "accumulating": ("add", Accumulation, lambda _, workspace: is_bad(workspace.held.pieces)),
}


def play(made: Bench) -> None:
    made.play([start(5), batch(5, 1, 2)], [batch(5, 3, FAULT_TOF_US, 4)], [batch(5, 5)], [end(5)])


@pytest.mark.parametrize("name", FAULTS)
def test_a_chunk_costs_itself_and_is_missing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails(*FAULTS[name][:2], monkeypatch, FAULTS[name][2])
    made = bench(job(tmp_path, preserve_events=name != "counting"))
    play(made)
    progress = made.engine.poll(0.0)
    product = made.shelf.last_of(5)
    assert (product.signal.sum(), made.shelf.runs_ended) == (3, [5])
    assert "3 events" in str(product.attributes["incomplete"])
    assert progress.total.contained == 1
    assert "a fault of ours" in progress.last_errors["internal"]


def test_chunks_held_back_are_taken_alone_when_they_fail_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """proc fails on the first, and then the two of them together meet a fault of ours because of the second."""
    fails(*FAULTS["intake"][:2], monkeypatch, FAULTS["intake"][2])
    made = bench(job(tmp_path, proc="assert input.getNumberEvents() != 2"))
    made.play([start(5), batch(5, 1, 2)], [batch(5, FAULT_TOF_US, 3, 4)], [batch(5, 5)], [end(5)])
    product = made.shelf.last_of(5)
    assert product.signal.sum() == 3, "the first chunk went in with the third"
    assert product.attributes["incomplete"] == "3 events of 1 chunks whose processing failed"


def test_last_values_that_cannot_be_carried_over_cost_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails("carried_over", RunLogs, monkeypatch, lambda logs: True)
    made = bench(job(tmp_path))
    play(made)
    product = made.shelf.last_of(5)
    assert (product.signal.sum(), product.attributes["incomplete"]) == (6, "")
    assert made.engine.poll(0.0).total.contained == 3


def test_a_result_that_cannot_be_made_is_made_with_the_next_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails("value", Accumulation, monkeypatch, lambda one: one.tally.chunks == 2)
    made = bench(job(tmp_path))
    play(made)
    assert (made.shelf.last_of(5).signal.sum(), made.shelf.last_of(5).attributes["incomplete"]) == (6, "")


def test_a_read_that_raises_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1, 2)])
    with monkeypatch.context() as patch:
        fails("read", made.source, patch, lambda _: True)
        made.turns(1)
    made.play([batch(5, 3)], SourceLost("away"), [end(5)])
    product = made.shelf.last_of(5)
    assert product.signal.sum() == 3
    assert "could not be read" in str(product.attributes["incomplete"])


def test_two_runs_never_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails("begin_run", Intake, monkeypatch, lambda _: True)
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1, 2), end(5)], [start(6), batch(6, 3), end(6)])
    assert [product.signal.sum() for product in made.shelf.published if product.run == 6] in ([], [1])


def test_logs_of_no_values_reach_the_product(tmp_path: Path) -> None:
    nothing = LogBatch(run=5, name="nothing", units="", time_ns=np.empty(0, np.int64), value=())
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1), nothing, log_batch(5, "temp", [], [])], [batch(5, 2)], [end(5)])
    assert (made.shelf.last_of(5).signal.sum(), made.engine.poll(0.0).total.contained) == (2, 0)
