"""The contents of an event file as a value, with or without its events; and what of it is to be read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from livereduce.stream.items import F8, I8, U2
from livereduce.stream.nexus.events import EventColumns, EventRows
from livereduce.stream.nexus.logs import Log

Events = TypeVar("Events", EventRows, EventColumns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileContents(Generic[Events]):
    """The contents of an event file; times count from its start.

    Attributes
    ----------
    start
        The moment from which times count.
    end
        As the file says; empty if it does not.
    charge_ns, charge_pc
        Shape (c,): time and proton charge of each pulse of the charge's log.
    period_ns, period
        Shape (d,): since when the run is in a period, ascending, and its number; empty if it has none.
    banks, monitors
        Ascending by number.
    notes
        What was left out or changed, a sentence each.
    """

    run: int
    start: datetime
    end: str
    instrument: str
    title: str
    proposal: str
    definition_xml: str
    charge_ns: I8
    charge_pc: F8
    period_ns: I8
    period: U2
    banks: tuple[Events, ...]
    monitors: tuple[Events, ...]
    logs: tuple[Log, ...]
    notes: tuple[str, ...]


IndexedFile = FileContents[EventRows]
"""Without the events, which stay in the file."""
EventFile = FileContents[EventColumns]
"""With all events in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """What of an event file is to be read.

    Attributes
    ----------
    entry
        Name of the group at the top of the file; empty: the one that its layout has.
    wants
        Called with the number of each bank: False leaves its events out.
    tell
        Called before each bank is read, with its place and the number of banks.
    take
        Called with the file's start and each bank, which is not kept then: a large file need not be in memory as a
        whole. None: banks are kept.
    """

    entry: str = ""
    wants: Callable[[int], bool] = lambda _: True
    tell: Callable[[int, int], object] = lambda _at, _of: None
    take: Callable[[datetime, EventColumns], object] | None = None
