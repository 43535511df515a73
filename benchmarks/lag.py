"""How old the newest pulse is in the worker, behind a server that sends 60 bursts a second; and joining a run.

As references, a real stream server: the newest pulse was 0.02-0.03 s old at up to 12 M events/s, with 0.29 of a core;
78 M events of a run in progress were whole 1.0-1.5 s after the first beat, 136 M of a growing one in 3.0 s.
"""

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from end_to_end import first_beat
from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.stream.items import F8
from measure import RUNS, Row
from service import PROC, Service, running
from serving import HERE, Played, Server, serving

SETTLING_S = 6.0
"""From the first result on; the first chunks of a run are of another size than the later ones."""
MEASURED_S = 20.0
WANTED_MEDIAN_S, WANTED_WORST_S = 0.1, 1.0
JOINING_EVENTS_PER_PULSE = 200_000
SEEN_S = {78_000_000: 1.5, 136_000_000: 3.0}
"""Behind a real server: events of the run, and seconds from the first beat to a result that holds them."""


def lag_row(events_per_s: int, busy_cores: int) -> Row:
    """Median and worst age of the pulses at the moment when the worker has read them, and what each process takes."""
    played = Played(events_per_pulse=events_per_s // PULSES_PER_S, events=events_per_s, grows=True, by_bank=True)
    with ExitStack() as stack:
        server = stack.enter_context(serving(played))
        ages_file = server.log.with_name("ages")
        proc = f"from pathlib import Path\nimport lag_probe\nlag_probe.watch(Path({str(ages_file)!r}))\n{PROC}"
        service = stack.enter_context(running(server.port, proc=proc, beside=(HERE / "lag_probe.py",)))
        service.result_after(0.0, events_per_s)
        stack.enter_context(busy(busy_cores))
        time.sleep(SETTLING_S)
        before, start_s = _cpu(service, server), time.time()
        time.sleep(MEASURED_S)
        after, stop_s = _cpu(service, server), time.time()
        ages_s = _ages(ages_file, start_s, stop_s)
    median_s, worst_s = float(np.median(ages_s)), float(ages_s.max())
    return Row(
        name=f"lag at {events_per_s / 1e6:g} M events/s{', one core busy' if busy_cores else ''}",
        events_per_pulse=played.events_per_pulse,
        events_per_s=len(ages_s) * played.events_per_pulse / (stop_s - start_s),
        reference=f"the wanted worst of {WANTED_WORST_S:g} s",
        ratio=WANTED_WORST_S / worst_s,
        target="≥ 1",
        more={
            "median_s": median_s,
            "wanted_median": f"≤ {WANTED_MEDIAN_S:g}",
            "worst_s": worst_s,
            "p99_s": float(np.quantile(ages_s, 0.99)),
            **{f"{name}_cores": (after[name] - before.get(name, 0.0)) / (stop_s - start_s) for name in after},
        },
    )


def _cpu(service: Service, server: Server) -> dict[str, float]:
    return {"server": server.cpu_s(), **service.cpu_s()}


def _ages(path: Path, start_s: float, stop_s: float) -> F8:
    """Ages in seconds of the pulses that were read between two Unix times."""
    read_ns, age_ns = np.frombuffer(path.read_bytes(), np.int64).reshape(-1, 2).T
    ages: F8 = age_ns[(read_ns >= 1e9 * start_s) & (read_ns < 1e9 * stop_s)] / 1e9
    return ages


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    spinning = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(cores)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        pass


def joining_row(events: int, *, grows: bool = False, runs: int = RUNS) -> Row:
    """A run in progress: from the first beat of the worker to a result with all events that there were at the start."""
    played = Played(events_per_pulse=JOINING_EVENTS_PER_PULSE, events=events, grows=grows, by_bank=True)
    from_beat, from_start = [], []
    for _ in range(runs):  # a growing run is longer each time: another server
        with serving(played) as server, running(server.port) as service:
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
