"""Partial results: made of a chunk each, combined in order; nothing else passes between the two steps."""

import numpy as np
import pytest

from helpers.bench import EDGES_NS, batch
from helpers.items import S_NS, log_batch
from livereduce.engine.builtin.accumulate import ADD, AccumulationError
from livereduce.engine.builtin.accumulate_groups import MembersAccumulation
from livereduce.engine.builtin.intake import Intake
from livereduce.engine.builtin.partial import Partial, combine, process
from livereduce.engine.builtin.script_calls import StepFailed
from livereduce.engine.counting.binning import Binning
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import tally_of
from livereduce.stream.chunk import Chunk
from livereduce.stream.items import HistogramSnapshot


def as_it_is(workspace: MatrixWorkspace) -> MatrixWorkspace:
    return workspace


def partial_of(chunk: Chunk, carried: RunLogs, made_by: Intake) -> Partial:
    made = process(chunk, carried, tally_of(chunk), intake=made_by, proc=as_it_is)
    assert isinstance(made, Partial)
    return made


def intake() -> Intake:
    return Intake(Binning(EDGES_NS))


CHUNKS = tuple(Chunk(run=5, events=(batch(5, *tofs_us),)) for tofs_us in ((1, 2), (3,), (2, 4, 5)))

SNAPSHOT = HistogramSnapshot(
    run=5, time_ns=0, counts=np.array([[7.0]]), tof_edges_us=np.array([0.0, 10.0]), spectra=np.array([1], np.int32)
)


@pytest.mark.parametrize("preserve_events", [True, False])
def test_partials_made_apart_combine_to_the_same_as_one_after_the_other(preserve_events: bool) -> None:
    one, elsewhere = (MembersAccumulation("accumulation", ADD, preserve_events=preserve_events) for _ in range(2))
    ours = intake()
    for chunk in CHUNKS:
        combine(one, [partial_of(chunk, RunLogs(), ours)])
    combine(elsewhere, [partial_of(chunk, RunLogs(), intake()) for chunk in CHUNKS])
    expected, found = one.value(), elsewhere.value()
    assert isinstance(expected, MatrixWorkspace)
    assert isinstance(found, MatrixWorkspace)
    np.testing.assert_array_equal(found.counts().total().counts, expected.counts().total().counts)
    assert found.tally == expected.tally
    assert found.tally.events == 6


def test_processing_changes_nothing_of_what_is_carried() -> None:
    carried = RunLogs()
    carried.add_log(log_batch(5, "temperature", [1 * S_NS], [300.0]))
    chunk = Chunk(run=5, events=(batch(5, 1),), logs=(log_batch(5, "temperature", [2 * S_NS], [310.0]),))
    partials = [partial_of(chunk, carried, intake()) for _ in range(2)]
    assert [len(one.logs["temperature"].value) for one in partials] == [2, 2]
    assert len(carried["temperature"].value) == 1


def test_a_failed_proc_gives_no_partial() -> None:
    failed = StepFailed(text="it failed", error=None)
    assert process(CHUNKS[0], RunLogs(), tally_of(CHUNKS[0]), intake=intake(), proc=lambda _: failed) is failed


def test_a_snapshot_replaces_what_came_before() -> None:
    accumulation = MembersAccumulation("accumulation", ADD, preserve_events=False)
    combine(accumulation, [partial_of(CHUNKS[0], RunLogs(), intake())])
    combine(accumulation, [partial_of(Chunk(run=5, snapshot=SNAPSHOT), RunLogs(), intake())])
    value = accumulation.value()
    assert isinstance(value, MatrixWorkspace)
    assert value.counts().counts.sum() == 7


def test_a_partial_that_does_not_fit_changes_nothing() -> None:
    accumulation = MembersAccumulation("accumulation", ADD, preserve_events=True)
    combine(accumulation, [partial_of(CHUNKS[0], RunLogs(), intake())])
    histogram = partial_of(Chunk(run=5, snapshot=SNAPSHOT), RunLogs(), intake())
    with pytest.raises(AccumulationError):
        combine(accumulation, [Partial(workspace=histogram.workspace, logs=histogram.logs, is_whole_run=False)])
    value = accumulation.value()
    assert isinstance(value, MatrixWorkspace)
    assert value.tally.events == 2
