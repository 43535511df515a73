"""Runs that a worker has left, in the index: pure."""

import json

import pytest

from livereduce.publish.products.index import (
    END_UNSEEN,
    MAX_MISSED,
    NO_RESULT,
    NOT_REPLACED,
    PASSED,
    Index,
    IndexEntry,
    Missed,
    Run,
    decode_index,
    encode_index,
    ended,
    in_run,
    with_run,
)


def entry(run: int, *, incomplete: str = "", ended: bool = False, name: str = "result") -> IndexEntry:
    return IndexEntry(
        name=name,
        path=f"{run}/{name}.nxs",
        pipeline="live",
        written_unix_s=1.0,
        events=5,
        incomplete=incomplete,
        ended=ended,
    )


def run(number: int, *entries: IndexEntry, ended: bool = False) -> Run:
    return Run(run=number, ended=ended, products={f"{one.name}.nxs": one for one in entries or (entry(number),)})


def reasons(index: Index, number: int) -> list[str]:
    found = index.find(number)
    assert found
    return [one.incomplete for one in found.products.values()]


def test_another_run_closes_what_was_left_open() -> None:
    index = in_run(Index(runs=(run(10),), last_run=10, last_run_ended=False), 11, {10}, 5.0, joined=True)
    found = index.find(10)
    assert found
    assert (found.ended, found.incomplete) == (True, END_UNSEEN)
    assert reasons(index, 10) == [END_UNSEEN]
    assert (index.last_run, index.last_run_ended, index.missed) == (11, False, ())
    assert index.notes == (f"run 10: {END_UNSEEN}",)


def test_no_run_closes_it_too_and_a_reason_that_was_there_stays() -> None:
    index = Index(runs=(run(10, entry(10, incomplete="3 damaged pulses")),), last_run=10, last_run_ended=False)
    assert reasons(in_run(index, 0, {10}, 5.0, joined=True), 10) == [f"3 damaged pulses; {END_UNSEEN}"]


def test_the_same_run_changes_nothing() -> None:
    index = Index(runs=(run(10),), last_run=10, last_run_ended=False)
    assert in_run(index, 10, {10}, 5.0, joined=True) == index


def test_a_product_with_the_last_data_of_its_run_stays_complete() -> None:
    index = Index(runs=(run(10, entry(10, ended=True), entry(10, name="other")),), last_run=10)
    assert reasons(in_run(index, 11, {10}, 5.0, joined=True), 10) == ["", END_UNSEEN]


@pytest.mark.parametrize(("now", "numbers"), [(12, [11]), (14, [11, 13]), (11, []), (10, []), (3, []), (5000, [])])
def test_numbers_that_are_skipped_have_passed(now: int, numbers: list[int]) -> None:
    index = in_run(Index(last_run=10), now, set(), 5.0, joined=True)
    assert [number for one in index.missed for number in sorted({one.first, one.last})] == numbers
    assert all(str(numbers[0]) in note and "passed" not in note for note in index.notes)


def test_a_number_that_is_skipped_while_somebody_reads_is_no_run() -> None:
    assert in_run(Index(last_run=10), 12, set(), 5.0, joined=False).missed == ()


def test_a_run_without_a_result_is_missed_too_and_only_once() -> None:
    index = in_run(Index(last_run=10, last_run_ended=False), 0, set(), 5.0, joined=True)
    assert [(one.first, one.reason) for one in index.missed] == [(10, NO_RESULT)]
    index = in_run(index, 12, set(), 6.0, joined=True)
    assert [(one.first, one.reason) for one in index.missed] == [(10, NO_RESULT), (11, PASSED)]
    assert in_run(index, 12, set(), 7.0, joined=True).missed == index.missed


def test_a_run_whose_files_cannot_be_read_is_missed_too() -> None:
    index = Index(runs=(Run(run=10),), last_run=10, last_run_ended=False)
    assert [one.reason for one in in_run(index, 11, set(), 5.0, joined=True).missed] == [NO_RESULT]


def test_missed_runs_are_bounded() -> None:
    index = Index(last_run=1)
    for number in range(3, 100, 2):
        index = in_run(index, number, set(), 5.0, joined=True)
    assert len(index.missed) == MAX_MISSED
    assert index.missed[-1].first == 98


def test_what_another_worker_left_of_a_run_is_not_of_all_its_data() -> None:
    index = Index(runs=(run(7, entry(7, name="old"), entry(7)),), last_run=7, last_run_ended=False)
    closed = ended(index, 7, "", ours={"result.nxs"})
    assert reasons(closed, 7) == [NOT_REPLACED, ""]
    assert closed.last_run_ended
    assert ended(closed, 7, "again", ours=()) == closed
    assert ended(index, 8) == index


def test_a_late_result_does_not_become_the_current_one() -> None:
    index = Index(runs=(run(7), run(8)))
    assert [one.run for one in with_run(index, run(6), current=False).runs] == [7, 6, 8]
    assert [one.run for one in with_run(index, run(7, ended=True), current=False).runs] == [7, 8]
    assert [one.run for one in with_run(index, run(7), current=True).runs] == [8, 7]


def test_an_index_is_read_as_it_was_written_and_an_older_one_as_far_as_it_goes() -> None:
    missed = Missed(first=5, last=6, reason=PASSED, noticed_unix_s=3.5)
    index = Index(runs=(Run(run=7, ended=True, start_time="a", end_time="b"),), last_run=7, missed=(missed,))
    assert decode_index(encode_index(index).decode()) == index
    older = decode_index(json.dumps({"current": 7, "runs": [{"run": 7, "ended": False, "products": []}]}))
    assert older == Index(runs=(Run(run=7),))


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"runs": [{"run": []}]}', '{"runs": [], "missed": 5}'])
def test_a_broken_index_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="index"):
        decode_index(text)
