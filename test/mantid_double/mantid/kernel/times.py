"""Times as Mantid has them: nanoseconds since 1990-01-01 UTC."""

import datetime
import time

EPOCH_1990_S = 631152000
"""Seconds from the Unix epoch to Mantid's, which is also that of EPICS and ADARA."""


class DateAndTime:
    """A time, made from an ISO 8601 string (UTC) or from nanoseconds since 1990."""

    def __init__(self, value: "str | int | DateAndTime" = 0) -> None:
        if isinstance(value, DateAndTime):
            self._ns = value.totalNanoseconds()
        elif isinstance(value, str):
            self._ns = _parse(value)
        else:
            self._ns = int(value)

    @staticmethod
    def getCurrentTime() -> "DateAndTime":
        return DateAndTime(time.time_ns() - EPOCH_1990_S * 10**9)

    def totalNanoseconds(self) -> int:
        return self._ns

    def toISO8601String(self) -> str:
        moment = datetime.datetime.fromtimestamp(self._ns // 10**9 + EPOCH_1990_S, datetime.UTC)
        fraction = f".{self._ns % 10**9:09d}".rstrip("0").rstrip(".")
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction

    def __str__(self) -> str:
        return self.toISO8601String()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateAndTime) and other._ns == self._ns

    def __lt__(self, other: "DateAndTime") -> bool:
        return self._ns < other._ns

    def __hash__(self) -> int:
        return hash(self._ns)


def _parse(text: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise RuntimeError(f"Error interpreting string '{text}' as a date/time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime.fromtimestamp(EPOCH_1990_S, datetime.UTC)
    return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000
