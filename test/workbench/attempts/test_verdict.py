"""When an attempt is over, by a manual clock."""

import pytest

from livereduce.messages.beat import Beat, Phase
from livereduce.messages.progress import Progress, SourceProgress
from livereduce.workbench.attempts.verdict import (
    LOST_S,
    STACKS_S,
    Abandon,
    AskForStacks,
    AttemptSight,
    AttemptState,
    Finish,
    asked,
    decide,
    heard,
)

FINE = AttemptSight()


def beat(phase: Phase, *, ended: bool = False, silent_s: float = 0.0) -> Beat:
    return Beat(seq=1, phase=phase, progress=Progress(source=SourceProgress(ended=ended), silent_s=silent_s))


def test_it_is_over_when_all_is_reduced_and_not_before() -> None:
    state = heard(AttemptState(heard_at=0.0), beat(Phase.WAITING), 1.0)
    assert decide(state, FINE, 2.0) is None
    assert decide(heard(state, beat(Phase.WAITING, ended=True), 2.0), FINE, 2.0) == Finish()


def test_a_script_that_hangs_is_asked_where_and_given_up_and_one_that_comes_back_is_not() -> None:
    state = heard(AttemptState(heard_at=0.0, limits_s={Phase.PROCESS: 5.0}), beat(Phase.PROCESS), 1.0)
    assert decide(state, FINE, 5.9) is None
    assert decide(state, FINE, 6.0) == AskForStacks()
    waiting = asked(state, 6.0)
    assert decide(waiting, FINE, 6.0 + STACKS_S / 2) is None
    assert decide(waiting, FINE, 6.0 + STACKS_S) == Abandon(reason="proc did not return for 6 s", hangs=True)
    back = heard(waiting, beat(Phase.PROCESS), 6.5)
    assert decide(back, FINE, 7.5) is None


@pytest.mark.parametrize(
    ("phase", "says"),
    [
        (Phase.POST_PROCESS, "it took 3.0 GB of memory while post_proc was at work, and may take 2.0 GB"),
        (Phase.WAITING, "it took 3.0 GB of memory, and may take 2.0 GB"),
    ],
)
def test_memory_has_a_limit_and_the_step_is_named(phase: Phase, says: str) -> None:
    state = heard(AttemptState(heard_at=0.0), beat(phase), 1.0)
    sight = AttemptSight(memory_bytes=3 * 10**9, limit_bytes=2 * 10**9)
    assert decide(state, sight, 1.0) == Abandon(reason=says)
    assert decide(state, AttemptSight(memory_bytes=3 * 10**9), 1.0) is None


def test_nonsense_instead_of_beats_ends_it() -> None:
    sight = AttemptSight(complaint="3 lines were not from the worker")
    assert decide(AttemptState(heard_at=0.0), sight, 0.0) == Abandon(reason=sight.complaint)


def test_a_source_that_is_lost_is_not_waited_for_unless_something_is_still_reduced() -> None:
    lost = AttemptSight(lost_s=LOST_S)
    waiting = heard(AttemptState(heard_at=0.0), beat(Phase.WAITING), 1.0)
    assert decide(waiting, AttemptSight(lost_s=LOST_S / 2), 1.0) is None
    assert decide(waiting, lost, 1.0) == Finish()
    assert decide(heard(waiting, beat(Phase.PROCESS), 1.0), lost, 1.0) is None


def test_mantid_that_says_of_itself_how_long_it_is_silent_is_given_up_all_the_same() -> None:
    state = heard(AttemptState(heard_at=0.0, limits_s={Phase.PROCESS: 5.0}), beat(Phase.PROCESS), 1.0)
    state = heard(state, beat(Phase.PROCESS, silent_s=5.0), 6.0)
    assert decide(state, FINE, 6.0) == AskForStacks()
    later = heard(asked(state, 6.0), beat(Phase.PROCESS, silent_s=5.5), 6.5)
    assert decide(later, FINE, 6.0 + STACKS_S) == Abandon(reason="proc did not return for 6 s", hangs=True)
    back = heard(later, beat(Phase.PROCESS, silent_s=0.1), 6.6)
    assert decide(back, FINE, 7.6) is None


def test_mantid_that_goes_on_between_runs_has_reduced_the_run() -> None:
    over = heard(AttemptState(heard_at=0.0), beat(Phase.WAITING, ended=True), 1.0)
    assert decide(heard(over, beat(Phase.PROCESS), 1.1), FINE, 1.1) == Finish()
    quiet = AttemptSight(run_is_over=True)
    assert decide(heard(AttemptState(heard_at=0.0), beat(Phase.WAITING), 1.0), quiet, 1.0) == Finish()
    assert decide(heard(AttemptState(heard_at=0.0), beat(Phase.PROCESS), 1.0), quiet, 1.0) is None
