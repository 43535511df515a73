"""The source that reads an event file: one run, from its first pulse to its last, as fast as it can be read.

Its items are those that the same file gives when it is played and received, at the times at which they were measured.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.base.times import NS_PER_S
from livereduce.stream.adara.wire.arena import Arena
from livereduce.stream.items import (
    I4,
    THE_END,
    At,
    Gap,
    Item,
    MakeColumns,
    Position,
    SourceLost,
    SourceState,
    StartTime,
)
from livereduce.stream.nexus.event_file import unreadable
from livereduce.stream.nexus.ordered_file import OrderedFile, open_in_order

PIECE_EVENTS = 1_000_000
"""Events of one read, at most; and of one batch, unless a pulse has more."""
PIECE_NS = NS_PER_S
"""Length of a batch, at most."""
RETRY_S = 1.0

_log = logging.getLogger("livereduce.stream")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseWindow:
    """Pulses `start` to `stop` that have been read, with the columns of their events."""

    start: int
    stop: int
    tof_ns: I4
    pixel: I4


class NexusSource:
    """A `Source` on an event file.

    A position is the number of the next pulse. What cannot be read now, because a file system is away, is tried again;
    a bad value in the file is the end: the run is incomplete.
    """

    def __init__(self, path: Path, *, columns: MakeColumns | None = None) -> None:
        self._path = path
        self._tof, self._pixel, *self._by_bank = ((columns or Arena)(np.int32) for _ in range(4))
        self._file: OrderedFile | None = None
        self._window: PulseWindow | None = None
        self._next = 0
        self._begun = self._broken = False
        self._state = SourceState(address=str(path), connected=False)

    def open(self, at: At) -> None:
        """Open the file, and set where to begin; every `StartFrom` is the start of the run.

        Raises
        ------
        OperatorError
            It cannot be read, is no event file, or has bad values.
        """
        try:
            file = self._file = open_in_order(self._path)
        except (OSError, RuntimeError) as error:
            raise unreadable(self._path, error) from None
        for note in file.index.notes:
            _log.info("%s: %s", self._path, note)
        if isinstance(at, Position):
            self._next = min(int(at.token), file.pulses)
        elif isinstance(at, StartTime):
            self._next = int(np.searchsorted(file.pulse_ns, at.time_ns))
        self._state = replace(self._state, connected=True, connects=1, run=file.run)

    def read(self, timeout_s: float) -> Sequence[Item]:
        """Return the items of the next pulses: a second, or several if they have few events.

        Raises
        ------
        SourceLost
            There are no more, or they cannot be read, now (with ``retry``) or ever.
        """
        if self._state.ended or self._broken:
            raise SourceLost(self._state.reason or THE_END, retry=False)
        try:
            items = self._items(self._file or self._opened_again())
        except OperatorError as error:
            return [self._give_up(str(error))]
        except (OSError, RuntimeError) as error:
            self._lose(f"{self._path} cannot be read: {error}")
            time.sleep(min(timeout_s, RETRY_S))
            raise SourceLost(self._state.reason) from None
        if not self._state.connected:
            self._state = replace(self._state, connected=True, reason="", connects=self._state.connects + 1)
        return items

    def position(self) -> Position:
        """The place after the last item read."""
        return Position(str(self._next))

    def state(self) -> SourceState:
        """What was read, and why no more can be."""
        return self._state

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.file.close()
            self._file = None

    def _items(self, file: OrderedFile) -> list[Item]:
        """The next items: all of them, or an error and the place stays."""
        items: list[Item] = [] if self._begun else [*file.head(self._next)]
        pulse = self._next
        while pulse < file.pulses and file.first[pulse] - file.first[self._next] < PIECE_EVENTS:
            stop = _piece_end(file, pulse)
            items += self._piece(file, pulse, stop)
            pulse = stop
        self._begun, self._next = True, pulse
        if pulse == file.pulses:
            items.append(file.end())
            self._state = replace(self._state, ended=True, run=0)
        return items

    def _piece(self, file: OrderedFile, start: int, stop: int) -> Iterator[Item]:
        """The items of some pulses: logs and monitors first, as a stream server sends them."""
        window = self._window
        if window is None or not window.start <= start < stop <= window.stop:
            window = self._window = self._read(file, start, max(stop, file.window_from(start)))
        begin, end = (int(file.first[pulse] - file.first[window.start]) for pulse in (start, stop))
        yield from file.logs_between(start, stop)
        yield from file.monitor_batches(start, stop)
        yield file.event_batch(start, stop, (window.tof_ns[begin:end], window.pixel[begin:end]))

    def _read(self, file: OrderedFile, start: int, stop: int) -> PulseWindow:
        events = int(file.first[stop] - file.first[start])
        tof_ns, pixel = self._tof.room(events), self._pixel.room(events)
        tofs, pixels = (column.room(events) for column in self._by_bank)
        file.events(start, stop, (tofs, pixels), (tof_ns, pixel))
        for column in (tof_ns, pixel):
            column.setflags(write=False)
        self._state = replace(self._state, received_bytes=self._state.received_bytes + tof_ns.nbytes + pixel.nbytes)
        return PulseWindow(start=start, stop=stop, tof_ns=tof_ns, pixel=pixel)

    def _opened_again(self) -> OrderedFile:
        file = open_in_order(self._path)
        if file.run != self._state.run or file.pulses < self._next:
            file.file.close()
            raise OperatorError(f"{self._path} was replaced by another file while it was read")
        self._file = file
        return file

    def _lose(self, reason: str) -> None:
        if reason != self._state.reason:
            _log.warning("%s", reason)
        self.close()
        self._state = replace(self._state, connected=False, reason=reason)

    def _give_up(self, reason: str) -> Gap:
        from_ns = int(self._file.pulse_ns[self._next]) if self._file else 0
        self._broken = True
        self._lose(reason)
        self._state = replace(self._state, gaps=self._state.gaps + 1)
        return Gap(run=self._state.run or 0, reason=f"the file cannot be read to its end: {reason}", from_ns=from_ns)


def _piece_end(file: OrderedFile, start: int) -> int:
    """The end of the batch of pulses that begins with this one."""
    a_second = int(np.searchsorted(file.pulse_ns, file.pulse_ns[start] + PIECE_NS))
    enough = int(np.searchsorted(file.first, file.first[start] + PIECE_EVENTS, "right")) - 1
    return min(max(min(a_second, enough), start + 1), file.pulses)
