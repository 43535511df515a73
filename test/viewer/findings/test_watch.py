"""The search for faults on a stream of events: what is named there, in the answers, and over runs and geometries."""

import json
from typing import Any

import numpy as np
import pytest

from livereduce.messages.views import DetectorQuestion, FindingsQuestion, Question, ViewerJob
from livereduce.simulate.beams.powder import definition_xml
from livereduce.stream.items import EventBatch, Geometry, RunStarted
from livereduce.viewer.answers import answer
from livereduce.viewer.counted_run import ViewedStream
from livereduce.viewer.findings import watch

PIXELS, BANKS, RATE = 240, 4, 20
S_NS = 1_000_000_000
JOB = ViewerJob(instrument="TEST", tof_bins_us=(0.0, 100.0, 16_700.0))


class Streamed:
    """A stream of a detector whose pixels count alike, second by second, into a viewer."""

    def __init__(self, *, with_geometry: bool = True) -> None:
        self.random = np.random.default_rng(5)
        self.viewed = ViewedStream(JOB)
        self.run, self.second = 0, 0
        self.rate = np.full(PIXELS, float(RATE))
        self.dark = np.zeros(PIXELS)
        self.begin()
        if with_geometry:
            self.viewed.take([self.geometry()])

    def geometry(self) -> Geometry:
        xml = definition_xml(PIXELS, BANKS)
        return Geometry(
            run=self.run, time_ns=0, instrument="POWDER", definition_xml=xml, pixels=np.arange(PIXELS, dtype=np.int32)
        )  # fmt: skip

    def begin(self) -> None:
        self.run += 1
        self.viewed.take([RunStarted(run=self.run, time_ns=self.second * S_NS)])

    def beam(self, seconds: int, *, charge_pc: float = 2e7) -> None:
        """So many seconds of 60 pulses each."""
        for _ in range(seconds):
            self.second += 1
            counts = self.random.poisson(self.rate * (charge_pc > 0) + self.dark)
            pixel = self.random.permutation(np.repeat(np.arange(PIXELS), counts)).astype(np.int32)
            first = np.sort(self.random.integers(0, len(pixel) + 1, 61))
            first[0], first[-1] = 0, len(pixel)
            self.viewed.take([self._batch(pixel, first, charge_pc)])

    def _batch(self, pixel: Any, first: Any, charge_pc: float) -> EventBatch:
        return EventBatch(
            run=self.run, tof_ns=self.random.integers(1_000_000, 16_000_000, len(pixel)).astype(np.int32), pixel=pixel,
            state=None, first=first.astype(np.int64), pulse_ns=self.second * S_NS + np.arange(60) * (S_NS // 60),
            charge_pc=np.full(60, charge_pc), flags=np.zeros(60, np.uint32), period=np.zeros(60, np.uint16),
        )  # fmt: skip

    def asked(self, question: Question) -> Any:
        return json.loads(answer(self.viewed, question))

    @property
    def named(self) -> list[tuple[str, str, str]]:
        found = self.asked(FindingsQuestion())["findings"]
        return [(one["kind"], one["what"], one["pixels"]) for one in found]


def test_a_dead_pixel_is_in_the_answers_with_a_box_around_it() -> None:
    stream = Streamed()
    stream.beam(75)
    told = stream.asked(FindingsQuestion())
    assert 72 < told.pop("looked_s") < 75
    assert told == {"run": 1, "at": "1990-01-01T00:01:15.983333Z", "findings": [], "note": ""}
    stream.rate[70] = 0
    stream.beam(10)
    (found,) = stream.asked(FindingsQuestion())["findings"]
    assert (found["kind"], found["what"], found["pixels"]) == ("dead", "pixel", "70")
    assert found["bank"]
    assert found["since"].startswith("1990-01-01T00:01:1")
    (shown,) = stream.asked(DetectorQuestion())["findings"]
    ((x0, y0, x1, y1),) = shown.pop("marks")
    assert shown == found
    layout = stream.viewed.instrument.layout(stream.viewed.instrument.projections[0])
    assert x0 < layout.px[70] < x1
    assert y0 < layout.py[70] < y1


def test_what_is_named_goes_on_into_the_next_run_and_without_beam_noise_is_found() -> None:
    stream = Streamed()
    stream.beam(75)
    stream.rate[70] = 0
    stream.beam(10)
    stream.begin()
    stream.beam(15)
    assert stream.named == [("dead", "pixel", "70")]
    stream.dark[30] = 30.0
    stream.beam(5, charge_pc=0.0)
    assert stream.named == [("dead", "pixel", "70"), ("noisy", "pixel", "30")]


def test_a_dead_bank_has_one_box() -> None:
    stream = Streamed()
    stream.beam(75)
    stream.rate[60:120] = 0
    stream.beam(8)
    assert stream.named == [("dead", "bank", "")]
    assert len(stream.asked(DetectorQuestion())["findings"][0]["marks"]) == 1


def test_without_a_geometry_the_pixels_that_appear_are_one_bank() -> None:
    stream = Streamed(with_geometry=False)
    stream.beam(75)
    stream.rate[70] = 0
    stream.beam(10)
    (found,) = stream.asked(FindingsQuestion())["findings"]
    assert (found["kind"], found["pixels"], found["bank"]) == ("dead", "70", "")


def test_a_geometry_in_mid_run_begins_anew_and_names_nothing_in_vain() -> None:
    stream = Streamed(with_geometry=False)
    stream.beam(40)
    stream.viewed.take([stream.geometry()])
    for _ in range(40):
        stream.beam(1)
        assert stream.named == []


def test_a_detector_that_is_too_large_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_PIXELS", PIXELS - 1)
    stream = Streamed()
    stream.beam(5)
    assert stream.asked(FindingsQuestion())["looked_s"] == 0
    assert stream.asked(FindingsQuestion())["note"] == "a detector of more than 239 pixels is not watched"


def test_an_error_of_ours_costs_the_findings_of_its_run_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Streamed()
    with monkeypatch.context() as patch:
        patch.setattr(watch, "step", None)
        stream.beam(5)
    told = stream.asked(FindingsQuestion())
    assert (told["findings"], told["note"]) == ([], "the search for faults has failed; the log of this page says why")
    assert stream.asked(DetectorQuestion())["total"] > 4 * PIXELS * RATE
    stream.begin()
    stream.beam(75)
    stream.rate[70] = 0
    stream.beam(10)
    assert stream.named == [("dead", "pixel", "70")]
    assert stream.asked(FindingsQuestion())["note"] == ""
