"""`livereduce reduce`: two runs side by side, and how old the newest pulse of the service is meanwhile."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil

from lag import flowing, measured_lag, row_of
from measure import Row, seconds
from recording import Spans
from service import POST_PROC, PROC
from trying import event_file

TASK_S = 22.0
"""What a script computes for each run, on one core: so long that the start of a process counts little."""
WORK_EVENTS = 200_000
JOBS = 2
EVENTS_PER_S = 10_000_000
WANTED_MEDIAN_S = 0.2
MANY_RUNS = 100
"""More than can be reduced while the service is measured."""
WORK = """\
import numpy as np

shuffled = np.random.default_rng(1).permutation(1_000_000)
for _ in range({passes}):
    np.sort(shuffled)
"""
CALIBRATED = 5
"""Passes that are timed."""
INTERRUPTED = 130
PATIENCE_S = 600.0


def jobs_row(task_s: float) -> Row:
    """Two runs of equal work, reduced by two jobs and by one."""
    with tempfile.TemporaryDirectory(prefix="livereduce-reducing-") as name:
        folder = Path(name)
        _prepare(folder, WORK.format(passes=_passes(task_s)), WORK_EVENTS, JOBS)
        together_s = seconds(lambda: _reduce(folder, JOBS))
        task = max(_task_s(folder / f"by_{JOBS}", run) for run in range(JOBS))
        one_by_one_s = seconds(lambda: _reduce(folder, 1))
        alone = max(_task_s(folder / "by_1", run) for run in range(JOBS))
        scaling = _scaling(folder)
    return Row(
        name=f"{JOBS} runs reduced again by {JOBS} jobs",
        events_per_pulse=None,
        events_per_s=None,
        reference=f"one job, {one_by_one_s:.1f} s",
        ratio=one_by_one_s / together_s,
        target="≥ 1.7",
        more={"seconds": together_s, "task_s": task, "task_alone_s": alone, "of_the_bare_scripts": scaling},
    )


def _scaling(folder: Path) -> float:
    """How many times as fast this machine runs the script by itself twice side by side, as one after the other."""
    command = [sys.executable, str(folder / "reduce_BENCH_live_proc.py")]

    def side_by_side(runs: int) -> None:
        started = [subprocess.Popen(command) for _ in range(runs)]
        for process in started:
            process.wait()

    alone_s = seconds(lambda: side_by_side(1))
    return JOBS * alone_s / seconds(lambda: side_by_side(JOBS))


def background_row(events_per_s: int, events: int, spans: Spans) -> Row:
    """The age of the newest pulse with runs being reduced beside it; alone, as the reference, just before."""
    with tempfile.TemporaryDirectory(prefix="livereduce-reducing-") as name:
        folder = Path(name)
        _prepare(folder, PROC, events, MANY_RUNS)
        with flowing(events_per_s, 2 * (spans.settle_s + spans.measure_s)) as (service, server, ages_file):
            time.sleep(spans.settle_s)
            alone = measured_lag(service, server, ages_file, spans.measure_s)
            with _reducing(folder) as reducing:
                time.sleep(spans.settle_s)
                before_s = _cpu_s(reducing)
                lag = measured_lag(service, server, ages_file, spans.measure_s)
                reducing_s = _cpu_s(reducing) - before_s
        done = len(list((folder / f"by_{JOBS}").glob("*/reduced.json")))
    more = {
        "median_alone_s": alone.median_s,
        "worst_alone_s": alone.worst_s,
        **lag.cores,
        "reducing_cores": reducing_s / lag.seconds,
        "runs_meanwhile": float(done),
    }
    return row_of(lag, events_per_s, f" while {JOBS} jobs reduce runs again", more, WANTED_MEDIAN_S)


def _prepare(folder: Path, proc: str, events: int, runs: int) -> None:
    """A configuration with scripts, and so many runs, which are the same file."""
    (folder / "reduce_BENCH_live_proc.py").write_text(proc)
    (folder / "reduce_BENCH_live_post_proc.py").write_text(POST_PROC)
    settings = {"instrument": "BENCH", "engine": "builtin", "script_dir": "."}
    (folder / "livereduce.conf").write_text(json.dumps(settings))
    first = event_file(folder / "run_0.nxs.h5", events)
    for run in range(1, runs):
        (folder / f"run_{run}.nxs.h5").symlink_to(first)


@contextmanager
def _reduction(folder: Path, jobs: int) -> Iterator[subprocess.Popen[bytes]]:
    """All runs of a folder are being reduced; what goes on at the end is ended as by Ctrl-C: nothing is left."""
    options = ["--config", "livereduce.conf", "--out", f"by_{jobs}", "--jobs", str(jobs)]
    command = [sys.executable, "-P", "-m", "livereduce", "reduce", "run_*.nxs.h5", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _reduce(folder: Path, jobs: int) -> None:
    """Reduce all runs of a folder."""
    with _reduction(folder, jobs) as process:
        code = process.wait(PATIENCE_S)
    if code:
        raise RuntimeError(f"livereduce reduce has failed: exit code {code}")


@contextmanager
def _reducing(folder: Path) -> Iterator[psutil.Process]:
    """Runs are being reduced, until this is left."""
    with _reduction(folder, JOBS) as process:
        yield psutil.Process(process.pid)
    if process.returncode != INTERRUPTED:
        raise RuntimeError(f"livereduce reduce has ended too soon: exit code {process.returncode}")


def _cpu_s(command: psutil.Process) -> float:
    """Seconds of CPU that a command and all that it has started have used."""
    times = command.cpu_times()
    used = float(times.user + times.system + times.children_user + times.children_system)
    for child in command.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            used += float(times.user + times.system)
    return used


def _task_s(folder: Path, run: int) -> float:
    """How long a run took, with the start of its process."""
    return float(json.loads((folder / f"run_{run}" / "reduced.json").read_text())["seconds"])


def _passes(task_s: float) -> int:
    """How often the script has to do its work, to compute for so long."""
    shuffled = np.random.default_rng(1).permutation(1_000_000)
    start_s = time.process_time()
    for _ in range(CALIBRATED):
        np.sort(shuffled)
    return max(1, round(task_s * CALIBRATED / (time.process_time() - start_s)))
