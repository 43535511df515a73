"""Memory of the delivered packets: a packet that comes again, byte for byte, is a repeat, whatever its time stamp.

The fingerprint of each packet (`frame.PacketTable`) is recorded. A packet newer than all before it cannot be a repeat
and is not looked up: this is the normal path. The first packet that is not newer makes a hash table of the
fingerprints, which is updated when another such packet comes.

The memory is bounded: when two generations are full, the older one is forgotten. The number of forgotten packets and
their newest stamp are kept.
"""

import secrets
from dataclasses import dataclass, field, replace

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.compiled import kernel
from livereduce.stream.items import I8, U1, U8

GENERATION = 1 << 18
"""Packets forgotten at once, and the least number remembered: 73 minutes at 60 Hz, in 6 MiB per generation. A server
that is asked to resume after a pulse repeats at most the time between two of its index points, which is 300 s."""
_SMALLEST = 1 << 8
NEVER = int(np.iinfo(np.int64).min)
_COUNT, _INDEXED, _NEWEST, _REPEATS = range(4)


@kernel("", "u8[]", "u8", "u8[=]", "i8[=]")
def _index(log, seed, table, tally):  # type: ignore[no-untyped-def]
    """Add the missing entries to the table. It is never more than half full."""
    mask, one = np.uint64(table.size - 1), np.uint64(1)
    for i in range(tally[_INDEXED], tally[_COUNT]):
        place = ((log[i] * seed) >> np.uint64(32)) & mask
        while table[place] != np.uint64(0):
            place = (place + one) & mask
        table[place] = log[i]
    tally[_INDEXED] = tally[_COUNT]


@kernel("b1", "u8[]", "u8", "u8")
def _has(table, seed, fingerprint):  # type: ignore[no-untyped-def]
    mask, one = np.uint64(table.size - 1), np.uint64(1)
    place = ((fingerprint * seed) >> np.uint64(32)) & mask
    while table[place] != np.uint64(0):
        if table[place] == fingerprint:
            return True
        place = (place + one) & mask
    return False


@kernel("i8", "i8[]", "u8[]", "i8[]", "i8", "b1", "u8", "u8[=]", "u8[=]", "u8[]", "i8[=]", "u1[=]")
def _tell(  # type: ignore[no-untyped-def]
    time_ns, fingerprints, rows, start, remember, seed, log, table, older, tally, is_new
):
    """Separate new packets from repeats, from row `start` on; return the row where room ran out, or ``len(rows)``."""
    for i in range(start, rows.size):
        k = np.uint64(rows[i])
        fingerprint = max(fingerprints[k], np.uint64(1))
        if time_ns[k] <= tally[_NEWEST]:
            if 2 * tally[_COUNT] > table.size:
                return i
            _index(log, seed, table, tally)
            if _has(table, seed, fingerprint) or _has(older, seed, fingerprint):
                is_new[i] = 0
                tally[_REPEATS] += 1
                continue
        if remember:
            if tally[_COUNT] >= log.size:
                return i
            tally[_NEWEST] = max(tally[_NEWEST], time_ns[k])
            log[tally[_COUNT]] = fingerprint
            tally[_COUNT] += 1
        is_new[i] = 1
    return rows.size


@kernel("i8", "i8[]", "u8[]", "i8[]", "i8", "i8", "u8[=]", "i8[=]")
def _append(time_ns, fingerprints, rows, count, newest_ns, log, tally):  # type: ignore[no-untyped-def]
    """Record rows after the first `count`, each newer than all before; return the newest stamp, else `NEVER`."""
    if tally[_COUNT] != count or count + rows.size > log.size:
        return NEVER
    to = np.uint64(count)
    for i in range(np.uint64(rows.size)):
        k = np.uint64(rows[i])
        if time_ns[k] <= newest_ns:
            return NEVER
        newest_ns = time_ns[k]
        log[to] = max(fingerprints[k], np.uint64(1))
        to += np.uint64(1)
    tally[_COUNT] = count + rows.size
    return newest_ns


class _Book:
    """Storage of fingerprints, shared by values that extend each other: each value knows its own length."""

    def __init__(self, size: int, seed: int) -> None:
        self.seed = seed
        self.log = np.empty(size, np.uint64)
        self.tally = np.array([0, 0, NEVER, 0])
        self.clear_table(0)

    def clear_table(self, count: int) -> None:
        """Clear the table and make it large enough to be at most half full with this many fingerprints."""
        self.table = np.zeros(max(_SMALLEST, 2 << (count - 1).bit_length() if count else 0), np.uint64)
        self.tally[_INDEXED] = 0

    def open_at(self, count: int, newest_ns: int) -> None:
        """Continue after this many fingerprints: what another value wrote after them is void."""
        if self.tally[_COUNT] != count:
            self.tally[_COUNT] = count
            if self.tally[_INDEXED] > count:
                self.clear_table(count)
        self.tally[_NEWEST], self.tally[_REPEATS] = newest_ns, 0

    def index(self) -> U8:
        """The table with all fingerprints entered."""
        self.clear_table(int(self.tally[_COUNT]))
        _index(self.log, self.seed, self.table, self.tally)
        return self.table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivered:
    """Memory of one kind of packet: an immutable value, although it grows without a copy.

    Attributes
    ----------
    count, newest_ns
        Packets of this generation, and the newest stamp of all.
    older, older_count, older_until_ns
        The generation before: its table, how many packets, and the newest stamp among them.
    forgotten, forgotten_until_ns
        Packets that are no longer remembered, and the newest stamp among them.
    """

    book: _Book = field(repr=False)
    count: int = 0
    newest_ns: int = NEVER
    older: U8 = field(default_factory=lambda: np.zeros(2, np.uint64), repr=False)
    older_count: int = 0
    older_until_ns: int = NEVER
    forgotten: int = 0
    forgotten_until_ns: int = NEVER

    def __len__(self) -> int:
        """Number of packets delivered, including the forgotten ones."""
        return self.forgotten + self.older_count + self.count

    def with_newer(self, packets: PacketTable, rows: I8) -> "Delivered | None":
        """Remember these rows if each is newer than all before, as in an undisturbed stream; None: `tell` must say."""
        if not len(rows):
            return self
        book, count = self.book, self.count
        newest_ns = _append(packets.time_ns, packets.fingerprint, rows, count, self.newest_ns, book.log, book.tally)
        return None if newest_ns == NEVER else self._with(count + len(rows), newest_ns)

    def tell(self, packets: PacketTable, rows: I8) -> tuple["Delivered", U1, int]:
        """Remember these rows; return the memory, 1 (new) or 0 (repeat) for each row, and the number of repeats."""
        is_new, after, repeats, done = np.empty(len(rows), np.uint8), self, 0, 0
        while True:
            done = after._told(packets, rows, done, is_new, remember=True)
            count, _, newest_ns, found = after.book.tally.tolist()
            after, repeats = after._with(count, newest_ns), repeats + found
            if done == len(rows):
                return after, is_new, repeats
            after = after._with_room()

    def look(self, packets: PacketTable, rows: I8) -> U1:
        """For each row 1 if it would be new; nothing is remembered."""
        is_new = np.empty(len(rows), np.uint8)
        if self._told(packets, rows, 0, is_new, remember=False) < len(rows):
            self.book.clear_table(self.count)
            self._told(packets, rows, 0, is_new, remember=False)
        return is_new

    def nothing(self) -> "Delivered":
        """An empty memory, for another run."""
        return nothing_delivered(len(self.book.log)) if len(self) else self

    def _with(self, count: int, newest_ns: int) -> "Delivered":
        """Copy with other counts; `dataclasses.replace` would take three times as long, for every piece of a stream."""
        return Delivered(
            book=self.book, count=count, newest_ns=newest_ns, older=self.older, older_count=self.older_count,
            older_until_ns=self.older_until_ns, forgotten=self.forgotten, forgotten_until_ns=self.forgotten_until_ns,
        )  # fmt: skip

    def _told(self, packets: PacketTable, rows: I8, start: int, is_new: U1, *, remember: bool) -> int:
        book = self.book
        book.open_at(self.count, self.newest_ns)
        memory = book.seed, book.log, book.table, self.older, book.tally
        return int(_tell(packets.time_ns, packets.fingerprint, rows, start, remember, *memory, is_new))

    def _with_room(self) -> "Delivered":
        """A memory with a table that is large enough, or with the next generation started."""
        if 2 * self.count > len(self.book.table):
            self.book.clear_table(self.count)
            return self
        return replace(
            self,
            book=_Book(self.count, self.book.seed),
            count=0,
            older=self.book.index(),
            older_count=self.count,
            older_until_ns=self.newest_ns,
            forgotten=self.forgotten + self.older_count,
            forgotten_until_ns=self.older_until_ns,
        )


def nothing_delivered(generation: int = GENERATION) -> Delivered:
    """An empty memory that forgets this many packets at a time, and remembers at least as many."""
    return Delivered(book=_Book(generation, secrets.randbits(64) | 1))
