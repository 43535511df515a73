"""Which way of counting is chosen, and that all of them count the same."""

import os
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livereduce.base.machine import Caches
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, WithoutCell, number_of_events, shared
from livereduce.engine.counting.dense import cells as dense
from livereduce.engine.counting.dense import waiting
from livereduce.engine.counting.dense.cells import DenseCells
from livereduce.engine.counting.dense.forms import (
    FEW_EVENTS,
    TRIAL_EVENTS,
    TRIES_AGAIN,
    Experience,
    Form,
    possible_forms,
)
from livereduce.engine.counting.dense.helpers import together

CACHES = Caches(second_bytes=1 << 20)
BINS = Binning(np.arange(0, 101, 10, dtype=np.int64))
MANY = 1 << 30


class Always(Experience):
    """Chooses in turn from some forms."""

    def __init__(self, *forms: Form) -> None:
        super().__init__()
        self.forms = list(forms)

    def choose(self, cell_bytes: int, forms: tuple[Form, ...]) -> Form:
        self.forms.append(self.forms.pop(0))
        return self.forms[-1]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "_caches", lambda: Caches(second_bytes=1 << 10))
    monkeypatch.setattr(waiting, "LEAST_WAITING", 1)


def columns(tof_ns: list[int], pixel: list[int]) -> Columns:
    return np.array(tof_ns, np.int32), np.array(pixel, np.int32)


def table(rows: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int32]]":
    return np.append(np.arange(rows, dtype=np.int32), np.int32(-1))


# --- the choice ---


def test_few_events_and_near_cells_on_one_core_are_counted_directly() -> None:
    assert possible_forms(1 << 10, FEW_EVENTS - 1, 8, CACHES) == (Form.DIRECT,)
    assert possible_forms(1 << 30, FEW_EVENTS - 1, 8, CACHES) == (Form.DIRECT,)
    assert possible_forms(1 << 10, MANY, 1, CACHES) == (Form.DIRECT,)


def test_far_cells_may_be_counted_by_blocks_also_on_one_core() -> None:
    assert possible_forms(1 << 20, MANY, 1, CACHES) == (Form.DIRECT, Form.BLOCKS)
    assert possible_forms(1 << 10, MANY, 2, CACHES) == (Form.DIRECT, Form.COPIES)


def test_each_form_is_tried_then_the_fastest_stays() -> None:
    known, forms = Experience(), (Form.DIRECT, Form.BLOCKS)
    assert known.choose(1000, forms) is Form.DIRECT
    known.learn(1000, Form.DIRECT, TRIAL_EVENTS, 1.0)
    assert known.choose(1000, forms) is Form.BLOCKS
    known.learn(1000, Form.BLOCKS, TRIAL_EVENTS, 0.5)
    assert [known.choose(1000, forms) for _ in range(3)] == [Form.BLOCKS] * 3
    assert known.choose(1 << 20, forms) is Form.DIRECT, "cells of another size are another question"


def test_the_others_are_tried_again_and_what_is_new_counts_more() -> None:
    known, forms = Experience(), (Form.DIRECT, Form.BLOCKS)
    known.learn(1000, Form.DIRECT, TRIAL_EVENTS, 1.0)
    known.learn(1000, Form.BLOCKS, TRIAL_EVENTS, 0.5)
    chosen = [known.choose(1000, forms) for _ in range(TRIES_AGAIN)]
    assert chosen == [Form.BLOCKS] * (TRIES_AGAIN - 1) + [Form.DIRECT]
    for _ in range(8):  # the stream has come to be one in which each bank's events stand together
        known.learn(1000, Form.DIRECT, 1 << 26, 1.0)
    assert known.choose(1000, forms) is Form.DIRECT


# --- the forms ---

pieces = st.lists(st.lists(st.tuples(st.integers(-5, 120), st.integers(-1, 45)), max_size=30), max_size=4)


@settings(deadline=None)
@given(pieces, st.integers(1, 3), st.permutations(list(Form)))
def test_all_forms_count_the_same(given_pieces: list[list[tuple[int, int]]], threads: int, forms: list[Form]) -> None:
    added = [columns([t for t, _ in piece], [p for _, p in piece]) for piece in given_pieces]
    direct, mixed = DenseCells(BINS, 40, Always(Form.DIRECT)), DenseCells(BINS, 40, Always(*forms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "most_threads", lambda: threads)
        for part in added:
            assert direct.add([part], table(40)) == mixed.add([part], table(40))
        assert np.array_equal(direct.values(), mixed.values())
        assert direct.add(added, table(40)) == mixed.add(added, table(40))
    assert np.array_equal(direct.values(), mixed.values())


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("form", list(Form))
def test_cells_that_overflow_while_threads_count(monkeypatch: pytest.MonkeyPatch, form: Form, threads: int) -> None:
    monkeypatch.setattr(dense, "most_threads", lambda: threads)
    rng = np.random.default_rng(threads)
    pixel = np.where(rng.random(600_000) < 0.5, 7, rng.integers(-3, 3000, 600_000)).astype(np.int32)
    tof = np.where(pixel == 7, 15, rng.integers(-3, 110, 600_000)).astype(np.int32)
    cells = DenseCells(BINS, 2990, Always(form))
    missed = WithoutCell()
    for part in range(0, 600_000, 200_000):
        missed += cells.add([(tof[part : part + 200_000], pixel[part : part + 200_000])], table(2990))
    is_known = (pixel >= 0) & (pixel < 2990)
    is_inside = (tof >= 0) & (tof < 100)
    flat = (pixel * 10 + tof // 10)[is_known & is_inside]
    assert np.array_equal(cells.values().ravel(), np.bincount(flat, minlength=29_900))
    assert cells.values().dtype == np.uint32
    assert (missed.outside_tof, missed.unknown_pixel) == (int((is_known & ~is_inside).sum()), int((~is_known).sum()))


def test_copies_of_threads_overflow_only_in_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "most_threads", lambda: 2)
    cells = DenseCells(BINS, 1, Always(Form.COPIES))
    cells.add([columns([5] * 100_000, [0] * 100_000)], table(1))
    assert cells.values().ravel().tolist() == [100_000] + [0] * 9


def test_rows_may_be_added_while_events_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "most_threads", lambda: 2)
    cells = DenseCells(BINS, 2, Always(Form.BLOCKS))
    cells.add([columns([5, 15], [0, 1])], table(2))
    cells.grow(3, 1 << 20)
    cells.add([columns([25, 999], [2, 2])], table(3))
    assert [np.flatnonzero(row).tolist() for row in cells.values()] == [[0], [1], [2]]


def test_events_are_shared_without_loss() -> None:
    parts = [columns(list(range(k)), list(range(k))) for k in (5, 0, 1, 7)]
    for threads in (1, 2, 3, 20):
        shares = shared(parts, threads)
        assert len(shares) == threads
        assert max(map(number_of_events, shares)) == -(-13 // threads)
        assert [t for share in shares for tof, _ in share for t in tof] == [t for tof, _ in parts for t in tof]


# --- threads ---


def test_tasks_are_done_together_and_no_thread_is_left() -> None:
    barrier = threading.Barrier(3, timeout=30)
    before = threading.active_count()
    assert sorted(together([barrier.wait] * 3).results) == [0, 1, 2]
    assert threading.active_count() == before


def test_what_a_task_raises_comes_when_all_have_ended() -> None:
    done: list[int] = []

    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        together([lambda: done.append(1), fail, lambda: done.append(2)])
    with pytest.raises(MemoryError):
        together([fail, lambda: done.append(3)])
    assert sorted(done) == [1, 2, 3]


def test_without_threads_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert together([lambda: 1, lambda: 2]).results == [1, 2]


def test_a_child_of_a_process_that_has_counted_can_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "most_threads", lambda: 2)
    cells = DenseCells(BINS, 1, Always(Form.COPIES, Form.BLOCKS))
    cells.add([columns([5] * 10, [0] * 10)], table(1))
    child = os.fork()
    if not child:
        cells.add([columns([5] * 10, [0] * 10)], table(1))
        os._exit(int(cells.values()[0, 0]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 20
