"""Data that an earlier worker died on: a pure `apart` puts them into chunks of their own, or leaves them out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress, groupby, pairwise
from typing import Any

import numpy as np

from livereduce.engine.workspaces.events import Mask, with_pulses
from livereduce.messages.marks import Suspect
from livereduce.stream.chunk import Chunk, Fact, StreamLeft
from livereduce.stream.items import I8, EventBatch, Gap, Item, LogBatch, MonitorBatch
from livereduce.stream.stretches import starts_of

Timed = EventBatch | MonitorBatch | LogBatch
Part = tuple[int, int]
"""A run, and the time at which a part of it begins. There is a cut between two parts."""
ANYWHERE: Part = (-1, 0)
"""Part of items that go with whatever comes next."""
BEFORE = -1
"""Part of values that are older than the pulses they come with: a chunk of pulses must not be lost to them."""


def span_of(chunk: Chunk) -> tuple[int, int]:
    """The oldest and the newest pulse of a chunk; without pulses, of its monitors and logs. (0, 0) without either."""
    pulses: list[I8] = [batch.pulse_ns for batch in chunk.events if len(batch.pulse_ns)]
    others: tuple[Timed, ...] = (*chunk.monitors, *chunk.logs)
    times = pulses or [_times(one) for one in others if len(_times(one))]
    return (min(int(one.min()) for one in times), max(int(one.max()) for one in times)) if times else (0, 0)


def apart(items: Sequence[Item], suspects: Sequence[Suspect], part: Part) -> tuple[tuple[Fact, ...], Part]:
    """Return the items with a cut at each edge of a suspect; suspects to be left out become gaps.

    Parameters
    ----------
    suspects
        Those of all stages except decoding, which the source handles.
    part
        The part that the items before belong to.

    Returns
    -------
    The facts, and the part of the last.
    """
    facts: list[Fact] = []
    for timed, stretch in groupby(items, lambda item: isinstance(item, Timed)):
        if not timed:
            facts += stretch
            continue
        # A source gives the logs of a block before its pulses: those of one part must stay together.
        batches = [item for item in stretch if isinstance(item, Timed)]
        oldest_ns = min(
            (int(one.pulse_ns.min()) for one in batches if isinstance(one, EventBatch) and one.first.size > 1),
            default=0,
        )
        pieces = [piece for item in batches for piece in _pieces(item, suspects, oldest_ns)]
        for piece in sorted(pieces, key=lambda one: one.part):
            if piece.part not in (ANYWHERE, part):
                facts.append(StreamLeft())
                part = piece.part
            facts.append(piece.item)
    return tuple(facts), part


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    part: Part
    item: Item


@dataclass(frozen=True, slots=True)
class _Span:
    """From one time to before another; `suspect` is None for the time between two suspects."""

    from_ns: int
    to_ns: int
    suspect: Suspect | None = None


_LAST = np.iinfo(np.int64).max


def _spans(run: int, suspects: Sequence[Suspect]) -> list[_Span]:
    """Divide all time into spans, oldest first."""
    edges = {0, _LAST}
    mine = [one for one in suspects if one.run == run]
    for one in mine:
        edges.update(np.linspace(one.from_ns, one.to_ns + 1, one.pieces + 1).astype(np.int64).tolist())
        edges.update((one.from_ns, one.to_ns + 1))  # a float cannot hold all digits of a time
    return [_Span(*pair, _of(mine, *pair)) for pair in pairwise(sorted(edges))]


def _of(suspects: list[Suspect], from_ns: int, to_ns: int) -> Suspect | None:
    inside = [one for one in suspects if one.from_ns <= from_ns and to_ns <= one.to_ns + 1]
    return max(inside, key=lambda one: one.skip, default=None)


def _pieces(item: Timed, suspects: Sequence[Suspect], oldest_ns: int) -> Iterator[_Piece]:
    spans, times = _spans(item.run, suspects), _times(item)
    if len(spans) == 1 or not len(times):
        yield _Piece(ANYWHERE, item)
        return
    number = np.searchsorted([span.from_ns for span in spans], times, side="right") - 1
    counted = False
    for k in np.unique(number).tolist():
        span = spans[k]
        if span.suspect or isinstance(item, EventBatch):
            part = item.run, span.from_ns
        else:
            part = (item.run, BEFORE) if int(times[number == k].max()) < oldest_ns else ANYWHERE
        if span.suspect and span.suspect.skip:
            gap = Gap(run=item.run, reason=span.suspect.reason, from_ns=span.suspect.from_ns, to_ns=span.suspect.to_ns)
            yield _Piece(part, gap)
        else:
            yield _Piece(part, _where(item, number == k, counted))
            counted = True


def _times(item: Timed) -> I8:
    return item.time_ns if isinstance(item, LogBatch) else item.pulse_ns


def _where(item: Timed, mask: Mask, counted: bool) -> Timed:
    """The pulses or values that a mask selects; events without a pixel stay with the first piece."""
    if isinstance(item, EventBatch):
        chosen = with_pulses(item, mask)
        return replace(chosen, unmapped=0, erroneous=0) if counted else chosen
    if isinstance(item, LogBatch):
        values: Any = item.value
        kept: Any = tuple(compress(values, mask)) if isinstance(values, tuple) else values[mask]
        invalid = None if item.invalid is None else item.invalid[mask]
        return replace(item, time_ns=item.time_ns[mask], value=kept, invalid=invalid)
    events = np.diff(item.first)
    first = starts_of(events[mask])
    return replace(item, tof_ns=item.tof_ns[np.repeat(mask, events)], first=first, pulse_ns=item.pulse_ns[mask])
