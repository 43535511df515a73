"""Values as channels of Channel Access: types, metadata, read-only. Stands on caproto."""

import math
import unicodedata
from typing import Any

import caproto

from livereduce.base.times import UNIX_MINUS_EPICS_S
from livereduce.pvs.values import PvKind, PvValue

LONGEST_WORD = 39
"""Most bytes of a string of Channel Access."""
LONGEST_TEXT = 2000
"""Most bytes of an array of characters; reasons of the service are no longer."""
LONGEST_UNITS = 7
"""Most characters of units in Channel Access, whose field of 8 ends with a zero."""
PRECISION = 4
EARLIEST_UNIX_S = float(UNIX_MINUS_EPICS_S)
LATEST_UNIX_S = EARLIEST_UNIX_S + 2.0**32 - 1
BACKLOG = 16
"""Values kept for a client that reads slowly; it gets the newest ones."""
_IN_ASCII = str.maketrans({"µ": "u", "μ": "u", "Å": "A", "°": "deg", "²": "2", "³": "3", "⁻": "-", "¹": "1"})


class _ReadOnly:
    """Refuses whatever a client wants to change: the value, and the acknowledgement of alarms."""

    def check_access(self, *_client: object) -> Any:
        """Reading is for everybody, writing for nobody."""
        return caproto.AccessRights.READ


class NumberChannel(_ReadOnly, caproto.ChannelDouble):  # type: ignore[misc] # caproto has no types
    """A number with units."""

    async def verify_value(self, value: Any) -> Any:
        """Takes any value as it is: the library would clear the alarm, since no limit is exceeded."""
        return value


class WordChannel(_ReadOnly, caproto.ChannelString):  # type: ignore[misc]
    """A short text."""


class TextChannel(_ReadOnly, caproto.ChannelChar):  # type: ignore[misc]
    """A text of any length, as an array of characters."""


def channel_of(one: PvValue) -> Any:
    """The channel for a value, with the value in it."""
    facts = {"max_subscription_backlog": BACKLOG, "timestamp": stamp(one.unix_s), "alarm": _alarm(one)}
    match one.kind:
        case PvKind.NUMBER:
            units = ascii_units(one.units)
            return NumberChannel(value=one.value, units=units, precision=PRECISION, **facts)
        case PvKind.WORD:
            return WordChannel(value=wire_value(one), string_encoding="utf-8", **facts)
        case PvKind.TEXT:
            return TextChannel(value=wire_value(one), max_length=LONGEST_TEXT, string_encoding="utf-8", **facts)


async def write(channel: Any, one: PvValue) -> None:
    """Give a channel its new value, with all that belongs to it: one message to whoever watches."""
    facts: dict[str, Any] = {"timestamp": stamp(one.unix_s), "status": int(one.alarm.cause)}
    facts["severity"] = int(one.alarm.severity)
    if one.kind is PvKind.NUMBER:
        facts["units"] = ascii_units(one.units)
    await channel.write(wire_value(one), **facts)


def wire_value(one: PvValue) -> Any:
    """The value as the channel takes it; texts are cut to what there is room for, between two characters."""
    if one.kind is PvKind.NUMBER:
        return one.value
    most = LONGEST_WORD if one.kind is PvKind.WORD else LONGEST_TEXT
    text = str(one.value).replace("\0", " ").encode(errors="replace")[:most].decode(errors="ignore")
    return text if one.kind is PvKind.WORD else text.encode()


def stamp(unix_s: float) -> float:
    """The nearest time that a time stamp of EPICS can be: from 1990 on, for 136 years."""
    return min(max(unix_s, EARLIEST_UNIX_S), LATEST_UNIX_S) if not math.isnan(unix_s) else EARLIEST_UNIX_S


def ascii_units(units: str) -> str:
    """Units in the few characters that clients of any age can show."""
    plain = unicodedata.normalize("NFKD", units.translate(_IN_ASCII)).encode("ascii", errors="ignore").decode()
    return plain[:LONGEST_UNITS]


def _alarm(one: PvValue) -> Any:
    return caproto.ChannelAlarm(status=int(one.alarm.cause), severity=int(one.alarm.severity))
