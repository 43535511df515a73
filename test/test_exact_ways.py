"""One run in each way in which it can be reduced: live, from its recording, from its event file, here, on a cluster."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.as_event_file import write_as_event_file
from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import Clock, powder_play, serving
from livereduce.messages.status import FILE_NAME as STATUS
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product
from livereduce.workbench.reproduce.compare import differences

RATE, RUN_S, PIXELS, BANKS = 60_000.0, 1.5, 64, 4
EVENTS = 90_000
CHUNK_S, BEFORE_RUN_S, OVER_S = 0.4, 0.2, 10.0
PROC = "input.data = input.events.where(lambda piece: piece.pixel % 3 > 0)\n"
POST_PROC = """
import livereduce, scipp as sc
output = input
if "SampleTemp" in input.run():
    temperature, charge = input.run()["SampleTemp"].timeAverageValue(), input.run().getProtonCharge()
    counts = input.data.hist(tof=sc.linspace("tof", 0.0, 17_000_000.0, 120, unit="ns"))
    livereduce.product("scaled", counts * (temperature / charge))
"""


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    (tmp_path / "temporary").mkdir()
    environ = environ_of(tmp_path_factory) | {"TMPDIR": str(tmp_path / "temporary")}
    with beamline_in(tmp_path, environ) as made:
        yield made


def wait_for_result(beamline: Beamline) -> None:
    """Wait for one more result than there is now."""
    progress = beamline.status().progress if (beamline.path / "run" / STATUS).exists() else None
    before = progress.total.results if progress else 0
    beamline.wait(lambda one: bool(one.progress and one.progress.total.results > before))


def reduce_live(beamline: Beamline) -> int:
    """Reduce and record a run, in chunks that are cut by the clock; its number."""
    beamline.script("proc", PROC)
    beamline.script("post_proc", POST_PROC)
    clock, play = Clock(BEFORE_RUN_S), powder_play(runs=1, run_s=RUN_S, gap_s=0.3, rate=RATE, pixels=PIXELS)
    with serving(play, speed=1.0, clock=clock) as url:
        beamline.configure(source=url, update_every=CHUNK_S, record={"directory": str(beamline.path / "recordings")})
        beamline.start()
        for moment_s in (BEFORE_RUN_S, 1.4, 1.8):
            clock.now_s = moment_s
            wait_for_result(beamline)
        clock.now_s = OVER_S
        (run,) = beamline.wait_ended(1)
        assert beamline.stop() == 0
    return run


def tried(beamline: Beamline, on: str) -> Path:
    """Where the products are that ``livereduce try`` makes of a run."""
    done = beamline.livereduce("try", "livereduce.conf", "--on", on)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"file +(\S+/result\.nxs)", done.stdout)
    assert found, done.stdout
    return Path(found[1]).parent


def reduced(beamline: Beamline, runs: list[str], *words: str) -> list[Path]:
    """Where the products are that ``livereduce reduce`` makes of a run's recording and its event file."""
    out = f"with{words[0]}"
    done = beamline.livereduce("reduce", *runs, "--config", "livereduce.conf", "--out", out, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return [beamline.path / out / name for name in ("POWDER_1", "POWDER_1_2")]


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Two Dask workers on this host, of which one is killed: another one takes its place."""
    distributed = pytest.importorskip("distributed", reason="not installed: the extra dask (distributed)")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(folder)
    ) as made:
        os.kill(next(iter(made.workers.values())).process.pid, signal.SIGKILL)
        yield made.scheduler_address


def assert_same(live: Product, other: Product, way: str) -> None:
    """To the bit, and in all that the file says of the run; but chunks are cut by the clock here, by the beam there."""
    assert differences(live, other) == (), way
    assert {**other.attributes, "chunks": live.attributes["chunks"]} == live.attributes, way


@pytest.mark.timeout(240)
def test_a_run_is_the_same_in_each_way(beamline: Beamline) -> None:
    run = str(reduce_live(beamline))
    recording = beamline.path / "recordings" / f"POWDER_{run}"
    file = str(write_as_event_file(recording, beamline.path / f"POWDER_{run}.nxs.h5", PIXELS // BANKS))
    ways = {"try, recording": tried(beamline, run), "try, event file": tried(beamline, file)}
    ways |= zip(("reduce, recording", "reduce, event file"), reduced(beamline, [run, file], "--jobs", "2"), strict=True)
    with cluster(beamline.path / "temporary") as address:
        on_dask = reduced(beamline, [run, file], "--dask", address)
    ways |= zip(("Dask, recording", "Dask, event file"), on_dask, strict=True)
    for name in ("result", "scaled"):
        live = read_product(beamline.path / "state" / "products" / run / f"{name}.nxs")
        assert live.attributes["events"] == EVENTS
        assert live.signal.sum() > 0
        for way, folder in ways.items():
            assert_same(live, read_product(folder / f"{name}.nxs"), way)
