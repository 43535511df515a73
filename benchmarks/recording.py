"""Recording a run while it is reduced: how old its newest pulse is, and what catching up with it costs.

As the reference, the same service without a recording: its newest pulse is 0.02 to 0.03 s old at 12 M events/s.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lag import Lag, flowing, measured_lag
from livereduce.simulate.beams.beam import PULSES_PER_S
from measure import Row
from service import running, warmed
from serving import Played, Server, serving

EVENTS_PER_S = 25_000_000
CATCH_UP_EVENTS = 100_000_000
CATCH_UP_PER_PULSE = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How long a run settles before anything is measured, and how long it is measured."""

    settle_s: float
    measure_s: float


SPANS = Spans(settle_s=6.0, measure_s=12.0)
SHORT = Spans(settle_s=0.5, measure_s=2.0)
"""To see that it runs."""


def recording_row(events_per_s: int, spans: Spans) -> Row:
    """The age of the newest pulse with and without a recording, and the recorder's CPU."""
    without, _ = _lag(events_per_s, None, spans)
    with tempfile.TemporaryDirectory(prefix="livereduce-recordings-") as folder:
        recorded, says = _lag(events_per_s, Path(folder), spans)
    received = recorded.pulses * (events_per_s // PULSES_PER_S) / recorded.seconds
    return Row(
        name=f"recording at {events_per_s / 1e6:g} M events/s",
        events_per_pulse=events_per_s // PULSES_PER_S,
        events_per_s=received,
        reference=f"the median age without a recording, {without.median_s:.3f} s, and one pulse",
        ratio=(without.median_s + 1 / PULSES_PER_S) / recorded.median_s,
        target="≥ 1",
        more={
            "median_s": recorded.median_s,
            "worst_s": recorded.worst_s,
            "worst_without_s": without.worst_s,
            **recorded.cores,
            "receiver_cores_without": without.cores["receiver_cores"],
            "recorder_ns_an_event": 1e9 * recorded.cores["recorder_cores"] / received,
            "gaps": float(says["gaps"]),
        },
    )


def _lag(events_per_s: int, directory: Path | None, spans: Spans) -> tuple[Lag, Mapping[str, Any]]:
    """The ages of pulses, and what the status says of the recording."""
    for_s = spans.settle_s + spans.measure_s
    with flowing(events_per_s, for_s, _recorded(directory), directory) as (service, server, ages_file):
        time.sleep(spans.settle_s)
        lag = measured_lag(service, server, ages_file, spans.measure_s)
        return lag, service.status().get("recording") or {}


def catch_up_row(events: int) -> Row:
    """A run in progress, recorded: until a result holds all of it, and how much the recording has missed."""
    played = Played(events_per_pulse=CATCH_UP_PER_PULSE, events=events, by_bank=True)
    with serving(played) as server:
        without_s, _ = _catch_up(server, events, None)
        with tempfile.TemporaryDirectory(prefix="livereduce-recordings-") as folder:
            recorded_s, says = _catch_up(server, events, Path(folder))
    return Row(
        name=f"catching up with {events / 1e6:g} M events, recorded",
        events_per_pulse=CATCH_UP_PER_PULSE,
        events_per_s=events / recorded_s,
        reference=f"the same without a recording, {without_s:.2f} s",
        ratio=without_s / recorded_s,
        more={"recorded_GB": says["written_bytes"] / 1e9, "gaps": float(says["gaps"])},
    )


def _catch_up(server: Server, events: int, directory: Path | None) -> tuple[float, Mapping[str, Any]]:
    with warmed(20 * events) as services, running(server.port, settings=_recorded(directory)) as service:
        services.append(service)
        seconds = service.result_after(0.0, events) - service.start_s
        return seconds, service.status().get("recording") or {}


def _recorded(directory: Path | None) -> dict[str, object]:
    return {} if directory is None else {"record": {"directory": str(directory)}}
