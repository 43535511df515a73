"""How long from a fault to a result that holds again every event it had before; `python benchmarks/recovery.py`.

Each time is the median of 5. Beside it what the original needs where only its watchdog helps: the age of the log file
at which it acts and one interval between two looks, 300 + 60 s. Last, what the daemon itself costs.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from end_to_end import HERE, POST_PROC, PROC, Products, serving

RUNS = 5
EVENTS = 10_000_000
EVENTS_PER_PULSE = 5_000
HANG_LIMIT_S = 5.0
WATCHDOG_S = 360.0
PATIENCE_S = 60.0
FLOW_EVENTS_PER_S = 25_000_000
FLOW_S = 20.0

HANGING_POST_PROC = f"""\
import os, time
if os.path.exists("hang"):
    os.remove("hang")
    time.sleep(3600)
{POST_PROC}"""


@dataclass(frozen=True, slots=True)
class Service:
    """A daemon that reduces a run in progress."""

    folder: Path
    daemon: subprocess.Popen[bytes]

    def status(self) -> dict[str, Any]:
        """The snapshot; empty if there is none."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "run" / "status.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def result_after(self, moment_s: float, events: int) -> float:
        """When (CLOCK_MONOTONIC) a product was there that was written after the moment and holds so many events."""
        path = self.folder / "state" / "products" / "index.json"
        products = Products(self.folder)
        deadline = moment_s + PATIENCE_S
        while time.monotonic() < deadline:
            written_s = path.stat().st_mtime - time.time() + time.monotonic() if path.exists() else 0.0
            if written_s > moment_s and products.events() >= events:
                return time.monotonic()
            time.sleep(0.005)
        raise TimeoutError(f"no result in {PATIENCE_S:g} s: {(self.folder / 'livereduce.log').read_text()}")


@contextmanager
def reducing(port: int, *, update_every_s: float = 1.0) -> Iterator[Service]:
    """`livereduce run` on the stream of a port."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configuration = {
            "instrument": "BENCH",
            "engine": "builtin",
            "source": f"adara://127.0.0.1:{port}",
            "script_dir": str(folder),
            "update_every": update_every_s,
            "runtime_dir": str(folder / "run"),
            "state_dir": str(folder / "state"),
            "limits": {"post_process": HANG_LIMIT_S},
        }
        (folder / "livereduce.conf").write_text(json.dumps(configuration))
        (folder / "reduce_BENCH_live_proc.py").write_text(PROC)
        (folder / "reduce_BENCH_live_post_proc.py").write_text(HANGING_POST_PROC)
        command = [sys.executable, "-m", "livereduce", "run", "livereduce.conf"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as daemon:
            try:
                yield Service(folder, daemon)
            finally:
                daemon.send_signal(signal.SIGTERM)


def crash(service: Service) -> float:
    """The worker dies; when."""
    os.kill(int(service.status()["worker_pid"]), signal.SIGSEGV)
    return time.monotonic()


def hang(service: Service) -> float:
    """A post_proc never ends; when it began. The signal makes one run now."""
    flag = service.folder / "hang"
    flag.touch()
    service.daemon.send_signal(signal.SIGHUP)
    while flag.exists():
        time.sleep(0.005)
    return time.monotonic()


def change_script(service: Service) -> float:
    """The scientist saves another post_proc; when."""
    path = service.folder / "reduce_BENCH_live_post_proc.py"
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{path.read_text()}\n# {time.monotonic()}\n")
    fresh.replace(path)
    return time.monotonic()


def recovery_row(name: str, fault: Callable[[Service], float], reference_s: float | None) -> dict[str, Any]:
    """The median time from a fault to a new result with all events of the run."""
    times = []
    with serving(EVENTS_PER_PULSE, EVENTS) as server:
        for _ in range(RUNS):
            with reducing(server.port) as service:
                service.result_after(time.monotonic(), EVENTS)
                moment_s = fault(service)
                times.append(service.result_after(moment_s, EVENTS) - moment_s)
    return {"name": name, "seconds": statistics.median(times), "reference_seconds": reference_s}


def server_restart_row() -> dict[str, Any]:
    """The server dies and comes back on its port with the same run, which it has collected anew."""
    times = []
    for _ in range(RUNS):
        with serving(EVENTS_PER_PULSE, EVENTS) as server, reducing(server.port) as service:
            service.result_after(time.monotonic(), EVENTS)
            server.process.kill()
            server.process.wait()
            with serving(EVENTS_PER_PULSE, EVENTS, port=server.port):
                moment_s = time.monotonic()
                times.append(service.result_after(moment_s, EVENTS) - moment_s)
    return {"name": "server restart", "seconds": statistics.median(times), "reference_seconds": WATCHDOG_S}


def daemon_cost_row() -> dict[str, Any]:
    """CPU share and memory of the daemon while events flow at the rate of the brightest beamline."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "livereduce", "simulate", "--powder", "--port", "0"]
        command += ["--rate", str(FLOW_EVENTS_PER_S), "--run-seconds", "600"]
        log = Path(folder) / "simulate.log"
        with log.open("w") as file, subprocess.Popen(command, stdout=file, cwd=HERE) as simulator:
            try:
                while "listening on" not in log.read_text():
                    time.sleep(0.05)
                port = int(log.read_text().split()[2].rpartition(":")[2])
                with reducing(port, update_every_s=5.0) as service:
                    service.result_after(time.monotonic(), FLOW_EVENTS_PER_S)
                    return _cost(service)
            finally:
                simulator.terminate()


def _cost(service: Service) -> dict[str, Any]:
    process = psutil.Process(service.daemon.pid)
    before, events_before = process.cpu_times(), service.status()["progress"]["total"]["events"]
    start_s = time.monotonic()
    time.sleep(FLOW_S)
    after, seconds = process.cpu_times(), time.monotonic() - start_s
    events = service.status()["progress"]["total"]["events"] - events_before
    used_s = after.user + after.system - before.user - before.system
    return {
        "name": "daemon",
        "seconds": seconds,
        "reference_seconds": None,
        "cpu_share": used_s / seconds,
        "rss_MB": process.memory_info().rss / 1e6,
        "events_per_s": events / seconds,
    }


def main() -> int:
    """Measure all faults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        rows = [
            recovery_row("crash", crash, WATCHDOG_S),
            recovery_row(f"hang (limit {HANG_LIMIT_S:g} s)", hang, WATCHDOG_S),
            recovery_row("script change", change_script, None),
            server_restart_row(),
            daemon_cost_row(),
        ]
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
    else:
        for row in rows:
            print(
                "  ".join(
                    f"{key} {value:.4g}" if isinstance(value, float) else f"{value}" for key, value in row.items()
                )
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
