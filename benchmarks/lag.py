"""How old the newest pulse is in the worker, behind a server that sends 60 bursts a second; and joining a run.

As references, a real stream server: the newest pulse was 0.02-0.03 s old at up to 12 M events/s, with 0.29 of a core;
78 M events of a run in progress were whole 1.0-1.5 s after the first beat, 136 M of a growing one in 3.0 s.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from end_to_end import first_beat
from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.stream.items import F8
from measure import RUNS, Row
from service import PROC, Service, running, warmed
from serving import HERE, Played, Server, serving

SETTLING_S = 6.0
"""From the first result on; the first chunks of a run are of another size than the later ones."""
MEASURED_S = 20.0
STARTING_S = 5.0
"""Most that passes until the first result."""
BYTES_AN_EVENT = 10
STANDSTILL_S = 2.0
SPIN = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
"""Until the benchmark is gone."""
WANTED_MEDIAN_S, WANTED_WORST_S = 0.1, 1.0
JOINING_EVENTS_PER_PULSE = 200_000
SEEN_S = {78_000_000: 1.5, 136_000_000: 3.0}
"""Behind a real server: events of the run, and seconds from the first beat to a result that holds them."""


@contextmanager
def flowing(
    events_per_s: int, for_s: float, settings: Mapping[str, object] | None = None, recordings: Path | None = None
) -> Iterator[tuple[Service, Server, Path]]:
    """The service behind a growing run, after its first result, and the file with the age of each pulse since.

    Memory for so many seconds of the stream is there when it is asked for; with `recordings`, the folder of these, also
    what the file system keeps of them.
    """
    played = Played(events_per_pulse=events_per_s // PULSES_PER_S, events=events_per_s, grows=True, by_bank=True)
    recorded = partial(size_of, recordings) if recordings else lambda: 0
    size = round(BYTES_AN_EVENT * events_per_s * (STARTING_S + for_s)) * (2 if recordings else 1)
    with warmed(size, recorded) as services, serving(played) as server:  # memory is touched before the run grows
        ages_file = server.log.with_name("ages")
        proc = f"from pathlib import Path\nimport lag_probe\nlag_probe.watch(Path({str(ages_file)!r}))\n{PROC}"
        with running(server.port, proc=proc, beside=(HERE / "lag_probe.py",), settings=settings) as service:
            services.append(service)
            service.result_after(0.0, events_per_s)
            yield service, server, ages_file


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Ages of pulses at the moment when the worker has read them, in seconds, and the cores that each process took."""

    pulses: int
    median_s: float
    p99_s: float
    worst_s: float
    seconds: float
    cores: Mapping[str, float]


def measured_lag(service: Service, server: Server, ages_file: Path, measured_s: float = MEASURED_S) -> Lag:
    """The ages of the pulses that come from now on for so long."""
    before, start_s = cpu_s(service, server), time.time()
    time.sleep(measured_s)
    after, stop_s = cpu_s(service, server), time.time()
    read_s, age_s = ages(ages_file)
    measured, seconds = age_s[(read_s >= start_s) & (read_s < stop_s)], stop_s - start_s
    return Lag(
        pulses=len(measured),
        median_s=float(np.median(measured)),
        p99_s=float(np.quantile(measured, 0.99)),
        worst_s=float(measured.max()),
        seconds=seconds,
        cores={f"{name}_cores": (after[name] - before.get(name, 0.0)) / seconds for name in after},
    )


def lag_row(events_per_s: int, busy_cores: int) -> Row:
    """Median and worst age of the pulses at the moment when the worker has read them, and what each process takes."""
    with flowing(events_per_s, SETTLING_S + MEASURED_S) as (service, server, ages_file), busy(busy_cores):
        time.sleep(SETTLING_S)
        lag = measured_lag(service, server, ages_file)
    return row_of(lag, events_per_s, ", one core busy" if busy_cores else "", lag.cores)


def row_of(lag: Lag, events_per_s: int, how: str, more: Mapping[str, float], median_s: float = WANTED_MEDIAN_S) -> Row:
    """A row on the ages of pulses; `how` they came, `more` figures, and the median that is wanted."""
    per_pulse = events_per_s // PULSES_PER_S
    return Row(
        name=f"lag at {events_per_s / 1e6:g} M events/s{how}",
        events_per_pulse=per_pulse,
        events_per_s=lag.pulses * per_pulse / lag.seconds,
        reference=f"the wanted worst of {WANTED_WORST_S:g} s",
        ratio=WANTED_WORST_S / lag.worst_s,
        target="≥ 1",
        more={
            "median_s": lag.median_s,
            "wanted_median": f"≤ {median_s:g}",
            "p99_s": lag.p99_s,
            "worst_s": lag.worst_s,
            **more,
        },
    )


def standstill_row(events_per_s: int) -> Row:
    """Receiver and worker get no processor for a while: from the end of that until a pulse is young again."""
    with flowing(events_per_s, SETTLING_S + 6 * STANDSTILL_S) as (service, _, ages_file):
        time.sleep(SETTLING_S)
        stopped = list(service.processes().values())
        for process in stopped:
            process.suspend()
        time.sleep(STANDSTILL_S)
        for process in stopped:
            process.resume()
        start_s = time.time()
        time.sleep(5 * STANDSTILL_S)
        read_s, age_s = ages(ages_file)
    young = read_s[(read_s >= start_s) & (age_s <= WANTED_MEDIAN_S)]
    seconds = float(young[0]) - start_s if len(young) else float("inf")
    return Row(
        name=f"back from a standstill at {events_per_s / 1e6:g} M events/s",
        events_per_pulse=events_per_s // PULSES_PER_S,
        events_per_s=events_per_s * (STANDSTILL_S + seconds) / seconds,
        reference=f"the {STANDSTILL_S:g} s that it lasted",
        ratio=STANDSTILL_S / seconds,
        target="≥ 1",
        more={"seconds": seconds},
    )


def cpu_s(service: Service, server: Server) -> dict[str, float]:
    """Seconds of CPU that each process has used, the server's too."""
    return {"server": server.cpu_s(), **service.cpu_s()}


def ages(path: Path) -> tuple[F8, F8]:
    """Of all pulses, when they were read (Unix time), and their age then; both in seconds."""
    read_ns, age_ns = np.frombuffer(path.read_bytes(), np.int64).reshape(-1, 2).T
    return read_ns / 1e9, age_ns / 1e9


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def joining_row(events: int, *, grows: bool = False, runs: int = RUNS) -> Row:
    """A run in progress: from the first beat of the worker to a result with all events that there were at the start."""
    played = Played(events_per_pulse=JOINING_EVENTS_PER_PULSE, events=events, grows=grows, by_bank=True)
    from_beat, from_start = [], []
    for _ in range(runs):  # a growing run is longer each time: another server
        with (
            warmed(2 * BYTES_AN_EVENT * events) as services,
            serving(played) as server,
            running(server.port) as service,
        ):
            services.append(service)
            beat_s = first_beat(service)
            whole_s = service.result_after(0.0, events)
            from_beat.append(whole_s - beat_s)
            from_start.append(whole_s - service.start_s)
    seconds = statistics.median(from_beat)
    return Row(
        name=f"{events / 1e6:g} M events of a {'growing ' if grows else ''}run in progress",
        events_per_pulse=played.events_per_pulse,
        events_per_s=events / seconds,
        reference=f"{SEEN_S[events]:g} s from the first beat, as seen behind a real server",
        ratio=SEEN_S[events] / seconds,
        target="≥ 1",
        more={"seconds_from_first_beat": seconds, "seconds_from_start": statistics.median(from_start)},
    )
