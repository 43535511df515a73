"""Both engines before the same beam: a run that stands where the test wants it, and a second one after it.

The builtin engine reads the simulated server; Mantid's double reads a description with the same stages. A bench says
what its engine needs, so that one test can be run on both.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from helpers.paths import ROOT
from helpers.reduced import PATIENCE_S, job_of
from helpers.served import Clock, powder_play, serving
from livereduce.daemon.worker.launching import worker_command
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.messages.beat import Beat
from livereduce.messages.job import Job, encode_job
from livereduce.messages.order import STOP
from livereduce.messages.progress import Progress
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product

DOUBLE = ROOT / "test" / "mantid_double"
ENGINES = ("builtin", "mantid")


class Stage(StrEnum):
    """Where the beam can stand; each lets all before it come."""

    HALF = "half"
    MORE = "more"
    OVER = "over"
    SECOND = "second"


SECONDS = {Stage.HALF: 1.0, Stage.MORE: 1.2, Stage.OVER: 1.58, Stage.SECOND: 3.0}
"""The same for the simulated server: the first run is from 0.5 s to 1.5 s, the second from 1.6 s to 2.6 s."""

CHUNK = {"events": 1000, "pulses": 10}
TWO_RUNS = [
    {"wait_for": "half"},
    {"new_run": 1},
    {"chunk": CHUNK, "times": 2},
    {"wait_for": "more"},
    {"chunk": CHUNK},
    {"wait_for": "over"},
    {"chunk": CHUNK},
    {"end_run": 1},
    {"wait_for": "second"},
    {"new_run": 2},
    {"chunk": CHUNK, "times": 2},
    {"end_run": 2},
]
REBIN = (
    "from mantid.simpleapi import Rebin\nRebin(InputWorkspace=input, OutputWorkspace=output, Params='0,1000,18000')\n"
)
KEEP = "CloneWorkspace(InputWorkspace=input, OutputWorkspace=output)\n"


@dataclass(kw_only=True)
class Bench:
    """One engine, its beam, and what a test must know of both.

    Attributes
    ----------
    half, more
        Events of run 1 that have at least come when the beam stands there.
    binning
        A proc script that leaves counts in bins, which the product shows.
    """

    engine: str
    path: Path
    environ: dict[str, str]
    instrument: str
    short_name: str
    half: int
    more: int
    binning: str
    beam_to: Callable[[Stage], object]
    source: str = ""
    update_every_s: float = 0.2
    patience_s: float = PATIENCE_S
    interpreter: str = sys.executable
    workers: list["Reducing"] = field(default_factory=list)

    def job(self, *, proc: str = "", post_proc: str = "", **changes: Any) -> Job:
        job = job_of(self.path, self.source, proc=proc, post_proc=post_proc, update_every_s=self.update_every_s)
        named = replace(job, engine=self.engine, instrument=self.instrument, short_name=self.short_name)
        return replace(named, **changes)

    def start(self, job: Job, command: Sequence[str] = ()) -> "Reducing":
        """The shipped worker at work."""
        path = self.path / "job.json"
        path.write_text(encode_job(job))
        words = (*command, str(path)) if command else worker_command(self.interpreter, path)
        self.workers.append(Reducing(spawn(words, self.environ), self.path, self.patience_s))
        return self.workers[-1]

    def settings(self) -> dict[str, Any]:
        """What the configuration of a daemon says of the engine."""
        named: dict[str, Any] = {"engine": self.engine, "update_every": self.update_every_s}
        return named | ({"source": self.source} if self.source else {"CONDA_ENV": sys.executable})


@dataclass
class Reducing:
    """A worker, and all that it says."""

    worker: Worker
    path: Path
    patience_s: float
    beats: list[Beat] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    code: int | None = None

    @property
    def progress(self) -> Progress:
        return self.beats[-1].progress if self.beats else Progress()

    def look(self) -> None:
        self.beats += self.worker.read_beats()
        self.lines += [line.text for line in self.worker.read_output()]

    def wait(self, what: str, there: Callable[[Progress], object]) -> Progress:
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline and not self.has_ended():
            self.look()
            if self.beats and there(self.progress):
                return self.progress
            time.sleep(0.02)
        self.look()
        if self.beats and there(self.progress):
            return self.progress
        raise AssertionError(f"{what} does not come\n{self.progress}\n" + "\n".join(self.lines[-60:]))

    def wait_reduced(self, events: int) -> Progress:
        """Wait for a result of so many events of the run."""
        return self.wait(f"a result of {events} events", lambda one: one.run.events >= events and one.total.results > 0)

    def has_ended(self) -> bool:
        return (
            self.code is not None
            or os.waitid(os.P_PID, self.worker.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        )

    def end(self) -> int:
        """Wait for the end of the process; its exit code."""
        deadline = time.monotonic() + self.patience_s
        while not self.has_ended():
            assert time.monotonic() < deadline, f"the worker does not end\n{self.progress}\n" + "\n".join(
                self.lines[-60:]
            )
            self.look()
            time.sleep(0.02)
        return self._reap()

    def stop(self) -> int:
        self.worker.order(STOP)
        return self.end()

    def kill(self) -> None:
        if self.code is None:
            self.worker.signal_group(signal.SIGKILL)
            self._reap()

    def _reap(self) -> int:
        if self.code is None:
            self.look()
            self.code, lines = self.worker.reap()
            self.lines += [line.text for line in lines]
        return self.code

    def index(self) -> dict[int, dict[str, Any]]:
        try:
            text = (self.path / "state" / "products" / "index.json").read_text()
        except FileNotFoundError:
            return {}
        return {run["run"]: run for run in json.loads(text)["runs"]}

    def product(self, run: int, name: str = "result") -> Product:
        return read_product(self.path / "state" / "products" / str(run) / f"{name}.nxs")

    def wait_ended(self, *runs: int) -> None:
        """Wait until these runs have ended and been reduced."""
        self.wait(f"the end of {runs}", lambda _: all(self.index().get(run, {}).get("ended") for run in runs))


def events_of(product: Product) -> int:
    """The events that a product says it has."""
    return int(product.attributes["events"])


@contextmanager
def bench_of(engine: str, path: Path, environ: Mapping[str, str], **options: Any) -> Iterator[Bench]:
    """A bench; at the end nothing of it is left running."""
    make = builtin_bench if engine == "builtin" else mantid_bench
    with make(path, environ, **options) as bench:
        try:
            yield bench
        finally:
            for reducing in bench.workers:
                reducing.kill()


@contextmanager
def builtin_bench(path: Path, environ: Mapping[str, str]) -> Iterator[Bench]:
    clock = Clock(0.4)
    play = powder_play(runs=2, run_s=1.0, gap_s=0.1, rate=60_000)
    with serving(play, speed=1.0, clock=clock) as url:
        yield Bench(
            engine="builtin",
            path=path,
            environ=dict(environ),
            instrument="POWDER",
            short_name="POWDER",
            half=28_000,
            more=40_000,
            binning="pass\n",
            beam_to=lambda stage: setattr(clock, "now_s", SECONDS[stage]),
            source=url,
        )


@contextmanager
def mantid_bench(
    path: Path,
    environ: Mapping[str, str],
    *,
    stream: Mapping[str, Any] | None = None,
    instrument: tuple[str, str] = ("POWGEN", "PG3"),
    switches: str = "",
    time_scale: float = 0.05,
) -> Iterator[Bench]:
    """The double of Mantid; `stream` is its description, whose files to wait for lie in `path`."""
    described = dict(stream or {"items": TWO_RUNS})
    described["items"] = [_placed(item, path) for item in described.get("items", [])]
    (path / "stream.json").write_text(json.dumps(described))
    paths = (str(DOUBLE), environ.get("PYTHONPATH", ""))
    own = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "HOME": str(path),
        "LIVEREDUCE_DOUBLE_STREAM": str(path / "stream.json"),
        "LIVEREDUCE_DOUBLE": switches,
        "LIVEREDUCE_DOUBLE_RECORD": str(path / "record.jsonl"),
        "LIVEREDUCE_DOUBLE_TIME_SCALE": str(time_scale),
    }
    yield Bench(
        engine="mantid",
        path=path,
        environ={**environ, **own},
        instrument=instrument[0],
        short_name=instrument[1],
        half=2000,
        more=3000,
        binning=REBIN,
        beam_to=lambda stage: _open(path, stage),
    )


def _placed(item: Mapping[str, Any], path: Path) -> dict[str, Any]:
    return {"wait_for": str(path / item["wait_for"])} if "wait_for" in item else dict(item)


def _open(path: Path, stage: Stage) -> None:
    for each in Stage:
        (path / each).touch()
        if each is stage:
            return


def record_of(bench: Bench) -> list[dict[str, Any]]:
    """What the double has noted."""
    try:
        lines = (bench.path / "record.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]
