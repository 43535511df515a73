"""Leave a stream before it ends, after so many events: with whole pulses, and nothing that is newer. Pure."""

import numpy as np

from livereduce.stream.items import EventBatch
from livereduce.stream.pending import NOTHING, Pending, kept
from livereduce.stream.splitting import place_at, split


def first_pulses(batch: EventBatch, events: int) -> EventBatch | None:
    """The first pulses of a batch, as many as are needed for so many events; all if they have fewer."""
    pulses = int(np.searchsorted(batch.first, events))
    early, _ = split(batch, pulses)
    return early


def pending_until(pending: Pending, time_ns: int) -> Pending:
    """The same without monitor pulses and values after a time; no item is divided among intervals yet to come."""
    until = NOTHING
    for item in pending.oldest_first():
        early, _ = (item, None) if isinstance(item, EventBatch) else split(item, place_at(item, time_ns + 1))
        until = until if early is None else kept(until, early)
    for other in (pending.geometry, pending.snapshot, *pending.gaps):
        until = until if other is None else kept(until, other)
    return until
