"""The cost of a disturbance: once, only what is known, and not before the run has caught up."""

from dataclasses import replace
from typing import Any

import pytest

from livereduce.daemon.report.recovery import QUIET_S, Recovery, Sight, catching_up, follow
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, TotalProgress


def progress(pulses: int = 0, run: int = 1, *, received: int | None = None, connects: int = 1, **more: Any) -> Progress:
    state = RunState.RUNNING if run else RunState.NO_RUN
    return Progress(
        run=RunProgress(number=run, state=state, pulses=pulses, incomplete=more.pop("incomplete", "")),
        total=TotalProgress(pulses=pulses if received is None else received),
        source=SourceProgress(connected=True, connects=connects),
        **more,
    )


def sight(seen: Progress | None, *, works: bool = True, generation: int = 1, restarts: int = 0) -> Sight:
    return Sight(works=works, generation=generation, restarts=restarts, progress=seen)


LOST = sight(None, works=False)
WELL = (0.0, sight(progress(43)))


def told(*sights: tuple[float, Sight]) -> list[str]:
    recovery, sentences = Recovery(), []
    for now, seen in sights:
        recovery, sentence = follow(recovery, seen, now)
        sentences += [sentence] if sentence else []
    return sentences


def test_the_start_is_no_recovery() -> None:
    assert told((0.0, LOST), (1.0, LOST), (2.0, sight(progress(5))), (3.0, sight(progress(6)))) == []


def test_a_new_worker_has_recovered_when_it_has_all_pulses_again() -> None:
    again = [sight(progress(n), generation=2, restarts=1) for n in (0, 12, 42, 45, 50)]
    sentences = told(WELL, (1.0, LOST), (2.0, LOST), *((3.0 + n, one) for n, one in enumerate(again)))
    assert sentences == ["recovered after 5.0 s: run 1 complete so far (45 pulses), nothing missing"]


def test_a_worker_that_was_replaced_on_purpose_has_caught_up() -> None:
    sentences = told(WELL, (1.0, LOST), (3.0, sight(progress(44), generation=2)))
    assert sentences == ["the new worker has caught up after 2.0 s: run 1 complete so far (44 pulses), nothing missing"]


def test_a_connection_that_came_back_between_two_sights() -> None:
    silent, more = sight(progress(43, connects=2)), sight(progress(44, connects=2))
    assert told(WELL, (0.5, silent)) == [], "whether anything is missing is not known before the next pulse"
    assert told(WELL, (0.5, silent), (1.0, more)) == [
        "recovered after 1.0 s: run 1 complete so far (44 pulses), nothing missing"
    ]


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (progress(3, incomplete="its beginning"), "run 1 is incomplete, missing: its beginning"),
        (progress(3, run=2), "now in run 2"),
        (
            progress(3, run=3, incomplete_runs=("run 2: no result",)),
            "now in run 3; missing: run 2: no result",
        ),
        (progress(0, run=0, received=3), "now between runs"),
    ],
)
def test_what_is_missing_is_named(seen: Progress, sentence: str) -> None:
    after = sight(seen, generation=2, restarts=1)
    assert told(WELL, (1.0, LOST), (4.0, after)) == [f"recovered after 3.0 s: {sentence}"]


def test_a_run_that_was_incomplete_before_is_not_called_complete() -> None:
    before = progress(43, incomplete="its beginning")
    after = sight(replace(before, total=TotalProgress(pulses=43)), generation=2, restarts=1)
    assert told((0.0, sight(before)), (1.0, LOST), (2.0, after)) == [
        "recovered after 1.0 s: run 1 has all its 43 pulses again; still missing: its beginning"
    ]


def test_a_run_that_is_read_again_says_how_far_it_is() -> None:
    recovery = Recovery(well=WELL[1], well_at=0.0)
    half, whole = (sight(progress(n), generation=2, restarts=1) for n in (12, 44))
    assert catching_up(recovery, half) == "", "nothing has happened"
    recovery, _ = follow(recovery, LOST, 1.0)
    assert catching_up(recovery, LOST) == ""
    recovery, _ = follow(recovery, half, 2.0)
    assert catching_up(recovery, half) == "reading it again after an interruption, 12 of 43 pulses so far"
    recovery, _ = follow(recovery, whole, 3.0)
    assert catching_up(recovery, whole) == ""


def test_a_stream_that_stays_quiet_is_only_connected() -> None:
    quiet = sight(progress(0, received=0), generation=2, restarts=1)
    assert told(WELL, (1.0, LOST), (3.0, quiet), (3.0 + QUIET_S, quiet)) == [
        "recovered after 2.0 s: connected, no pulse has come yet"
    ]


def test_a_second_fault_while_catching_up_belongs_to_the_first() -> None:
    half, whole = (sight(progress(n), generation=2 + n // 40, restarts=1) for n in (20, 43))
    assert told(WELL, (1.0, LOST), (2.0, half), (3.0, LOST), (5.0, whole)) == [
        "recovered after 4.0 s: run 1 complete so far (43 pulses), nothing missing"
    ]
