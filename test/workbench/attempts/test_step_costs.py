"""What steps cost, from beats that may be lost."""

from livereduce.messages.progress import MemoryProgress, Progress, StepProgress, TotalProgress
from livereduce.workbench.attempts.step_costs import StepCost, StepCosts, with_beat


def said(calls: int, last_s: float, *, post_calls: int = 0, results: int = 0, grew: int = 0) -> Progress:
    return Progress(
        total=TotalProgress(results=results),
        steps=StepProgress(
            proc_s=last_s, proc_calls=calls, post_proc_s=1.0, post_proc_calls=post_calls, publish_s=0.25
        ),
        memory=MemoryProgress(proc_grew_bytes=grew),
    )


def test_each_call_counts_once_however_many_beats_tell_of_it() -> None:
    costs = StepCosts()
    for progress in (said(0, 0.0), said(1, 2.0), said(1, 2.0, grew=5), said(2, 3.0, post_calls=1, results=1, grew=7)):
        costs = with_beat(costs, progress)
    assert costs.proc == StepCost(calls=2, seconds=5.0, grew_bytes=7)
    assert costs.post_proc == StepCost(calls=1, seconds=1.0)
    assert costs.publish == StepCost(calls=1, seconds=0.25)


def test_a_beat_that_is_lost_makes_the_next_call_count_for_both() -> None:
    costs = with_beat(with_beat(StepCosts(), said(1, 1.0)), said(3, 2.0))
    assert costs.proc == StepCost(calls=3, seconds=5.0)
