"""What the scientist's workbench costs: recording a run while it is reduced, and trying scripts on one.

As the reference, the same service without a recording: its newest pulse is 0.02 to 0.03 s old at 12 M events/s.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import trying
from lag import MEASURED_S, SETTLING_S, ages, cpu_s
from livereduce.simulate.beams.beam import PULSES_PER_S
from measure import Row, show
from service import PROC, Service, running
from serving import HERE, Played, Server, serving

EVENTS_PER_S = 25_000_000
CATCH_UP_EVENTS = 100_000_000
CATCH_UP_PER_PULSE = 400_000


@contextmanager
def _flowing(events_per_s: int, directory: Path | None) -> Iterator[tuple[Service, Server, Path]]:
    """The service behind a growing run, recorded into a directory if one is given."""
    played = Played(events_per_pulse=events_per_s // PULSES_PER_S, events=events_per_s, grows=True, by_bank=True)
    with serving(played) as server:
        ages_file = server.log.with_name("ages")
        proc = f"from pathlib import Path\nimport lag_probe\nlag_probe.watch(Path({str(ages_file)!r}))\n{PROC}"
        more = {} if directory is None else {"record": {"directory": str(directory)}}
        with running(server.port, proc=proc, beside=(HERE / "lag_probe.py",), settings=more) as service:
            service.result_after(0.0, events_per_s)
            yield service, server, ages_file


def _lag(events_per_s: int, directory: Path | None) -> dict[str, float]:
    """Ages of the pulses when the worker read them, in seconds, and cores that each process took."""
    with _flowing(events_per_s, directory) as (service, server, ages_file):
        time.sleep(SETTLING_S)
        before, start_s = cpu_s(service, server), time.time()
        time.sleep(MEASURED_S)
        after, stop_s = cpu_s(service, server), time.time()
        read_s, age_s = ages(ages_file)
        recording = service.status().get("recording") or {}
    measured = age_s[(read_s >= start_s) & (read_s < stop_s)]
    cores = {f"{name}_cores": (after[name] - before.get(name, 0.0)) / (stop_s - start_s) for name in after}
    gaps = {"gaps": float(recording["gaps"])} if recording else {}
    return {"median_s": float(np.median(measured)), "worst_s": float(measured.max()), **cores, **gaps}


def recording_row(events_per_s: int = EVENTS_PER_S) -> Row:
    """The age of the newest pulse with and without a recording."""
    without = _lag(events_per_s, None)
    with tempfile.TemporaryDirectory(prefix="livereduce-recordings-") as folder:
        recorded = _lag(events_per_s, Path(folder))
    return Row(
        name=f"recording at {events_per_s / 1e6:g} M events/s",
        events_per_pulse=events_per_s // PULSES_PER_S,
        events_per_s=float(events_per_s),
        reference=f"the median age without a recording, {without['median_s']:.3f} s",
        ratio=without["median_s"] / recorded["median_s"],
        target="≥ 0.9",
        more={**recorded, "worst_without_s": without["worst_s"]},
    )


def catch_up_row(events: int = CATCH_UP_EVENTS) -> Row:
    """A run in progress, recorded: until a result holds all of it, and how much the recording has missed."""
    played = Played(events_per_pulse=CATCH_UP_PER_PULSE, events=events, by_bank=True)
    with serving(played) as server:
        without_s, _ = _catch_up(server, events, None)
        with tempfile.TemporaryDirectory(prefix="livereduce-recordings-") as folder:
            recorded_s, recording = _catch_up(server, events, Path(folder))
    return Row(
        name=f"catching up with {events / 1e6:g} M events, recorded",
        events_per_pulse=CATCH_UP_PER_PULSE,
        events_per_s=events / recorded_s,
        reference=f"the same without a recording, {without_s:.2f} s",
        ratio=without_s / recorded_s,
        more={"recorded_GB": recording.get("written_bytes", 0) / 1e9, "gaps": float(recording.get("gaps", 0))},
    )


def _catch_up(server: Server, events: int, directory: Path | None) -> tuple[float, dict[str, float]]:
    more = {} if directory is None else {"record": {"directory": str(directory)}}
    with running(server.port, settings=more) as service:
        seconds = service.result_after(0.0, events) - service.start_s
        return seconds, service.status().get("recording") or {}


if __name__ == "__main__":
    small = "--smoke" in sys.argv
    show(
        [
            recording_row(1_000_000 if small else EVENTS_PER_S),
            catch_up_row(4_000_000 if small else CATCH_UP_EVENTS),
            *(trying.rows(200_000, 1) if small else trying.rows()),
        ],
        as_json="--json" in sys.argv,
    )
