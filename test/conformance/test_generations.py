"""State that Mantid keeps between two starts in one process never reaches a generation: each is a process of its
own."""

from pathlib import Path

import pytest

from helpers.engines import CHUNK, bench_of, record_of
from livereduce.base.errors import ExitCode

pytestmark = pytest.mark.timeout(120)


def test_conformance_of_a_new_generation(tmp_path: Path, environ: dict[str, str]) -> None:
    """No name is taken by a monitor that ends slowly, no geometry comes from an old result, no workspace is left.

    The first worker's listener takes the 30 s of a blocking receive to end, and its
    monitor has the same names; in the second worker the first cycle finds no workspace.
    """
    seen = tmp_path / "seen"
    proc = f"with open({str(seen)!r}, 'a') as file:\n    file.write(' '.join(mtd.getObjectNames()) + '\\n')\n"
    stream = {"items": [{"new_run": 1}, {"forever": CHUNK}]}
    with bench_of("mantid", tmp_path, environ, stream=stream, switches="slow_cancel", time_scale=1.0) as bench:
        for generation in (1, 2):
            before = len(seen.read_text().splitlines()) if seen.exists() else 0
            reducing = bench.start(bench.job(proc=proc))
            reducing.wait("results", lambda one: one.total.results >= 3)
            lines = seen.read_text().splitlines()[before:]
            assert (lines[0], lines[1]) == ("", "result"), f"generation {generation}"
            assert reducing.stop() == ExitCode.OK
    record = record_of(bench)
    assert [line["what"] for line in record].count("StartLiveData") == 2
    assert not [line for line in record if line["what"] == "failed" and line["algorithm"] == "StartLiveData"]
    assert not [line for line in record if line["what"] == "close"], "no listener came to its end by itself"
