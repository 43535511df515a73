"""Mantid's DateAndTime: a moment in ns since 1990-01-01 UTC, and the durations between two."""

import re
from datetime import UTC, datetime
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from livereduce.base.times import NS_PER_S, UNIX_MINUS_EPICS_NS, epics_ns
from livereduce.stream.items import I8

EPICS_EPOCH = np.datetime64(UNIX_MINUS_EPICS_NS, "ns")
_MOMENT = re.compile(
    r"\s*(\d{4})-(\d{1,2}|[A-Za-z]{3})-(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


class TimeDuration:
    """A duration, as the difference of two times."""

    def __init__(self, ns: int) -> None:
        self._ns = int(ns)

    def total_nanoseconds(self) -> int:
        """The duration in ns."""
        return self._ns

    def total_microseconds(self) -> int:
        """The duration in whole µs."""
        return self._ns // 1000

    def total_milliseconds(self) -> int:
        """The duration in whole ms."""
        return self._ns // 1_000_000

    def total_seconds(self) -> int:
        """The duration in whole seconds, as Mantid's."""
        return self._ns // NS_PER_S

    def seconds(self) -> int:
        """Seconds beside minutes and hours."""
        return self._ns // NS_PER_S % 60

    def minutes(self) -> int:
        """Minutes beside hours."""
        return self._ns // NS_PER_S // 60 % 60

    def hours(self) -> int:
        """Whole hours."""
        return self._ns // NS_PER_S // 3600

    def __float__(self) -> float:
        return self._ns / NS_PER_S

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeDuration) and self._ns == other._ns

    def __hash__(self) -> int:
        return hash(self._ns)

    def __lt__(self, other: "TimeDuration") -> bool:
        return self._ns < other._ns

    def __str__(self) -> str:
        return f"{self.hours():02}:{self.minutes():02}:{self._ns / NS_PER_S % 60:09.6f}"


class DateAndTime:
    """A moment. Made of an ISO text, of ns since 1990, of seconds and ns, or of another time.

    Raises
    ------
    ValueError
        The text is no time.
    TypeError
        It is made of something else.
    """

    def __init__(self, moment: Any = 0, nanoseconds: int | None = None) -> None:
        self._ns = ns_of(moment) if nanoseconds is None else int(moment) * NS_PER_S + int(nanoseconds)

    @staticmethod
    def getCurrentTime() -> "DateAndTime":
        """Now."""
        return DateAndTime(epics_ns(datetime.now(UTC).timestamp()))

    @staticmethod
    def defaultTime() -> "DateAndTime":
        """The epoch, 1990."""
        return DateAndTime(0)

    def totalNanoseconds(self) -> int:
        """Nanoseconds since 1990."""
        return self._ns

    def total_nanoseconds(self) -> int:
        """Nanoseconds since 1990."""
        return self._ns

    def to_datetime64(self) -> np.datetime64:
        """For numpy."""
        return EPICS_EPOCH + np.timedelta64(self._ns, "ns")

    def toISO8601String(self) -> str:
        """``2010-03-24T14:12:51.562000000``; without a fraction if there is none."""
        text = str(self.to_datetime64())
        return text.removesuffix(".000000000")

    def __str__(self) -> str:
        return f"{self.toISO8601String()} "  # Mantid's has the space too, and scripts strip it

    def __repr__(self) -> str:
        return f"DateAndTime('{self.toISO8601String()}')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateAndTime | np.datetime64) and self._ns == ns_of(other)

    def __hash__(self) -> int:
        return hash(self._ns)

    def __lt__(self, other: Any) -> bool:
        return self._ns < ns_of(other)

    def __le__(self, other: Any) -> bool:
        return self._ns <= ns_of(other)

    def __gt__(self, other: Any) -> bool:
        return self._ns > ns_of(other)

    def __ge__(self, other: Any) -> bool:
        return self._ns >= ns_of(other)

    def __add__(self, duration: "int | float | TimeDuration | np.integer[Any]") -> "DateAndTime":
        return DateAndTime(self._ns + _duration_ns(duration))

    @overload
    def __sub__(self, other: "DateAndTime | np.datetime64") -> TimeDuration: ...
    @overload
    def __sub__(self, other: "int | float | TimeDuration") -> "DateAndTime": ...
    def __sub__(self, other: Any) -> "DateAndTime | TimeDuration":
        if isinstance(other, DateAndTime | np.datetime64):
            return TimeDuration(self._ns - ns_of(other))
        return DateAndTime(self._ns - _duration_ns(other))


def _duration_ns(duration: Any) -> int:
    """Mantid adds whole numbers as ns, and others as seconds."""
    if isinstance(duration, TimeDuration):
        return duration.total_nanoseconds()
    if isinstance(duration, np.timedelta64):
        return int(duration / np.timedelta64(1, "ns"))
    if isinstance(duration, int | np.integer):
        return int(duration)
    return round(float(duration) * NS_PER_S)


def ns_of(moment: Any) -> int:
    """Nanoseconds since 1990 of a time in any form that scripts have it in.

    Raises
    ------
    ValueError
        The text is no time.
    TypeError
        It is no time at all.
    """
    if isinstance(moment, DateAndTime):
        return moment.totalNanoseconds()
    if isinstance(moment, np.datetime64):
        return int((moment.astype("datetime64[ns]") - EPICS_EPOCH).astype(np.int64))
    if isinstance(moment, datetime):
        # without a zone it is UTC, as Mantid's texts are
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return epics_ns(aware.timestamp())
    if isinstance(moment, str):
        return _parsed_ns(moment)
    if isinstance(moment, int | np.integer):
        return int(moment)
    if isinstance(moment, float | np.floating):
        return int(float(moment) * NS_PER_S)
    raise TypeError(f"a time was expected (ISO text, DateAndTime, datetime64), not {type(moment).__name__}")


def _parsed_ns(text: str) -> int:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time: expected as in 2010-03-24T14:12:51")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    number = int(month) if month.isdigit() else 1 + _MONTHS.index(month.casefold())
    moment = datetime(int(year), number, int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    whole = int(moment.timestamp()) * NS_PER_S - UNIX_MINUS_EPICS_NS
    return whole + int((fraction or "0").ljust(9, "0")[:9]) - _zone_ns(zone)


def _zone_ns(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return (seconds if zone[0] == "+" else -seconds) * NS_PER_S


def times64(times_ns: I8) -> NDArray[np.datetime64]:
    """Times for numpy from ns since 1990, same shape."""
    times: NDArray[np.datetime64] = EPICS_EPOCH + times_ns.astype("timedelta64[ns]")
    return times
