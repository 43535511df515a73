"""`livereduce try`: from a save to the picture, and its speed beside the whole way of the service."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from end_to_end import reduce
from measure import Row
from service import POST_PROC, PROC
from serving import PATIENCE_S, Played, serving

EVENTS = 10_000_000
SPEED_EVENTS = 50_000_000
"""So many that the speed is measured rather than the first and the last moment."""
RUNS = 3
SAVES = 5
SAVED_S = 2.0
"""Most seconds from a save to the picture."""
SPARE_S = 6.0
"""Time for the spare worker to import everything, as between two saves of a person."""
PER_PULSE, PIXELS, BANKS = 20_000, 4096, 4
STARTED = "2026-11-30T00:00:00+00:00"
WAITS = "waiting for the next save"


def event_file(path: Path, events: int) -> Path:
    """An event file of the facility's layout, uncompressed."""
    rng, pulses = np.random.default_rng(1), max(1, events // PER_PULSE)
    each = events // pulses // BANKS
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        for name, text in (
            ("start_time", STARTED),
            ("run_number", "1"),
            ("title", "made"),
            ("instrument/name", "BENCH"),
        ):
            entry[name] = [text.encode()]
        zero = np.arange(pulses) / 60
        for bank in range(BANKS):
            group = entry.create_group(f"bank{bank + 1}_events")
            first = bank * PIXELS // BANKS
            group["event_id"] = rng.integers(first, first + PIXELS // BANKS, pulses * each).astype(np.uint32)
            group["event_time_offset"] = (rng.integers(0, 166_660, pulses * each) / 10).astype(np.float32)
            group["event_index"] = (np.arange(pulses) * each).astype(np.uint64)
            group["event_time_zero"] = zero
            group["event_time_zero"].attrs["offset"] = STARTED
        entry["DASlogs/proton_charge/time"] = zero
        entry["DASlogs/proton_charge/value"] = np.full(pulses, 1e7)
    return path


@dataclass(slots=True)
class Trying:
    """A command that watches, and what it has printed so far."""

    process: subprocess.Popen[bytes]
    printed: Path
    seen: int = 0

    def until(self, text: str) -> str:
        """Wait until this is printed; everything up to it."""
        deadline = time.monotonic() + PATIENCE_S
        while (at := self.printed.read_text().find(text, self.seen)) < 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(self.printed.read_text())
            time.sleep(0.002)
        said, self.seen = self.printed.read_text()[self.seen : at], at + len(text)
        return said


@contextmanager
def trying(folder: Path, events: int, run: Path | None = None) -> Iterator[tuple[Trying, Path]]:
    """``livereduce try --watch`` on a file, or on one that is made with so many events; and its proc."""
    scripts = folder / "scripts"
    scripts.mkdir()
    proc = scripts / "reduce_BENCH_live_proc.py"
    proc.write_text(PROC)
    (scripts / "reduce_BENCH_live_post_proc.py").write_text(POST_PROC)
    settings = {"instrument": "BENCH", "engine": "builtin", "source": "adara://localhost:1", "script_dir": "scripts"}
    (folder / "livereduce.conf").write_text(json.dumps(settings))
    run = run or event_file(folder / "run.nxs.h5", events)
    command = [sys.executable, "-P", "-m", "livereduce", "try", "livereduce.conf", "--on", str(run), "--watch"]
    printed = folder / "printed"
    with printed.open("wb") as file:  # the results that it leaves go with the folder
        environ = os.environ | {"TMPDIR": str(folder)}
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=file, stderr=file)
    try:
        yield Trying(process, printed), proc
    finally:
        process.terminate()
        process.wait()


def picture_row(events: int, saves: int, spare_s: float) -> Row:
    """From a save to the picture: seen, checked, reduced from events that are held, written, drawn."""
    with (
        tempfile.TemporaryDirectory(prefix="livereduce-trying-") as folder,
        trying(Path(folder), events) as (watch, proc),
    ):
        watch.until(WAITS)
        saved, rates = [], []
        for number in range(saves):
            time.sleep(spare_s)
            proc.write_text(f"{PROC}# save {number}\n")
            start_s = time.monotonic()
            said = watch.until(WAITS)
            saved.append(time.monotonic() - start_s)
            rates.append(_rate(said))
    picture_s = statistics.median(saved)
    return Row(
        name=f"from a save to the picture, {events / 1e6:g} M events",
        events_per_pulse=PER_PULSE,
        events_per_s=statistics.median(rates),
        reference=f"{SAVED_S:g} s",
        ratio=SAVED_S / picture_s,
        target="≥ 1",
        more={"seconds": picture_s, "worst_s": max(saved)},
    )


def speed_rows(events: int, runs: int) -> list[Row]:
    """Events per second of an attempt, on a file read for it and on events held, beside the whole way of the service.

    Both from when a worker is at work, with its result written.
    """
    with (
        tempfile.TemporaryDirectory(prefix="livereduce-trying-") as name,
        serving(Played(events_per_pulse=PER_PULSE, events=events)) as server,
    ):
        run = event_file(Path(name) / "run.nxs.h5", events)
        read, held, service = [], [], []
        for number in range(runs):
            folder = Path(name) / str(number)
            folder.mkdir()
            with trying(folder, events, run) as (watch, proc):
                read.append(_rate(watch.until(WAITS)))
                proc.write_text(f"{PROC}# again\n")
                held.append(_rate(watch.until(WAITS)))
            service.append(events / reduce(server, events).seconds_from_beat)
    whole = statistics.median(service)
    return [
        Row(
            name=f"an attempt on {what}, {events / 1e6:g} M events",
            events_per_pulse=PER_PULSE,
            events_per_s=statistics.median(rates),
            reference=f"the service over a socket, {whole / 1e6:.3g} M events/s",
            ratio=statistics.median(rates) / whole,
            target="≥ 0.9",
        )
        for what, rates in (("a file", read), ("events that are held", held))
    ]


def _rate(said: str) -> float:
    """Events per second of the last attempt that was printed."""
    found = re.findall(r"^attempt +([\d,]+) events in .* chunks, ([\d.]+) s", said, re.M)
    if not found:
        raise ValueError(f"no attempt was printed: {said}")
    events, seconds = found[-1]
    return int(events.replace(",", "")) / max(float(seconds), 0.005)
