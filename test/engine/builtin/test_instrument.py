"""Events of pixels that the instrument does not have are counted as erroneous, never lost without a word."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.bench import bench, job, start
from helpers.items import S_NS, event_batch, log_batch
from livereduce.engine.counting.pixels import MAX_PIXEL, KnownPixels
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import tally_of
from livereduce.stream.chunk import Chunk
from livereduce.stream.coalesce import coalesce_logs
from livereduce.stream.items import Geometry, LogBatch

PIXELS = st.integers(-(2**31), 2**31 - 1) | st.integers(0, 40) | st.integers(MAX_PIXEL - 2, MAX_PIXEL + 2)


@settings(deadline=None)
@given(st.lists(PIXELS, max_size=30), st.none() | st.lists(st.integers(0, 60), max_size=20))
def test_inside_and_outside(pixels: list[int], has: list[int] | None) -> None:
    instrument = KnownPixels(None if has is None else np.array(has, np.int32))
    column = np.array(pixels, np.int32)
    expected = [p in has if has else 0 <= p <= MAX_PIXEL for p in pixels]
    assert instrument.inside(column).tolist() == expected
    assert instrument.outside(column) == expected.count(False)


def test_a_map_of_nothing_but_impossible_pixels() -> None:
    instrument = KnownPixels(np.array([2**31 - 1], np.int32))
    assert instrument.outside(np.array([0, 2**31 - 1, -1], np.int32)) == 3


FAR = [2**31 - 1, -1, -(2**31), MAX_PIXEL + 1]


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("map_known", [True, False])
def test_all_events_are_in_the_result_or_erroneous(tmp_path: Path, preserve: bool, map_known: bool) -> None:
    made = bench(job(tmp_path, preserve_events=preserve))
    said = [Geometry(run=5, time_ns=1, pixels=np.array([1, 2, 7], np.int32))] if map_known else []
    pixels = [1, 2, *FAR, 7, 7, *([3, 8] if map_known else [])]
    batch = event_batch(5, [1000] * len(pixels), pixels, per_pulse=[3, len(pixels) - 3], erroneous=2)
    progress = made.play([start(5), *said, batch])
    product = made.shelf.last_of(5)
    outside = len(pixels) - 4
    assert (product.signal.sum(), product.attributes["events"], product.attributes["erroneous"]) == (4, 4, outside + 2)
    assert product.axes[0].values.tolist() == [1, 2, 7]
    assert (progress.run.events, progress.run.erroneous) == (4, outside + 2)


def test_a_map_that_comes_later_holds_from_there_on(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play(
        [start(5), event_batch(5, [1, 1], [1, 9])],
        [Geometry(run=5, time_ns=1, pixels=np.array([1], np.int32)), event_batch(5, [1, 1], [1, 9])],
    )
    assert made.shelf.last_of(5).attributes["erroneous"] == 1


def test_the_map_of_a_run_holds_in_the_next(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play(
        [Geometry(run=0, time_ns=1, pixels=np.array([1], np.int32)), start(5), event_batch(5, [1, 1], [1, 9])],
        [start(6), event_batch(6, [1, 1], [1, 9])],
    )
    assert [made.shelf.last_of(run).attributes["erroneous"] for run in (5, 6)] == [1, 1]


def test_first_and_last_pulse_are_true_when_a_clock_is_set_back() -> None:
    hour = 3600 * S_NS
    batch = event_batch(5, [], per_pulse=[0, 0, 0, 0], pulse_ns=[2 * hour, 3 * hour, hour, hour + 5])
    tally = tally_of(Chunk(run=5, events=(batch,)))
    assert (tally.first_ns, tally.last_ns) == (hour, 3 * hour)


def alarmed(times: list[int], invalid: list[bool] | None, name: str = "temp") -> LogBatch:
    marked = None if invalid is None else np.array(invalid)
    return LogBatch(run=5, name=name, units="K", time_ns=np.array(times), value=np.array(times, float), invalid=marked)


def test_what_is_invalid_stays_with_the_log(tmp_path: Path) -> None:
    post = (
        "log = input.run()['temp']\n"
        "assert log.invalid.tolist() == [False, False, True, True, False][:log.size()], log.invalid\noutput = input\n"
    )
    made = bench(job(tmp_path, post_proc=post))
    progress = made.play(
        [start(5), event_batch(5, [1]), alarmed([1, 2], None)],
        [alarmed([3], [True])],
        [log_batch(5, "other", [1], [1])],
    )
    assert (progress.last_errors, progress.run.invalid_logs) == ({}, "temp")
    assert made.shelf.last_of(5).attributes["invalid_logs"] == "temp"
    progress = made.play([alarmed([4, 5], [True, False])])
    assert (progress.last_errors, progress.run.invalid_logs) == ({}, "")


def test_alarms_are_joined_with_their_values() -> None:
    (whole,) = coalesce_logs([alarmed([1], None), alarmed([2, 3], [True, False]), alarmed([4], None)])
    assert whole.invalid is not None
    assert whole.invalid.tolist() == [False, True, False, False]
    (plain,) = coalesce_logs([alarmed([1], None), alarmed([2], None)])
    assert plain.invalid is None


def test_of_many_invalid_logs_some_are_named(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    progress = made.play([start(5), event_batch(5, [1]), *(alarmed([1], [True], f"pv{k}") for k in range(8))])
    assert progress.run.invalid_logs == "pv0, pv1, pv2, pv3, pv4 and 3 more"


@pytest.mark.parametrize("name", ["run_title", "run_start", "proton_charge", "run_number", "monitor1_counts"])
def test_a_variable_never_overwrites_what_belongs_to_the_run(name: str) -> None:
    """Of whatever source: that of ADARA gives it a better name before."""
    logs = RunLogs()
    logs.set_plain("run_title", "a title")
    logs.add_log(log_batch(5, name, [1], [42.0]))
    assert logs[f"{name}@variable"].value.tolist() == [42.0]
    assert logs["run_title"].value == "a title"
