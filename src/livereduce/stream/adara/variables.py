"""Scalar variable packets to columns: values of many variables, interleaved, come out sorted by variable.

Layout (SNS network protocol, `VariableU32`, `VariableDouble`): device id, variable id, status and severity, value.
"""

from dataclasses import dataclass

import numpy as np

from livereduce.kernel import kernel, prefetch
from livereduce.stream.adara.frame import PacketTable
from livereduce.stream.adara.layout import Type
from livereduce.stream.model import F8, I4, I8

MOST_VARIABLES = 1 << 16
"""Different variables remembered; a stream of rubbish must not fill the memory. Beamlines have some thousand."""
_BUCKETS = 4 * MOST_VARIABLES
_NEVER = np.iinfo(np.int64).min
_AHEAD = 16
"""Packets ahead whose payload is asked for: they stand apart in a block that is larger than the nearer caches."""
_DOUBLE = int(Type.VARIABLE_DOUBLE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariableColumn:
    """New values of one variable, in the order of the stream."""

    device: int
    variable: int
    time_ns: I8
    value: F8


@kernel("i8", "u4[]", "i8[]", "i4[]", "u4[]", "i8[]", "i8[]", "i8", "u8[=]", "i4[=]", "i8[=]", "u8[=]",
        "i8[=]", "i8[=]", "i4[=]", "i8[=]", "f8[=]", "u8[=]")  # fmt: skip
def _read_scalars(  # type: ignore[no-untyped-def]
    words, at, length, format_, time_ns, rows, repeats_before, keys, slots, last_ns, last_bits, tally, counts,
    slot, new_ns, value, raw
):  # fmt: skip
    """Keep (slot, time, value) of each new value; return how many. `keys` and `slots` are an open hash table.

    `raw` is the memory of `value` as integers, for values that come as the bits of a double; `counts` counts new
    values by slot. `tally` counts variables known, damaged packets, values repeated, values of variables beyond the
    limit, and ends with the row of the newest packet of which nothing was kept for one of these two reasons.
    """
    kept = 0
    mask = np.uint64(keys.size - 1)
    for i in range(rows.size):
        prefetch(words, np.uint64(at[np.uint64(rows[min(i + _AHEAD, rows.size - 1)])]))
        k = np.uint64(rows[i])
        p = np.uint64(at[k])
        is_double = (format_[k] >> np.uint32(8)) == np.uint32(_DOUBLE)
        if length[k] < (5 if is_double else 4):
            tally[1] += 1
            tally[4] = rows[i]
            continue
        key = (np.uint64(words[p]) << np.uint64(32)) | np.uint64(words[p + np.uint64(1)])
        bucket = ((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)) & mask
        while slots[bucket] >= 0 and keys[bucket] != key:
            bucket = (bucket + np.uint64(1)) & mask
        if slots[bucket] < 0:
            if tally[0] >= last_ns.size:
                tally[3] += 1
                tally[4] = rows[i]
                continue
            slots[bucket] = tally[0]
            keys[bucket] = key
            tally[0] += 1
        s = np.uint64(slots[bucket])
        high = np.uint64(words[p + np.uint64(4)]) if is_double else np.uint64(0)
        bits = np.uint64(words[p + np.uint64(3)]) | (high << np.uint64(32))
        if (time_ns[k] == last_ns[s] and bits == last_bits[s]) or (
            rows[i] < repeats_before and time_ns[k] <= last_ns[s]
        ):
            tally[2] += 1
            continue
        last_ns[s] = time_ns[k]
        last_bits[s] = bits
        counts[s] += 1
        slot[kept] = s
        new_ns[kept] = time_ns[k]
        if is_double:
            raw[kept] = bits
        else:
            value[kept] = np.float64(bits)
        kept += 1
    return kept


@kernel("", "i4[]", "i8[]", "f8[]", "i8[=]", "i8[=]", "f8[=]")
def _sort_by_slot(slot, time_ns, value, place, out_ns, out_value):  # type: ignore[no-untyped-def]
    """Counting sort, stable; `place` holds where each slot begins, and ends as where it ends."""
    for i in range(slot.size):
        s = np.uint64(slot[i])
        to = np.uint64(place[s])
        place[s] += 1
        out_ns[to] = time_ns[i]
        out_value[to] = value[i]


class VariableReader:
    """Reads scalar variables; remembers the newest value of each, so that what a server repeats is known again."""

    def __init__(self) -> None:
        self._keys = np.zeros(_BUCKETS, np.uint64)
        self._slots = np.full(_BUCKETS, -1, np.int32)
        self._last_ns = np.full(MOST_VARIABLES, _NEVER, np.int64)
        self._last_bits = np.zeros(MOST_VARIABLES, np.uint64)
        self._tally = np.zeros(5, np.int64)
        self._counts = np.zeros(MOST_VARIABLES, np.int64)
        self._identity: list[tuple[int, int]] = []

    @property
    def damaged(self) -> int:
        """Packets too short for a value, and values of variables beyond the limit, since the beginning."""
        return int(self._tally[1] + self._tally[3])

    @property
    def last_damaged(self) -> int:
        """Row, in its table, of the newest packet that `damaged` counts."""
        return int(self._tally[4])

    def columns(self, packets: PacketTable, rows: I8, repeats_before: int = 0) -> list[VariableColumn]:
        """The new values of the packets given, one column a variable.

        A value that has the time and the value of the one before it is a repeat (a prologue says everything again);
        before row `repeats_before` one that is not newer is a repeat too (a server sends again after a reconnect).
        """
        if not len(rows):
            return []
        slot, time_ns, value = np.empty(len(rows), np.int32), np.empty(len(rows), np.int64), np.empty(len(rows))
        kept = int(
            _read_scalars(
                packets.words, packets.at, packets.length, packets.format, packets.time_ns, rows, repeats_before,
                self._keys, self._slots, self._last_ns, self._last_bits, self._tally, self._counts,
                slot, time_ns, value, value.view(np.uint64),
            )
        )  # fmt: skip
        self._learn()
        return self._sorted(slot[:kept], time_ns[:kept], value[:kept])

    def _learn(self) -> None:
        """Note device and variable id of slots that are new."""
        if len(self._identity) == self._tally[0]:
            return
        used = self._slots >= 0
        known = dict(zip(self._slots[used].tolist(), self._keys[used].tolist(), strict=True))
        for slot in range(len(self._identity), int(self._tally[0])):
            self._identity.append((known[slot] >> 32, known[slot] & 0xFFFF_FFFF))

    def _sorted(self, slot: I4, time_ns: I8, value: F8) -> list[VariableColumn]:
        counts = self._counts[: len(self._identity)]
        ends = np.cumsum(counts)
        out_ns, out_value = np.empty(len(slot), np.int64), np.empty(len(slot))
        _sort_by_slot(slot, time_ns, value, ends - counts, out_ns, out_value)
        out_ns.flags.writeable = out_value.flags.writeable = False
        found = []
        for s in np.flatnonzero(counts).tolist():
            device, variable = self._identity[s]
            part = slice(ends[s] - counts[s], ends[s])
            column = VariableColumn(device=device, variable=variable, time_ns=out_ns[part], value=out_value[part])
            found.append(column)
        counts[:] = 0
        return found
