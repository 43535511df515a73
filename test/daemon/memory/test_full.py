"""How much a receiver may hold, and what it means that it holds all of it."""

from dataclasses import replace

import pytest

from livereduce.daemon.memory.facts import MemoryRules, Weighed
from livereduce.daemon.memory.full import LEAST_HELD_BYTES, full_text, held_limit_bytes, run_fills, waits_text

GB = 10**9
RULES = MemoryRules(limit_bytes=6 * GB, held_limit_bytes=4 * GB, falls_back=True)
FULL = Weighed(
    worker=1, run=7, bytes=5 * GB, confirmed_bytes=5 * GB, run_bytes=4 * GB, kept_bytes=3 * GB, full_s=5.0, still_s=5.0
)


@pytest.mark.parametrize(
    ("limit", "cgroup", "held"),
    [
        pytest.param(6 * GB, None, 4 * GB, id="two thirds of the limit"),
        pytest.param(6 * GB, 9 * GB, 4 * GB, id="the limit counts in the service's own limit already"),
        pytest.param(None, None, 20 * GB, id="no limit: of RAM"),
        pytest.param(None, 9 * GB, 6 * GB, id="no limit: of the service's own limit"),
        pytest.param(None, 900 * GB, 20 * GB, id="a service's limit beyond RAM"),
        pytest.param(10, None, LEAST_HELD_BYTES, id="not less than it can work with"),
    ],
)
def test_the_receiver_may_hold_two_thirds(limit: int | None, cgroup: int | None, held: int) -> None:
    assert held_limit_bytes(limit, 30 * GB, cgroup) == held


def test_a_run_that_the_worker_keeps_fills_the_receiver() -> None:
    assert run_fills(RULES, FULL)
    assert full_text(RULES, FULL) == (
        "the run's events fill the memory allowed for them, 4.00 GB: run 7 goes on as histograms"
    )
    assert full_text(RULES, replace(FULL, run=0)).endswith("the data between runs go on as histograms")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"full_s": None}, id="it reads"),
        pytest.param({"full_s": 4.9}, id="not for long"),
        pytest.param({"still_s": 4.9}, id="the worker has taken some just now, or runs a script"),
        pytest.param({"kept_bytes": 0}, id="the worker counts, or has just begun"),
        pytest.param({"kept_bytes": GB}, id="most of it is still to be taken"),
    ],
)
def test_a_receiver_that_only_has_to_wait_is_not_filled_by_the_run(changes: dict[str, float | None]) -> None:
    assert not run_fills(RULES, replace(FULL, **changes))  # type: ignore[arg-type]


def test_an_engine_that_cannot_count_does_not() -> None:
    assert not run_fills(replace(RULES, falls_back=False), FULL)


def test_a_receiver_that_waits_says_so_after_a_while() -> None:
    behind = replace(FULL, kept_bytes=0, full_s=10.0)
    assert waits_text(RULES, behind) == (
        "the receiver waits: it holds the 4.00 GB allowed until the worker has taken more; the rest waits at the server"
    )
    assert waits_text(RULES, replace(behind, full_s=9.9)) == ""
    assert waits_text(RULES, replace(behind, full_s=None)) == ""
    assert waits_text(RULES, replace(FULL, full_s=60.0)) == "", "then the worker is being replaced, and that is said"
    assert waits_text(replace(RULES, held_limit_bytes=None), behind).startswith("the receiver waits: it holds the 4.00")
