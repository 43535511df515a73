"""Counts of the data in a result, and what is known to be missing from it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from livereduce.base.times import UNIX_MINUS_EPICS_S
from livereduce.stream.chunk import Chunk
from livereduce.stream.items import FLAG_DAMAGED, Gap

MAX_GAPS = 10
"""Gaps that are listed one by one; of further ones only the number is shown."""


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
    gaps, more_gaps
        The parts of the stream that are missing, and how many more there are.
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
    gaps: tuple[Gap, ...] = ()
    more_gaps: int = 0
    joined_late: bool = False

    def __add__(self, other: "Tally") -> "Tally":
        gaps = tuple(dict.fromkeys(self.gaps + other.gaps))
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
            gaps=gaps[:MAX_GAPS],
            more_gaps=self.more_gaps + other.more_gaps + len(gaps[MAX_GAPS:]),
            joined_late=self.joined_late or other.joined_late,
        )

    @property
    def incomplete(self) -> str:
        """Reasons why data are missing, for people; empty if none are."""
        reasons = ["the beginning of the run was not seen"] if self.joined_late else []
        reasons += _gap_texts(self.gaps, self.last_ns)
        if self.more_gaps:
            reasons.append(f"{self.more_gaps} more gaps")
        if self.damaged:
            reasons.append(f"{self.damaged} damaged pulses")
        if self.lost_chunks:
            reasons.append(f"{self.lost_events} events of {self.lost_chunks} chunks whose processing failed")
        return "; ".join(reasons)


def _gap_texts(gaps: tuple[Gap, ...], newest_ns: int) -> list[str]:
    """A text for each reason, with the times of its gaps."""
    times: dict[str, list[str]] = {}
    for gap in gaps:
        times.setdefault(gap.reason, []).extend(filter(None, [missing_times(gap, newest_ns)]))
    return [f"{reason} (missing {', '.join(spans)})" if spans else reason for reason, spans in times.items()]


def missing_times(gap: Gap, newest_ns: int) -> str:
    """The local times between which data is missing; empty if they are not known.

    Parameters
    ----------
    newest_ns
        Time of the newest data: a gap on another day is shown with its date.
    """
    start, end = (_local(time_ns, newest_ns) if time_ns else "" for time_ns in (gap.from_ns, gap.to_ns))
    if start == end:
        return start and f"at {start}"
    if start and end:
        return f"{start} to {end}"
    return f"from {start} on" if start else f"until {end}"


def _local(time_ns: int, newest_ns: int) -> str:
    at, newest = (datetime.fromtimestamp(ns / 1e9 + UNIX_MINUS_EPICS_S) for ns in (time_ns, newest_ns or time_ns))
    return f"{at:%H:%M:%S}" if at.date() == newest.date() else f"{at:%Y-%m-%d %H:%M:%S}"


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
        gaps=tuple(dict.fromkeys(chunk.gaps))[:MAX_GAPS],
        more_gaps=max(0, len(set(chunk.gaps)) - MAX_GAPS),
        joined_late=not chunk.from_start,
    )


def lost(chunk: Chunk) -> Tally:
    """Data that are missing because a chunk was given up; its other numbers were counted when it came."""
    return Tally(lost_chunks=1, lost_events=chunk.n_events)
