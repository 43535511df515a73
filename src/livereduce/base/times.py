"""Times since 1990-01-01 UTC, the epoch of EPICS and of the ADARA protocol: integer nanoseconds."""

from datetime import UTC, datetime

from livereduce.base.fields import LATEST_UNIX_S

NS_PER_S = 1_000_000_000
UNIX_MINUS_EPICS_S = 631_152_000
UNIX_MINUS_EPICS_NS = UNIX_MINUS_EPICS_S * NS_PER_S
EPICS_EPOCH = datetime.fromtimestamp(UNIX_MINUS_EPICS_S, UTC)


def epics_ns(unix_s: float) -> int:
    """Nanoseconds since 1990 of a Unix time in seconds."""
    return int((unix_s - UNIX_MINUS_EPICS_S) * NS_PER_S)


def unix_s(time_ns: int) -> float:
    """Unix time in seconds of nanoseconds since 1990."""
    return (time_ns + UNIX_MINUS_EPICS_NS) / NS_PER_S


def unix_s_of(text: str) -> float | None:
    """Unix time of a text in ISO 8601 with time zone; None if it is none, or of no date that can be shown."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.timestamp() if moment.tzinfo is not None else -1.0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LATEST_UNIX_S else None


def epics_ns_of(moment: datetime) -> int:
    """Nanoseconds since 1990 of a moment with a time zone, to the microsecond."""
    passed = moment - EPICS_EPOCH
    return (passed.days * 86_400 + passed.seconds) * NS_PER_S + passed.microseconds * 1000
