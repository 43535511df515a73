"""How far a run is played, by a manual clock: an interval for each cycle, to its end, or until nobody takes it."""

import pytest

from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress, StepProgress, TotalProgress
from livereduce.workbench.played.pacing import (
    QUIET_CYCLES,
    STALLED_S,
    Pacing,
    PlayHeard,
    first_pacing,
    is_over,
    is_stalled,
    step,
)
from livereduce.workbench.played.played_run import cycles_begun


def begun(end_ns: int = 100) -> Pacing:
    return first_pacing(start_ns=0, every_ns=10, end_ns=end_ns, now=0.0)


def test_the_next_interval_is_open_when_a_cycle_begins_after_all_was_sent() -> None:
    pace = begun()
    assert pace.until_ns == 10
    early = step(pace, PlayHeard(is_sent=False, next_ns=5, cycles=1), 1.0)
    assert early.until_ns == 10  # the cycle got a part of it
    sent = step(early, PlayHeard(is_sent=True, next_ns=12, cycles=1), 1.0)
    assert step(sent, PlayHeard(is_sent=True, next_ns=12, cycles=1), 2.0).until_ns == 10
    assert step(sent, PlayHeard(is_sent=True, next_ns=12, cycles=2), 2.0).until_ns == 20


@pytest.mark.parametrize(("next_ns", "until_ns"), [(55, 60), (90, None), (120, None), (None, None)])
def test_intervals_without_data_are_left_out_and_the_last_is_open_with_the_end(
    next_ns: int | None, until_ns: int | None
) -> None:
    sent = step(begun(), PlayHeard(is_sent=True, next_ns=next_ns), 1.0)
    assert step(sent, PlayHeard(is_sent=True, next_ns=next_ns, cycles=1), 1.0).until_ns == until_ns


def test_a_run_whose_end_nobody_reports_is_over_after_some_cycles_without_anything_new() -> None:
    pace = begun(end_ns=7)
    assert pace.until_ns is None
    pace = step(pace, PlayHeard(is_sent=True, next_ns=None, cycles=1), 1.0)
    news = PlayHeard(is_sent=True, next_ns=None, cycles=3, pulses=60)
    pace = step(pace, news, 2.0)
    assert not is_over(pace, news)
    last = PlayHeard(is_sent=True, next_ns=None, cycles=3 + QUIET_CYCLES, pulses=60)
    assert is_over(step(pace, last, 3.0), last)
    assert not is_over(begun(), last)


def test_who_takes_nothing_is_given_up_but_not_who_is_at_work() -> None:
    pace = step(begun(), PlayHeard(is_sent=True, next_ns=12), 1.0)
    late = 1.0 + 2 * STALLED_S
    idle = step(pace, PlayHeard(is_sent=True, next_ns=12), late)
    assert is_stalled(idle, late)
    busy = step(pace, PlayHeard(is_sent=True, next_ns=12, cycles=0, is_at_work=True), late)
    assert not is_stalled(busy, late)


@pytest.mark.parametrize(
    ("phase", "proc", "post_proc", "chunks", "cycles"),
    [
        (Phase.STARTING, 0, 0, 0, 0),
        (Phase.PROCESS, 0, 0, 0, 1),
        (Phase.POST_PROCESS, 1, 0, 0, 1),
        (Phase.PUBLISH, 1, 1, 0, 1),
        (Phase.WAITING, 1, 1, 1, 1),
        (Phase.PROCESS, 1, 1, 1, 2),
        (Phase.POST_PROCESS, 0, 0, 0, 1),  # no proc
        (Phase.POST_PROCESS, 0, 1, 1, 2),
        (Phase.WAITING, 0, 1, 4, 4),  # post_proc was spared empty chunks
    ],
)
def test_cycles_are_counted_by_what_the_steps_say(
    phase: Phase, proc: int, post_proc: int, chunks: int, cycles: int
) -> None:
    steps = StepProgress(proc_calls=proc, post_proc_calls=post_proc)
    assert cycles_begun(phase, Progress(steps=steps, total=TotalProgress(chunks=chunks))) == cycles
