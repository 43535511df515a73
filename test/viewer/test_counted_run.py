"""What is counted of a run: over run edges, a geometry that comes late, pixels that appear, what is given up."""

import json
from dataclasses import replace

import numpy as np
import pytest

from helpers.items import S_NS, event_batch, log_batch, monitor_batch
from helpers.viewing import by_pixels
from livereduce.messages.marks import iso_utc
from livereduce.messages.regions import Projection, Region, RegionKind
from livereduce.messages.views import DetectorQuestion, FindingsQuestion, OverQuestion, PixelQuestion, ViewerJob
from livereduce.simulate.beams.powder import definition_xml
from livereduce.stream.items import EventBatch, Geometry, Item, RunEnded, RunStarted
from livereduce.viewer.answers import answer
from livereduce.viewer.counted_run import ViewedStream

JOB = ViewerJob(instrument="TEST", tof_bins_us=(0.0, 10.0, 100.0))
PIXELS = 8
GEOMETRY = Geometry(
    run=1,
    time_ns=0,
    instrument="POWDER",
    definition_xml=definition_xml(PIXELS, 2),
    pixels=np.arange(PIXELS, dtype=np.int32),
)
ALL = by_pixels("all", "0-1000000")


def batch(run: int, *pixels: int, at_s: float = 1.0) -> EventBatch:
    return event_batch(run, [5000] * len(pixels), list(pixels), pulse_ns=round(at_s * S_NS))


def viewed(*items: Item) -> ViewedStream:
    stream = ViewedStream(JOB)
    stream.take(items, live=True)
    return stream


def best(stream: ViewedStream) -> Projection:
    return stream.instrument.projections[0]


def counts(stream: ViewedStream) -> dict[int, int]:
    pixels = stream.run.pixels
    found = pixels.counts(0, pixels.binning.bins).tolist()
    return {pixel: n for pixel, n in zip(pixels.table.pixels.tolist(), found, strict=True) if n}


def test_a_run_that_has_ended_is_shown_until_the_next_begins() -> None:
    stream = viewed(RunStarted(run=1, time_ns=0), GEOMETRY, batch(1, 1, 2, 2), RunEnded(run=1, time_ns=0), batch(0, 5))
    assert (stream.run.number, counts(stream)) == (1, {1: 1, 2: 2})
    stream.take([RunStarted(run=2, time_ns=0), batch(2, 7)], live=True)
    assert (stream.run.number, counts(stream), stream.run.since_ns()) == (2, {7: 1}, 0)


def test_what_comes_between_runs_is_shown_as_long_as_there_was_no_run() -> None:
    stream = viewed(GEOMETRY, batch(0, 5))
    assert (stream.run.number, counts(stream)) == (0, {5: 1})


def test_a_run_that_has_begun_before_is_counted_since_its_first_pulse_here() -> None:
    stream = viewed(replace(GEOMETRY, run=3), log_batch(3, "temperature", [S_NS], [4.0]), batch(3, 1, at_s=7))
    assert (stream.run.number, stream.run.is_whole, stream.run.since_ns()) == (3, False, 7 * S_NS)
    assert "temperature" in list(stream.run.logs)
    joined = viewed(RunStarted(run=3, time_ns=0, from_start=False), batch(3, 1, at_s=7))
    assert joined.run.since_ns() == 7 * S_NS


def test_a_geometry_that_comes_in_mid_run_puts_the_events_that_are_held_in_their_place() -> None:
    drawn = Region(name="box", kind=RegionKind.RECTANGLE, projection="cylinder", points=((-200, -1), (200, 1)))
    stream = viewed(RunStarted(run=1, time_ns=0), batch(1, 1, 2, 9))
    assert best(stream) is Projection.MAP
    assert (stream.run.region(drawn).counts, stream.run.region(ALL).counts) == (0, 3)
    stream.take([GEOMETRY], live=True)
    assert counts(stream) == {1: 1, 2: 1}, "there is no pixel 9"
    assert best(stream) is Projection.CYLINDER
    assert (stream.run.region(drawn).counts, stream.run.region(ALL).counts) == (2, 2)
    stream.take([batch(1, 3), replace(GEOMETRY, title="a new title")], live=True)
    assert stream.run.region(drawn).counts == 3


def test_kept_regions_go_on_with_the_next_run_and_with_pixels_that_appear() -> None:
    stream = viewed(RunStarted(run=1, time_ns=0))
    stream.keep((ALL, by_pixels("some", "3-5")))
    stream.take([batch(1, 1, 4), batch(1, 3), batch(1, 4000)], live=True)
    assert [stream.run.region(one).counts for one in stream.run.regions.kept] == [4, 2]
    stream.take([RunStarted(run=2, time_ns=0), batch(2, 5)], live=True)
    assert [stream.run.region(one).counts for one in stream.run.regions.kept] == [1, 1]


def test_a_region_of_events_that_were_given_up_says_since_when_it_is_counted() -> None:
    first, second = batch(1, 1, 1, at_s=1), batch(1, 1, at_s=9)
    stream = viewed(RunStarted(run=1, time_ns=0), GEOMETRY)
    stream.keep((by_pixels("kept", "1"),))
    stream.take([first, second], live=True)
    stream.drop(lambda column: column.base is not first.tof_ns and column.base is not first.pixel)
    kept, late = stream.run.region(by_pixels("kept", "1")), stream.run.region(by_pixels("late", "0-3"))
    assert (kept.counts, stream.run.since_ns(kept.first)) == (3, 0)
    assert (late.counts, stream.run.since_ns(late.first)) == (1, 9 * S_NS)


def test_a_geometry_that_comes_after_events_were_given_up_says_since_when_pixels_are_counted() -> None:
    first, second = batch(1, 1, 1, at_s=1), batch(1, 1, at_s=9)
    stream = viewed(RunStarted(run=1, time_ns=0), first, second)
    stream.drop(lambda column: column.base is not first.tof_ns and column.base is not first.pixel)
    assert json.loads(answer(stream, DetectorQuestion()))["since"] == "", "they were counted before they were given up"
    stream.take([GEOMETRY], live=True)
    body = json.loads(answer(stream, DetectorQuestion()))
    assert (body["total"], body["events"], body["since"]) == (1, 3, iso_utc(9 * S_NS))
    total = OverQuestion(of="total", log="temperature")
    stream.take([log_batch(1, "temperature", [0], [4.0])], live=True)
    assert json.loads(answer(stream, total))["since"] == "", "of the pulses nothing is missing"


@pytest.mark.parametrize(
    ("part", "moves"),
    [
        ('<component type="arc2" idlist="bank2"><location name="bank2"/>', range(4, 8)),
        ('<component type="sample-position"><location/>', range(8)),
    ],
)
def test_where_parts_move_with_logs_angles_are_not_told_and_the_picture_says_so(part: str, moves: range) -> None:
    arm = '<parameter name="x"><logfile id="arm" eq="value" extract-single-value-as="last_value"/></parameter>'
    xml = GEOMETRY.definition_xml.replace(part, part + arm)
    assert arm in xml
    stream = viewed(RunStarted(run=1, time_ns=0), replace(GEOMETRY, definition_xml=xml), batch(1, 1))
    assert json.loads(answer(stream, DetectorQuestion()))["note"] == "parts that move with arm are shown at rest"
    for pixel in range(PIXELS):
        row = stream.instrument.layout(Projection.MAP)
        at = json.loads(answer(stream, PixelQuestion(projection="map", x=pixel % row.x.cells, y=pixel // row.x.cells)))
        is_unknown = [at[name] is None for name in ("position", "l2_m", "two_theta_deg")]
        assert (at["pixel"], is_unknown) == (pixel, [pixel in moves] * 3)


def test_monitors_and_logs_are_kept() -> None:
    stream = viewed(
        RunStarted(run=1, time_ns=0),
        monitor_batch(1, 2, [1, 2, 3], S_NS),
        log_batch(1, "temperature", [1, 2], [3.0, 4.0]),
        RunStarted(run=2, time_ns=0),
    )
    assert list(stream.run.monitors) == []
    log = stream.run.logs.of("temperature")
    assert log is not None
    assert log.value.tolist() == [4.0]


def test_banks_are_named_as_the_definition_names_them() -> None:
    stream = viewed(RunStarted(run=1, time_ns=0), GEOMETRY, batch(1, 1))
    banks = stream.instrument.banks
    assert banks.names == ("bank1", "bank2")
    assert banks.of_row.tolist() == [0] * 4 + [1] * 4


@pytest.mark.parametrize("xml", ["<nonsense", "<instrument/>"])
def test_a_definition_that_cannot_be_read_leaves_the_map(xml: str) -> None:
    stream = viewed(RunStarted(run=1, time_ns=0), replace(GEOMETRY, definition_xml=xml), batch(1, 1))
    assert stream.instrument.projections == (Projection.MAP,)
    assert "cannot be read" in stream.instrument.problem
    assert counts(stream) == {1: 1}


def test_a_pixel_that_dies_is_named_and_marked_on_the_screen() -> None:
    """What is named and when is the business of `test/viewer/findings`; here that it is given what is counted."""
    numbers = np.arange(64, dtype=np.int32)
    geometry = replace(GEOMETRY, definition_xml=definition_xml(64, 2), pixels=numbers)
    stream, rng = viewed(RunStarted(run=1, time_ns=0), geometry), np.random.default_rng(7)
    for second in range(40):
        pixel = rng.integers(0, 64, 60 * 200).astype(np.int32)
        if second >= 20:
            pixel[pixel == 13] = 14
        tof_ns = rng.integers(0, 100_000, len(pixel)).astype(np.int32)
        pulse_ns = (second + np.arange(60) / 60) * S_NS
        stream.take([event_batch(1, tof_ns, pixel, per_pulse=[200] * 60, pulse_ns=pulse_ns, charge_pc=5.0)], live=True)
    body = json.loads(answer(stream, FindingsQuestion()))
    assert body["run"] == 1
    assert body["looked_s"] > 30
    assert ("dead", "pixel", "bank1", "13") in [
        (one["kind"], one["what"], one["bank"], one["pixels"]) for one in body["findings"]
    ]
    picture = json.loads(answer(stream, DetectorQuestion(projection="map")))
    (marks,) = [one["marks"] for one in picture["findings"] if one["pixels"] == "13"]
    assert marks == [[4.5, 0.5, 5.5, 1.5]]
