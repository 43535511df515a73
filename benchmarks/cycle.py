"""What one cycle costs when there is nothing to reduce: chunk, proc, accumulate, post_proc, publish, all of it."""

import hashlib
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.messages.job import Job, ScriptCopy
from livereduce.publish.products.file import read_product, write_product
from livereduce.stream.items import At, EventBatch, Geometry, Item, Position, SourceState
from measure import Row
from service import POST_PROC, PROC

CYCLES = 200


class OnePulse:
    """A source that gives one pulse without events at each read, always of now, of an instrument with one pixel."""

    def open(self, at: At) -> None:
        """Nothing to do."""

    def read(self, timeout_s: float) -> Sequence[Item]:
        """One pulse."""
        del timeout_s
        none = np.zeros(0, np.int32)
        now_ns = time.time_ns() - 631_152_000 * 10**9
        return [
            Geometry(run=0, time_ns=now_ns, pixels=np.ones(1, np.int32)),
            EventBatch(
                run=0,
                tof_ns=none,
                pixel=none,
                state=None,
                first=np.zeros(2, np.int64),
                pulse_ns=np.array([now_ns]),
                charge_pc=np.ones(1),
                flags=np.zeros(1, np.uint32),
                period=np.zeros(1, np.uint16),
            ),
        ]

    def position(self) -> Position:
        """No place in particular."""
        return Position("")

    def state(self) -> SourceState:
        """Always well."""
        return SourceState(address="benchmark", connected=True)

    def close(self) -> None:
        """Nothing to do."""


def empty_cycle_row() -> Row:
    """The median of many cycles, each cut at once; beside it what writing its product costs alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = BuiltinEngine(_job(folder), lambda _phase, _progress=None: None, open_source=lambda _url: OnePulse())
        times, done = [], 0
        for _ in range(CYCLES):
            start_s = time.perf_counter()
            progress = engine.poll(0.0)
            times.append(time.perf_counter() - start_s)
            assert progress.total.results == done + 1, f"no result in this cycle: {progress.last_errors}"
            done = progress.total.results
        engine.stop(1.0)
        writing_s = _writing_s(next((folder / "products").rglob("*.nxs")))
    seconds = statistics.median(times)
    return Row(
        name="empty cycle",
        events_per_pulse=0,
        events_per_s=None,
        reference="writing the product alone",
        target="≥ 0.67",
        ratio=writing_s / seconds,
        more={"milliseconds": 1e3 * seconds, "reference_milliseconds": 1e3 * writing_s},
    )


def _writing_s(published: Path) -> float:
    """What writing a product takes that is like the one published, with all that it says of its run."""
    product, times = read_product(published), []
    for _ in range(CYCLES):
        start_s = time.perf_counter()
        write_product(published.with_name("alone.nxs"), product)
        times.append(time.perf_counter() - start_s)
    return statistics.median(times)


def _job(folder: Path) -> Job:
    return Job(
        generation=1,
        engine="builtin",
        instrument="BENCH",
        short_name="BENCH",
        source="adara://127.0.0.1:1",
        update_every_s=1e-9,
        preserve_events=True,
        accum_method="Add",
        periods=(),
        spectra=(),
        tof_bins_us=(0.0, 166.67, 16667.0),
        proc=_script(folder / "proc.py", PROC),
        post_proc=_script(folder / "post_proc.py", POST_PROC),
        script_dir=str(folder),
        state_dir=str(folder),
        runtime_dir=str(folder),
    )


def _script(path: Path, text: str) -> ScriptCopy:
    path.write_text(text)
    return ScriptCopy(path=str(path), copy=str(path), md5=hashlib.md5(text.encode()).hexdigest())
