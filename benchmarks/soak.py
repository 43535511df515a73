"""Months in minutes: many runs, cycles and restarts of the shipped daemon; `make soak`.

First one worker reduces many runs in many cycles, then many workers follow one another. What must not grow is measured
all along: memory, descriptors and threads of daemon and worker, temporary files, and the disk that the state directory
takes. The figures of the second quarter of each part and of its last are printed side by side.
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from service import POST_PROC, PROC

RUNS, CYCLES, RESTARTS = 1_000, 10_000, 500
SAMPLES = 100
"""How often the figures of the one worker are taken."""
CYCLES_BETWEEN = 5
"""Results of a worker before it is replaced."""
UPDATE_EVERY_S = 0.02
RUN_S, GAP_S, RATE = 0.4, 0.1, 400_000
"""So many events that the worker's blocks of 64 MiB are full after a tenth of the runs, and used again from then on."""
MAX_GROWTH = 1.10
"""The last quarter may be a tenth above the first: caches fill, allocators settle."""
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What must stay flat."""

    daemon_rss_mb: float
    daemon_descriptors: float
    daemon_threads: float
    worker_rss_mb: float
    worker_descriptors: float
    worker_threads: float
    temporary_files: float
    state_files: float
    state_mb: float


@contextmanager
def beamline(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A simulated server with short runs without end, and the daemon."""
    python = [sys.executable, "-m", "livereduce"]
    log = folder / "simulate.log"
    simulate = [*python, "simulate", "--powder", "--port", "0", "--rate", str(RATE)]
    simulate += ["--run-seconds", str(RUN_S), "--gap-seconds", str(GAP_S)]
    with log.open("w") as file, subprocess.Popen(simulate, stdout=file, cwd=folder) as server:
        while "listening on" not in log.read_text():
            time.sleep(0.05)
        _write_configuration(folder, log.read_text().split()[2])
        with subprocess.Popen([*python, "run", "livereduce.conf"], cwd=folder, stdout=subprocess.DEVNULL) as daemon:
            try:
                yield daemon
            finally:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait(PATIENCE_S)
                server.terminate()


def _write_configuration(folder: Path, address: str) -> None:
    configuration = {
        "instrument": "SOAK",
        "engine": "builtin",
        "source": f"adara://{address}",
        "script_dir": str(folder),
        "update_every": UPDATE_EVERY_S,
        "runtime_dir": str(folder / "run"),
        "state_dir": str(folder / "state"),
    }
    (folder / "livereduce.conf").write_text(json.dumps(configuration))
    (folder / "reduce_SOAK_live_proc.py").write_text(PROC)
    (folder / "reduce_SOAK_live_post_proc.py").write_text(POST_PROC)


def status(folder: Path) -> dict[str, Any]:
    """The snapshot; empty if there is none yet."""
    try:
        found: dict[str, Any] = json.loads((folder / "run" / "status.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _sizes(folder: Path) -> Iterator[int]:
    """Sizes of all files; folders of old runs vanish while we look."""
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                yield (Path(place) / name).stat().st_size


def figures(folder: Path, daemon: psutil.Process, worker: psutil.Process) -> Figures:
    """All figures at this moment."""
    sizes = list(_sizes(folder / "state"))
    return Figures(
        daemon_rss_mb=daemon.memory_info().rss / 1e6,
        daemon_descriptors=daemon.num_fds(),
        daemon_threads=daemon.num_threads(),
        worker_rss_mb=worker.memory_info().rss / 1e6,
        worker_descriptors=worker.num_fds(),
        worker_threads=worker.num_threads(),
        temporary_files=len(list((folder / "tmp").iterdir())),
        state_files=len(sizes),
        state_mb=sum(sizes) / 1e6,
    )


def at_work(folder: Path, generation: int, results: int) -> dict[str, Any]:
    """The snapshot once a generation, or one after it, has made so many results."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        now = status(folder)
        done = now["progress"]["total"]["results"] if now.get("worker_pid") and now.get("progress") else 0
        if done >= results and now["generation"] >= generation:
            return now
        time.sleep(0.02)
    raise TimeoutError(f"no {results} results of generation {generation}: {status(folder)}")


def one_worker(folder: Path, daemon: psutil.Process, runs: int, cycles: int) -> list[Figures]:
    """Let one worker do so many runs and cycles."""
    taken: list[Figures] = []
    first = at_work(folder, 1, 1)
    results = 0
    while results < cycles or ended_runs(folder) < runs:
        results += max(1, cycles // SAMPLES)
        now = at_work(folder, 1, results)
        assert now["generation"] == first["generation"], "it was replaced"
        taken.append(figures(folder, daemon, psutil.Process(now["worker_pid"])))
    print(f"one worker: {ended_runs(folder)} runs, {now['progress']['total']['results']} cycles", flush=True)
    return taken


def many_workers(folder: Path, daemon: psutil.Process, restarts: int) -> list[Figures]:
    """Have the worker replaced again and again."""
    taken: list[Figures] = []
    first = now = at_work(folder, 1, 1)
    while now["generation"] < first["generation"] + restarts:
        daemon.send_signal(signal.SIGHUP)
        now = at_work(folder, now["generation"] + 1, CYCLES_BETWEEN)
        taken.append(figures(folder, daemon, psutil.Process(now["worker_pid"])))
    print(f"many workers: {now['generation'] - first['generation']} restarts", flush=True)
    return taken


def ended_runs(folder: Path) -> int:
    """How many runs the server has played to their end."""
    return (folder / "simulate.log").read_text().count("stopped")


def soak(folder: Path, share: float) -> dict[str, list[Figures]]:
    """Soak until the share of runs, cycles and restarts is done; the figures of both parts."""
    (folder / "tmp").mkdir()
    os.environ["TMPDIR"] = str(folder / "tmp")
    with beamline(folder) as process:
        daemon = psutil.Process(process.pid)
        return {
            "one worker": one_worker(folder, daemon, int(share * RUNS), int(share * CYCLES)),
            "many workers": many_workers(folder, daemon, int(share * RESTARTS)),
        }


def main() -> int:
    """Soak, print the figures, and say what has grown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="part of the whole (1: some twenty minutes)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        start_s = time.monotonic()
        parts = soak(Path(name), options.share)
    print(f"in {time.monotonic() - start_s:.0f} s")
    grown = [
        f"{field} with {part}"
        for part, taken in parts.items()
        for field in Figures.__dataclass_fields__
        if not _is_flat(part, field, taken)
    ]
    print(f"grown: {', '.join(grown)}" if grown else "flat")
    return 1 if grown else 0


def _is_flat(part: str, field: str, taken: list[Figures]) -> bool:
    # The first worker has compiled its kernels, and the state directory fills up to the runs and generations it keeps.
    quarter = max(1, len(taken) // 4)
    first = statistics.median(getattr(one, field) for one in taken[quarter : 2 * quarter] or taken[:quarter])
    last = statistics.median(getattr(one, field) for one in taken[-quarter:])
    print(f"{part:<14} {field:<20} {first:10.1f} {last:10.1f}")
    return bool(last <= MAX_GROWTH * first + 1)


if __name__ == "__main__":
    sys.exit(main())
