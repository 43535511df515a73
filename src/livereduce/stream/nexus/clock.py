"""Times of a NeXus file: seconds (or other units) after a moment that an attribute names, or after the file's start.

All times become nanoseconds after the file's ``start_time``. A moment without a time zone gets the zone of the first
moment in the file that has one, because writers mix both.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import h5py
import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.stream.items import F8, I8
from livereduce.stream.nexus.fields import Notes, Numbers, attribute, bad, column, numbers, text

NANOSECONDS = ("ns", "nanosecond", "nanoseconds")
SECONDS = {
    **dict.fromkeys(("", "s", "second", "seconds", "sec"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(NANOSECONDS, 1e-9),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
ANY_TIME = Numbers(units=SECONDS)
"""Impossible times in logs are left out one by one; pulse times are checked against the length of a run."""
LONGEST_RUN_S = 366 * 86_400
"""A pulse later than this after the file's start is not of this run: its time counts from another moment."""
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The moment from which the file's times count, and the time zone of moments that name none."""

    start: datetime
    zone: tzinfo

    def offset_s(self, times: h5py.Dataset) -> float:
        """Seconds from the file's start to the moment from which these times count (``offset`` or ``start``)."""
        said = attribute(times, "offset", "start")
        return (moment(times, said, self.zone) - self.start).total_seconds() if said else 0.0

    def since_1970_s(self, times: h5py.Dataset, seconds: F8, farthest_s: float) -> float | None:
        """As `offset_s` if the times name no moment and only make sense as seconds since 1970; else None."""
        if attribute(times, "offset", "start") or not seconds.size or (np.abs(seconds) <= farthest_s).any():
            return None
        offset_s = (UNIX_EPOCH - self.start).total_seconds()
        return offset_s if (np.abs(seconds + offset_s) <= farthest_s).all() else None


def clock(entry: h5py.Group, timed: list[h5py.Dataset], notes: Notes) -> Clock:
    """The clock of a file, whose event times and pulse times are `timed`.

    Raises
    ------
    OperatorError
        A moment is no ISO 8601 time.
    """
    said = [(entry, text(entry, "start_time")), *((each, attribute(each, "offset", "start")) for each in timed)]
    moments = [moment(node, words, None) for node, words in said if words]
    zone = next((each.tzinfo for each in moments if each.tzinfo is not None), UTC)
    if moments and {each.tzinfo is None for each in moments} == {True, False}:
        notes.add(f"times without a time zone are read as {zone}", entry.name)
    if not said[0][1]:
        notes.add("no start_time; times count from the earliest time in the file", entry.name)
    start = moments[0] if moments else UNIX_EPOCH
    return Clock(start=start if start.tzinfo else start.replace(tzinfo=zone), zone=zone)


def moment(node: h5py.HLObject, words: str, zone: tzinfo | None) -> datetime:
    """Parse an ISO 8601 time; without a time zone it gets `zone` (None leaves it without).

    Raises
    ------
    OperatorError
        The text is not such a time.
    """
    found = parsed(words)
    if found is None:
        raise bad(node, "a time such as 2024-03-01T12:00:00-05:00", repr(words))
    return found if found.tzinfo or zone is None else found.replace(tzinfo=zone)


def parsed(words: str) -> datetime | None:
    """The moment of an ISO 8601 time, with as many digits of a second as it has; None if it is none."""
    try:
        return datetime.fromisoformat(re.sub(r"\.(\d+)", lambda digits: f".{digits[1][:6]:0<6}", words))
    except ValueError:
        return None


def pulse_times_ns(times: h5py.Dataset, clock: Clock, notes: Notes) -> I8:
    """Times of pulses, in nanoseconds after the file's start.

    Times without a named moment that only make sense as seconds since 1970 are taken as such, and a note says so.

    Raises
    ------
    OperatorError
        A time is not finite, or farther from the file's start than a run can last.
    """
    counted: F8 = numbers(times, ANY_TIME)
    since_1970_s = clock.since_1970_s(times, counted, LONGEST_RUN_S)
    if since_1970_s is not None:
        notes.add("times count from 1970, not from the file's start", times.name)
    offset_s = clock.offset_s(times) if since_1970_s is None else since_1970_s
    seconds = counted + offset_s
    wrong = ~(np.abs(seconds) <= LONGEST_RUN_S)
    if wrong.any():
        first = int(wrong.argmax())
        raise bad(
            times,
            f"a time of this run (at most {LONGEST_RUN_S:g} s from its start)",
            f"{seconds[first]:.9g} s",
            index=first,
        )
    if times.dtype.kind in "iu" and attribute(times, "units").lower() in NANOSECONDS:
        # Since 1970 they have more digits than a float.
        return np.asarray(column(times).astype(np.int64) + round(offset_s * 1e6) * 1000)
    nanoseconds: I8 = np.rint(seconds * NS_PER_S).astype(np.int64)
    return nanoseconds
