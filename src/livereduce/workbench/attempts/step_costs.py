"""What each step of an attempt has cost, from its beats. Pure."""

from dataclasses import dataclass, replace

from livereduce.messages.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """Calls of one step, their seconds together, and how much the process grew in them."""

    calls: int = 0
    seconds: float = 0.0
    grew_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """All steps; publishing has no memory of its own."""

    proc: StepCost = StepCost()
    post_proc: StepCost = StepCost()
    publish: StepCost = StepCost()


def with_beat(costs: StepCosts, progress: Progress) -> StepCosts:
    """Take one more beat into account.

    A beat comes before and after each call, and tells the duration of the last. If one is lost, the next call counts
    for both.
    """
    steps, memory = progress.steps, progress.memory
    return StepCosts(
        proc=replace(_called(costs.proc, steps.proc_calls, steps.proc_s), grew_bytes=memory.proc_grew_bytes),
        post_proc=replace(
            _called(costs.post_proc, steps.post_proc_calls, steps.post_proc_s), grew_bytes=memory.post_proc_grew_bytes
        ),
        publish=_called(costs.publish, progress.total.results, steps.publish_s),
    )


def _called(cost: StepCost, calls: int, last_s: float) -> StepCost:
    new = max(0, calls - cost.calls)
    return replace(cost, calls=cost.calls + new, seconds=cost.seconds + new * last_s)
