"""A viewer as a process, on a receiver as a process: what it says is what numpy counts of the same events."""

import os
import signal
from pathlib import Path

import numpy as np
import psutil
import pytest

from helpers.receiving import receiving, until_events, until_run_ends
from helpers.served import Clock, powder_play, serving
from helpers.viewing import BINS_US, asked, by_pixels, counts_of, events_of, spectrum, viewing
from livereduce.messages.regions import Region, RegionKind
from livereduce.messages.views import (
    DetectorQuestion,
    KeepRegions,
    PixelQuestion,
    RegionsQuestion,
    SpectrumQuestion,
)
from livereduce.preflight import viewing as room
from livereduce.preflight.viewing import ViewerEnded, ViewRefused

pytestmark = pytest.mark.timeout(200)
PIXELS = 64


def test_regions_and_picture_are_what_numpy_counts_over_the_edges_of_runs(tmp_path: Path) -> None:
    clock = Clock()
    kept = (by_pixels("low", "0-9"), by_pixels("all", "0-63", tof_us=(0.0, 16_700.0)))
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        clock.now_s = 10.0
        worker = receiver.reader()
        items = until_events(worker)
        assert asked(viewer, KeepRegions(regions=kept)) == {}
        early = asked(viewer, SpectrumQuestion(region=by_pixels("early", "20-30")))
        clock.now_s = 22.0
        items += until_run_ends(worker, 1)
        first = events_of(items, 1)
        seen = asked(viewer, SpectrumQuestion(region=by_pixels("late", "20-30")))
        assert 0 < sum(early["signal"]) < sum(seen["signal"])
        assert seen["signal"] == spectrum(first, 20, 30)
        assert (seen["run"], seen["since"], seen["counts"]) == (1, "", sum(seen["signal"]))
        assert seen["axes"][0]["values"] == np.append(np.arange(0, 16_700, 100), 16_700).tolist()
        assert asked(viewer, SpectrumQuestion(name="low"))["signal"] == spectrum(first, 0, 9)
        body = asked(viewer, DetectorQuestion())
        assert (body["total"], body["events"], body["pixels"]) == (len(first[0]), len(first[0]), PIXELS)
        clock.now_s = 60.0
        second = events_of([*items, *until_run_ends(worker, 2)], 2)
        assert asked(viewer, SpectrumQuestion(name="low"))["signal"] == spectrum(second, 0, 9)
        told = asked(viewer, RegionsQuestion(can_save=False))
        assert [(one["name"], one["run"], one["pixels_count"]) for one in told["regions"]] == [
            ("low", 2, 10),
            ("all", 2, 64),
        ]
        assert told["regions"][0]["counts"] == sum(spectrum(second, 0, 9))
        assert told["regions"][0]["rate_per_s"] > 0
        worker.close()


def test_the_picture_shows_the_counts_of_pixels_in_the_range_that_it_says(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=1, run_s=20, gap_s=1)) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        worker = receiver.reader()
        tof_ns, pixel = events_of(until_run_ends(worker, 1), 1)
        body = asked(viewer, DetectorQuestion(projection="cylinder", tof_min_us=3000.0, tof_max_us=6000.0))
        low, high = body["tof_range_us"]
        assert low <= 3000.0 < 6000.0 <= high
        assert high - low <= 3000.0 + 2 * body["tof_step_us"]
        inside = (tof_ns >= 1000 * low) & (tof_ns < 1000 * high)
        counts = np.bincount(pixel[inside], minlength=PIXELS)
        assert body["total"] == counts.sum()
        shown = counts_of(body)
        assert shown.shape == (1, PIXELS), "an arc, each pixel a cell"
        by_angle = shown[0] if body["x"]["min"] > 0 else shown[0][::-1]
        np.testing.assert_array_equal(by_angle, counts)
        middle = (body["x"]["max"] - body["x"]["min"]) / PIXELS
        at = asked(viewer, PixelQuestion(projection="cylinder", x=body["x"]["min"] + 0.6 * middle, y=0.0))
        assert at["pixel"] in (0, PIXELS - 1)
        assert at["bank"] in ("bank1", "bank4")
        assert at["l2_m"] == pytest.approx(2.0)
        assert at["two_theta_deg"] == pytest.approx(30.0 if at["pixel"] == 0 else 150.0)
        worker.close()


def test_a_region_that_is_drawn_has_the_pixels_that_lie_in_it(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=1, run_s=5, gap_s=1)) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        worker = receiver.reader()
        events = events_of(until_run_ends(worker, 1), 1)
        body = asked(viewer, DetectorQuestion(projection="map"))
        row = round(body["x"]["max"] + 0.5)
        box = Region(name="box", kind=RegionKind.RECTANGLE, projection="map", points=((0.0, 0.0), (row - 1.0, 0.0)))
        found = asked(viewer, SpectrumQuestion(region=box))
        assert found["pixels_count"] == row
        assert found["signal"] == spectrum(events, 0, row - 1)
        table = viewer.ask(SpectrumQuestion(region=box, csv=True)).decode().splitlines()
        assert table[0] == "time of flight (µs) from,time of flight (µs) to,signal (counts),error"
        assert len(table) == 1 + round((BINS_US[2] - BINS_US[0]) / BINS_US[1])
        assert [float(line.split(",")[2]) for line in table[1:]] == found["signal"]
        worker.close()


def test_what_cannot_be_answered_is_refused_and_the_next_question_is_answered(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=1, run_s=5, gap_s=1)) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        with pytest.raises(ViewRefused, match="there is no region 'none' here") as refused:
            viewer.ask(SpectrumQuestion(name="none"))
        assert refused.value.status == 404
        with pytest.raises(ViewRefused, match="projection: expected one of"):
            viewer.ask(DetectorQuestion(projection="cube"))
        assert "pixels" in asked(viewer, DetectorQuestion())


def test_it_ends_with_its_receiver_and_with_whoever_asks(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=5, gap_s=1)) as url:
        with receiving(url, tmp_path) as receiver, viewing(receiver) as viewer:
            asked(viewer, DetectorQuestion())
            receiver.process.kill()
            receiver.process.wait()
            psutil.Process(viewer.pid).wait(room.GONE_S) if psutil.pid_exists(viewer.pid) else None
            with pytest.raises(ViewerEnded):
                viewer.ask(DetectorQuestion())
        with receiving(url, tmp_path) as receiver, viewing(receiver) as viewer:
            asked(viewer, DetectorQuestion())
            assert viewer._process.stdin is not None
            viewer._process.stdin.close()
            assert viewer._process.wait(room.GONE_S) == 0


def test_one_that_stands_still_is_killed_and_the_receiver_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with (
        serving(powder_play(runs=1, run_s=5, gap_s=1), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        clock.now_s = 2.0
        asked(viewer, DetectorQuestion())
        os.kill(viewer.pid, signal.SIGSTOP)
        monkeypatch.setattr(room, "ANSWER_S", 0.2)
        with pytest.raises(ViewRefused, match=r"more than 0\.2 s, and was ended"):
            viewer.ask(DetectorQuestion())
        assert viewer.has_ended
        clock.now_s = 20.0
        worker = receiver.reader()
        assert len(events_of(until_run_ends(worker, 1), 1)[0]) > 0
        worker.close()


def test_its_own_memory_is_limited(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=1, run_s=5, gap_s=1)) as url,
        receiving(url, tmp_path) as receiver,
        viewing(receiver) as viewer,
    ):
        asked(viewer, DetectorQuestion())
        process = psutil.Process(viewer.pid)
        assert process.rlimit(psutil.RLIMIT_DATA) == (1 << 30, 1 << 30)
        assert process.num_threads() == 1
