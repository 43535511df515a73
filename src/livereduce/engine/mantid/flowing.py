"""Pulses in Mantid's data, checked once per cycle: whether they come, and with beam. Pure.

A long time without a cycle says nothing about the source, because scripts take time. But a cycle without pulses means
that there were none since the one before.
"""

from dataclasses import dataclass, field, replace

from livereduce.engine.mantid.run_ledger import Described, RunLedger
from livereduce.messages.progress import RunState
from livereduce.stream.flow import Flow, PulseFlow, no_beam_since_ns, pulses_came, silent_since, waited_for


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFlow:
    """Pulse history, and when a cycle was last checked."""

    flow: Flow = field(default_factory=Flow)
    looked_s: float = 0.0


def looked(
    watched: WatchedFlow, seen: Described, before: RunLedger, after: RunLedger, now: float, unix_s: float
) -> WatchedFlow:
    """Record a cycle's data; `before` and `after` are the run ledger without it and with it."""
    flow = watched.flow
    if after.run != before.run or (before.paused and not after.paused):
        flow = waited_for(flow, now, unix_s)
    if seen.pulses_ns and seen.pulses_ns[-1] != flow.last_ns:
        new = tuple(at for at in seen.pulses_ns if at > flow.last_ns) or seen.pulses_ns[-1:]
        charged = (seen.charged_ns,) if seen.charged_ns not in (0, flow.beam.stamp_ns) else ()
        eventful = new[-1:] if after.events > before.events else ()
        pulses = PulseFlow(newest_ns=new, with_charge_ns=charged, with_events_ns=eventful)
        flow = pulses_came(flow, pulses, now, unix_s, counts_waits=False)
    return replace(watched, flow=flow, looked_s=now)


def no_pulses_since(watched: WatchedFlow, state: RunState) -> float | None:
    """Unix time since when a run that is not paused has brought no pulses; None if they come, or never did."""
    if state is not RunState.RUNNING or not watched.flow.pulses.known:
        return None
    return silent_since(watched.flow, watched.looked_s)


def no_beam_since(watched: WatchedFlow) -> float | None:
    """Unix time of the last pulse with beam, if the beam is off."""
    since_ns = no_beam_since_ns(watched.flow)
    return None if since_ns is None else since_ns / 1e9
