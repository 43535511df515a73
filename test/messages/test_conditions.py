"""Conditions come, last and go each on its own: by hand, and for any two sets of them."""

from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.conditions import URGENCY, ProblemNote, begun_and_over, conditions_of, dated
from livereduce.messages.progress import Progress, SourceProgress
from livereduce.messages.status import Condition

WELL = Progress(source=SourceProgress(connected=True, connects=1))
SYNTAX = ProblemNote("p.py:3: invalid syntax", "the previous version stays in use")
KINDS = st.sampled_from(URGENCY)
SETS = st.lists(st.builds(Condition, kind=KINDS, text=st.sampled_from("ab")), unique_by=lambda one: one.kind).map(tuple)


def failing(**errors: str) -> Progress:
    return Progress(last_errors=errors, source=SourceProgress(connected=True, connects=1))


def texts(progress: Progress | None, *notes: ProblemNote, **more: str) -> list[str]:
    return [one.text for one in conditions_of(progress, notes, at_work=progress is not None, **more)]


def test_nothing_is_wrong_with_a_worker_that_is_well() -> None:
    assert texts(WELL) == []
    assert texts(None) == []


def test_a_syntax_error_saved_over_a_failing_script_is_told_at_once_and_first() -> None:
    """And when it is taken back the failure is still told, as old as it is."""
    failing_proc = failing(proc="p.py:1: NameError")
    before = dated((), conditions_of(failing_proc, (), at_work=True), "1")
    both = dated(before, conditions_of(failing_proc, (SYNTAX,), at_work=True), "2")
    assert [(one.text, one.since) for one in both] == [
        ("p.py:3: invalid syntax; the previous version stays in use", "2"),
        ("proc: p.py:1: NameError", "1"),
    ]
    assert dated(both, conditions_of(failing_proc, (), at_work=True), "3") == before


def test_nothing_goes_on_where_there_is_no_worker() -> None:
    assert texts(None, SYNTAX) == ["p.py:3: invalid syntax"]
    assert texts(WELL, SYNTAX) == ["p.py:3: invalid syntax; the previous version stays in use"]


def test_all_that_holds_is_told_the_most_urgent_first() -> None:
    lost = Progress(
        last_errors={"publish": "p", "post_proc": "q", "proc": "r", "packet": "s"},
        source=SourceProgress(reason="refused"),
    )
    told = texts(lost, SYNTAX, ProblemNote("c.conf: bad"), overdue="post_proc runs", memory="too large")
    assert told == [
        "the stream: refused",
        "post_proc runs",
        "p.py:3: invalid syntax; the previous version stays in use",
        "c.conf: bad",
        "proc: r",
        "post_proc: q",
        "too large",
        "results cannot be written, they are kept and tried again: p",
    ]


def test_what_a_dead_worker_said_last_is_no_condition() -> None:
    assert conditions_of(failing(proc="x"), (), at_work=False) == ()


def test_two_files_are_two_conditions() -> None:
    one, two = ProblemNote("a.py: bad"), ProblemNote("b.py: bad")
    first = dated((), conditions_of(WELL, (one,), at_work=True), "1")
    then = dated(first, conditions_of(WELL, (one, two), at_work=True), "2")
    assert [(each.text, each.since) for each in then] == [("a.py: bad", "1"), ("b.py: bad", "2")]
    left = dated(then, conditions_of(WELL, (two,), at_work=True), "3")
    assert begun_and_over(then, left) == ((), then[:1])


def test_another_text_of_the_same_kind_is_the_same_condition() -> None:
    first = dated((), conditions_of(WELL, (), at_work=True, overdue="for 45 s"), "1")
    then = dated(first, conditions_of(WELL, (), at_work=True, overdue="for 46 s"), "2")
    assert (then[0].since, begun_and_over(first, then)) == ("1", ((), ()))


@given(SETS, SETS)
def test_each_condition_begins_and_ends_on_its_own(before: tuple[Condition, ...], found: tuple[Condition, ...]) -> None:
    old = dated((), found=before, at="1")
    new = dated(old, found, "2")
    begun, over = begun_and_over(old, new)
    assert [(one.kind, one.text) for one in new] == [(one.kind, one.text) for one in found]
    assert {one.since for one in begun} <= {"2"}
    assert all(one.since == "1" for one in new if one not in begun)
    assert len(old) - len(over) + len(begun) == len(new)
