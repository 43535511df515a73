"""Scalar variables: sorted by variable, repeats known again, never more variables than the limit."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.decoding import table_of
from helpers.packets import T0, packet, variable, words
from livereduce.stream.adara.wire.variables import MAX_VARIABLES, VariableColumn, VariableReader

U32, DOUBLE = 1, 2
Found = dict[tuple[int, int], list[tuple[int, float]]]


def read(reader: VariableReader, data: bytes, repeats_until: int = 0) -> Found:
    """(time after T0, value) by device and variable."""
    table = table_of(data)
    columns = reader.columns(table, np.arange(len(table)), repeats_until)
    found = {
        (c.device, c.variable): list(zip((c.time_ns - T0).tolist(), c.value.tolist(), strict=True)) for c in columns
    }
    assert len(found) == len(columns)
    return found


def alarms(column: VariableColumn) -> list[bool] | None:
    return None if column.invalid is None else column.invalid.tolist()


def test_unsigned_and_double() -> None:
    data = variable(U32, T0, 1, 2, 2**32 - 1) + variable(DOUBLE, T0 + 5, 1, 3, -1.5e300)
    assert read(VariableReader(), data) == {(1, 2): [(0, 4294967295.0)], (1, 3): [(5, -1.5e300)]}


def test_interleaved_values_come_out_by_variable_in_the_order_of_the_stream() -> None:
    data = b"".join(variable(DOUBLE, T0 + k, k % 3, k % 2, k) for k in range(12))
    assert read(VariableReader(), data) == {
        (d, v): [(k, float(k)) for k in range(12) if (k % 3, k % 2) == (d, v)] for d in range(3) for v in range(2)
    }


def test_ids_use_all_their_bits() -> None:
    ids = [(2**32 - 1, 0), (0, 2**32 - 1), (2**31 | 7, 2), (7, 2)]
    data = b"".join(variable(U32, T0, *key, k) for k, key in enumerate(ids))
    assert read(VariableReader(), data) == {key: [(0, float(k))] for k, key in enumerate(ids)}


@pytest.mark.parametrize("bits", [0x7FF8_0000_0000_0000, 0x7FF8_0000_0000_0001, 0xFFF0_0000_0000_0001])
def test_not_a_number_is_a_value_and_its_repeat_is_known(bits: int) -> None:
    reader = VariableReader()
    data = packet(0x8002, 0, T0, words(1, 2, 0) + struct.pack("<Q", bits))
    ((_, value),) = read(reader, data)[1, 2]
    assert math.isnan(value)
    assert read(reader, data) == {}


@pytest.mark.parametrize("value", [math.inf, -math.inf, -0.0, 5e-324])
def test_every_double_survives(value: float) -> None:
    table = table_of(variable(DOUBLE, T0, 1, 2, value))
    (column,) = VariableReader().columns(table, np.arange(len(table)))
    assert column.value.tobytes() == struct.pack("<d", value)
    assert not column.value.flags.writeable
    assert not column.time_ns.flags.writeable


def test_the_same_time_and_value_again_is_a_repeat() -> None:
    reader, data = VariableReader(), variable(DOUBLE, T0, 1, 2, 3.5)
    assert read(reader, 2 * data) == {(1, 2): [(0, 3.5)]}
    assert read(reader, data) == {}


def test_a_new_value_at_the_same_time_is_none() -> None:
    data = variable(DOUBLE, T0, 1, 2, 3.5) + variable(DOUBLE, T0, 1, 2, 4.5)
    assert read(VariableReader(), data) == {(1, 2): [(0, 3.5), (0, 4.5)]}


def test_the_same_value_at_a_new_time_is_none() -> None:
    data = variable(DOUBLE, T0, 1, 2, 3.5) + variable(DOUBLE, T0 + 1, 1, 2, 3.5)
    assert read(VariableReader(), data) == {(1, 2): [(0, 3.5), (1, 3.5)]}


def test_while_a_server_repeats_what_is_not_newer_is_dropped() -> None:
    reader = VariableReader()
    read(reader, variable(U32, T0 + 10, 1, 2, 7) + variable(U32, T0 + 10, 1, 3, 7))
    again = variable(U32, T0 + 5, 1, 2, 6) + variable(U32, T0 + 10, 1, 2, 8) + variable(U32, T0 + 11, 1, 2, 9)
    assert read(reader, again + variable(U32, T0 + 3, 1, 3, 1), repeats_until=3) == {
        (1, 2): [(11, 9.0)],
        (1, 3): [(3, 1.0)],
    }


def test_outside_of_repeats_an_older_time_is_a_new_value() -> None:
    data = variable(U32, T0 + 10, 1, 2, 7) + variable(U32, T0 + 5, 1, 2, 6)
    assert read(VariableReader(), data) == {(1, 2): [(10, 7.0), (5, 6.0)]}


@pytest.mark.parametrize(("kind", "body"), [(U32, words(1, 2, 0)), (DOUBLE, words(1, 2, 0, 5)), (U32, b"")])
def test_a_packet_too_short_is_damaged_and_costs_itself_alone(kind: int, body: bytes) -> None:
    reader, good = VariableReader(), variable(U32, T0, 1, 2, 5)
    assert read(reader, good + packet(0x8000 + kind, 0, T0, body) + variable(U32, T0 + 1, 1, 2, 6)) == {
        (1, 2): [(0, 5.0), (1, 6.0)]
    }
    assert reader.damaged == 1


def test_a_newer_version_may_be_longer() -> None:
    data = packet(0x8001, 3, T0, words(1, 2, 0, 5, 99)) + packet(0x8002, 3, T0, words(1, 3, 0, 0, 0x3FF00000, 9))
    assert read(VariableReader(), data) == {(1, 2): [(0, 5.0)], (1, 3): [(0, 1.0)]}


def test_no_packets() -> None:
    assert read(VariableReader(), b"") == {}


def many(first: int, count: int, time_ns: int = T0) -> bytes:
    """One value each of many variables: built at once, since there are tens of thousands."""
    data = np.zeros((count, 8), np.uint32)
    data[:] = np.frombuffer(variable(U32, time_ns, 0, 0, 0), "<u4")
    number = np.arange(first, first + count)
    data[:, 4], data[:, 5], data[:, 7] = number // 100, number % 100, number
    return data.tobytes()


def test_thousands_of_variables() -> None:
    reader = VariableReader()
    for part in range(4):
        found = read(reader, many(2000 * part, 3000, T0 + part))
        assert found == {(k // 100, k % 100): [(part, float(k))] for k in range(2000 * part, 2000 * part + 3000)}
    assert read(reader, many(6000, 3000, T0 + 3)) == {}


def test_more_variables_than_the_limit_are_counted_not_remembered() -> None:
    reader = VariableReader()
    assert len(read(reader, many(0, MAX_VARIABLES + 1000))) == MAX_VARIABLES
    assert reader.damaged == 1000
    known, unknown = variable(U32, T0 + 1, 0, 5, 1), many(MAX_VARIABLES + 5, 1, T0 + 1)
    assert read(reader, known + unknown) == {(0, 5): [(1, 1.0)]}
    assert reader.damaged == 1001


VALUES = st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(VALUES, max_size=12), st.integers(0, 12)), max_size=4))
def test_random_values_agree_with_a_plain_reader(blocks: list[tuple[list[tuple[int, int, int]], int]]) -> None:
    reader = VariableReader()
    last: dict[int, tuple[int, int]] = {}
    for values, until in blocks:
        expected: Found = {}
        for k, (number, time, value) in enumerate(values):
            before = last.get(number)
            if before is not None and (before == (time, value) or (k < until and time <= before[0])):
                continue
            last[number] = time, value
            expected.setdefault((4, number), []).append((time, float(value)))
        data = b"".join(variable(U32, T0 + time, 4, number, value) for number, time, value in values)
        assert read(reader, data, until) == expected
    assert reader.damaged == 0


def colliding(count: int) -> bytes:
    """Values of variables whose ids all go to one bucket where 18 bits of their product with 2^64 / φ are taken."""
    inverse = pow(0x9E3779B97F4A7C15, -1, 1 << 64)
    keys = np.arange(count, dtype=np.uint64) * np.uint64(inverse)  # wraps, as it should
    data = np.zeros((count, 8), np.uint32)
    data[:] = np.frombuffer(variable(U32, T0, 0, 0, 0), "<u4")
    data[:, 4], data[:, 5], data[:, 7] = keys >> np.uint64(32), keys & np.uint64(0xFFFF_FFFF), np.arange(count)
    return data.tobytes()


def test_ids_that_collide_cost_what_others_cost() -> None:
    """They hung the worker: each was compared with all before it."""
    reader, count = VariableReader(), 2 * MAX_VARIABLES
    found = read(reader, colliding(count))
    assert len(found) == MAX_VARIABLES
    assert (reader.short, reader.beyond) == (0, count - MAX_VARIABLES)
    assert [value for ((_, value),) in list(found.values())[:100]] == list(range(100))


def test_a_table_whose_ids_collide_is_made_again_with_other_seeds() -> None:
    """Seeds of 0 send every id to one bucket."""
    reader = VariableReader(np.zeros(2, np.uint64))
    found = read(reader, many(0, 5000))
    assert found == {(k // 100, k % 100): [(0, float(k))] for k in range(5000)}
    assert reader._seeds[1]
    assert read(reader, many(0, 5000)) == {}, "all are known again"


def test_each_process_has_seeds_of_its_own() -> None:
    one, other = VariableReader()._seeds, VariableReader()._seeds
    assert one.tolist() != other.tolist()
    assert one[1] % 2 == other[1] % 2 == 1


INVALID, MINOR, NOT_REPORTED, DISCONNECTED = 3, 1, 0xFFFF, 0xFFFE << 16 | 3


@pytest.mark.parametrize(
    ("alarm", "invalid"), [(0, False), (MINOR, False), (2, False), (INVALID, True), (DISCONNECTED, True),
                           (NOT_REPORTED, False), (7 << 16 | INVALID, True), (INVALID << 16, False)],
)  # fmt: skip
def test_an_alarm_of_severity_invalid_stays_with_its_value(alarm: int, invalid: bool) -> None:
    data = (
        variable(DOUBLE, T0, 1, 2, 3.5) + variable(DOUBLE, T0 + 1, 1, 2, 3.5, alarm) + variable(U32, T0, 1, 3, 7, alarm)
    )
    table = table_of(data)
    found = {c.variable: alarms(c) for c in VariableReader().columns(table, np.arange(len(table)))}
    assert found == {2: [False, invalid] if invalid else None, 3: [invalid] if invalid else None}


def test_the_same_value_with_another_alarm_is_no_repeat() -> None:
    """A server that has lost a device says its last value again with its old time, also to whoever connects."""
    reader = VariableReader()
    data = [variable(DOUBLE, T0, 1, 2, 3.5, alarm) for alarm in (0, DISCONNECTED, DISCONNECTED, 0)]
    tables = [table_of(one) for one in data]
    found = [reader.columns(table, np.arange(1), repeats_before=1) for table in tables]
    assert [[alarms(c) for c in columns] for columns in found] == [[None], [[True]], [], [None]]
