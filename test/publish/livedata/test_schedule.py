from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.livedata.schedule import (
    BETWEEN_S,
    FIRST_WAIT_S,
    FRESH_S,
    LONGEST_WAIT_S,
    MAX_RUNS,
    UploadSchedule,
    failed,
    next_run,
    offered,
    seen,
    sent,
)

NOW, UNIX = 100.0, 1e9


def waiting(*runs: int, newest_unix_s: float = UNIX) -> UploadSchedule:
    turns = UploadSchedule()
    for run in runs:
        turns = offered(seen(turns, run, newest_unix_s), run)
    return turns


def test_the_newest_run_comes_first_and_a_run_waits_once() -> None:
    turns = waiting(7, 8, 7)
    assert turns.waiting == (8, 7)
    assert next_run(turns, NOW, UNIX) == 7
    turns = sent(turns, 7, NOW)
    assert next_run(turns, NOW, UNIX) is None
    assert next_run(turns, NOW + BETWEEN_S, UNIX) == 8
    assert sent(waiting(7, 8), 7, NOW, outdated=True).waiting == (7, 8)


def test_data_between_runs_are_not_sent() -> None:
    assert next_run(waiting(0), NOW, UNIX) is None


def test_nothing_is_sent_of_a_run_that_is_not_seen_to_go_on() -> None:
    turns = waiting(7)
    assert next_run(turns, NOW, UNIX + FRESH_S) == 7
    assert next_run(turns, NOW, UNIX + FRESH_S + 1) is None
    assert next_run(offered(UploadSchedule(), 7), NOW, UNIX) is None


def test_a_slow_script_is_no_reason_once_the_run_is_seen_to_go_on() -> None:
    """The result is minutes old, and meanwhile the stream has brought newer pulses of the same run."""
    turns = seen(waiting(7), 7, UNIX + 300)
    assert next_run(turns, NOW, UNIX + 310) == 7


def test_what_was_seen_does_not_grow_older() -> None:
    assert next_run(seen(waiting(7), 7, UNIX - 1000), NOW, UNIX) == 7


def test_a_run_that_is_over_is_given_up_when_the_next_has_gone_on_for_long() -> None:
    turns = seen(waiting(7), 8, UNIX + FRESH_S)
    assert turns.waiting == (7,)
    assert seen(turns, 8, UNIX + FRESH_S + 1).waiting == ()


def test_failures_make_it_wait_longer_and_a_success_ends_that() -> None:
    turns, now, waits = waiting(7), NOW, []
    for _ in range(9):
        turns = failed(turns, now, ours=False)
        waits.append(turns.not_before - now)
        assert next_run(turns, turns.not_before - 0.1, UNIX) is None
        now = turns.not_before
        assert next_run(turns, now, UNIX) == 7
    assert waits[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S
    assert sent(turns, 7, now).not_before == now + BETWEEN_S
    assert failed(sent(turns, 7, now), now, ours=False).not_before == now + FIRST_WAIT_S


def test_what_is_refused_is_not_tried_again_soon() -> None:
    """Wrong passwords in a row may lock an account."""
    assert failed(waiting(7), NOW, ours=True).not_before == NOW + LONGEST_WAIT_S


FACTS = st.tuples(st.sampled_from(["offered", "seen", "sent", "failed"]), st.integers(0, 9), st.floats(0, 200))


@given(st.lists(FACTS, max_size=60), st.floats(0, 300))
def test_it_is_bounded_and_never_sends_the_stale(facts: list[tuple[str, int, float]], age: float) -> None:
    turns, newest = UploadSchedule(), dict.fromkeys(range(10), 0.0)
    for kind, run, number in facts:
        if kind == "offered":
            turns = offered(turns, run)
        elif kind == "seen":
            turns = seen(turns, run, UNIX + number)
            newest[run] = max(newest[run], UNIX + number)
        elif kind == "sent":
            turns = sent(turns, run, NOW)
        else:
            turns = failed(turns, NOW, ours=number > 100)
        assert len(turns.waiting) <= MAX_RUNS
        assert len(turns.newest_unix_s) <= MAX_RUNS + 1
        run_now = next_run(turns, NOW + 1000, UNIX + age)
        assert run_now is None or (run_now != 0 and UNIX + age - newest[run_now] <= FRESH_S)
