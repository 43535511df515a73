"""Scalar variable packets to columns: interleaved values of many variables, sorted by variable.

Layout (SNS network protocol, `VariableU32`, `VariableDouble`): device id, variable id, status << 16 | severity, value.
"""

import secrets
from typing import NamedTuple

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import SEVERITY_BITS, SEVERITY_INVALID, SEVERITY_WORD, VARIABLE_WORDS, Type
from livereduce.stream.compiled import kernel, prefetch
from livereduce.stream.items import B1, F8, I8, U8

MAX_VARIABLES = 1 << 16
"""Most variables remembered: a stream of garbage must not fill the memory. Beamlines have some thousand."""
_BUCKETS = 4 * MAX_VARIABLES
_BUCKET_BITS = 18
MAX_PROBES = 64
"""Most buckets searched for one id. The table is at most a quarter full: more means that ids collide, see `_bucket`."""
_NEVER = np.iinfo(np.int64).min
_AHEAD = 16
"""Packets ahead whose payload is prefetched: they are far apart in a block that does not fit the near caches."""
_DOUBLE = int(Type.VARIABLE_DOUBLE)
_KNOWN, _SHORT, _REPEATS, _BEYOND, _LAST_DAMAGED, _DONE = range(6)
"""Slots of `tally` in `_read_scalars`: variables known, packets too short, repeats, values of variables beyond the
limit, row of the newest packet that is too short or beyond the limit, rows read in this call."""
_DEVICE, _VARIABLE, _START, _STOP, _ALARMS = range(5)
"""Columns of `groups` in `_sort_by_slot`: a variable, where its values begin and stop, how many of them are invalid."""


class VariableColumn(NamedTuple):
    """New values of one variable, in the order of the stream; a tuple, because a piece of stream makes many.

    `invalid` is True where its alarm severity is INVALID; None where that is so of no value.
    """

    device: int
    variable: int
    time_ns: I8
    value: F8
    invalid: B1 | None


@kernel("u8", "u8", "u8[]")
def _bucket(key, seeds):  # type: ignore[no-untyped-def]
    """First bucket of an id: bits of its product with a random odd number, after a random offset.

    The numbers are drawn in each process: with fixed ones a server could send ids that all go to one bucket. For any
    set of ids, two of them collide with a probability of 2 / number of buckets (Dietzfelbinger et al., J. Algorithms
    1997).
    """
    return ((key ^ seeds[0]) * seeds[1]) >> np.uint64(64 - _BUCKET_BITS)


@kernel("b1", "u8[]", "u8[]", "u8[=]", "i4[=]")
def _place_all(known, seeds, keys, slots):  # type: ignore[no-untyped-def]
    """Fill an empty table with ids; return True if each was placed within `MAX_PROBES`."""
    mask = np.uint64(keys.size - 1)
    for slot in range(known.size):
        bucket = _bucket(known[slot], seeds)
        probes = 0
        while slots[bucket] >= 0 and probes < MAX_PROBES:
            bucket = (bucket + np.uint64(1)) & mask
            probes += 1
        if slots[bucket] >= 0:
            return False
        slots[bucket] = slot
        keys[bucket] = known[slot]
    return True


@kernel("i8", "u4[]", "i8[]", "i4[]", "u4[]", "i8[]", "i8[]", "i8", "u8[]", "u8[=]", "i4[=]", "u8[=]", "i8[=]", "u8[=]",
        "u1[=]", "i8[=]", "i8[=]", "i4[=]", "i8[=]", "f8[=]", "u8[=]", "u1[=]")  # fmt: skip
def _read_scalars(  # type: ignore[no-untyped-def]
    words, at, length, format_, time_ns, rows, repeats_before, seeds, keys, slots, known, last_ns, last_bits,
    last_invalid, tally, counts, slot, new_ns, value, raw, invalid
):  # fmt: skip
    """Keep (slot, time, value, invalid) of each new value; return how many. `keys` and `slots` are an open hash table.

    `raw` is the memory of `value` as integers, for the bits of a double; `counts` has new values by slot, `known` ids.
    It stops early if an id found no bucket; `tally` says where.
    """
    kept = 0
    mask = np.uint64(keys.size - 1)
    for i in range(rows.size):
        prefetch(words, np.uint64(at[np.uint64(rows[min(i + _AHEAD, rows.size - 1)])]))
        tally[_DONE] = i + 1
        k = np.uint64(rows[i])
        p = np.uint64(at[k])
        is_double = (format_[k] >> np.uint32(8)) == np.uint32(_DOUBLE)
        if length[k] < VARIABLE_WORDS + (2 if is_double else 1):
            tally[_SHORT] += 1
            tally[_LAST_DAMAGED] = rows[i]
            continue
        key = (np.uint64(words[p]) << np.uint64(32)) | np.uint64(words[p + np.uint64(1)])
        bucket = _bucket(key, seeds)
        probes = 0
        while slots[bucket] >= 0 and keys[bucket] != key and probes < MAX_PROBES:
            bucket = (bucket + np.uint64(1)) & mask
            probes += 1
        if slots[bucket] < 0 or keys[bucket] != key:
            if tally[_KNOWN] >= last_ns.size:
                tally[_BEYOND] += 1
                tally[_LAST_DAMAGED] = rows[i]
                continue
            if slots[bucket] >= 0:
                tally[_DONE] = i
                break
            slots[bucket] = tally[_KNOWN]
            keys[bucket] = key
            known[np.uint64(tally[_KNOWN])] = key
            tally[_KNOWN] += 1
        s = np.uint64(slots[bucket])
        high = np.uint64(words[p + np.uint64(VARIABLE_WORDS + 1)]) if is_double else np.uint64(0)
        bits = np.uint64(words[p + np.uint64(VARIABLE_WORDS)]) | (high << np.uint64(32))
        severity = words[p + np.uint64(SEVERITY_WORD)] & np.uint32(SEVERITY_BITS)
        bad = np.uint8(severity == np.uint32(SEVERITY_INVALID))
        # A server that has lost a device repeats its last value, at its old time, with another alarm: that is new.
        same = time_ns[k] == last_ns[s] and bits == last_bits[s]
        if (same and bad == last_invalid[s]) or (not same and rows[i] < repeats_before and time_ns[k] <= last_ns[s]):
            tally[_REPEATS] += 1
            continue
        last_ns[s], last_bits[s], last_invalid[s] = time_ns[k], bits, bad
        counts[s] += 1
        slot[kept], new_ns[kept], invalid[kept] = s, time_ns[k], bad
        if is_double:
            raw[kept] = bits
        else:
            value[kept] = np.float64(bits)
        kept += 1
    return kept


@kernel("i8", "i8", "u8[]", "i8[]", "i4[]", "i8[]", "f8[]", "u1[]", "i8[=]", "i8[=]", "f8[=]", "u1[=]", "i8[=,]")
def _sort_by_slot(  # type: ignore[no-untyped-def]
    kept, known, counts, slot, time_ns, value, invalid, place, out_ns, out_value, out_invalid, groups
):
    """Stable counting sort of the values kept; list the variables that have some, and return how many these are."""
    listed, stop, low = np.uint64(0), np.int64(0), np.uint64(0xFFFF_FFFF)
    for s in range(np.uint64(counts.size)):
        place[s] = stop
        if counts[s]:
            stop += counts[s]
            groups[listed, _DEVICE] = np.int64(known[s] >> np.uint64(32))
            groups[listed, _VARIABLE] = np.int64(known[s] & low)
            groups[listed, _STOP] = stop
            listed += np.uint64(1)
    for i in range(np.uint64(kept)):
        owner = np.uint64(slot[i])
        to = np.uint64(place[owner])
        place[owner] += 1
        out_ns[to] = time_ns[i]
        out_value[to] = value[i]
        out_invalid[to] = invalid[i]
    start = np.int64(0)
    for j in range(listed):
        groups[j, _START] = start
        groups[j, _ALARMS] = 0
        for i in range(start, groups[j, _STOP]):
            groups[j, _ALARMS] += out_invalid[np.uint64(i)]
        start = groups[j, _STOP]
    return listed


class VariableReader:
    """Reads scalar variables; remembers the newest value of each, to recognize what a server repeats.

    Parameters
    ----------
    seeds
        Random numbers of the hash, shape (2,); None to draw them.
    """

    def __init__(self, seeds: U8 | None = None) -> None:
        self._seeds = _draw_seeds() if seeds is None else seeds
        self._keys = np.zeros(_BUCKETS, np.uint64)
        self._slots = np.full(_BUCKETS, -1, np.int32)
        self._known = np.zeros(MAX_VARIABLES, np.uint64)
        self._last_ns = np.full(MAX_VARIABLES, _NEVER, np.int64)
        self._last_bits = np.zeros(MAX_VARIABLES, np.uint64)
        self._last_invalid = np.zeros(MAX_VARIABLES, np.uint8)
        self._tally = np.zeros(_DONE + 1, np.int64)
        self._counts = np.zeros(MAX_VARIABLES, np.int64)
        self._place = np.zeros(MAX_VARIABLES, np.int64)
        self._groups = np.zeros((MAX_VARIABLES, _ALARMS + 1), np.int64)
        self._rows = -1

    @property
    def short(self) -> int:
        """Packets too short for a value, since the beginning."""
        return int(self._tally[_SHORT])

    @property
    def beyond(self) -> int:
        """Values of variables beyond the limit, since the beginning."""
        return int(self._tally[_BEYOND])

    @property
    def damaged(self) -> int:
        """Packets of which nothing was kept, for one of these two reasons."""
        return self.short + self.beyond

    @property
    def last_damaged(self) -> int:
        """Row, in its table, of the newest packet that `damaged` counts."""
        return int(self._tally[_LAST_DAMAGED])

    def columns(self, packets: PacketTable, rows: I8, repeats_before: int = 0) -> list[VariableColumn]:
        """The new values of these packets, one column per variable.

        A value with the time, the value and the alarm of the one before it is a repeat (a prologue repeats everything).
        Before row `repeats_before`, a value that is not newer is a repeat too (a server repeats after a reconnect).
        """
        known = int(self._tally[_KNOWN])
        self._counts[:known] = 0
        self._grow(len(rows))
        kept, done = self._read(packets, rows, repeats_before)
        while done < len(rows):
            self._reseed()
            more, read = self._read(packets, rows[done:], repeats_before, kept)
            kept, done = kept + more, done + read
        return self._sorted(kept) if kept else []

    def _grow(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            self._slot, self._time_ns = np.empty(rows, np.int32), np.empty(rows, np.int64)
            self._value, self._invalid = np.empty(rows), np.empty(rows, np.uint8)
            self._raw = self._value.view(np.uint64)

    def _read(self, packets: PacketTable, rows: I8, repeats_before: int, kept: int = 0) -> tuple[int, int]:
        """Read rows until an id finds no free bucket: the number of new values, and of rows read."""
        found = _read_scalars(
            packets.words, packets.at, packets.length, packets.format, packets.time_ns, rows,
            repeats_before, self._seeds, self._keys, self._slots, self._known, self._last_ns, self._last_bits,
            self._last_invalid, self._tally, self._counts, self._slot[kept:], self._time_ns[kept:], self._value[kept:],
            self._raw[kept:], self._invalid[kept:],
        )  # fmt: skip
        return int(found), int(self._tally[_DONE])

    def _reseed(self) -> None:
        """Place all ids again with new random numbers, because an id found no free bucket."""
        placed = False
        while not placed:
            self._seeds = _draw_seeds()
            self._slots[:] = -1
            placed = bool(_place_all(self._known[: self._tally[_KNOWN]], self._seeds, self._keys, self._slots))

    def _sorted(self, kept: int) -> list[VariableColumn]:
        counts = self._counts[: self._tally[_KNOWN]]
        time_ns, value, invalid = np.empty(kept, np.int64), np.empty(kept), np.empty(kept, np.bool_)
        listed = _sort_by_slot(
            kept, self._known, counts, self._slot, self._time_ns, self._value, self._invalid, self._place,
            time_ns, value, invalid.view(np.uint8), self._groups,
        )  # fmt: skip
        for column in (time_ns, value, invalid):
            column.setflags(write=False)
        return [
            VariableColumn(
                device=device,
                variable=variable,
                time_ns=time_ns[start:stop],
                value=value[start:stop],
                invalid=invalid[start:stop] if alarms else None,
            )
            for device, variable, start, stop, alarms in self._groups[:listed].tolist()
        ]


def _draw_seeds() -> U8:
    """Draw two random numbers; the second is odd, so that no bit of an id is lost."""
    return np.array([secrets.randbits(64), secrets.randbits(64) | 1], np.uint64)
