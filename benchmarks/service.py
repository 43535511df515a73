"""The service as it is installed, `livereduce run` in a folder of its own: what it has made, and what it takes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from serving import PATIENCE_S
from warm import warm_memory

PROC = """\
if input.getNumberEvents() < 0:
    raise ValueError("what every proc does: look, and let the chunk pass")
"""
POST_PROC = """\
import scipp as sc

# The pattern over time of flight, summed over all pixels.
counts = input.extractY().sum(axis=0)
result = input.clone()
result.data = sc.DataArray(
    sc.array(dims=["tof"], values=counts, variances=counts, unit="counts"),
    coords={"tof": sc.array(dims=["tof"], values=input.readX(0), unit="us")},
)
output = result
"""
POST_PROC_SCIPP = """\
import scipp as sc

table = input.data
result = input.clone()
result.data = table.hist(tof=100)
output = result
"""
RECEIVER, RECORDER, WORKER = "livereduce.receiver", "livereduce.recorder", "livereduce.worker"
"""The modules that the daemon's children run."""
PIDS_EVERY_S = 0.5


class Products:
    """The index of the products, read again only when it has changed: looking must not take the worker's time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state" / "products" / "index.json"
        self._seen = (0, 0)
        self._events = 0

    def events(self) -> int:
        """Events in the newest product of a run."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return 0
        if (stat.st_ino, stat.st_mtime_ns) != self._seen:
            self._seen = (stat.st_ino, stat.st_mtime_ns)
            runs = [run for run in json.loads(self._path.read_text())["runs"] if run["run"]]
            self._events = max((product["events"] for run in runs for product in run["products"]), default=0)
        return self._events

    def written_s(self) -> float:
        """When the index was written last (CLOCK_MONOTONIC); 0 if never."""
        with suppress(FileNotFoundError):
            return self._path.stat().st_mtime - time.time() + time.monotonic()
        return 0.0


@dataclass(slots=True)
class Service:
    """A daemon in its folder, since a moment (CLOCK_MONOTONIC)."""

    folder: Path
    daemon: subprocess.Popen[bytes]
    start_s: float
    products: Products = field(init=False)
    _pids: list[int] = field(default_factory=list)
    _pids_s: float = 0.0

    def __post_init__(self) -> None:
        self.products = Products(self.folder)

    def status(self) -> dict[str, Any]:
        """The snapshot; empty if there is none."""
        with suppress(FileNotFoundError, ValueError):
            found: dict[str, Any] = json.loads((self.folder / "run" / "status.json").read_text())
            return found
        return {}

    def worker_pid(self) -> int:
        """The process that runs the scripts; 0 if there is none."""
        return int(self.status().get("worker_pid") or 0)

    def log(self) -> str:
        """The log so far."""
        path = self.folder / "livereduce.log"
        return path.read_text() if path.exists() else "no log"

    def processes(self, *, spare: bool = False) -> dict[str, psutil.Process]:
        """The processes that the data go through, by name, and the spare worker if it is asked for."""
        found, worker = {}, self.worker_pid()
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.daemon.pid).children():
                if child.pid == worker:
                    found["worker"] = child
                elif RECEIVER in child.cmdline():
                    found["receiver"] = child
                elif RECORDER in child.cmdline():
                    found["recorder"] = child
                elif spare and WORKER in child.cmdline():
                    found["spare"] = child
        return found

    def cpu_s(self) -> dict[str, float]:
        """Seconds of CPU that each process has used."""
        used = {}
        for name, process in self.processes().items():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[name] = float(times.user + times.system)
        return used

    def memory_bytes(self, *, spare: bool = False) -> int:
        """What the processes take: pages of their own, and those that they share, counted once, mapped or not."""
        pids = [process.pid for process in self.processes(spare=spare).values()]
        return sum(private_bytes(pid) for pid in pids) + shared_bytes(pids)

    def taking_bytes(self) -> int:
        """About the same, so cheap that it can be looked at all the time."""
        if time.monotonic() - self._pids_s > PIDS_EVERY_S:
            self._pids_s = time.monotonic()
            self._pids = [process.pid for process in self.processes().values()]
        return sum(_own_resident_bytes(pid) for pid in self._pids) + shared_bytes(self._pids)

    def result_after(self, moment_s: float, events: int) -> float:
        """When (CLOCK_MONOTONIC) a product was there that was written after the moment and holds so many events."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.daemon.poll() is None:
            if self.products.events() >= events and self.products.written_s() > moment_s:
                return time.monotonic()
            time.sleep(0.005)
        raise TimeoutError(f"{self.products.events()} of {events} events: {self.log()}")


@contextmanager
def warmed(size: int, more: Callable[[], int] = lambda: 0) -> Iterator[list[Service]]:
    """So much memory is there when services ask for it: those in the list, started later, and what takes `more`."""
    services: list[Service] = []
    with warm_memory(size, lambda: more() + sum(service.taking_bytes() for service in services)):
        yield services


@contextmanager
def running(
    port: int,
    *,
    proc: str = PROC,
    post_proc: str = POST_PROC,
    beside: tuple[Path, ...] = (),
    settings: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """`livereduce run` on the stream of a port; the files `beside` are put beside the scripts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configuration = {
            "instrument": "BENCH",
            "engine": "builtin",
            "source": f"adara://127.0.0.1:{port}",
            "script_dir": ".",
            "update_every": 5,
            "runtime_dir": "run",
            "state_dir": "state",
        }
        (folder / "livereduce.conf").write_text(json.dumps(configuration | dict(settings or {})))
        (folder / "reduce_BENCH_live_proc.py").write_text(proc)
        (folder / "reduce_BENCH_live_post_proc.py").write_text(post_proc)
        for path in beside:
            shutil.copy(path, folder)
        command = [sys.executable, "-m", "livereduce", "run", "livereduce.conf"]
        start_s = time.monotonic()
        environment = os.environ | dict(env or {})
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as daemon:
            try:
                yield Service(folder, daemon, start_s)
            finally:
                daemon.send_signal(signal.SIGTERM)


def private_bytes(pid: int) -> int:
    """Memory of a process but for shared memory: its own, and its share of files that others have mapped, too."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    sizes = {name: int(kilobytes) for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return 1024 * (sizes["Pss"] - sizes.get("Pss_Shmem", 0))


def _own_resident_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def shared_bytes(pids: list[int]) -> int:
    """Memory of the files without a place on a disk that these processes hold, each counted once."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if str(link.readlink()).startswith("/memfd:"):
                        stat = link.stat()
                        found[stat.st_ino] = 512 * stat.st_blocks
    return sum(found.values())
