"""The whole way: a stream server in a process of its own, `livereduce run`, scripts, products; and its memory."""

import json
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livereduce.base.times import epics_ns
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.adara.wire.encode import client_hello
from livereduce.stream.items import EventBatch, StartFrom
from measure import RUNS, Row
from warm import warm_memory

HERE = Path(__file__).parent
PATIENCE_S = 120.0

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


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready, and its log."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def asked_at(self) -> float:
        """When the last client asked for the run (CLOCK_MONOTONIC)."""
        return float(re.findall(r"^(\S+) a client asks", self.log.read_text(), re.MULTILINE)[-1])


@contextmanager
def serving(events_per_pulse: int, events: int, port: int = 0) -> Iterator[Server]:
    """A server with a run in progress that has so many events."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        command = [sys.executable, str(HERE / "serve.py"), "--events", str(events), "--port", str(port)]
        command += ["--events-per-pulse", str(events_per_pulse)]
        with log.open("w") as file, subprocess.Popen(command, stdout=file) as process:
            try:
                yield Server(process, _port(log), log)
            finally:
                process.terminate()


def _port(log: Path) -> int:
    return int(_wait_for(lambda: re.search(r"listening on \S+:(\d+)", log.read_text()), "the server").group(1))


def _wait_for(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.002)
    raise TimeoutError(f"{what} took longer than {PATIENCE_S:g} s")


def discard(server: Server) -> tuple[float, int]:
    """A reader that throws away what it gets: seconds and bytes, until nothing more comes."""
    buffer = bytearray(8 << 20)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(client_hello(epics_ns(time.time()), 1))
        connection.settimeout(1.0)
        start_s = last_s = time.perf_counter()
        received = 0
        try:
            while size := connection.recv_into(buffer):
                received += size
                last_s = time.perf_counter()
        except TimeoutError:
            pass
    return last_s - start_s, received


def decode_only(server: Server) -> tuple[float, int]:
    """A reader that decodes and throws away: seconds and events, until nothing more comes."""
    source = AdaraSource("127.0.0.1", server.port)
    source.open(StartFrom.RUN_START)
    start_s = last_s = time.perf_counter()
    events = 0
    while time.perf_counter() - last_s < 1.0:
        for item in source.read(0.1):
            last_s = time.perf_counter()
            if isinstance(item, EventBatch):
                events += len(item.tof_ns)
    source.close()
    return last_s - start_s, events


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a daemon made of a run in progress."""

    seconds_from_hello: float
    seconds_from_start: float
    events: int
    worker_pss_bytes: int
    worker_peak_pss_bytes: int


def reduce(
    server: Server,
    events: int,
    *,
    post_proc: str = POST_PROC,
    sample: bool = False,
    beside: Callable[[Path], AbstractContextManager[object]] = nullcontext,
) -> Reduced:
    """Run the daemon until a product holds all events of the run; `beside` goes on meanwhile, given its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_configuration(folder, server.port, post_proc)
        command = [sys.executable, "-m", "livereduce", "run", "livereduce.conf"]
        with (
            beside(folder),
            warm_memory(10 * events, lambda: _worker_pid(folder)),
            subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as daemon,
        ):
            start_s = time.monotonic()
            try:
                peak, worker = 0, 0
                deadline = time.monotonic() + PATIENCE_S
                products = Products(folder)
                while (found := products.events()) != events:
                    worker = worker or _worker_pid(folder)
                    if sample and worker:
                        peak = max(peak, pss_bytes(worker))
                    if time.monotonic() > deadline or daemon.poll() is not None:
                        raise TimeoutError(f"{found} of {events} events: {(folder / 'livereduce.log').read_text()}")
                    time.sleep(0.02 if sample else 0.005)
                done_s = time.monotonic()
                held = pss_bytes(worker or _worker_pid(folder))
            finally:
                daemon.send_signal(signal.SIGTERM)
        return Reduced(done_s - server.asked_at(), done_s - start_s, events, held, max(peak, held))


def _write_configuration(folder: Path, port: int, post_proc: str) -> None:
    configuration = {
        "instrument": "BENCH",
        "engine": "builtin",
        "source": f"adara://127.0.0.1:{port}",
        "script_dir": ".",
        "update_every": 5,
        "runtime_dir": "run",
        "state_dir": "state",
    }
    (folder / "livereduce.conf").write_text(json.dumps(configuration))
    (folder / "reduce_BENCH_live_proc.py").write_text(PROC)
    (folder / "reduce_BENCH_live_post_proc.py").write_text(post_proc)


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


def _worker_pid(folder: Path) -> int:
    try:
        return int(json.loads((folder / "run" / "status.json").read_text())["worker_pid"] or 0)
    except (FileNotFoundError, ValueError):
        return 0


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process: its own memory, and its share of what it has in common with others."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.findall(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[0]) * 1024


def end_to_end_rows(events_per_pulse: int, events: int) -> list[Row]:
    """Decoding from the socket and the whole way, both beside a reader that throws everything away."""
    with serving(events_per_pulse, events) as server:
        _, counted = decode_only(server)
        _, received = discard(server)
        times: dict[str, list[float]] = {"discard": [], "decode": [], "reduce": []}
        for _ in range(RUNS):
            times["discard"].append(discard(server)[0])
            seconds, again = decode_only(server)
            assert again == counted, f"{again} events decoded, {counted} the first time"
            times["decode"].append(seconds)
            times["reduce"].append(reduce(server, counted).seconds_from_hello)
    medians = {name: statistics.median(values) for name, values in times.items()}
    reference = f"a reader that discards ({received / medians['discard'] / 1e9:.2f} GB/s)"
    return [
        Row(
            name=name,
            events_per_pulse=events_per_pulse,
            events_per_s=counted / medians[key],
            reference=reference,
            ratio=medians["discard"] / medians[key],
            more={"events": counted},
        )
        for name, key in (("decode from socket", "decode"), ("end to end", "reduce"))
    ]


def catch_up_rows(events: int, events_per_pulse: int = 400_000, runs: int = RUNS) -> list[Row]:
    """A run in progress: from the start of the daemon to a result that holds all of it, and the memory then."""
    with serving(events_per_pulse, events) as server:
        _, counted = decode_only(server)
        timed = [reduce(server, counted) for _ in range(runs)]
        discard_s = statistics.median(discard(server)[0] for _ in range(runs))
        sampled = reduce(server, counted, sample=True)
    seconds = statistics.median(one.seconds_from_start for one in timed)
    catch_up = Row(
        name="catch-up",
        events_per_pulse=events_per_pulse,
        events_per_s=counted / seconds,
        reference="a reader that discards",
        ratio=discard_s / seconds,
        more={"events": counted, "seconds": seconds},
    )
    return [catch_up, _memory_row("memory, events kept", events_per_pulse, sampled)]


def scipp_memory_row(events: int, events_per_pulse: int = 400_000) -> Row:
    """The same with a post_proc that asks for the scipp object of all events."""
    with serving(events_per_pulse, events) as server:
        _, counted = decode_only(server)
        sampled = reduce(server, counted, post_proc=POST_PROC_SCIPP, sample=True)
    return _memory_row("memory, post_proc asks for scipp", events_per_pulse, sampled)


def _memory_row(name: str, events_per_pulse: int, sampled: Reduced) -> Row:
    return Row(
        name=name,
        events_per_pulse=events_per_pulse,
        events_per_s=None,
        reference="8 bytes an event",
        ratio=sampled.worker_pss_bytes / sampled.events / 8,
        more={
            "events": sampled.events,
            "bytes_per_event": sampled.worker_pss_bytes / sampled.events,
            "peak_bytes_per_event": sampled.worker_peak_pss_bytes / sampled.events,
        },
    )
