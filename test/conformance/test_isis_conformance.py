"""Histograms and events in periods, which only the mantid engine has a source for: its part of the scenario table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import Bench, Reducing, bench_of, record_of
from livereduce.base.errors import ExitCode

pytestmark = pytest.mark.timeout(120)

HISTOGRAMS = ("ISIS_Histogram", "ISIS_Histogram")
EVENTS = ("ISIS_Event", "ISIS_Event")
SHAPE = {"spectra": 4, "bins": 10, "edges_us": [0, 20000]}
CHUNK = {"chunk": {"events": 100, "pulses": 2}}
NEVER = {"wait_for": "never"}
REBIN = (
    "from mantid.simpleapi import Rebin\nRebin(InputWorkspace=input, OutputWorkspace=output, Params='0,2000,20000')\n"
)
Make = Callable[..., Bench]


@pytest.fixture
def prepare(tmp_path: Path, environ: dict[str, str]) -> Iterator[Make]:
    with ExitStack() as stack:

        def make(instrument: tuple[str, str], *items: dict[str, Any], **shape: Any) -> Bench:
            stream = {"items": list(items), **SHAPE, **shape}
            return stack.enter_context(bench_of("mantid", tmp_path, environ, stream=stream, instrument=instrument))

        yield make


def totals(reducing: Reducing, *names: str) -> list[float]:
    return [float(np.nansum(reducing.product(0, name).signal)) for name in names]


def wait_results(reducing: Reducing, number: int) -> None:
    reducing.wait(f"result {number}", lambda one: one.total.results >= number)


@pytest.mark.parametrize("preserve_events", [True, False])
def test_conformance_of_cumulative_histograms_replaced(prepare: Make, preserve_events: bool) -> None:
    """Each chunk holds everything, so the result does too, whatever is said of events."""
    at = prepare(HISTOGRAMS, CHUNK, CHUNK, CHUNK, NEVER)
    reducing = at.start(at.job(proc="pass\n", accum_method="Replace", preserve_events=preserve_events))
    wait_results(reducing, 3)
    assert totals(reducing, "result") == [300]
    product = reducing.product(0)
    assert product.signal.shape == (4, 10)
    assert np.allclose(np.asarray(product.errors) ** 2, product.signal)
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_cumulative_histograms_appended(prepare: Make) -> None:
    """Append stacks the spectra of every chunk, which is what Mantid has it do."""
    at = prepare(HISTOGRAMS, CHUNK, CHUNK, {"error": "enough"})
    reducing = at.start(at.job(proc="pass\n", accum_method="Append"))
    assert reducing.end() == 1
    assert reducing.lines[-1].endswith("enough")
    assert reducing.product(0).signal.shape == (8, 10)
    assert totals(reducing, "result") == [100 + 200]


def test_conformance_of_a_change_of_dimensions(prepare: Make) -> None:
    """It ends Mantid's loop with its text; a fresh worker takes the new ones."""
    at = prepare(HISTOGRAMS, CHUNK, CHUNK, {"dimensions": {"bins": 20}})
    reducing = at.start(at.job(proc="pass\n", accum_method="Replace"))
    assert reducing.end() == 1
    assert "Data dimensions changed" in reducing.lines[-1]


def test_conformance_of_spectra(prepare: Make) -> None:
    at = prepare(HISTOGRAMS, CHUNK, NEVER)
    reducing = at.start(at.job(proc="pass\n", accum_method="Replace", spectra=(1, 4)))
    wait_results(reducing, 1)
    (told,) = (line["properties"] for line in record_of(at) if line["what"] == "StartLiveData")
    assert told["SpectraList"] == "1,4"
    assert reducing.product(0).signal.shape == (2, 10)
    assert totals(reducing, "result") == [50]
    assert reducing.stop() == ExitCode.OK


@pytest.mark.parametrize("key", ["periods", "spectra"])
def test_conformance_of_what_the_listener_cannot_select(prepare: Make, key: str) -> None:
    """Events have no such property: told by the key, before anything is connected."""
    at = prepare(EVENTS, CHUNK)
    selected: dict[str, Any] = {key: (1,)}
    reducing = at.start(at.job(proc="pass\n", **selected))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any(f"{key}: the live listener of ISIS_Event has no property" in line for line in reducing.lines)
    assert not [line for line in record_of(at) if line["what"] == "connect"]


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize("method", ["Add", "Replace"])
def test_conformance_of_events_in_periods(prepare: Make, method: str, preserve_events: bool) -> None:
    """A script is called once with the group; each period has a product of its own."""
    items = [CHUNK, CHUNK, {"chunk": {"events": 40, "period": 1}}, {"silence": 100000}]
    at = prepare(EVENTS, *items, periods=2)
    reducing = at.start(at.job(proc=REBIN, accum_method=method, preserve_events=preserve_events))
    if method == "Add":
        wait_results(reducing, 3)
        assert totals(reducing, "result_1", "result_2") == [200, 240]
    else:
        wait_results(reducing, 5)
        assert totals(reducing, "result_1", "result_2") == [0, 0], "the last chunk, without events"
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_post_proc_on_periods(prepare: Make) -> None:
    """`input` of post_proc is the group of what has accumulated, and so is the result that it makes."""
    at = prepare(EVENTS, CHUNK, CHUNK, {"silence": 100000}, periods=2)
    post_proc = (
        "from mantid.simpleapi import SumSpectra\n"
        "assert input.getNumberOfEntries() == accumulation.getNumberOfEntries() == 2\n"
        "SumSpectra(InputWorkspace=input, OutputWorkspace=output)\n"
    )
    reducing = at.start(at.job(proc=REBIN, post_proc=post_proc))
    wait_results(reducing, 3)
    assert reducing.progress.total.script_errors == 0
    assert totals(reducing, "result_1", "result_2") == [200, 200]
    assert reducing.product(0, "result_1").signal.shape == (10,)
    assert reducing.stop() == ExitCode.OK


def test_conformance_of_a_second_setup_packet(prepare: Make) -> None:
    """It ends the listener's thread, so Mantid's loop, so the worker."""
    at = prepare(EVENTS, CHUNK, CHUNK, {"setup": True})
    reducing = at.start(at.job(proc=REBIN))
    assert reducing.end() == 1
    assert "Background thread stopped." in reducing.lines[-1]
