from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.stepping import histories, run_history
from livereduce.daemon.memory.policy import (
    EndForMemory,
    MemoryRules,
    MemoryState,
    Order,
    Recycle,
    Trim,
    Weighed,
    forget_recycles,
    step,
)

LIMIT = 1000
RULES = MemoryRules(limit_bytes=LIMIT, falls_back=True)
BEGIN = MemoryState(rules=RULES)


def weighed(held: int, confirmed: int | None = -1, *, worker: int = 1, run: int = 7) -> Weighed:
    return Weighed(worker=worker, run=run, bytes=held, confirmed_bytes=held if confirmed == -1 else confirmed)


def kinds(orders: object) -> list[type[Order]]:
    assert isinstance(orders, list | tuple)
    return [type(order) for order in orders]


def after(*looks: tuple[float, Weighed], state: MemoryState = BEGIN) -> tuple[MemoryState, list[type[Order]]]:
    """The state after looks at given times, and what was ordered."""
    orders: list[type[Order]] = []
    for now, fact in looks:
        state, told = step(state, fact, now)
        orders += kinds(told)
    return state, orders


def ended(times: int, *, run: int = 7, rules: MemoryRules = RULES) -> MemoryState:
    """The state after so many workers were recycled in one run."""
    return after(
        *((100.0 * k, weighed(LIMIT, worker=k, run=run)) for k in range(1, times + 1)), state=MemoryState(rules=rules)
    )[0]


def test_below_90_percent_nothing_happens() -> None:
    assert after((0, weighed(899)), (1, weighed(899)))[1] == []


def test_from_90_percent_on_freed_memory_is_returned_every_10_s() -> None:
    looks = [(float(now), weighed(900 + now)) for now in range(25)]
    assert after(*looks)[1] == [Trim] * 3
    assert after((0, weighed(900)), (1, weighed(10)), (2, weighed(900)))[1] == [Trim]


def test_at_the_limit_the_worker_is_recycled_once() -> None:
    state, orders = after(*((float(now), weighed(LIMIT)) for now in range(59)))
    assert orders == [Recycle]
    assert state.recycles == 1


def test_a_worker_with_no_chunk_boundary_in_sight_is_terminated_once() -> None:
    state, orders = after(*((float(now), weighed(LIMIT)) for now in range(100)))
    assert orders == [Recycle, EndForMemory]
    assert state.recycles == 1


def test_a_worker_that_has_come_down_again_is_not_terminated_while_it_leaves() -> None:
    assert after((0, weighed(LIMIT)), (70, weighed(LIMIT - 1)), (71, weighed(10)))[1] == [Recycle]


def test_beyond_110_percent_there_is_no_waiting() -> None:
    assert after((0, weighed(1101)), (1, weighed(2000)))[1] == [EndForMemory]
    assert after((0, weighed(1100)), (1, weighed(1101)))[1] == [Recycle, EndForMemory]
    assert after((0, weighed(1101)))[0].recycles == 1


def test_pages_that_processes_share_count_once() -> None:
    assert after((0, weighed(5000, 899)))[1] == []
    assert after((0, weighed(5000, 950)))[1] == [Trim]
    assert after((0, weighed(5000, 1000)))[1] == [Recycle]


def test_what_is_not_confirmed_ends_nobody() -> None:
    assert after(*((float(now), weighed(5000, None)) for now in range(100)))[1] == [Trim] * 10


def test_reasons_have_amounts_that_a_person_reads() -> None:
    state = MemoryState(rules=MemoryRules(limit_bytes=70_000_000_000))
    _, (order,) = step(state, weighed(70_500_000_000), 0)
    assert order == Recycle(reason="the worker's memory of 70.50 GB is over the limit of 70.00 GB")
    _, (order,) = step(state, weighed(80_000_000_000), 0)
    assert order == EndForMemory(
        reason="the worker's memory of 80.00 GB is over the limit of 70.00 GB, by more than 10 %"
    )
    state, _ = step(MemoryState(rules=MemoryRules(limit_bytes=50_000_000)), weighed(50_000_000), 0)
    _, (order,) = step(state, weighed(51_000_000), 60)
    assert order == EndForMemory(
        reason="the worker's memory of 51 MB is over the limit of 50 MB, and the chunk did not finish within 60 s"
    )


def test_after_the_second_recycle_within_a_run_it_goes_on_with_histograms() -> None:
    assert [(ended(n).keep_events_next, ended(n).counted_run) for n in range(4)] == [
        (True, None),
        (True, None),
        (False, 7),
        (False, 7),
    ]
    next_run, _ = after((900, weighed(10, worker=3, run=8)), state=ended(2))
    assert (next_run.keep_events_next, next_run.counted_run, next_run.recycles) == (True, None, 0)


def test_a_new_worker_that_does_not_know_its_run_yet_is_no_new_run() -> None:
    state, _ = after((900, weighed(10, worker=3, run=0)), (901, weighed(10, worker=3, run=7)), state=ended(2))
    assert state.counted_run == 7


def test_ends_before_the_run_was_named_count_for_it() -> None:
    state, _ = after((900, weighed(10, worker=3, run=7)), state=ended(2, run=0))
    assert (state.recycles, state.counted_run) == (2, 7)


def test_without_a_fallback_the_waits_grow_from_the_second_recycle_and_it_is_said() -> None:
    rules = replace(RULES, limit_bytes=1_000_000_000, falls_back=False)
    states = [MemoryState(rules=rules, run=7, recycles=n) for n in range(9)]
    assert [state.wait_s for state in states] == [0, 0, 10, 20, 40, 80, 160, 300, 300]
    assert all(state.keep_events_next for state in states)
    assert [bool(state.does_not_fit) for state in states] == [False, False] + [True] * 7
    assert (
        states[3].does_not_fit
        == "run 7 does not fit into the memory limit of 1.00 GB: the worker was restarted 3 times"
    )
    assert MemoryState(rules=rules, recycles=1000).wait_s == 300


def test_where_histograms_do_not_help_either_it_is_said() -> None:
    states = [ended(n) for n in range(5)]
    assert [state.wait_s for state in states] == [0, 0, 0, 10, 20]
    assert [bool(state.does_not_fit) for state in states] == [False, False, False, True, True]
    assert states[3].does_not_fit.endswith("restarted 3 times, though only histograms are kept")
    assert ended(3, run=0).does_not_fit.startswith("the data between runs do not fit")


def test_other_scripts_have_all_chances_again() -> None:
    assert forget_recycles(ended(4)) == replace(ended(4), recycles=0, by_events=0)


def test_no_limit_no_orders() -> None:
    state, orders = after(*((float(now), weighed(10**12, worker=now)) for now in range(9)), state=MemoryState())
    assert (orders, state.keep_events_next, state.wait_s, state.does_not_fit) == ([], True, 0.0, "")


WEIGHED = st.builds(
    weighed,
    st.sampled_from([0, 899, 900, 999, 1000, 1100, 1101, 5000]),
    st.sampled_from([-1, None, 0, 950, 1000, 1050, 1200]),
    worker=st.sampled_from([1, 1, 1, 1, 1, 1, 2]),
    run=st.sampled_from([0, 7, 7, 7, 7, 7, 8]),
)


@pytest.mark.parametrize("falls_back", [True, False])
@given(history=histories(WEIGHED))
def test_any_history(falls_back: bool, history: list[tuple[float, Weighed]]) -> None:
    told: dict[int, list[tuple[float, type[Order]]]] = {}
    newest = [0, 0]  # worker, run
    ends = 0

    def look(before: MemoryState, fact: Weighed, now: float, after: MemoryState, orders: Sequence[Order]) -> None:
        nonlocal ends
        if fact.worker != newest[0]:
            told[fact.worker] = []
        if fact.run and newest[1] and fact.run != newest[1]:
            ends = 0
        newest[:] = fact.worker, fact.run or newest[1]
        mine = told[fact.worker]
        for order in orders:
            confirmed = fact.confirmed_bytes
            if isinstance(order, Trim):
                assert max(fact.bytes, confirmed or 0) >= 900
                assert all(now - when >= 10 for when, kind in mine if kind is Trim)
            else:
                assert confirmed is not None
                assert confirmed >= LIMIT, "never an order to end below the limit"
            if isinstance(order, Recycle):
                assert not any(kind in (Recycle, EndForMemory) for _, kind in mine)
            if isinstance(order, EndForMemory):
                asked = [when for when, kind in mine if kind is Recycle]
                assert confirmed is not None
                assert confirmed > 1.1 * LIMIT or (asked and now - asked[0] >= RULES.grace_s)
                assert not any(kind is EndForMemory for _, kind in mine)
            ends += isinstance(order, Recycle | EndForMemory) and not any(kind is Recycle for _, kind in mine)
            mine.append((now, type(order)))
        assert after.recycles == ends
        assert after.keep_events_next == (not falls_back or ends < 2)
        assert bool(after.does_not_fit) == (after.wait_s > 0) == (ends > 1 + falls_back)

    run_history(step, MemoryState(rules=replace(RULES, falls_back=falls_back)), history, look)
