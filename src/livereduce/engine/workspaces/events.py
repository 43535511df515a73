"""Events as received: a tuple of immutable pieces that grows by reference, 8 bytes per event."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.coalesce import joined
from livereduce.stream.held.segments import is_mapped
from livereduce.stream.items import F8, I4, I8, EventBatch, MonitorBatch
from livereduce.stream.stretches import starts_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events of one run, oldest pulse first; immutable, so it may be shared freely.

    Attributes
    ----------
    pieces
        As the stream gave them; arrays of a piece belong together, see `EventBatch`.
    """

    pieces: tuple[EventBatch, ...] = ()

    @property
    def n(self) -> int:
        """Number of events."""
        return sum(len(piece.tof_ns) for piece in self.pieces)

    @property
    def n_pulses(self) -> int:
        """Number of pulses, with or without events."""
        return sum(len(piece.pulse_ns) for piece in self.pieces)

    @property
    def nbytes(self) -> int:
        """Memory of the events and their pulses in bytes (0 for columns that repeat one value)."""
        return sum(_nbytes(piece) for piece in self.pieces)

    @property
    def mapped_nbytes(self) -> int:
        """The part of it that lies where the receiver has put it, so that it is not this process's own."""
        columns = (column for piece in self.pieces for column in (piece.tof_ns, piece.pixel, piece.state))
        return sum(column.nbytes for column in columns if column is not None and is_mapped(column))

    def __add__(self, other: "Events") -> "Events":
        return Events(self.pieces + other.pieces)

    @property
    def tof_ns(self) -> I4:
        """Time of flight of every event, shape (n,); a copy unless there is a single piece."""
        return _column((piece.tof_ns for piece in self.pieces), np.int32)

    @property
    def pixel(self) -> I4:
        """Pixel of every event, shape (n,); a copy unless there is a single piece."""
        return _column((piece.pixel for piece in self.pieces), np.int32)

    @property
    def event_pulse_ns(self) -> I8:
        """Pulse time of every event, shape (n,); made on request, 8 bytes per event."""
        return _column((np.repeat(piece.pulse_ns, np.diff(piece.first)) for piece in self.pieces), np.int64)

    @property
    def pulse_ns(self) -> I8:
        """Time of every pulse, shape (p,)."""
        return _column((piece.pulse_ns for piece in self.pieces), np.int64)

    @property
    def charge_pc(self) -> F8:
        """Proton charge of every pulse in pC, shape (p,)."""
        return _column((piece.charge_pc for piece in self.pieces), np.float64)

    @property
    def tof_range_ns(self) -> tuple[int, int] | None:
        """The least and the greatest time of flight; None without events."""
        filled = [piece.tof_ns for piece in self.pieces if len(piece.tof_ns)]
        if not filled:
            return None
        return min(int(tof.min()) for tof in filled), max(int(tof.max()) for tof in filled)

    def where(self, mask: Callable[[EventBatch], Mask]) -> "Events":
        """The events selected by a mask of shape (n,) for each piece; all pulses stay."""
        return Events(tuple(with_events(piece, mask(piece)) for piece in self.pieces))

    def where_pulses(self, mask: Callable[[EventBatch], Mask]) -> "Events":
        """The pulses, with their events, selected by a mask of shape (p,) for each piece."""
        return Events(tuple(with_pulses(piece, mask(piece)) for piece in self.pieces))


def monitor_events(batches: Iterable[MonitorBatch]) -> Events:
    """Events of beam monitors; the pixel is the number of the monitor, the pulses have no charge of their own."""
    return Events(tuple(_of_monitor(batch) for batch in batches))


def _of_monitor(batch: MonitorBatch) -> EventBatch:
    pulses = len(batch.pulse_ns)
    return EventBatch(
        run=batch.run,
        tof_ns=batch.tof_ns,
        pixel=np.full(len(batch.tof_ns), batch.monitor, np.int32),
        state=None,
        first=batch.first,
        pulse_ns=batch.pulse_ns,
        charge_pc=np.broadcast_to(np.float64(0), pulses),
        flags=np.broadcast_to(np.uint32(0), pulses),
        period=np.broadcast_to(np.uint16(0), pulses),
    )


def _column(parts: Iterable[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    arrays = list(parts)
    return joined(arrays) if arrays else np.empty(0, dtype)


def _nbytes(piece: EventBatch) -> int:
    columns = (
        piece.tof_ns,
        piece.pixel,
        piece.state,
        piece.first,
        piece.pulse_ns,
        piece.charge_pc,
        piece.flags,
        piece.period,
    )
    return sum(column.nbytes for column in columns if column is not None and column.strides != (0,))


def with_events(piece: EventBatch, mask: Mask) -> EventBatch:
    """The events of a batch selected by a mask of shape (n,); all pulses stay."""
    if mask.all():
        return piece
    passed = starts_of(mask)
    return replace(
        piece,
        tof_ns=piece.tof_ns[mask],
        pixel=piece.pixel[mask],
        state=None if piece.state is None else piece.state[mask],
        first=passed[piece.first],
    )


def with_pulses(piece: EventBatch, mask: Mask) -> EventBatch:
    """The pulses of a batch, with their events, selected by a mask of shape (p,)."""
    if mask.all():
        return piece
    events = np.diff(piece.first)
    chosen = with_events(piece, np.repeat(mask, events))
    return replace(
        chosen,
        first=starts_of(events[mask]),
        pulse_ns=piece.pulse_ns[mask],
        charge_pc=piece.charge_pc[mask],
        flags=piece.flags[mask],
        period=piece.period[mask],
    )
