"""What is served under one name: a value with units, time stamp and alarm."""

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How far a value can be used, by the numbers of Channel Access."""

    NO_ALARM = 0
    MINOR = 1
    MAJOR = 2
    INVALID = 3


class Cause(IntEnum):
    """Why a value is in alarm, by the numbers of Channel Access."""

    NO_ALARM = 0
    STATE = 7
    COMM = 9
    TIMEOUT = 10
    UDF = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The alarm of a value."""

    cause: Cause
    severity: Severity


FINE = Alarm(cause=Cause.NO_ALARM, severity=Severity.NO_ALARM)
INCOMPLETE = Alarm(cause=Cause.STATE, severity=Severity.MINOR)
"""Right, but of a part of the data only."""
NEEDS_ACTION = Alarm(cause=Cause.STATE, severity=Severity.MAJOR)
UNDEFINED = Alarm(cause=Cause.UDF, severity=Severity.INVALID)
"""There is no such value in this run, or not yet."""
LATE = Alarm(cause=Cause.TIMEOUT, severity=Severity.INVALID)
"""The newest value is older than it should be while the run goes on."""
DOWN = Alarm(cause=Cause.COMM, severity=Severity.INVALID)
"""The daemon is down, or its files cannot be read: nobody knows."""


class PvKind(IntEnum):
    """How a value is served."""

    NUMBER = 0
    WORD = 1
    """A text of at most 39 characters, a string of Channel Access."""
    TEXT = 2
    """Any text: an array of characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PvValue:
    """The value of one PV.

    Attributes
    ----------
    name
        The whole name.
    value
        A number (NaN: none) for NUMBER, else a text.
    unix_s
        Its time stamp.
    """

    name: str
    kind: PvKind
    value: float | str
    unix_s: float
    units: str = ""
    alarm: Alarm = FINE
