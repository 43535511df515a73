"""One simulated server, both engines: the bytes on the wire become the same result."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from helpers.engines import Bench, Reducing, bench_of, events_of
from helpers.served import Clock, powder_play, serving
from livereduce.base.errors import ExitCode

pytestmark = pytest.mark.timeout(120)

SUM_AND_REBIN = """\
from mantid.simpleapi import Rebin, SumSpectra
SumSpectra(InputWorkspace=input, OutputWorkspace=output)
Rebin(InputWorkspace=output, OutputWorkspace=output, Params='0,1000,17000', PreserveEvents=False)
"""


def histogram(reducing: Reducing) -> list[float]:
    """Counts of run 1 in bins of 1 ms, all spectra together."""
    signal = np.asarray(reducing.product(1).signal)
    return [float(count) for count in signal.reshape(-1, signal.shape[-1]).sum(axis=0)]


@pytest.mark.parametrize("era", ["A", "B", "C"])
def test_conformance_on_one_server(tmp_path: Path, environ: dict[str, str], era: str) -> None:
    """Joined in the middle of the run, reduced to its end: the same counts in each bin."""
    clock = Clock(0.0)
    with ExitStack() as stack:
        play = powder_play(runs=2, run_s=1.0, gap_s=0.1, rate=20_000)
        url = stack.enter_context(serving(play, speed=1.0, clock=clock))
        clock.now_s = 1.0

        def begin(engine: str, bench: Bench, proc: str) -> Reducing:
            reducing = bench.start(bench.job(proc=proc, source=url))
            reducing.wait(f"a result of {engine}", lambda one: one.run.number == 1 and one.total.results > 0)
            return reducing

        both = {}
        for engine, proc in (("builtin", "pass\n"), ("mantid", SUM_AND_REBIN)):
            folder = tmp_path / engine
            folder.mkdir()
            options = {"stream": {"adara": True, "era": era, "spectra": 64}} if engine == "mantid" else {}
            bench = stack.enter_context(bench_of(engine, folder, environ, **options))
            both[engine] = begin(engine, bench, proc)
        clock.now_s = 1.58  # the run ended at 1.5 s
        for reducing in both.values():
            reducing.wait_ended(1)
        assert histogram(both["mantid"]) == histogram(both["builtin"])
        assert sum(histogram(both["builtin"])) == events_of(both["mantid"].product(1)) == 20_000
        for reducing in both.values():
            assert reducing.stop() == ExitCode.OK
