"""Decide what of the stream is held: a pure function of what is known of the run edges, the readers and the limit.

A run is held from its start until its last result has been published. Then a worker that replaces another begins with
that run's first item, and the server does not hear of it. If that takes more memory than allowed, what the worker has
taken is given up piece by piece, and the run cannot be read from its start here any more: the server must
send it again.

Readers that are no workers (`livereduce.messages.receiver.ReaderKind`) read along without a say. What only they need is
held as long as there is room, and given up before anything that a worker has consumed: then they are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livereduce.stream.held.segments import SegmentId, SegmentKind
from livereduce.stream.items import Item, RunEnded, RunStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """A segment, the place after the last record that refers to it, and the bytes that are used."""

    id: SegmentId
    last: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Places that matter.

    Attributes
    ----------
    begins
        Places at which a reader can begin: run edges, oldest first; the first is where a new worker does.
    released
        All before it is published for good.
    consumed
        No worker refers to anything before it.
    freed
        All before it is gone.
    others
        Where each reader has begun that is no worker.
    """

    begins: tuple[int, ...] = (0,)
    released: int = 0
    consumed: int = 0
    freed: int = 0
    others: tuple[int, ...] = ()

    @property
    def from_start(self) -> bool:
        """The oldest run that is not published is held from its start."""
        return self.freed <= self.begins[0]


def edge(holding: Holding, item: Item, place: int, after: int) -> Holding:
    """Record an item from `place` to `after`, if a reader can begin before or after it."""
    if isinstance(item, RunStarted):
        begin = place
    elif isinstance(item, RunEnded):
        begin = after
    else:
        return holding
    return holding if begin == holding.begins[-1] else replace(holding, begins=(*holding.begins, begin))


def reported(holding: Holding, *, consumed: int, released: int, written: int) -> Holding:
    """Record what a worker says of its progress; it cannot take anything back, nor be ahead of the stream."""
    released = max(holding.released, min(released, written))
    consumed = max(holding.consumed, released, min(consumed, written))
    older = [begin for begin in holding.begins if begin <= released]
    begins = (*older[-1:], *holding.begins[len(older) :])
    return replace(holding, begins=begins, released=released, consumed=consumed)


def new_worker(holding: Holding) -> Holding:
    """A worker begins: what the one before has consumed must be read again."""
    return replace(holding, consumed=max(holding.freed, holding.begins[0]))


def with_other(holding: Holding, begin: int) -> Holding:
    """A reader begins that is no worker."""
    return replace(holding, others=(*holding.others, begin))


def without_other(holding: Holding, begin: int) -> Holding:
    """Such a reader has gone."""
    others = list(holding.others)
    if begin in others:
        others.remove(begin)
    return replace(holding, others=tuple(others))


def moved_other(holding: Holding, begin: int, place: int, written: int) -> Holding:
    """Such a reader has read on: nothing before this place is kept for it."""
    return with_other(without_other(holding, begin), max(begin, min(place, written)))


def view_from(holding: Holding, *, in_run: bool, standing: int | None) -> int | None:
    """Where a viewer begins; None: what holds on has to be told again first, so that it can begin in mid-run.

    Parameters
    ----------
    in_run
        The stream is in a run; else the run before is viewed, if it is held.
    standing
        Where what holds on was told last, in mid-run.
    """
    begins = holding.begins[-1:] if in_run else holding.begins[-2:]
    held = [begin for begin in begins if holding.freed <= begin]
    if held:
        return held[0]
    return standing if standing is not None and holding.freed <= standing else None


def all_freed(written: int) -> Holding:
    """Nothing is held any more: the run is received again, from `written` on."""
    return Holding(begins=(written,), released=written, consumed=written, freed=written)


def to_free(holding: Holding, extents: Sequence[Extent], limit_bytes: int | None) -> tuple[int, ...]:
    """Numbers of the segments that need not, or cannot, be held any longer."""
    needed_from = min((holding.begins[0], *holding.others))
    done = [one for one in extents if one.last <= needed_from]
    held = sum(one.used for one in extents) - sum(one.used for one in done)
    if limit_bytes is None:
        return tuple(one.id.number for one in done)
    for_others = [one for one in extents if one.last <= holding.begins[0] and one not in done]
    consumed = [one for one in extents if holding.begins[0] < one.last <= holding.consumed]
    for one in (*for_others, *consumed):
        if held > limit_bytes:
            done.append(one)
            held -= one.used
    return tuple(one.id.number for one in done)


def after_freeing(holding: Holding, freed: Sequence[Extent]) -> Holding:
    """The state when these segments are gone; readers that needed one of them are not among `others` any more."""
    lost = [one.last for one in freed if one.last > holding.begins[0]]
    lost += [one.id.start + one.id.size for one in freed if one.id.kind is SegmentKind.JOURNAL]
    last = max((one.last for one in freed), default=0)
    others = tuple(begin for begin in holding.others if last <= begin)
    return replace(holding, freed=max([holding.freed, *lost]), others=others)
