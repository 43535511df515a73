"""Events put into slices of time.

By the time of their pulse it is a choice of pulses. By their own time (pulse and time of flight) it is that, too, but
for the pulses in which a slice begins or ends: the events of these alone are looked at, and copied.
Source: Mantid Framework/DataObjects/src/TimeSplitter.cpp, EventList.cpp (calculateCorrectedFullTime).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.events.event_changes import both, of_pulses
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.selecting.time_splitter import TimeSplitter
from livereduce.engine.workspaces.events import Events, with_events, with_pulses
from livereduce.stream.items import B1, F8, I8, EventBatch

Kept = B1 | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeAtSample:
    """When a neutron was at the sample: its time of flight × `factor` + `shift_s`, both of shape (rows,)."""

    factor: F8
    shift_s: F8


def split_by_pulse(content: EventContent, splitter: TimeSplitter, slices: Sequence[int]) -> Mapping[int, EventContent]:
    """The events of each slice by the time of their pulse.

    Raises
    ------
    ValueError
        The events have lost their pulse times.
    """
    return {one: of_pulses(content, splitter.spans_of(one)) for one in slices}


def split_by_time(
    content: EventContent, splitter: TimeSplitter, slices: Sequence[int], at_sample: TimeAtSample | None
) -> Mapping[int, EventContent]:
    """The events of each slice by their own time; in another unit than TOF their x counts as if it were in µs.

    Raises
    ------
    ValueError
        The events have lost their pulse times.
    """
    if isinstance(content, PendingEvents) and content.maps is None:
        return _of_pending(content, splitter, slices, at_sample)
    lists = carried_out(content)
    if lists.pulse_ns is None:
        raise ValueError("the events have no pulse times any more, since they were compressed")
    number = splitter.of_parts(splitter.part_of(lists.pulse_ns + _after_pulse(lists, at_sample)))
    return {one: lists.where(number == one) for one in slices}


def _after_pulse(lists: EventLists, at_sample: TimeAtSample | None) -> I8:
    time_ns = lists.x_of * 1e3
    if at_sample is not None:
        row = lists.row_of
        time_ns = at_sample.factor[row] * time_ns + at_sample.shift_s[row] * 1e9
    return time_ns.astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitPiece:
    """A piece of events: its pulses that lie in one slice as a whole, and the events of the others.

    Attributes
    ----------
    of_pulse
        Slice of each pulse; -2 where events of several slices may be in it.
    cut, kept_cut, of_event
        The events of these, which of their pulses are kept, and the slice of each event; None if there are none.
    """

    piece: EventBatch
    kept: Kept
    of_pulse: I8
    cut: EventBatch | None
    kept_cut: Kept
    of_event: I8

    def of(self, one: int) -> list[tuple[EventBatch, Kept]]:
        """The pieces of a slice, with the pulses that are kept in them; empty ones are left out."""
        found: list[tuple[EventBatch, Kept]] = []
        whole = self.of_pulse == one
        if whole.any():
            found.append((self.piece, both(self.kept, whole)))
        if self.cut is not None and (self.of_event == one).any():
            found.append((with_events(self.cut, self.of_event == one), self.kept_cut))
        return found


def _of_pending(
    content: PendingEvents, splitter: TimeSplitter, slices: Sequence[int], at_sample: TimeAtSample | None
) -> Mapping[int, EventContent]:
    factor = content.of_rows(at_sample.factor, 1.0) if at_sample else np.ones(1)
    shift_ns = content.of_rows(at_sample.shift_s) * 1e9 if at_sample else np.zeros(1)
    split = [
        _split_piece(piece, mask, splitter, factor, shift_ns)
        for piece, mask in zip(content.events.pieces, content.kept_of_pieces, strict=True)
    ]
    parts = {one: [pair for piece in split for pair in piece.of(one)] for one in slices}
    return {
        one: replace(content, events=Events(tuple(piece for piece, _ in pairs)), kept=tuple(mask for _, mask in pairs))
        for one, pairs in parts.items()
    }


def _split_piece(piece: EventBatch, kept: Kept, splitter: TimeSplitter, factor: F8, shift_ns: F8) -> SplitPiece:
    least, most = (int(piece.tof_ns.min()), int(piece.tof_ns.max())) if len(piece.tof_ns) else (0, 0)
    ends = [least * factor.min(), least * factor.max(), most * factor.min(), most * factor.max()]
    first = splitter.part_of(piece.pulse_ns + int(min(ends) + shift_ns.min()) - 1)
    last = splitter.part_of(piece.pulse_ns + int(max(ends) + shift_ns.max()) + 1)
    is_cut = first != last
    if not is_cut.any():
        return SplitPiece(
            piece=piece,
            kept=kept,
            of_pulse=splitter.of_parts(first),
            cut=None,
            kept_cut=None,
            of_event=np.empty(0, np.int64),
        )
    cut = with_pulses(piece, is_cut)
    pixel = np.minimum(cut.pixel.view(np.uint32), np.uint32(len(factor) - 1))
    after_ns = (factor[pixel] * cut.tof_ns + shift_ns[pixel]).astype(np.int64)
    times_ns = np.repeat(cut.pulse_ns, np.diff(cut.first)) + after_ns
    return SplitPiece(
        piece=piece,
        kept=kept,
        of_pulse=np.where(is_cut, -2, splitter.of_parts(first)),
        cut=cut,
        kept_cut=None if kept is None else kept[is_cut],
        of_event=splitter.of_parts(splitter.part_of(times_ns)),
    )
