"""What must survive a restart of the process, as a file: what was told, and since when things hold.

An entry is recognized by what it is told of, not by its place or its target: a new address is not told all again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from livereduce.base.fields import LATEST_UNIX_S, checked
from livereduce.base.files import read_regular
from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.notify.occasions import ResultFlow, Since
from livereduce.notify.policy import EntryState, NotifyState

FILE_NAME = "notify.json"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEntry:
    """Of one entry: what was told with its beginning, and when it may be sent something next."""

    what: str
    told: dict[str, float] = field(default_factory=dict)
    is_new: bool = True
    free_unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The file."""

    entries: tuple[RememberedEntry, ...] = ()
    since: dict[str, float] = field(default_factory=dict)
    flow: ResultFlow = field(default_factory=ResultFlow)


def remembered_of(state: NotifyState) -> Remembered:
    """What of the state is kept."""
    known = [(what, state.by_number.get(entry.number, EntryState())) for entry, what in _named(state.entries)]
    return Remembered(
        entries=tuple(
            RememberedEntry(what=what, told=_told(one), is_new=one.is_new, free_unix_s=one.free_unix_s)
            for what, one in known
        ),
        since=dict(state.since.keys),
        flow=state.since.flow,
    )


def _told(one: EntryState) -> dict[str, float]:
    """What was told; with what is over as well until that has been told: a restart must not lose it."""
    notices = (*one.waiting, *(one.sending.notices if one.sending else ()))
    return {**{notice.key: notice.began_unix_s for notice in notices if notice.over}, **one.told}


def state_of(entries: tuple[NotifyEntry, ...], remembered: Remembered) -> NotifyState:
    """The state to begin with."""
    known = {one.what: one for one in remembered.entries}
    by_number = {
        entry.number: EntryState(told=_sound(one.told), is_new=one.is_new, free_unix_s=one.free_unix_s)
        for entry, what in _named(entries)
        if (one := known.get(what))
    }
    flow = remembered.flow
    is_sound = all(0 <= one <= LATEST_UNIX_S for one in (flow.since_unix_s, flow.idle_s, flow.idle_unix_s))
    since = Since(keys=_sound(remembered.since), flow=flow if is_sound else ResultFlow())
    return NotifyState(entries=entries, by_number=by_number, since=since)


def _sound(times: dict[str, float]) -> dict[str, float]:
    """What may come from this program: keys that begin with an occasion, and times."""
    known = {*Occasion}
    return {key: at for key, at in times.items() if key.partition(" ")[0] in known and 0 <= at <= LATEST_UNIX_S}


def _named(entries: tuple[NotifyEntry, ...]) -> Iterator[tuple[NotifyEntry, str]]:
    """The entries, each with a name that it has as long as it is told of the same."""
    seen: dict[str, int] = {}
    for entry in entries:
        facts = f"{'+'.join(sorted(entry.on))} {entry.longer_than_s:g} {entry.metric} {entry.target:g}"
        seen[facts] = number = seen.get(facts, 0) + 1
        yield entry, f"{facts} {number}"


def encode_remembered(remembered: Remembered) -> bytes:
    """The text of the file."""
    return json.dumps(asdict(remembered), indent=1).encode()


def read_remembered(path: Path) -> Remembered:
    """Read the file.

    Raises
    ------
    OSError
        It does not exist, or cannot be read.
    ValueError
        It is not such a file.
    """
    try:
        return checked(Remembered, json.loads(read_regular(path, MAX_BYTES, follow_link=False)))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not what livereduce notify has written: {error}") from None
