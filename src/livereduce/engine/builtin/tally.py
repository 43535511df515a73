"""What was counted on the way to a result, and what is known to be missing from it."""

from dataclasses import dataclass

import numpy as np

from livereduce.stream.chunk import Chunk
from livereduce.stream.items import FLAG_DAMAGED

MAX_GAPS = 10
"""Different reasons of gaps that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over chunks of one run; adding two gives the tally of both.

    Attributes
    ----------
    events, unmapped, erroneous
        As in the stream, before any script.
    first_ns, last_ns
        Times of the oldest and the newest pulse; 0 without pulses.
    damaged
        Pulses whose events are missing because their payload was bad.
    lost_chunks, lost_events
        Given up because proc (or the accumulation of its output) failed too often.
    gaps
        Why something is missing from the stream, each reason once.
    joined_late
        The beginning of the run was not seen.
    """

    chunks: int = 0
    events: int = 0
    pulses: int = 0
    charge_pc: float = 0.0
    unmapped: int = 0
    erroneous: int = 0
    first_ns: int = 0
    last_ns: int = 0
    damaged: int = 0
    lost_chunks: int = 0
    lost_events: int = 0
    gaps: tuple[str, ...] = ()
    joined_late: bool = False

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            chunks=self.chunks + other.chunks,
            events=self.events + other.events,
            pulses=self.pulses + other.pulses,
            charge_pc=self.charge_pc + other.charge_pc,
            unmapped=self.unmapped + other.unmapped,
            erroneous=self.erroneous + other.erroneous,
            first_ns=min(self.first_ns or other.first_ns, other.first_ns or self.first_ns),
            last_ns=max(self.last_ns, other.last_ns),
            damaged=self.damaged + other.damaged,
            lost_chunks=self.lost_chunks + other.lost_chunks,
            lost_events=self.lost_events + other.lost_events,
            gaps=tuple(dict.fromkeys(self.gaps + other.gaps))[:MAX_GAPS],
            joined_late=self.joined_late or other.joined_late,
        )

    @property
    def incomplete(self) -> str:
        """Why something is missing, for people; empty if nothing is."""
        reasons = ["the beginning of the run was not seen"] if self.joined_late else []
        reasons += self.gaps
        if self.damaged:
            reasons.append(f"{self.damaged} damaged pulses")
        if self.lost_chunks:
            reasons.append(f"{self.lost_events} events of {self.lost_chunks} chunks whose processing failed")
        return "; ".join(reasons)


def tally_of(chunk: Chunk) -> Tally:
    """The tally of one chunk."""
    pulses = [batch.pulse_ns for batch in chunk.events if len(batch.pulse_ns)]
    return Tally(
        chunks=1,
        events=chunk.n_events,
        pulses=chunk.n_pulses,
        charge_pc=float(sum(batch.charge_pc.sum() for batch in chunk.events)),
        unmapped=sum(batch.unmapped for batch in chunk.events),
        erroneous=sum(batch.erroneous for batch in chunk.events),
        first_ns=min((int(times.min()) for times in pulses), default=0),  # a clock may be set back in mid-run
        last_ns=max((int(times.max()) for times in pulses), default=0),
        damaged=sum(int(np.count_nonzero(batch.flags & FLAG_DAMAGED)) for batch in chunk.events),
        gaps=tuple(dict.fromkeys(gap.reason for gap in chunk.gaps)),
        joined_late=not chunk.from_start,
    )


def lost(chunk: Chunk) -> Tally:
    """What is missing because a chunk was given up; its other numbers were counted when it came."""
    return Tally(lost_chunks=1, lost_events=chunk.n_events)
