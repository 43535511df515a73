from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.reduced import Shelf, job_of
from livereduce.messages.job import ModuleCopy, NamedFileSeen, ParametersCopy
from livereduce.publish.failures import Failures
from livereduce.publish.product import Product, PublishedFigure
from livereduce.publish.products.writer import Writer
from livereduce.publish.publisher import REST, SLOW_S, Outlet, outlet_of
from livereduce.publish.runs.scripts import FACT, decode_scripts
from livereduce.publish.sinks import NewResult, PlotSink, PublishFact, RunOver
from livereduce.publish.trends.trends import read_trends
from livereduce.scripting.reporting.report import ReportedMetric


def peak(error: float | None = None) -> tuple[ReportedMetric, ...]:
    return (ReportedMetric(name="peak", value=2.0, error=error, units=""),)


def product(**facts: Any) -> Product:
    attributes: dict[str, Any] = {
        "events": 100,
        "proton_charge_pc": 5e6,
        "first_pulse": "2026-11-26T10:00:00.123456789Z",
        "last_pulse": "2026-11-26T10:00:30.000000000Z",
    }
    return Product(
        pipeline="live", run=7, name="result", signal=np.array(1.0), axes=(), attributes={**attributes, **facts}
    )


def outlet(folder: Path, shelf: Shelf) -> Outlet:
    return outlet_of(job_of(folder, "adara://nowhere:1", proc="pass"), shelf)


def test_what_was_reported_is_kept_with_the_product(tmp_path: Path) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    made.publish(product(), peak(0.5))
    trends = read_trends(tmp_path / "state" / "products" / "7" / "trends.json")
    assert trends is not None
    (point,) = trends.metrics["peak"].points
    assert (point.value, point.error, point.at.events, point.at.charge_pc) == (2.0, 0.5, 100, 5e6)
    assert point.at.time_unix_s - trends.began_unix_s == pytest.approx(29.876544, abs=1e-3)
    assert (len(trends.scripts[0]), trends.scripts[1]) == (32, "")
    assert (made.problems, len(shelf.published)) == ({}, 1)


def test_what_made_a_result_is_every_file_of_the_job(tmp_path: Path) -> None:
    shelf = Shelf()
    job = job_of(tmp_path, "adara://nowhere:1", proc="pass")
    named = (NamedFileSeen(text="v.txt", path="/s/v.txt", md5="c" * 32),)
    job = replace(
        job,
        modules=(ModuleCopy(path="/s/helper.py", copy="", md5="a" * 32, is_package=False),),
        parameters=ParametersCopy(path="/s/parameters.json", copy="", md5="b" * 32, files=named),
    )
    outlet_of(job, shelf).publish(product())
    made_by = decode_scripts(str(shelf.published[0].attributes[FACT]))
    assert list(made_by.values()) == list(job.files.values())
    assert list(made_by)[1:] == ["helper.py", "parameters.json", "v.txt"]


@pytest.mark.parametrize("facts", [{"proton_charge_pc": float("nan")}, {"events": "many"}])
def test_facts_that_make_no_sense_keep_no_product_back(tmp_path: Path, facts: dict[str, Any]) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    made.publish(product(**facts), peak())
    assert list(made.problems) == ["trends"]
    assert len(shelf.published) == 1
    made.publish(product())
    assert made.problems == {}


def test_a_full_disk_keeps_no_product_back_and_is_said(tmp_path: Path) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    (tmp_path / "state").write_text("in the way")
    made.publish(product(), peak())
    assert "Not a directory" in made.problems["trends"]
    assert len(shelf.published) == 1
    made.ended(7)
    assert shelf.ended_runs == [7]


def test_plots_are_offered_though_the_product_cannot_be_written(tmp_path: Path) -> None:
    class Full(Shelf):
        def publish(self, product: Product) -> None:
            raise OSError("no space left")

    job = replace(job_of(tmp_path, "adara://nowhere:1"), publish_config=str(tmp_path / "absent.conf"))
    made = outlet_of(job, Full())
    assert not made.publish(product())
    assert "no space left" in made.problems["publish"]
    plots = made._sinks[-1]
    assert isinstance(plots, PlotSink)
    assert list(plots._plots._plots) == [7]
    made.close()


class Probe:
    """A sink that takes its time, and fails if told to."""

    takes: tuple[type, ...] = (NewResult, RunOver)
    problem = ""

    def __init__(self, name: str, clock: "list[float]", *, can_miss: bool = True) -> None:
        self.name, self.clock, self.can_miss = name, clock, can_miss
        self.took_s, self.fails = 0.0, False
        self.taken: list[PublishFact] = []

    def take(self, fact: PublishFact) -> None:
        self.clock[0] += self.took_s
        if self.fails:
            raise RuntimeError(f"{self.name} is broken")
        self.taken.append(fact)


def fan_out(clock: list[float], *probes: Probe) -> Outlet:
    failures = Failures(lambda: clock[0])
    return Outlet(Writer(Shelf(), failures), probes, failures, lambda: clock[0])


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_sink_that_fails_keeps_the_result_from_no_other(broken: int) -> None:
    clock = [0.0]
    probes = [Probe(name, clock) for name in "abc"]
    probes[broken].fails = True
    made = fan_out(clock, *probes)
    made.publish(product())
    made.ended(7)
    assert [len(probe.taken) for probe in probes] == [0 if k == broken else 2 for k in range(3)]
    assert made.problems == {probes[broken].name: f"RuntimeError: {probes[broken].name} is broken"}
    probes[broken].fails = False
    made.publish(product())
    assert made.problems == {}


def test_a_slow_sink_rests_and_hears_of_the_ends_of_runs_all_the_same() -> None:
    clock = [0.0]
    slow, quick = Probe("slow", clock), Probe("quick", clock)
    slow.took_s = SLOW_S + 1
    made = fan_out(clock, slow, quick)
    for _ in range(3):
        made.publish(product())
    assert (len(slow.taken), len(quick.taken)) == (1, 3)
    assert made.seconds == {"slow": SLOW_S + 1, "quick": 0.0}
    made.ended(7)
    assert isinstance(slow.taken[-1], RunOver)
    clock[0] += REST * slow.took_s
    made.publish(product())
    assert len(slow.taken) == 3


def test_the_product_files_miss_no_result_however_slow(caplog: pytest.LogCaptureFixture) -> None:
    clock = [0.0]
    files = Probe("product files", clock, can_miss=False)
    files.took_s = 10 * SLOW_S
    made = fan_out(clock, files)
    for _ in range(3):
        made.publish(product())
    assert len(files.taken) == 3
    assert "product files took 100 s for one result" in caplog.text


def test_a_scripts_figure_takes_the_place_of_the_plot_and_its_data_are_products(tmp_path: Path) -> None:
    shelf = Shelf()
    job = replace(job_of(tmp_path, "adara://nowhere:1"), publish_config=str(tmp_path / "absent.conf"))
    made = outlet_of(job, shelf)
    curve = replace(product(), name="plot1d")
    figure = PublishedFigure(run=7, text="<div>mine</div>", data=(curve,))
    other = PublishedFigure(run=6, text='{"data": []}')
    assert made.publish(product(), figures=(other, figure))
    assert [one.name for one in shelf.published] == ["result", "plot1d"]
    assert shelf.figures == {7: "<div>mine</div>"}
    plots = made._sinks[-1]
    assert isinstance(plots, PlotSink)
    waiting = plots._plots._plots
    assert {run: one.body("POWDER") for run, one in waiting.items()} == {
        6: '{"data": []}',
        7: "<div><div>mine</div></div>",
    }
    assert made.publish(product())
    assert plots._plots._plots[7].body("POWDER") == "<div><p>POWDER run 7, result: 1 counts</p></div>"
    made.close()
