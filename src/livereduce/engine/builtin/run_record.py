"""What the result of a run is made of, recorded chunk by chunk: where the stream was cut, and what went wrong."""

from array import array

import numpy as np

from livereduce.engine.workspaces.tally import Tally
from livereduce.publish.provenance import Cuts, Origin, Provenance, StreamPosition
from livereduce.stream.chunk import Chunk
from livereduce.stream.recut import counted, name_of

MAX_CHUNKS = 200_000
MAX_COUNTS = 200_000
"""Most entries that are kept of a run: 4 days in chunks of 2 s; they are written with each result."""
NO_CUTS = "it is made of more chunks than are recorded: it is not known where they were cut"
NO_LOG_CUTS = "its chunks have more logs than are recorded: it is not known which of their values came with which chunk"


class RunRecord:
    """The chunks of a run, up to now."""

    def __init__(self, origin: Origin | None) -> None:
        self._origin = origin
        self._chunks, self._counts = array("q"), array("i")
        self._names: dict[str, int] = {}
        self._notes: dict[str, None] = {}
        self._full = ""

    def note(self, text: str) -> None:
        """Record why the result may come out differently another time; an empty text says nothing."""
        if text:
            self._notes[text] = None

    def take(self, chunk: Chunk) -> None:
        """Record a chunk, before anything is done with it."""
        number = len(self._chunks) // 3
        if self._origin is None or self._full:
            return
        if number >= MAX_CHUNKS:
            self._full = NO_CUTS
            return
        newest_ns = max((int(batch.pulse_ns[-1]) for batch in chunk.events if len(batch.pulse_ns)), default=0)
        self._chunks.extend((chunk.n_pulses, chunk.n_events, newest_ns))
        for log in chunk.logs:
            self._count(number, name_of(log), counted(log, chunk.start_ns))
        for monitor in chunk.monitors:
            self._count(number, name_of(monitor), counted(monitor, chunk.start_ns))
        if len(self._counts) // 3 > MAX_COUNTS:
            self._full = NO_LOG_CUTS

    def _count(self, number: int, name: str, values: int) -> None:
        self._counts.extend((number, self._names.setdefault(name, len(self._names)), values))

    def provenance(self, newest: Chunk, tally: Tally) -> Provenance | None:
        """The provenance of a result that is made of all chunks up to the newest; None if there is no origin."""
        if self._origin is None:
            return None
        position = StreamPosition(
            run=newest.run,
            events=tally.events,
            pulses=tally.pulses,
            from_start=not tally.joined_late,
            ended=newest.ends_run,
            start_ns=newest.start_ns,
            end_ns=newest.end_ns,
            first_ns=tally.first_ns,
            last_ns=tally.last_ns,
        )
        notes = [*self._notes]
        notes += [f"data are missing: {tally.incomplete}"] if tally.incomplete else []
        notes += [self._full] if self._full else []
        return Provenance(origin=self._origin, position=position, cuts=self._cuts(), notes=tuple(notes))

    def _cuts(self) -> Cuts | None:
        if self._full:
            return None
        chunks, counts = np.array(self._chunks, np.int64), np.array(self._counts, np.int32)
        return Cuts(chunks=chunks.reshape(-1, 3), counts=counts.reshape(-1, 3), names=tuple(self._names))
