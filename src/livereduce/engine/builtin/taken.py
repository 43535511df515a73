"""How far the stream is reduced, and published for good: what a receiver need not hold any longer. Pure."""

from dataclasses import dataclass, replace

from livereduce.stream.items import Position

NOWHERE = Position("0")


@dataclass(frozen=True, slots=True)
class Taken:
    """Positions in the stream; a receiver makes one of them for each read, and a read never crosses a run edge.

    Attributes
    ----------
    consumed
        No data from before it are needed in memory.
    released
        All runs that ended before it are published.
    pending_from
        Data from here on are waiting for a chunk.
    over
        Where the newest run ended whose last result may not be written yet; None if all are.
    """

    consumed: Position = NOWHERE
    released: Position = NOWHERE
    pending_from: Position = NOWHERE
    over: Position | None = None


def cut_at(taken: Taken, read_from: Position) -> Taken:
    """A chunk was cut: only data of the present read, which began there, can still be pending."""
    return replace(taken, pending_from=read_from)


def read_to(
    taken: Taken, here: Position, *, nothing_pending: bool, run_ended: bool, refers: bool, written: bool
) -> tuple[Taken, bool]:
    """Return the state after a read and its chunks, and whether it is news.

    Parameters
    ----------
    here
        The position after the read.
    run_ended
        One of its chunks was the last of a run.
    refers
        Data that were reduced are still referred to.
    written
        Every result so far is on the disk.
    """
    pending_from = here if nothing_pending else taken.pending_from
    over = pending_from if run_ended else taken.over
    released = over if over is not None and written else taken.released
    consumed = released if refers else pending_from
    now = Taken(consumed, released, pending_from, None if written else over)
    return now, (now.consumed, now.released) != (taken.consumed, taken.released)
