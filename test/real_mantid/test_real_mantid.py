"""The mantid engine against a real Mantid, on Mantid's own stand-ins for beamlines and on our simulated server.

``make test-mantid`` names the python that has Mantid; everywhere else this is skipped. The worker runs on that python,
the tests on ours, so nothing is installed there. `docs/mantid.md` says how to run it and what to send back.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import KEEP, Bench, events_of
from helpers.listener import Listener, drive, hello
from helpers.paths import ROOT
from helpers.reduced import environ_of
from helpers.served import Clock, powder_play, serving
from livereduce.base.errors import ExitCode
from livereduce.messages.beat import Phase
from livereduce.simulate.adara.server import Server

PYTHON = os.environ.get("LIVEREDUCE_MANTID_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no real Mantid here: make test-mantid MANTID_PYTHON=/path/to/python"),
    pytest.mark.timeout(600),
]

SUM_AND_REBIN = (
    "from mantid.simpleapi import Rebin, SumSpectra\n"
    "SumSpectra(InputWorkspace=input, OutputWorkspace=output)\n"
    "Rebin(InputWorkspace=output, OutputWorkspace=output, Params='0,1000,60000', PreserveEvents=False)\n"
)
HISTOGRAM_PORT, EVENT_PORT = 56789, 59876
"""Where the instruments of Mantid's facility TEST_LIVE look for their streams."""

Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    made: list[Bench] = []
    paths = (str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))
    environ = environ_of(tmp_path_factory) | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "HOME": str(tmp_path)}

    def bench(instrument: str, short_name: str = "", **options: Any) -> Bench:
        made.append(
            Bench(
                engine="mantid",
                path=tmp_path,
                environ=environ,
                instrument=instrument,
                short_name=short_name or instrument,
                half=0,
                more=0,
                binning=SUM_AND_REBIN,
                beam_to=lambda stage: stage,
                update_every_s=2.0,
                patience_s=240.0,
                interpreter=PYTHON,
                **options,
            )
        )
        return made[-1]

    yield bench
    for each in made:
        for reducing in each.workers:
            reducing.kill()
            print("\n".join(reducing.lines[-200:]))


@contextmanager
def daq(algorithm: str, **options: int) -> Iterator[None]:
    """One of Mantid's own stand-ins for the data acquisition of ISIS, in a process of its own."""
    call = f"{algorithm}({', '.join(f'{name}={value}' for name, value in options.items())})"
    code = f"from mantid.simpleapi import {algorithm}\n{call}\n"
    with subprocess.Popen([PYTHON, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as server:
        try:
            time.sleep(10.0)  # it says nothing when it listens, and takes no second client
            yield
        finally:
            server.kill()


@pytest.fixture
def histograms() -> Iterator[None]:
    with daq("FakeISISHistoDAE", NPeriods=3, NSpectra=20, Port=HISTOGRAM_PORT):
        yield


@pytest.fixture
def events() -> Iterator[None]:
    with daq("FakeISISEventDAE", NPeriods=1, NSpectra=20, Port=EVENT_PORT):
        yield


@pytest.mark.usefixtures("histograms")
def test_real_histograms_are_summed_and_rebinned(make: Make) -> None:
    bench = make("ISIS_Histogram")
    reducing = bench.start(bench.job(proc=SUM_AND_REBIN, accum_method="Replace", periods=(1,)))
    reducing.wait("two results", lambda one: one.total.results >= 2)
    assert reducing.product(reducing.progress.run.number).signal.size > 1
    assert reducing.stop() == ExitCode.OK


@pytest.mark.usefixtures("histograms")
def test_real_periods_are_products_of_their_own(make: Make) -> None:
    bench = make("ISIS_Histogram")
    reducing = bench.start(bench.job(proc="pass\n", accum_method="Replace", periods=(1, 3)))
    run = reducing.wait("two results", lambda one: one.total.results >= 2).run.number
    assert {product["name"] for product in reducing.index()[run]["products"]} == {"result_1", "result_2"}
    assert reducing.stop() == ExitCode.OK


@pytest.mark.usefixtures("histograms")
def test_real_add_for_histograms_is_refused_before_the_start(make: Make) -> None:
    bench = make("ISIS_Histogram")
    reducing = bench.start(bench.job(proc="pass\n", accum_method="Add"))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any("accum_method: Mantid refuses AccumulationMethod" in line for line in reducing.lines)


@pytest.mark.usefixtures("events")
def test_real_events_accumulate(make: Make) -> None:
    bench = make("ISIS_Event")
    reducing = bench.start(bench.job(proc="pass\n", post_proc=SUM_AND_REBIN))
    first = reducing.wait("a result", lambda one: one.total.results >= 1 and one.total.events > 0).total.events
    reducing.wait("more events", lambda one: one.total.results >= 3 and one.total.events > first)
    assert reducing.stop() == ExitCode.OK


def test_real_fake_events_with_post_proc_alone(make: Make) -> None:
    bench = make("ADARA_FakeEvent")
    reducing = bench.start(bench.job(post_proc=KEEP))
    progress = reducing.wait("three results", lambda one: one.total.results >= 3)
    assert progress.total.chunks >= 3
    assert (bench.path / "state" / "products" / str(progress.run.number) / "result.nxs").exists()
    assert reducing.stop() == ExitCode.OK


def test_real_script_error_in_a_later_chunk(make: Make) -> None:
    bench = make("ADARA_FakeEvent")
    place = repr(str(bench.path / "fault"))
    reducing = bench.start(bench.job(proc=f"import os\nif os.path.exists({place}):\n    undefined\n"))
    reducing.wait("a result", lambda one: one.total.results >= 1)
    (bench.path / "fault").touch()
    assert reducing.end() == 1
    assert "proc.py:3: NameError" in reducing.lines[-1]


def test_real_post_proc_error_keeps_the_loop(make: Make) -> None:
    bench = make("ADARA_FakeEvent")
    reducing = bench.start(bench.job(proc="pass\n", post_proc="undefined\n"))
    reducing.wait("three errors", lambda one: one.total.script_errors >= 3)
    assert "post_proc.py:1: NameError" in reducing.progress.last_errors["post_proc"]
    assert reducing.stop() == ExitCode.OK


def test_real_hanging_script_is_silent(make: Make) -> None:
    bench = make("ADARA_FakeEvent")
    reducing = bench.start(bench.job(proc="import time\ntime.sleep(600)\n"))
    reducing.wait("silence", lambda one: one.silent_s > 5)
    assert reducing.beats[-1].phase is Phase.PROCESS


def test_real_refused_connection_ends_with_a_reason(make: Make) -> None:
    bench = make("POWGEN", "PG3", source="adara://127.0.0.1:9")
    reducing = bench.start(bench.job(proc="pass\n"))
    assert reducing.end() == 1
    assert "127.0.0.1:9" in "\n".join(reducing.lines[-3:])


def test_real_names_of_simpleapi_need_no_import(make: Make) -> None:
    bench = make("ADARA_FakeEvent")
    rebin = "Rebin(InputWorkspace=input, OutputWorkspace=output, Params='40000,1000,60000')\n"
    proc = f"{rebin}assert 'NormaliseByCurrent' in globals()\n"
    reducing = bench.start(bench.job(proc=proc))
    reducing.wait("a result", lambda one: one.total.results >= 1)
    assert reducing.progress.total.script_errors == 0
    assert reducing.stop() == ExitCode.OK


def test_real_listener_of_sns_reads_the_simulated_server(make: Make) -> None:
    """The one stream that ours and Mantid's listener both read: every event of the run, once."""
    clock = Clock(0.4)
    with ExitStack() as stack:
        play = powder_play(runs=1, run_s=4.0, gap_s=0.1, rate=10_000)
        url = stack.enter_context(serving(play, speed=1.0, clock=clock))
        bench = make("POWGEN", "PG3", source=url)
        reducing = bench.start(bench.job(proc=SUM_AND_REBIN.replace("60000", "17000")))
        clock.now_s = 2.5
        reducing.wait("a result of run 1", lambda one: one.run.number == 1 and one.total.results >= 1)
        clock.now_s = 5.0
        reducing.wait_ended(1)
        product = reducing.product(1)
        assert np.nansum(product.signal) == events_of(product) > 30_000
        assert reducing.stop() == ExitCode.OK


def test_real_try_plays_a_run_to_its_end(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every event of a capture, through the command that scientists use."""
    play = powder_play(runs=1, run_s=4.0, gap_s=0.1, rate=10_000)
    with closing(Server(play, speed=0.0)) as server, closing(Listener(server, hello(1))) as client:
        drive(server, [client], lambda: server.finished)
        server.close()
        while not client.closed:
            client.read()
    (tmp_path / "run.adara").write_bytes(client.received)
    (tmp_path / "proc.py").write_text(SUM_AND_REBIN.replace("60000", "17000"))
    settings = {"instrument": "POWGEN", "engine": "mantid", "CONDA_ENV": PYTHON, "update_every": 1}
    (tmp_path / "livereduce.conf").write_text(json.dumps(settings | {"script_dir": str(tmp_path)}))
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "livereduce", "try", "livereduce.conf", "--on", "run.adara", "--proc", "proc.py"],
        cwd=tmp_path,
        env={**environ_of(tmp_path_factory), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    assert "40,000 events in " in ended.stdout


def test_real_stop_while_waiting_for_first_data(make: Make) -> None:
    clock = Clock(0.0)
    with serving(powder_play(runs=1, run_s=1.0, gap_s=0.1), speed=1.0, clock=clock) as url:
        bench = make("POWGEN", "PG3", source=url)
        reducing = bench.start(bench.job(proc="pass\n"))
        reducing.wait("waiting", lambda _: reducing.beats[-1].phase is Phase.WAITING)
        assert reducing.stop() == ExitCode.OK


def test_real_mantid_is_named(make: Make) -> None:
    """What to send back begins with this: version and place of the Mantid that was tested."""
    bench = make("ADARA_FakeEvent")
    reducing = bench.start(bench.job(proc="pass\n"))
    reducing.wait("a result", lambda one: one.total.results >= 1)
    (line,) = (line for line in reducing.lines if "livereduce.engine: Mantid " in line)
    print(line, "tested by", sys.version)
    assert reducing.stop() == ExitCode.OK
