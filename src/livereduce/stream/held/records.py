"""Records of the journal: an item as bytes, without the events, which are named by segment and offset.

::

    u64  size of the record in bytes, a multiple of 16; 0: the journal goes on in the next segment
    u32  number of arrays   u32  size of the pickle
    u64  size of each array
    the pickle, then the arrays, each at a multiple of 16

Pickle (protocol 5, arrays out of band), because only the receiver writes here and only its readers read: it never reads
anything of theirs but short JSON. What a reader gets are views of the mapped memory, so an array is never copied.
"""

import pickle
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from numpy.typing import NDArray

from livereduce.stream.items import U1, EventBatch, Item

_HEAD = struct.Struct("<QII")
_ALIGN = 16
EVENT_COLUMNS = ("tof_ns", "pixel", "state")
_OF_PULSES = tuple(one.name for one in fields(EventBatch) if one.name not in EVENT_COLUMNS)
NOWHERE = -1
"""In place of a segment's number: a column without events."""


@dataclass(frozen=True, slots=True)
class HeldColumn:
    """A column of events: where it lies in which segment, in units of its own items."""

    segment: int
    start: int
    stop: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Record:
    """An entry of the journal.

    Attributes
    ----------
    standing
        The item was true before: the newest geometry and log values at the start of a run, repeated for readers that
        begin there.
    """

    item: Item
    standing: bool = False


Resolve = Callable[[HeldColumn], NDArray[Any]]
"""The array at such a place; the reader's side."""


def encode(record: Record, columns: Mapping[str, HeldColumn]) -> list[bytes | memoryview]:
    """The parts of a record, in order; their sizes sum to a multiple of 16.

    Parameters
    ----------
    columns
        Where the events of a batch lie.
    """
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(
        (_without_events(record.item, columns), record.standing), protocol=5, buffer_callback=arrays.append
    )
    raw = [array.raw() for array in arrays]
    sizes = struct.pack(f"<{len(raw)}Q", *(one.nbytes for one in raw))
    head_size = _HEAD.size + len(sizes) + len(body)
    total = _padded(head_size) + sum(_padded(one.nbytes) for one in raw)
    parts: list[bytes | memoryview] = [_HEAD.pack(total, len(raw), len(body)), sizes, body, bytes(-head_size % _ALIGN)]
    for one in raw:
        parts += [one, bytes(-one.nbytes % _ALIGN)]
    return parts


def size_at(memory: U1, offset: int) -> int:
    """Size of the record at an offset; 0 if the journal goes on in the next segment."""
    if offset + _HEAD.size > len(memory):
        return 0
    size: int = _HEAD.unpack_from(memory.data, offset)[0]
    return size


def decode(memory: U1, offset: int, resolve: Resolve) -> Record:
    """The record at an offset; its arrays are read-only views of the memory."""
    _, count, body_size = _HEAD.unpack_from(memory.data, offset)
    at = offset + _HEAD.size
    sizes = struct.unpack_from(f"<{count}Q", memory.data, at)
    at += 8 * count
    body = memory.data[at : at + body_size]
    at = offset + _padded(at + body_size - offset)
    views = []
    for size in sizes:
        views.append(memory.data[at : at + size])
        at += _padded(size)
    item, standing = pickle.loads(body, buffers=views)
    return Record(_with_events(item, resolve), standing)


def _padded(size: int) -> int:
    return size + -size % _ALIGN


def _without_events(item: Item, columns: Mapping[str, HeldColumn]) -> Any:
    return _HeldBatch(item=_bare(item), columns=dict(columns)) if isinstance(item, EventBatch) else item


def _with_events(body: Any, resolve: Resolve) -> Item:
    if not isinstance(body, _HeldBatch):
        item: Item = body
        return item
    columns: dict[str, Any] = {"state": None} | {name: resolve(one) for name, one in body.columns.items()}
    return EventBatch(**body.item, **columns)


def _bare(item: EventBatch) -> dict[str, Any]:
    return {name: getattr(item, name) for name in _OF_PULSES}


@dataclass(frozen=True, slots=True)
class _HeldBatch:
    """An `EventBatch` whose columns are named."""

    item: dict[str, Any]
    columns: dict[str, HeldColumn]
