from livereduce.engine.mantid.run_ledger import (
    Described,
    RunLedger,
    check_added,
    take_accumulated,
    take_chunk,
    take_processed,
)
from livereduce.messages.progress import RunState


def chunks(*seen: Described, book: RunLedger | None = None) -> RunLedger:
    book = book or RunLedger()
    for one in seen:
        book = take_chunk(book, one)
    return book


def test_chunks_of_a_run_are_summed() -> None:
    book = chunks(Described(run=7, events=10), Described(run=7, events=5))
    assert (book.run, book.run_chunks, book.run_events, book.events) == (7, 2, 15, 15)
    assert book.state is RunState.RUNNING


def test_a_new_number_begins_anew_but_what_was_done_stays_counted() -> None:
    book = chunks(Described(run=7, events=10), Described(run=8, events=5))
    assert (book.run, book.run_chunks, book.run_events) == (8, 1, 5)
    assert (book.chunks, book.events) == (2, 15)


def test_the_last_chunk_of_a_run_belongs_to_it() -> None:
    book = chunks(Described(run=7, events=10), Described(run=7, events=5, ends=True))
    assert (book.run, book.run_events, book.state) == (7, 15, RunState.ENDED)


def test_what_comes_after_the_end_under_the_same_number_is_between_runs() -> None:
    """The classic listener keeps the old number: without this, it would take the place of the run's result."""
    ended = chunks(Described(run=7, events=10), Described(run=7, events=5, ends=True))
    book = chunks(Described(run=7, events=1), Described(run=7, events=1), book=ended)
    assert (book.run, book.run_events, book.state) == (0, 2, RunState.NO_RUN)
    assert chunks(Described(run=8, events=3), book=book).run == 8


def test_what_comes_after_the_end_with_number_0_is_between_runs() -> None:
    book = chunks(Described(run=7, ends=True), Described(run=0, events=1))
    assert (book.run, book.state) == (0, RunState.NO_RUN)


def test_a_run_that_is_joined_before_its_number_is_known_is_no_run_until_then() -> None:
    book = chunks(Described(run=0, events=4), Described(run=9, events=6))
    assert (book.run, book.run_events) == (9, 6)


def test_cumulative_histograms_are_not_summed() -> None:
    book = RunLedger()
    for events in (100, 250, 300):
        book = take_chunk(book, Described(run=1, events=events, cumulative=True))
    assert (book.run_events, book.events, book.run_chunks) == (300, 300, 3)


def test_without_proc_the_accumulated_data_is_what_is_seen() -> None:
    book = take_accumulated(RunLedger(), Described(run=3, events=10, pulses=2, charge_pc=4.0), is_new=True)
    book = take_accumulated(book, Described(run=3, events=25, pulses=5, charge_pc=9.0, last_ns=77), is_new=True)
    assert (book.run_events, book.events, book.run_chunks) == (25, 25, 2)
    assert (book.run_pulses, book.pulses, book.charge_pc, book.last_ns) == (5, 5, 9.0, 77)


def test_pulses_are_those_of_the_accumulated_data_also_after_an_edge() -> None:
    book = chunks(Described(run=3, events=10))
    book = take_accumulated(book, Described(run=3, pulses=5), is_new=False)
    book = chunks(Described(run=4, events=1), book=book)
    book = take_accumulated(book, Described(run=4, pulses=2), is_new=False)
    assert (book.run_pulses, book.pulses, book.run_chunks, book.chunks) == (2, 7, 1, 2)


def test_a_paused_run_is_paused() -> None:
    assert chunks(Described(run=3, paused=True)).state is RunState.PAUSED
    assert chunks(Described(run=3, paused=True), Described(run=3)).state is RunState.RUNNING


def test_times_do_not_go_back_at_an_edge() -> None:
    book = chunks(Described(run=3, newest_ns=50), Described(run=4, newest_ns=40))
    assert book.newest_ns == 50


def test_what_mantid_drops_of_a_run_is_said() -> None:
    """A pulse that a chunk repeats from the one before counts once."""
    book = take_processed(chunks(Described(run=3)), Described(pulses=10, first_ns=1, last_ns=10))
    assert check_added(book, Described(pulses=10)).incomplete == ""
    book = take_processed(book, Described(pulses=11, first_ns=10, last_ns=20))
    assert check_added(book, Described(pulses=20)).incomplete == ""
    dropped = check_added(book, Described(pulses=11))
    assert dropped.incomplete == "Mantid has dropped a part of the run: its accumulation holds 11 of 20 pulses"
    assert chunks(Described(run=4), book=dropped).incomplete == ""
