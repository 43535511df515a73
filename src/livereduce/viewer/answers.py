"""From a question to its answer, as JSON that the page passes on as it is."""

import json
from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from livereduce.messages.marks import iso_utc
from livereduce.messages.regions import MAX_REGIONS, Projection, Region, region_body
from livereduce.messages.views import (
    DetectorQuestion,
    FindingsQuestion,
    KeepRegions,
    LogsQuestion,
    OverQuestion,
    PixelQuestion,
    Question,
    RegionsQuestion,
    SpectrumQuestion,
)
from livereduce.viewer.counted_run import ViewedStream
from livereduce.viewer.over_log.bodies import curve_body, logs_body
from livereduce.viewer.over_log.of_run import curve_of
from livereduce.viewer.picture import detector_body, pixel_body
from livereduce.viewer.regions.spectrum import spectrum_body, spectrum_table

Json = dict[str, Any]


class NotAnswered(Exception):
    """A question has no answer: the HTTP status that the page gives, and a sentence for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def answer(viewed: ViewedStream, question: Question) -> bytes:
    """Answer a question.

    Raises
    ------
    NotAnswered
        There is no answer: says why.
    """
    if viewed.run.has_histograms:
        raise NotAnswered(409, "not available: the source of this run counts by itself, and sends no events")
    body = _body(question, viewed)
    return body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


@singledispatch
def _body(question: object, viewed: ViewedStream) -> Json | bytes:  # noqa: ARG001 (the interface of the others)
    raise NotAnswered(404, f"this version cannot answer {type(question).__name__}")


@_body.register
def _kept(question: KeepRegions, viewed: ViewedStream) -> Json:
    viewed.keep(question.regions)
    return {}


@_body.register
def _detector(question: DetectorQuestion, viewed: ViewedStream) -> Json:
    possible = viewed.instrument.projections
    projection = _projection(question.projection, possible)
    return told(viewed, viewed.run.pixels_first) | detector_body(
        viewed, projection, possible, question.tof_min_us, question.tof_max_us
    )


@_body.register
def _pixel(question: PixelQuestion, viewed: ViewedStream) -> Json:
    projection = _projection(question.projection, viewed.instrument.projections)
    body = pixel_body(viewed, projection, question.x, question.y)
    if body is None:
        raise NotAnswered(404, "there is no pixel in this projection")
    return body


@_body.register
def _regions(question: RegionsQuestion, viewed: ViewedStream) -> Json:
    run = viewed.run
    found = [(region, run.region(region)) for region in run.regions.kept]
    return {
        "can_save": question.can_save,
        "limit": MAX_REGIONS,
        "problem": question.problem,
        "regions": [
            {
                **region_body(region),
                "run": run.number,
                "pixels_count": len(one.pixel),
                "counts": one.counts,
                "rate_per_s": round(one.rate_per_s, 3),
            }
            for region, one in found
        ],
    }


@_body.register
def _logs(question: LogsQuestion, viewed: ViewedStream) -> Json:
    del question
    run = viewed.run
    return {"run": run.number, "logs": logs_body(run.logs.listed()), "monitors": sorted(run.monitors)}


@_body.register
def _over(question: OverQuestion, viewed: ViewedStream) -> Json:
    log = viewed.run.logs.of(question.log)
    if log is None:
        raise NotAnswered(404, f"run {viewed.run.number} has no log {question.log[:80]!r} that is numbers")
    kind, _, name = question.of.partition(":")
    region = (question.region or _kept_region(viewed, name)) if kind == "region" else None
    found = curve_of(viewed.run, question, log, region)
    if found is None:
        raise NotAnswered(404, f"run {viewed.run.number} has no beam monitor {name[:40]!r}")
    since = {"since": iso_utc(found.since_ns)} if found.since_ns else {}
    return told(viewed) | since | {"of": question.of} | curve_body(found.curve, log, question.log)


@_body.register
def _findings(question: FindingsQuestion, viewed: ViewedStream) -> Json:
    del question
    run = viewed.run
    return viewed.watch.body(run.number, run.pulses.newest_ns, run.pixels.step_us)


@_body.register
def _spectrum(question: SpectrumQuestion, viewed: ViewedStream) -> Json | bytes:
    region = question.region or _kept_region(viewed, question.name)
    one = viewed.run.region(region)
    return spectrum_table(viewed, one) if question.csv else spectrum_body(viewed, one, region.name)


def told(viewed: ViewedStream, first_event: int = 0) -> Json:
    """What all answers on a run have in common; `first_event`: they are about this one and what came after it."""
    run = viewed.run
    since_ns = run.since_ns(first_event)
    return {
        "run": run.number,
        "at": iso_utc(run.pulses.newest_ns) if len(run.pulses) else "",
        "version": run.version,
        "events": run.held.total,
        "since": iso_utc(since_ns) if since_ns else "",
    }


def _projection(wanted: str, possible: Sequence[Projection]) -> Projection:
    if not wanted:
        return possible[0]
    if wanted not in possible:
        raise NotAnswered(422, f"projection: expected one of {', '.join(possible)}, got {wanted[:40]!r}")
    return Projection(wanted)


def _kept_region(viewed: ViewedStream, name: str) -> Region:
    for region in viewed.run.regions.kept:
        if region.name == name:
            return region
    raise NotAnswered(404, f"there is no region {name[:40]!r} here")
