"""Streams reduced by the builtin engine: in this process, or by ``livereduce run`` as a child."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.bench import tell_nobody
from livereduce.base.machine import read_cgroup_limit, read_ram_bytes
from livereduce.engine.builtin.engine import BuiltinEngine
from livereduce.messages.job import Job, ScriptCopy
from livereduce.messages.progress import Progress, SourceProgress
from livereduce.messages.status import FILE_NAME, Status, read_status
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product
from livereduce.stream.items import Item, Source
from livereduce.stream.sources import source_of

PATIENCE_S = 50.0
NOT_FOR_CHILDREN = ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "NOTIFY_SOCKET")


def limited_to(n_bytes: int) -> dict[str, Any]:
    """Settings that leave all processes of a service so much memory, looked at ten times a second."""
    ram = read_ram_bytes()
    percent = 100 * n_bytes / min(ram, read_cgroup_limit() or ram)
    return {"system_mem_limit_perc": percent, "mem_check_interval_sec": 0.1}


def script(folder: Path, name: str, text: str) -> ScriptCopy:
    path = folder / name
    path.write_text(text)
    return ScriptCopy(path=str(path), copy=str(path), md5=hashlib.md5(text.encode()).hexdigest())


def job_of(
    folder: Path,
    url: str,
    *,
    proc: str = "",
    post_proc: str = "",
    preserve_events: bool = True,
    tof_bins_us: tuple[float, float, float] = (0.0, 1000.0, 17_000.0),
    update_every_s: float = 0.01,
) -> Job:
    """A job with an interval so short that about every read of the stream makes a chunk."""
    return Job(
        generation=1,
        engine="builtin",
        instrument="TEST",
        short_name="TEST",
        source=url,
        update_every_s=update_every_s,
        preserve_events=preserve_events,
        accum_method="Add",
        periods=(),
        spectra=(),
        tof_bins_us=tof_bins_us,
        proc=script(folder, "proc.py", proc) if proc else None,
        post_proc=script(folder, "post_proc.py", post_proc) if post_proc else None,
        script_dir=str(folder),
        state_dir=str(folder / "state"),
        runtime_dir=str(folder),
    )


class Shelf:
    """Products in memory, in the order in which they were published."""

    def __init__(self) -> None:
        self.published: list[Product] = []
        self.figures: dict[int, str] = {}
        self.ended_runs: list[int] = []
        self.notes: tuple[str, ...] = ()

    def publish(self, product: Product) -> None:
        self.published.append(product)

    def figure(self, run: int, html: str) -> None:
        self.figures[run] = html

    def in_run(self, run: int, *, joined: bool) -> None:
        pass

    def ended(self, run: int, incomplete: str = "") -> None:
        self.ended_runs.append(run)

    def last_of_each(self) -> list[Product]:
        """The last product of each run, and of each time between two, in the order of the stream."""
        return [list(products)[-1] for _, products in groupby(self.published, lambda product: product.run)]


class Watched:
    """A source, and all items that it has given."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items: list[Item] = []
        self.open, self.position, self.state = source.open, source.position, source.state
        self.close = source.close

    def read(self, timeout_s: float) -> Sequence[Item]:
        items = self.source.read(timeout_s)
        self.items += items
        return items


@dataclass
class Reduction:
    """An engine at work in this process, what it reads and what it says."""

    engine: BuiltinEngine
    shelf: Shelf = field(default_factory=Shelf)
    sources: list[Watched] = field(default_factory=list)
    said: list[Progress] = field(default_factory=list)

    def poll(self, timeout_s: float = 0.0) -> Progress:
        self.said.append(self.engine.poll(timeout_s))
        return self.said[-1]

    @property
    def items(self) -> list[Item]:
        return self.sources[0].items

    def gone_through(self) -> bool:
        """A server that has played everything has hung up; a file has ended."""
        source = self.said[-1].source if self.said else SourceProgress()
        return source.ended or (source.connects > 0 and not source.connected)


@contextmanager
def reducing(job: Job, *, in_memory: bool = True) -> Iterator[Reduction]:
    """An engine that has started; at the end it reduces what is pending and stops."""
    sources: list[Watched] = []
    shelf = Shelf()

    def opened(url: str) -> Watched:
        sources.append(Watched(source_of(url)))
        return sources[-1]

    engine = (
        BuiltinEngine(job, tell_nobody, open_source=opened, products_in=lambda _: shelf)
        if in_memory
        else BuiltinEngine(job, tell_nobody, open_source=opened)
    )
    reduction = Reduction(engine, shelf, sources)
    try:
        yield reduction
    finally:
        engine.stop(60.0)


def reduce_all(job: Job, *, in_memory: bool = True) -> Reduction:
    """Reduce what a server plays until it hangs up."""
    with reducing(job, in_memory=in_memory) as reduction:
        deadline = time.monotonic() + PATIENCE_S
        while not reduction.gone_through():
            assert time.monotonic() < deadline, f"the stream does not end: {reduction.poll()}"
            reduction.poll(0.2)
    return reduction


# ---- the shipped commands as children


def environ_of(factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of children: nothing of a service around us, and kernels compiled once in a session."""
    environ = {key: value for key, value in os.environ.items() if key not in NOT_FOR_CHILDREN}
    environ.setdefault("NUMBA_CACHE_DIR", str(factory.getbasetemp() / "kernels"))
    return environ


@dataclass
class Beamline:
    """A folder with configuration and scripts, the daemons started there, and all that they leave."""

    path: Path
    environ: Mapping[str, str]
    instrument: str = "POWDER"
    short_name: str = "POWDER"
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)
    within: tuple[str, ...] = ()
    """Words before the daemon's command: the program that starts it."""

    def configure(self, **settings: Any) -> None:
        body = {"instrument": self.instrument, "engine": "builtin", "script_dir": ".", "update_every": 0.5}
        body |= {"runtime_dir": "run", "state_dir": "state"} | settings
        (self.path / "livereduce.conf").write_text(json.dumps(body))

    def script(self, step: str, text: str) -> Path:
        path = self.path / f"reduce_{self.short_name}_live_{step}.py"
        path.write_text(text)
        return path

    def livereduce(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        command = [sys.executable, "-m", "livereduce", *words]
        return subprocess.run(
            command,
            cwd=self.path,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def start(self) -> subprocess.Popen[bytes]:
        daemon = subprocess.Popen(
            [*self.within, sys.executable, "-m", "livereduce", "run", "livereduce.conf"],
            cwd=self.path,
            env=dict(self.environ),
            stdout=subprocess.DEVNULL,
        )
        self.daemons.append(daemon)
        return daemon

    def status(self) -> Status:
        return read_status(self.path / "run" / FILE_NAME)

    def log(self) -> str:
        return (self.path / "livereduce.log").read_text()

    def wait(self, there: Callable[[Status], bool]) -> Status:
        """Wait until the status is as expected."""
        status = None
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError):
                if there(status := self.status()):
                    return status
            time.sleep(0.02)
        raise AssertionError(f"not as expected: {status}\n{self.log()}")

    def index(self) -> dict[int, dict[str, Any]]:
        """What the index of the products says of each run."""
        try:
            text = (self.path / "state" / "products" / "index.json").read_text()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return {run["run"]: run for run in json.loads(text)["runs"]}

    def wait_ended(self, runs: int) -> list[int]:
        """Wait until so many runs have ended and been reduced; their numbers."""
        deadline = time.monotonic() + PATIENCE_S
        ended: list[int] = []
        while len(ended) < runs:
            assert time.monotonic() < deadline, f"only {ended} have ended\n{self.log()}"
            time.sleep(0.02)
            ended = sorted(number for number, run in self.index().items() if number and run["ended"])
        return ended

    def product(self, run: int) -> Product:
        return read_product(self.path / "state" / "products" / str(run) / "result.nxs")

    def stop(self) -> int:
        """Ask the newest daemon to stop; its exit code."""
        self.daemons[-1].send_signal(signal.SIGTERM)
        return self.daemons[-1].wait(PATIENCE_S)


@contextmanager
def beamline_in(path: Path, environ: Mapping[str, str]) -> Iterator[Beamline]:
    """A beamline without configuration or scripts yet; at the end nothing of it is left running."""
    beamline = Beamline(path, environ)
    try:
        yield beamline
    finally:
        for daemon in beamline.daemons:
            daemon.kill()
            daemon.wait()
        wait_gone(path)


def wait_gone(*paths: Path) -> None:
    """Wait until no process works in the folders."""
    deadline = time.monotonic() + PATIENCE_S
    while left := processes_in(paths):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.02)


def processes_in(paths: Iterable[Path]) -> list[int]:
    """Processes that work in one of the folders."""
    folders = {str(path) for path in paths}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() in folders:
                found.append(process.pid)
    return found
