"""The pulses in what Mantid gives, as seen once a cycle: whether they come, and whether there is beam in them. Pure.

How long no cycle came says nothing of the source, since scripts take their time. But a cycle that brings no pulse means
that there was none since the one before.
"""

from dataclasses import dataclass, field, replace

from livereduce.engine.mantid.run_ledger import Described, RunLedger
from livereduce.messages.beat import RunState
from livereduce.stream.flow import Flow, PulseFlow, no_beam_since_ns, pulses_came, silent_since, waited_for


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFlow:
    """What is known of the pulses, and when a cycle was looked at last."""

    flow: Flow = field(default_factory=Flow)
    looked_s: float = 0.0


def looked(
    watched: WatchedFlow, seen: Described, before: RunLedger, after: RunLedger, now: float, unix_s: float
) -> WatchedFlow:
    """A cycle's data was looked at: `before` and `after` are the book without it and with it."""
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
    """Unix time since when a run that is not paused has brought no pulses; None if it does, or data has none at all."""
    if state is not RunState.RUNNING or not watched.flow.pulses.known:
        return None
    return silent_since(watched.flow, watched.looked_s)


def no_beam_since(watched: WatchedFlow) -> float | None:
    """Unix time of the last pulse with beam, if it is off."""
    since_ns = no_beam_since_ns(watched.flow)
    return None if since_ns is None else since_ns / 1e9
