"""Pulse and beam monitoring: tells a silent source from a beam that is off. Pure.

A run that is not paused brings pulses at the accelerator's rate, with or without beam. Pulses that do not come are
missing data. Pulses without proton charge mean that the beam is off, which is no fault. For a source that never sends
charge (a reactor), pulses with events count as beam.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from livereduce.stream.pace import Pace, came, is_overdue, wait_from

EVENTS_S = 20.0
"""Without charge, beam is judged by events. They come at random: a shorter time without any means nothing."""
MISSING_S = 10.0
"""Pulses that are missing for a shorter time are nothing that people need to hear of: a server may just be slow."""
RATE_UNKNOWN_S = 30.0
"""In a run that has brought no pulse yet, waiting this long for the first one means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseFlow:
    """Pulses that came together, oldest first.

    Attributes
    ----------
    newest_ns
        Times of the newest of them, in ns since any fixed moment.
    with_charge_ns, with_events_ns
        Newest times of pulses with proton charge, and of pulses with events.
    """

    newest_ns: Sequence[int]
    with_charge_ns: Sequence[int] = ()
    with_events_ns: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Pulse and beam history of a stream.

    Attributes
    ----------
    pulses
        Pace of the pulses, on the reader's clock.
    came_unix_s
        Unix time of the last pulses, or since when they are waited for.
    beam
        Pace of the pulses with beam, on the pulses' own clock.
    first_ns, last_ns
        Times of the first and the newest pulse.
    charged
        Proton charge has been seen: from now on beam is judged by charge.
    """

    pulses: Pace = field(default_factory=Pace)
    came_unix_s: float = 0.0
    beam: Pace = field(default_factory=Pace)
    first_ns: int | None = None
    last_ns: int = 0
    charged: bool = False


def pulses_came(flow: Flow, seen: PulseFlow, now: float, unix_s: float, *, counts_waits: bool = True) -> Flow:
    """Record pulses that came; `counts_waits` as in `pace.came`."""
    if not seen.newest_ns:
        return flow
    first_charge = bool(seen.with_charge_ns) and not flow.charged
    charged = flow.charged or first_charge
    beam = seen.with_charge_ns if charged else seen.with_events_ns
    before = Pace() if first_charge else flow.beam
    last_ns = int(seen.newest_ns[-1])
    return Flow(
        pulses=came(flow.pulses, seen.newest_ns, now, counts_waits=counts_waits),
        came_unix_s=unix_s,
        beam=came(before, beam, beam[-1] / 1e9 if beam else 0.0),
        first_ns=int(seen.newest_ns[0]) if flow.first_ns is None else flow.first_ns,
        last_ns=last_ns,
        charged=charged,
    )


def waited_for(flow: Flow, now: float, unix_s: float) -> Flow:
    """Expect pulses from now on: a run began, a pause ended, or the source is connected again."""
    return replace(flow, pulses=wait_from(flow.pulses, now), came_unix_s=unix_s)


def silent_since(flow: Flow, now: float) -> float | None:
    """Unix time since when expected pulses have been missing; None if they are not overdue."""
    came_s = flow.pulses.came_s
    if came_s is None or now - came_s < MISSING_S or not is_overdue(flow.pulses, now, RATE_UNKNOWN_S):
        return None
    return flow.came_unix_s


def no_beam_since_ns(flow: Flow) -> int | None:
    """Time of the last pulse with beam, if pulses have long come without beam; None if there is beam, or if not known.

    If there was no pulse with beam yet, it is the time of the first pulse.
    """
    since_ns = flow.first_ns if flow.beam.stamp_ns is None else flow.beam.stamp_ns
    limit_s = max(flow.beam.limit_s, 0.0 if flow.charged else EVENTS_S)
    return since_ns if since_ns is not None and flow.last_ns - since_ns >= limit_s * 1e9 else None
