from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.stepping import histories, run_history
from livereduce.daemon.memory.facts import (
    EndForMemory,
    FreeHeld,
    GiveUpSpare,
    MemoryRules,
    Order,
    Recycle,
    ReplaceReceiver,
    Trim,
    Weighed,
)
from livereduce.daemon.memory.full import run_fills
from livereduce.daemon.memory.growth import Beside, Grown
from livereduce.daemon.memory.policy import MemoryState, forget_recycles, step

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


# ---- with a receiver and a spare


def with_spare(held: int, spare: int = 150, **changes: Any) -> Weighed:
    return replace(weighed(held), spare_bytes=spare, **changes)


def test_near_the_limit_the_spare_is_given_up() -> None:
    assert after((0, with_spare(899)), (1, with_spare(900)))[1] == [Trim, GiveUpSpare]


def test_the_spare_is_given_up_before_a_worker_is_ended() -> None:
    state, orders = after((0, with_spare(1120)), (1, with_spare(1120)), (2, weighed(970)))
    assert orders == [GiveUpSpare, Trim]
    assert (state.recycles, state.recycle_at) == (0, None)
    state, orders = after((12, weighed(LIMIT)), state=state)
    assert orders == [Recycle], "and then the limit is the limit"


def test_if_giving_up_the_spare_cannot_do_the_worker_goes_too() -> None:
    assert after((0, with_spare(1050, spare=50)))[1] == [GiveUpSpare, Recycle]
    assert after((0, with_spare(2000)))[1] == [GiveUpSpare, EndForMemory]


def test_a_spare_that_does_not_go_holds_up_nothing() -> None:
    looks = [(float(now), with_spare(1050)) for now in range(7)]
    assert after(*looks)[1] == [GiveUpSpare, Recycle]


def test_what_the_worker_is_done_with_is_given_up_before_a_worker_is_ended() -> None:
    full = replace(weighed(1050), run_bytes=700, freeable_bytes=600)
    state, orders = after((0, full), (0.1, full), (1, weighed(450)))
    assert (orders, state.recycles) == ([FreeHeld], 0)
    assert after((2, full), (2.1, weighed(450)), state=state)[1] == [FreeHeld], "each time it is filled again"
    assert after(*((float(now), full) for now in range(7)))[1] == [FreeHeld, Recycle], "a receiver that does not listen"


def test_for_a_script_that_leaves_memory_behind_the_run_stays_held() -> None:
    leaks = Grown(proc=800, beside=Beside(run=200))
    full = replace(weighed(1050), run_bytes=200, freeable_bytes=200, grown=leaks)
    state, orders = after((0, full), (1, full))
    assert orders == [Recycle], "the next worker begins with the run that is held"
    assert after((9, replace(full, worker=2)), state=state)[1] == [FreeHeld], "if it needs so much, it gets it"
    in_call = replace(leaks, in_call=800, in_step="proc")
    assert after((0, replace(full, grown=in_call)))[1] == [FreeHeld], "what a call takes, it may free again"


def test_memory_of_all_is_told_with_what_has_grown() -> None:
    grown = Grown(elsewhere=300_000_000, beside=Beside(run=1_500_000_000, receiver=10_000_000))
    rules = replace(RULES, limit_bytes=1_800_000_000)
    seen = replace(weighed(1_810_000_000), receiver_bytes=10_000_000, run_bytes=1_500_000_000, grown=grown)
    _, (order,) = step(MemoryState(rules=rules), seen, 0)
    assert order == Recycle(
        reason="the memory of receiver and worker, 1.81 GB, is over the limit of 1.80 GB: the run's events have grown "
        "(1.50 GB of the run's events held by the receiver, 300 MB in the program itself)"
    )


def test_a_receiver_that_grows_by_itself_is_replaced() -> None:
    grown = Grown(elsewhere=200, beside=Beside(run=300, receiver=500, receiver_base=50))
    seen = replace(weighed(LIMIT), receiver_bytes=500, grown=grown)
    looks = [(float(now), seen) for now in range(61)]
    state, orders = after(*looks)
    assert orders == [ReplaceReceiver, ReplaceReceiver], "once, and again if it has not gone within the grace time"
    assert state.recycles == 1
    assert after((70, replace(seen, worker=2, run=7)), state=state)[0].recycles == 2
    assert "the receiver itself takes too much memory" in replace(state, recycles=3).does_not_fit


# ---- a receiver that is full

FULL = replace(weighed(500), run_bytes=400, kept_bytes=350, full_s=5.0, still_s=5.0)


def test_a_run_that_fills_the_receiver_goes_on_as_histograms() -> None:
    state, orders = after(*((float(now), replace(FULL, full_s=float(now))) for now in range(100)))
    assert orders == [Recycle], "its memory is not over the limit: nothing is ended"
    assert (state.keep_events_next, state.counted_run, state.recycles, state.wait_s) == (False, 7, 1, 0.0)
    counts = replace(weighed(300, worker=2), run_bytes=250)
    state, orders = after((100, counts), state=state)
    assert (orders, state.keep_events_next, state.does_not_fit) == ([], False, "")
    state, orders = after((101, replace(counts, run=8)), state=state)
    assert (state.keep_events_next, state.counted_run) == (True, None), "the next run has all chances again"


def test_that_does_not_take_a_limit() -> None:
    state, orders = after((5, FULL), state=MemoryState(rules=replace(RULES, limit_bytes=None)))
    assert (orders, state.counted_run) == ([Recycle], 7)


def test_a_worker_that_is_only_behind_goes_on() -> None:
    behind = replace(FULL, kept_bytes=100, full_s=500.0)
    assert after((0, behind), (9, behind))[1] == []


def test_other_scripts_may_make_less_of_the_events() -> None:
    state, _ = after((5, FULL))
    assert forget_recycles(state).keep_events_next


WEIGHED = st.builds(
    weighed,
    st.sampled_from([0, 899, 900, 999, 1000, 1100, 1101, 5000]),
    st.sampled_from([-1, None, 0, 950, 1000, 1050, 1200]),
    worker=st.sampled_from([1, 1, 1, 1, 1, 1, 2]),
    run=st.sampled_from([0, 7, 7, 7, 7, 7, 8]),
)
WITH_OTHERS = st.builds(
    replace,
    WEIGHED,
    spare_bytes=st.sampled_from([0, 0, 150]),
    run_bytes=st.just(400),
    freeable_bytes=st.sampled_from([0, 0, 300]),
    kept_bytes=st.sampled_from([0, 100, 350]),
    full_s=st.sampled_from([None, None, 1.0, 7.0]),
    still_s=st.sampled_from([0.0, 7.0, 9.0]),
)


@given(history=histories(WITH_OTHERS))
def test_in_any_history_the_worker_goes_last(history: list[tuple[float, Weighed]]) -> None:
    def look(before: MemoryState, fact: Weighed, now: float, after: MemoryState, orders: Sequence[Order]) -> None:
        if any(isinstance(order, GiveUpSpare) for order in orders):
            assert fact.spare_bytes
        for order in orders:
            if isinstance(order, Recycle) and order.reason.startswith("the run's events fill"):
                assert after.fills
                assert run_fills(RULES, fact)
            elif isinstance(order, Recycle | EndForMemory):
                assert fact.confirmed_bytes is not None
                left = fact.confirmed_bytes - fact.spare_bytes - fact.freeable_bytes  # no script leaves anything behind
                same = fact.worker == before.worker
                waited = before.relief_at is not None and now - before.relief_at >= RULES.relief_s
                leaves = before.recycle_at is not None
                assert left >= LIMIT or (same and (waited or leaves)), "what may help comes first"
        assert after.keep_events_next == (not after.fills and after.by_events < 2)

    run_history(step, BEGIN, history, look)


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
