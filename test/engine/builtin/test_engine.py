"""The engine as a whole: a source that plays a script, products that are looked at instead of written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.bench import EDGES_NS, batch, bench, end, job, start
from helpers.items import S_NS, event_batch, log_batch, monitor_batch
from livereduce.base.errors import OperatorError
from livereduce.engine.builtin import held_back, intake, live
from livereduce.engine.builtin.engine import CATCH_UP_WAIT_S
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.tally import Tally, tally_of
from livereduce.messages.beat import Phase
from livereduce.messages.job import ScriptCopy
from livereduce.messages.progress import RunState
from livereduce.messages.shown import shown
from livereduce.messages.status import StateWord
from livereduce.stream.chunk import Chunk
from livereduce.stream.items import FLAG_DAMAGED, Gap, Geometry, HistogramSnapshot, Item, Paused, SourceLost, StartFrom

# Exactness.

counts_per_read = st.lists(
    st.lists(st.lists(st.tuples(st.integers(-5, 1005), st.integers(0, 3)), max_size=6), max_size=4), max_size=3
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(counts_per_read, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["", "mtd['seen'] = input", "output = input"]),
    st.sampled_from(["", "output = mtd['accumulation']"]),
)
def test_what_is_published_is_what_came(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[list[list[list[tuple[int, int]]]]],
    preserve: bool,
    proc: str,
    post_proc: str,
) -> None:
    folder = tmp_path_factory.mktemp("job")
    reads: list[list[Item]] = []
    for run, stream in enumerate(runs, start=1):
        reads.append([start(run)])
        for pulses in stream:
            tof = [1000 * t for pulse in pulses for t, _ in pulse]
            pixel = [p for pulse in pulses for _, p in pulse]
            sizes = [len(pulse) for pulse in pulses]
            reads.append([event_batch(run, tof, pixel, per_pulse=sizes, charge_pc=7.0, pulse_ns=S_NS), *silence(run)])
        reads.append([end(run)])
    made = bench(job(folder, proc=proc, post_proc=post_proc, preserve_events=preserve))
    made.play(*reads)
    assert made.shelf.runs_ended == list(range(1, len(runs) + 1))
    for run, stream in enumerate(runs, start=1):
        if not any(stream):
            continue
        every = [event for pulses in stream for pulse in pulses for event in pulse]
        product = made.shelf.last_of(run)
        assert product.attributes["events"] == len(every)
        assert product.attributes["proton_charge_pc"] == 7.0 * sum(map(len, stream))
        inside = [(p, 1000 * t) for p, t in ((p, t) for t, p in every) if 1000 * t < EDGES_NS[-1]]
        pixels = sorted({p for _, p in every})
        assert product.axes[0].values.tolist() == pixels
        for row, pixel_number in zip(product.signal, pixels, strict=True):
            expected, _ = np.histogram([t for p, t in inside if p == pixel_number], EDGES_NS)
            assert row.tolist() == expected.tolist()


def silence(run: int) -> list[Item]:
    return [log_batch(run, "temp", [S_NS], [300.0])]


def test_the_scripts_are_given_their_names_and_workspaces(tmp_path: Path) -> None:
    proc = (
        "assert input is mtd[output] and output.startswith('__')\n"
        "input.data = input.events.where(lambda piece: piece.tof_ns > 0)\n"
    )
    post = (
        "assert mtd['accumulation'] is input is accumulation and output == 'result'\n"
        "assert input.getRunNumber() == 5 and input.run()['run_number'].value == '5'\n"
        "mtd[output] = input.clone()"
    )
    made = bench(job(tmp_path, proc=proc, post_proc=post))
    progress = made.play([start(5), batch(5, 150, -1)], [batch(5, 250)])
    assert progress.last_errors == {}
    assert made.shelf.published[-1].signal.tolist() == [[0, 1, 1, 0, 0, 0, 0, 0, 0, 0]]
    assert made.phases[:4] == [Phase.WAITING, Phase.WAITING, Phase.PROCESS, Phase.POST_PROCESS]
    assert "__live_chunk" not in made.engine._reductions[0]._store


def test_progress_says_all_that_is_known(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    first = batch(5, 1, 2, charge_pc=3.0, unmapped=2, erroneous=1)
    progress = made.play([start(5), first], [batch(5, 1), Paused(run=5, time_ns=1)])
    assert (progress.run.number, progress.run.state, progress.total.chunks, progress.total.results) == (
        5,
        RunState.PAUSED,
        2,
        2,
    )
    assert (progress.total.events, progress.total.pulses, progress.run.events, progress.run.pulses) == (3, 2, 3, 2)
    assert (progress.run.proton_charge_pc, progress.run.unmapped, progress.run.erroneous) == (4, 2, 1)
    assert (progress.source.address, progress.source.connected, progress.run.incomplete) == ("scripted", True, "")
    assert progress.source.data_age_s is not None
    progress = made.play([end(5)])
    assert (progress.run.number, progress.run.state, progress.run.events) == (5, RunState.ENDED, 3)
    progress = made.play([start(6)])
    assert (progress.run.number, progress.run.state, progress.run.events) == (6, RunState.RUNNING, 0)


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("method", ["Add", "Append"])
def test_events_outside_of_the_bins_are_said(tmp_path: Path, preserve: bool, method: str) -> None:
    made = bench(job(tmp_path, preserve_events=preserve, accum_method=method))
    progress = made.play([start(5), batch(5, 1, 5_000, 5_000)], [batch(5, 1, 5_000)])
    assert (progress.run.events, progress.run.outside_tof, progress.run.unknown_pixel) == (5, 3, 0)
    attributes = made.shelf.last_of(5).attributes
    assert (attributes["outside_tof"], attributes["unknown_pixel"]) == (3, 0)
    assert made.play([end(5), start(6)]).run.outside_tof == 0


def test_a_run_begins_anew_and_the_last_one_stays_among_the_products(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1, 2), end(5), batch(0, 3), start(6), batch(6, 4)])
    assert [(p.run, p.signal.sum()) for p in made.shelf.published] == [(5, 2), (0, 1), (6, 1)]
    assert made.shelf.runs_ended == [5]


def test_the_chunk_of_a_failed_proc_is_tried_again_with_the_next(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="if input.getNumberEvents() < 3: raise ValueError('too few')"))
    progress = made.play([start(5), batch(5, 1, 2), log_batch(5, "temp", [1], [1])])
    assert progress.total.script_errors == 1
    assert "proc.py:1: ValueError: too few" in progress.last_errors["proc"]
    assert not made.shelf.published
    progress = made.play([batch(5, 3)])
    assert (progress.last_errors, progress.run.incomplete) == ({}, "")
    assert made.shelf.published[0].attributes["events"] == 3
    logs = made.engine._reductions[0]._accumulation.value()
    assert isinstance(logs, MatrixWorkspace)
    assert logs.run()["temp"].size() == 1


def test_a_proc_that_goes_on_failing_costs_the_oldest_chunks_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proc = "import sys\nif not getattr(sys, 'mended', False): raise ValueError"
    made = bench(job(tmp_path, proc=proc))
    for k in range(7):
        progress = made.play([*([start(5)] if k == 0 else []), batch(5, *[1] * (10 - k))])
    assert progress.run.incomplete == "19 events of 2 chunks whose processing failed"
    assert "a chunk of 10 events is given up" in caplog.text
    try:
        import sys

        sys.mended = True  # type: ignore[attr-defined]
        progress = made.play([batch(5, 1)])
    finally:
        del sys.mended  # type: ignore[attr-defined]
    (product,) = made.shelf.published
    assert product.attributes["events"] == 8 + 7 + 6 + 5 + 4 + 1
    assert product.attributes["incomplete"] == progress.run.incomplete


def test_chunks_too_large_to_keep_are_given_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_back, "MAX_HELD_BACK_BYTES", 200)
    made = bench(job(tmp_path, proc="raise ValueError"))
    progress = made.play([start(5), batch(5, *[1] * 10)], [batch(5, *[1] * 11)])
    assert progress.run.incomplete == "10 events of 1 chunks whose processing failed"


def test_at_the_end_of_a_run_what_failed_is_missing_and_the_rest_is_published(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="assert input.getNumberEvents() < 3"))
    made.play([start(5), batch(5, 1)], [batch(5, 1, 2, 3), end(5)], [start(6), batch(6, 1)])
    assert made.shelf.runs_ended == [5]
    product = made.shelf.last_of(5)
    assert (product.attributes["events"], product.signal.sum()) == (1, 1)
    assert product.attributes["incomplete"] == "3 events of 1 chunks whose processing failed"
    assert made.shelf.last_of(6).attributes["incomplete"] == ""


def test_a_failed_post_proc_keeps_the_last_result_and_loses_nothing(tmp_path: Path) -> None:
    made = bench(job(tmp_path, post_proc="assert input.getNumberEvents() != 2\noutput = input"))
    progress = made.play([start(5), batch(5, 1)], [batch(5, 2)])
    assert "post.py:1: AssertionError" in progress.last_errors["post_proc"]
    assert len(made.shelf.published) == 1
    progress = made.play([batch(5, 3)])
    assert progress.last_errors == {}
    assert made.shelf.published[-1].signal.sum() == 3


def test_output_that_cannot_be_used_is_the_scripts_error(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="output = 5"))
    progress = made.play([start(5), batch(5, 1)])
    assert "proc.py: output is a int; a workspace or a scipp DataArray was expected" in progress.last_errors["proc"]
    ragged = "import scipp as sc\noutput = sc.DataArray(sc.ones(sizes={'x': input.getNumberEvents()}))"
    made = bench(job(tmp_path, proc=ragged))
    progress = made.play([start(5), batch(5, 1)], [batch(5, 1, 2)])
    assert "cannot be accumulated" in progress.last_errors["proc"]
    assert progress.run.incomplete == ""


def test_scripts_that_make_scipp_histograms(tmp_path: Path) -> None:
    proc = "import scipp as sc\noutput = input.data.hist(tof=sc.linspace('tof', 0., 1e6, 5, unit='ns'))"
    made = bench(job(tmp_path, proc=proc, post_proc="output = accumulation.data / 2.0"))
    made.play([start(5), batch(5, 1, 300)], [batch(5, 999)])
    product = made.shelf.published[-1]
    assert (product.signal.tolist(), product.axes[0].units) == ([0.5, 0.5, 0, 0.5], "ns")
    assert product.errors is not None
    np.testing.assert_allclose(product.errors**2, product.signal / 2)


def test_a_full_disk_is_shown_and_the_run_goes_on(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.shelf.full = True
    progress = made.play([start(5), batch(5, 1)])
    assert progress.last_errors["publish"] == "result of run 5: OSError: No space left on device"
    assert progress.total.script_errors == 0
    made.shelf.full = False
    assert made.play([batch(5, 1)]).last_errors == {}
    assert made.shelf.published[-1].signal.sum() == 2


def test_the_publisher_is_told_of_each_run_and_whether_nothing_was_reading_before(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1), end(5), start(6), batch(6, 1)])
    assert made.shelf.seen == [(5, True), (6, False)]
    made.source.opened *= 2  # it has connected once more
    made.play([batch(6, 1), start(8), batch(8, 1)])
    assert made.shelf.seen[2:] == [(8, True)]
    assert made.shelf.lacks == {5: "", 6: ""}
    last = made.shelf.last_of(5).attributes
    assert (last["ended"], last["end_time"]) == (1, "1990-01-01T00:00:09.000000000Z")
    assert made.shelf.last_of(8).attributes["ended"] == 0


@pytest.mark.parametrize("moment", ["from the start", "at the end"])
def test_a_run_that_ends_on_an_older_result_says_so(tmp_path: Path, moment: str) -> None:
    fault = tmp_path / "fault"
    made = bench(job(tmp_path, post_proc=f"import os\nif os.path.exists({str(fault)!r}):\n    1 / 0\n"))
    if moment == "at the end":
        made.play([start(5), batch(5, 1, 2)])
        fault.touch()
        made.play([batch(5, 3), end(5)])
    else:
        fault.touch()
        made.play([start(5), batch(5, 1, 2, 3), end(5)])
    held = 2 if moment == "at the end" else 0
    assert made.shelf.lacks[5].startswith(f"its last result holds {held} of 3 events (post_proc failed: ")
    assert "ZeroDivisionError" in made.shelf.lacks[5]


def test_a_run_whose_end_brings_no_more_data_lacks_nothing_if_post_proc_fails_there(tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    made = bench(job(tmp_path, post_proc=f"import os\nif os.path.exists({str(fault)!r}):\n    1 / 0\n"))
    made.play([start(5), batch(5, 1, 2)])
    fault.touch()
    made.play([end(5)])
    assert made.shelf.lacks == {5: ""}


def test_what_is_missing_from_the_stream_is_flagged(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play(
        [start(5, from_start=False), batch(5, 1, flags=FLAG_DAMAGED), Gap(run=5, reason="server forgot 3 s")],
        [start(6), batch(6, 1)],
    )
    assert made.shelf.last_of(5).attributes["incomplete"] == (
        "the beginning of the run was not seen; server forgot 3 s; 1 damaged pulses"
    )
    assert made.shelf.last_of(6).attributes["incomplete"] == ""


def test_a_lost_connection_is_said_and_waited_for(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play([start(5), batch(5, 1)])
    made.source.connected = False
    made.source.script = [SourceLost("reset by peer"), [], [batch(5, 2)], []]
    progress = made.turns()
    assert (progress.source.connected, progress.source.reason) == (False, "reset by peer")
    assert progress.last_errors == {"source": "reset by peer"}
    made.source.connected = True
    progress = made.turns(2)
    made.now += 60
    made.turns()
    assert progress.last_errors == {}
    assert made.shelf.published[-1].signal.sum() == 2


def test_a_source_that_is_over_gives_its_last_chunk_and_is_left_alone(tmp_path: Path) -> None:
    made = bench(job(tmp_path), [start(5), batch(5, 1)], SourceLost("end of file", retry=False))
    made.source.connected = False
    progress = made.turns(4)
    assert made.shelf.published[-1].signal.sum() == 1
    assert len(made.source.timeouts_s) == 2
    assert progress.last_errors == {"source": "end of file"}


@pytest.mark.parametrize("ends", [[], [end(5)]], ids=["in mid-run", "after the run"])
def test_data_that_end_are_reduced_and_then_said_to_have_ended(tmp_path: Path, ends: list[Item]) -> None:
    made = bench(job(tmp_path), [start(5), batch(5, 1), *ends], SourceLost("the data have ended", retry=False))
    made.source.ended = True
    assert not made.turns().source.ended
    progress = made.turns()
    assert (progress.source.ended, progress.total.results, progress.source.no_pulses_since) == (True, 1, None)
    assert all(one is None or not one.source.ended for one in made.told), "never while something is left to do"
    assert shown(StateWord.RUNNING, "", progress)[0] is StateWord.WAITING_FOR_RUN


def test_data_whose_result_waits_for_the_disk_have_not_ended(tmp_path: Path) -> None:
    made = bench(job(tmp_path), [start(5), batch(5, 1), end(5)], SourceLost("the data have ended", retry=False))
    made.source.ended = made.shelf.full = True
    assert not made.turns(2).source.ended


def test_a_job_can_leave_its_stream(tmp_path: Path) -> None:
    limited = replace(job(tmp_path), until_events=2, cut_by="beam_time")
    made = bench(limited, [start(5), batch(5, 1, 2, 3)], [batch(5, 4)])
    progress = made.turns(3)
    assert (progress.run.events, progress.source.ended, progress.total.results) == (3, True, 1)
    with pytest.raises(OperatorError, match="cut_by: 'moon' is not one of clock, beam_time"):
        bench(replace(job(tmp_path), cut_by="moon"))


def test_stopping_reduces_what_is_pending(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    made = bench(job(tmp_path, proc="pass"), [start(5), batch(5, 1)])
    made.turns()
    assert not made.shelf.published
    made.phases.clear()
    made.engine.stop(10.0)
    made.engine.stop(10.0)
    assert made.source.closed
    assert made.shelf.published[-1].signal.sum() == 1
    assert set(made.phases) == {Phase.STOPPING}
    assert caplog.messages[-1] == "run 5: the last result is saved, 1 pulses"


@pytest.mark.parametrize(
    ("proc", "full", "told"),
    [
        ("raise ValueError('no')", False, "run 5: there is no result yet"),
        (
            "pass",
            True,
            "run 5: the last result could not be written: result of run 5: OSError: No space left on device",
        ),
    ],
)
def test_stopping_tells_what_is_not_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, proc: str, full: bool, told: str
) -> None:
    caplog.set_level("INFO")
    made = bench(job(tmp_path, proc=proc))
    made.shelf.full = full
    made.play([start(5), batch(5, 1)])
    made.engine.stop(10.0)
    assert caplog.messages[-1] == told


def test_stopping_leaves_what_would_take_too_long(tmp_path: Path) -> None:
    made = bench(job(tmp_path, proc="pass"))
    made.play([start(5), batch(5, 1)])
    made.turns()
    made.source.script = [[batch(5, 2)]]
    made.turns()
    made.engine.stop(0.0)
    assert made.source.closed
    assert len(made.shelf.published) == 1


def test_stopping_twice_reduces_once(tmp_path: Path) -> None:
    made = bench(job(tmp_path))
    made.play([start(5)])
    made.source.script = [[batch(5, 1)]]
    made.turns()
    for _ in range(2):
        made.engine.stop(1.0)
    assert len(made.shelf.published) == 1


def test_a_job_that_cannot_be_done_makes_no_engine(tmp_path: Path) -> None:
    for wrong in ({"accum_method": "Sum"}, {"start": "never"}, {"tof_bins_us": (1.0, 0.0, 2.0)}):
        with pytest.raises(OperatorError, match=next(iter(wrong))):
            bench(job(tmp_path, **wrong))


def test_waiting_is_short_only_while_catching_up(tmp_path: Path) -> None:
    made = bench(job(tmp_path), [], [start(5), batch(5, 1)], [], [batch(5, 1)])
    for _ in range(4):
        made.engine.poll(0.5)
    assert made.source.timeouts_s == [0.5, 0.5, CATCH_UP_WAIT_S, 0.5]


def test_where_to_begin(tmp_path: Path) -> None:
    assert bench(job(tmp_path)).source.opened == [StartFrom.RUN_START]
    assert bench(job(tmp_path, start="now")).source.opened == [StartFrom.NOW]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start": "yesterday"}, "start: 'yesterday' is not one of now, run_start"),
        ({"accum_method": "Multiply"}, "accum_method: 'Multiply' is not one of Add, Replace, Append"),
        ({"tof_bins_us": (0.0, 0.0, 1.0)}, "tof_bins_us"),
        ({"proc": ScriptCopy(path="p.py", copy="/nowhere/p.py", md5="")}, "cannot be read"),
    ],
)
def test_a_job_that_cannot_be_done_is_the_operators_to_mend(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(OperatorError, match=words):
        bench(replace(job(tmp_path), **settings))


def test_pixel_maps_spectra_and_periods(tmp_path: Path) -> None:
    pixels = Geometry(run=5, time_ns=0, title="quartz", pixels=np.array([4, 5, 6], np.int32))
    made = bench(job(tmp_path))
    made.play([start(5), pixels, batch(5, 1)], [end(5), start(6), batch(6, 1)])
    assert made.shelf.last_of(5).axes[0].values.tolist() == [4, 5, 6]
    assert made.shelf.last_of(5).title == "quartz"
    assert made.shelf.last_of(6).axes[0].values.tolist() == [4, 5, 6], "the map holds until there is another"
    assert made.shelf.last_of(6).title == ""

    for preserve in (True, False):
        made = bench(job(tmp_path, spectra=(7, 5), preserve_events=preserve))
        made.play([start(5), batch(5, 1, 2), batch(5, 1, pixel=4), batch(5, 1, pixel=7)])
        assert made.shelf.last_of(5).signal.sum(axis=1).tolist() == [2, 1]

    made = bench(job(tmp_path, periods=(2,)))
    made.play([start(5), batch(5, 1, period=1), batch(5, 1, 2, period=2)])
    assert made.shelf.last_of(5).signal.sum() == 2


def test_logs_and_monitors_reach_the_scripts(tmp_path: Path) -> None:
    post = (
        "log = input.run()\n"
        "assert log['temp'].value.tolist() == [280, 290, 300], log['temp'].value\n"
        "assert log['pause'].value.tolist() == [0, 1], log['pause'].value\n"
        "assert log.getProtonCharge() == 2 / 3.6e9\n"
        "assert log['monitor2_counts'].value == 3\n"
        "assert log['experiment_identifier'].value == 'IPTS-1'\n"
        "assert log['run_start'].value == '1990-01-01T00:00:01'\n"
        "assert input.getMonitorWorkspace().readY(0).sum() == 3\n"
    )
    made = bench(job(tmp_path, post_proc=post))
    before: list[Item] = [log_batch(0, "temp", [1], [280.0])]
    first: list[Item] = [start(5), Geometry(run=5, time_ns=0, proposal="IPTS-1"), batch(5, 1), monitor_batch(5, 2, [1])]
    made.engine._reductions[0]._post_proc = None
    made.play(before, [*first, log_batch(5, "temp", [2 * S_NS], [290.0])])
    second: list[Item] = [
        batch(5, 1),
        monitor_batch(5, 2, [1, 2]),
        log_batch(5, "temp", [3 * S_NS], [300.0]),
        Paused(run=5, time_ns=9),
    ]
    made.source.script = [second, []]
    made.engine._reductions[0]._post_proc = bench(job(tmp_path, post_proc=post)).engine._reductions[0]._post_proc
    made.turns(2)
    made.now += 31
    assert made.turns().last_errors == {}
    assert made.shelf.published[-1].attributes["chunks"] == 2


def test_histogram_snapshots_hold_the_whole_run(tmp_path: Path) -> None:
    def snapshot(counts: float) -> HistogramSnapshot:
        return HistogramSnapshot(
            run=5,
            time_ns=0,
            counts=np.full((2, 1), counts),
            tof_edges_us=np.array([0.0, 10.0]),
            spectra=np.array([1, 2], np.int32),
        )

    made = bench(job(tmp_path, update_every_s=1.0))
    made.play([start(5), snapshot(1)], [snapshot(3)], [snapshot(7)])
    made.engine.stop(9)
    assert [product.signal.tolist() for product in made.shelf.published][-1] == [[7], [7]]


# The memory fallback: histograms instead of events, for one run.


TABLE = "import scipp as sc\ninput.data = input.data[input.data.coords['pixel'] >= sc.index(0)]"
"""A proc that leaves events as scipp's table, which a histogram sums over pixels."""


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.lists(st.tuples(st.integers(-5, 1005), st.integers(0, 3)), max_size=30), min_size=1, max_size=5),
    st.sampled_from(["Add", "Replace", "Append"]),
    st.sampled_from(["", "assert input.events.n >= 0", TABLE]),
)
def test_with_histograms_for_want_of_memory_products_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, reads: list[list[tuple[int, int]]], method: str, proc: str
) -> None:
    folder = tmp_path_factory.mktemp("job")
    items: list[list[Item]] = [
        [event_batch(5, [1000 * tof for tof, _ in read], [pixel for _, pixel in read]), monitor_batch(5, 1, [7000])]
        for read in reads
    ]
    last = []
    for fallback in ({}, {"keep_events": False, "counted_run": 5}, {"keep_events": False}):
        made = bench(job(folder, accum_method=method, proc=proc, **fallback))
        progress = made.play([start(5)], *items, [end(5)])
        assert progress.last_errors == {}
        assert progress.run.events == sum(map(len, reads))
        last.append(made.shelf.last_of(5))
    kept, *counted = last
    assert "accumulated_as" not in kept.attributes
    for product in counted:
        # Tables of single chunks, once they are histograms, are spectra one after the other when appended.
        appended = method == "Append" and proc == TABLE and product.signal.ndim > kept.signal.ndim
        signal = product.signal.sum(axis=0) if appended else product.signal
        np.testing.assert_array_equal(signal, kept.signal)
        np.testing.assert_array_equal(product.errors, np.sqrt(product.signal))
        assert appended or [axis.name for axis in product.axes] == [axis.name for axis in kept.axes]
        assert product.attributes == {**kept.attributes, "accumulated_as": "histograms, because of the memory limit"}


def test_only_the_run_that_is_too_large_does_without_events(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    made = bench(job(tmp_path, keep_events=False, counted_run=5, post_proc="output = input"))
    told = []
    for run in (0, 5, 0, 6, 0):
        edge = [start(run)] if run else []
        progress = made.play([*edge, batch(run, 1), *([end(run)] if run else [])])
        accumulated_as = made.shelf.published[-1].attributes.get("accumulated_as")
        told.append((progress.run.keeps_events, progress.run.counted_because, accumulated_as))
    counted = "histograms, because of the memory limit"
    large = (False, f"run 5 is too large to keep its events: kept as {counted}", counted)
    between = (False, f"the data between runs are too large to keep their events: kept as {counted}", counted)
    assert told == [between, large, between, (True, "", None), between]
    assert f"run 5 is too large to keep its events: kept as {counted}; counts stay right" in caplog.text
    assert "run 6: events are kept again" in caplog.text


def test_who_does_not_want_events_misses_nothing(tmp_path: Path) -> None:
    made = bench(job(tmp_path, preserve_events=False, keep_events=False, counted_run=5))
    progress = made.play([start(5), batch(5, 1)])
    assert (progress.run.keeps_events, progress.run.counted_because) == (False, "")
    assert "accumulated_as" not in made.shelf.published[-1].attributes


def test_memory_fallback_counts_at_once(tmp_path: Path) -> None:
    made = bench(job(tmp_path, keep_events=False, post_proc="output = input\nassert not hasattr(input.held, 'pieces')"))
    assert made.play([start(5), batch(5, 1)]).last_errors == {}


def test_replace_shows_the_last_chunk_alone(tmp_path: Path) -> None:
    made = bench(job(tmp_path, accum_method="Replace"))
    progress = made.play([start(5), batch(5, 1, 2)], [batch(5, 1)])
    assert made.shelf.published[-1].signal.sum() == 1
    assert progress.run.events == 3


def test_each_phase_is_told_with_what_is_known_before_it_is_entered(tmp_path: Path) -> None:
    at = bench(job(tmp_path, proc="pass\n", post_proc="pass\n"))
    at.play([start(7), batch(7, 10.0, 20.0)], [batch(7, 30.0)])
    told = {phase: progress for phase, progress in zip(at.phases, at.told, strict=True) if progress}
    assert (told[Phase.PROCESS].run.number, told[Phase.PROCESS].total.chunks, told[Phase.PROCESS].run.events) == (
        7,
        2,
        3,
    )
    assert (told[Phase.PROCESS].steps.proc_calls, told[Phase.PROCESS].steps.post_proc_calls) == (1, 1)
    assert (told[Phase.POST_PROCESS].steps.proc_calls, told[Phase.POST_PROCESS].steps.post_proc_calls) == (2, 1)
    assert (told[Phase.PUBLISH].steps.post_proc_calls, told[Phase.PUBLISH].total.results) == (2, 1)
    assert all(progress.source.connected for progress in told.values())


def test_a_chunk_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tally goes with it: to look at all its pulses again would only take time."""
    counted: list[Chunk] = []

    def counting(chunk: Chunk) -> Tally:
        counted.append(chunk)
        return tally_of(chunk)

    for module in (live, intake):
        monkeypatch.setattr(module, "tally_of", counting, raising=False)
    bench(job(tmp_path)).play([start(5), batch(5, 1)], [batch(5, 2)])
    assert len(counted) == 2
