"""Blocks of events are used again when nobody holds a slice, and never before."""

import re
import sys
import sysconfig

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livereduce.base.errors import OperatorError
from livereduce.base.machine import read_caches
from livereduce.stream.adara.wire.arena import MAX_SPARE, Arena, scratch
from livereduce.stream.sources import source_of

BLOCK = 100


def block_of(room: NDArray[np.int32]) -> NDArray[np.int32]:
    assert isinstance(room.base, np.ndarray)
    return room.base


def test_slices_of_a_block_follow_each_other() -> None:
    room = Arena(np.int32, BLOCK)
    first, second = room.room(60), room.room(40)
    assert (len(first), len(second)) == (60, 40)
    assert block_of(first) is block_of(second)
    assert second.ctypes.data == first.ctypes.data + 4 * 60


def test_what_is_not_kept_is_given_out_again() -> None:
    room = Arena(np.int32, BLOCK)
    first = room.kept(room.room(90), 60)
    second = room.room(40)
    assert (len(first), block_of(first) is block_of(second)) == (60, True)
    assert second.ctypes.data == first.ctypes.data + 4 * 60


def test_a_full_block_is_left_alone_while_a_slice_is_held() -> None:
    room = Arena(np.int32, BLOCK)
    first = room.room(100)
    assert block_of(room.room(100)) is not block_of(first)


def test_a_part_of_a_slice_holds_the_block() -> None:
    room = Arena(np.int32, BLOCK)
    part = room.room(100)[10:20][::2]
    part[:] = 7
    for _ in range(10):
        room.room(100)[:] = 0
    assert part.tolist() == [7] * 5


def test_a_block_is_used_again_when_the_last_slice_is_gone() -> None:
    room = Arena(np.uint8, BLOCK)
    addresses = {room.room(100).ctypes.data for _ in range(50)}
    assert len(addresses) <= 2


def test_more_than_a_block_in_one_piece() -> None:
    room = Arena(np.int32, BLOCK)
    large = room.room(1000)
    assert len(large) == 1000
    assert len(room.room(10)) == 10


def test_nothing_is_room_too() -> None:
    assert len(Arena(np.int32, BLOCK).room(0)) == 0


def test_few_blocks_are_kept_in_store() -> None:
    room = Arena(np.int32, BLOCK)
    held = [room.room(100) for _ in range(3 * MAX_SPARE)]
    assert len({block.ctypes.data for block in held}) == 3 * MAX_SPARE
    assert len(room._blocks) == MAX_SPARE


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 5)), max_size=60))
def test_what_is_held_is_never_overwritten(steps: list[tuple[int, int]]) -> None:
    """Each step takes room, marks it, keeps it, and lets go of the slices that came some steps before."""
    room, held = Arena(np.int32, BLOCK), []
    for mark, (size, keep) in enumerate(steps):
        piece = room.room(size)
        piece[:] = mark
        held.append((mark, piece))
        held = held[-keep:] if keep else []
        assert all(np.all(piece == mark) for mark, piece in held)
        del piece


@pytest.mark.parametrize(
    "counts",
    [
        [3, 3, 3, 3],  # deferred, or immortal
        [2, 3, 4, 4],  # freed later
        [2, 2, 3, 2],  # not counted
    ],
)
def test_an_interpreter_that_does_not_count_references_exactly_is_refused(
    counts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(counts)
    monkeypatch.setattr(sys, "getrefcount", lambda _: next(answers))
    seen = ", ".join(map(str, counts))
    with pytest.raises(OperatorError, match=f"counts {seen} references .* Use a standard build of CPython"):
        Arena(np.int32, BLOCK)


def test_a_free_threaded_build_is_refused_before_a_source_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    with pytest.raises(OperatorError, match=f"at {re.escape(sys.executable)} is a free-threaded build"):
        source_of("adara://localhost:1")


def test_scratch_is_small_and_used_again() -> None:
    room = scratch(np.int32)
    addresses = {room.room(1000).ctypes.data for _ in range(20_000)}
    assert len(addresses) * 4000 <= MAX_SPARE * read_caches().second_bytes
