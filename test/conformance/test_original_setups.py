"""The set-ups that the original is tried with, on the double: its test instruments, configurations and scripts.

Its scripts run on the builtin engine too, with the events of the simulated server.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import Bench, Stage, bench_of, record_of
from helpers.reduced import beamline_in, environ_of, limited_to
from livereduce.base.errors import ExitCode

pytestmark = pytest.mark.timeout(120)

HISTOGRAMS = ("ISIS_Histogram", "ISIS_Histogram")
EVENTS = ("ISIS_Event", "ISIS_Event")
STREAM: dict[str, Any] = {
    "spectra": 10,
    "periods": 5,
    "bins": 100,
    "items": [
        {"chunk": {"events": 100, "period": 0}},
        {"chunk": {"events": 200, "period": 1}},
        {"chunk": {"events": 400, "period": 2}},
        {"wait_for": "never"},
    ],
}
"""Histograms of five periods: in the end 100, 200 and 400 counts in the first three."""
SUM_AND_REBIN = """\
from mantid.simpleapi import Rebin, SumSpectra
SumSpectra(InputWorkspace=input, OutputWorkspace=output)
Rebin(InputWorkspace=output, OutputWorkspace=output, Params="300,20,17000")
"""
RENAME = 'from mantid.simpleapi import RenameWorkspace\nRenameWorkspace("accumulation", "result")\n'
PRINT = 'print("a chunk")\n'
LIMIT_BYTES = 400_000_000


@pytest.fixture
def histograms(tmp_path: Path, environ: dict[str, str]) -> Iterator[Bench]:
    with bench_of("mantid", tmp_path, environ, stream=STREAM, instrument=HISTOGRAMS) as bench:
        yield bench


def totals(bench: Bench) -> list[float]:
    """Counts in the products of the two periods; there are no runs at ISIS, so all is of run 0."""
    reducing = bench.workers[-1]
    return [float(np.nansum(reducing.product(0, name).signal)) for name in ("result_1", "result_2")]


def wait_for_all(bench: Bench) -> None:
    """Three chunks have been through a cycle; what is in the files then is at least of the third."""
    bench.workers[-1].wait("the third result", lambda one: one.total.results >= 3)


def test_conformance_of_the_originals_histograms(histograms: Bench) -> None:
    """Periods 1 and 3, Replace, a proc that sums and rebins."""
    job = histograms.job(proc=SUM_AND_REBIN, accum_method="Replace", periods=(1, 3))
    reducing = histograms.start(job)
    wait_for_all(histograms)
    given = next(line["properties"] for line in record_of(histograms) if line["what"] == "StartLiveData")
    assert given["PeriodList"] == "1,3"
    assert given["AccumulationMethod"] == "Replace"
    assert given["OutputWorkspace"] == "result"
    assert totals(histograms) == [100, 400]
    first = reducing.product(0, "result_1")
    assert np.squeeze(first.signal).shape == (835,)
    assert reducing.progress.total.script_errors == 0
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_the_originals_post_proc_that_renames(histograms: Bench) -> None:
    """Only a post_proc; it takes `accumulation` away, and the next cycle begins all the same."""
    job = histograms.job(post_proc=RENAME, accum_method="Replace", periods=(1, 3))
    reducing = histograms.start(job)
    wait_for_all(histograms)
    assert totals(histograms) == [100, 400]
    assert reducing.product(0, "result_1").signal.shape == (10, 100)
    assert reducing.progress.total.script_errors == 0
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_the_originals_events_until_the_memory_limit(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Add, events kept, a proc that only prints: the worker is replaced at the limit, and the service goes on."""
    stream = {"spectra": 100, "items": [{"forever": {"events": 2_000_000}}]}
    with (
        bench_of("mantid", tmp_path, environ_of(tmp_path_factory), stream=stream, instrument=EVENTS) as bench,
        beamline_in(tmp_path, bench.environ) as beamline,
    ):
        beamline.instrument, beamline.short_name = EVENTS
        beamline.script("proc", PRINT)
        beamline.configure(**bench.settings() | {"accum_method": "Add"} | limited_to(LIMIT_BYTES))
        beamline.start()
        status = beamline.wait(
            lambda one: one.generation >= 2 and one.progress is not None and one.progress.total.results > 0
        )
        assert status.renewals + status.restarts >= 1
        assert "over the limit of 400 MB" in beamline.log()
        assert "a chunk" in beamline.log()
        assert beamline.stop() == 0


@pytest.mark.parametrize(
    ("proc", "post_proc", "method"),
    [(SUM_AND_REBIN, "", "Replace"), ("", RENAME, "Replace"), (SUM_AND_REBIN, RENAME, "Add")],
    ids=["sum", "rename", "both"],
)
def test_conformance_of_the_originals_scripts_on_the_builtin_engine(
    tmp_path: Path, environ: dict[str, str], proc: str, post_proc: str, method: str
) -> None:
    """The same texts: all counts of the run with Add, those of the newest chunk with Replace."""
    with bench_of("builtin", tmp_path, environ) as bench:
        reducing = bench.start(bench.job(proc=PRINT + proc, post_proc=post_proc, accum_method=method))
        bench.beam_to(Stage.HALF)
        reducing.wait_reduced(bench.half)
        bench.beam_to(Stage.OVER)
        reducing.wait_ended(1)
        signal = np.squeeze(reducing.product(1).signal)
        if proc:
            assert signal.shape == (835,)
        assert "a chunk" in reducing.lines
        assert reducing.progress.total.script_errors == 0
        assert reducing.stop() == ExitCode.OK
    total = np.nansum(signal)
    assert total == 60_000 if method == "Add" else 0 < total <= 60_000 - bench.half
