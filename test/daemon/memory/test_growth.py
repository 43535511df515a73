"""Parts of a worker's memory, from its beats and the daemon's measurement: by hand and for any figures."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.daemon.memory.facts import EndForMemory, MemoryRules, Recycle, Weighed
from livereduce.daemon.memory.growth import Beside, Grown, amount, grown
from livereduce.daemon.memory.policy import MemoryState, step
from livereduce.messages.beat import Phase
from livereduce.messages.progress import MemoryProgress, Progress, RunProgress

GB = 10**9
BASE = 200_000_000
NOBODY = Beside()
BYTES = st.integers(0, 1 << 40)
MEMORY = st.builds(MemoryProgress, rss_bytes=BYTES, held_bytes=BYTES, proc_grew_bytes=BYTES, post_proc_grew_bytes=BYTES)


def seen(total: int, phase: Phase = Phase.WAITING, *, started: int = 0, beside: Beside = NOBODY, **said: Any) -> Grown:
    histograms = {"keeps_events": said.pop("keeps_events")} if "keeps_events" in said else {}
    memory = MemoryProgress(**{"rss_bytes": BASE, **said})
    return grown(total, started, phase, Progress(memory=memory, run=RunProgress(number=7, **histograms)), BASE, beside)


def test_arrays_of_a_script_are_not_taken_for_the_run() -> None:
    """3 GB in the call that is running, and 50 kB of events."""
    found = seen(3 * GB + BASE, Phase.POST_PROCESS, held_bytes=50_000)
    assert found.cause == "post_proc"
    assert found.text == "3.00 GB added by post_proc, 200 MB in the program itself, 50 kB of events held"


def test_what_a_script_leaves_behind_with_each_call_is_its_own() -> None:
    assert seen(3 * GB, proc_grew_bytes=2 * GB, held_bytes=GB // 2).cause == "proc"
    assert seen(3 * GB, post_proc_grew_bytes=2 * GB, held_bytes=GB // 2).cause == "post_proc"


def test_events_that_proc_has_copied_are_events_held() -> None:
    found = seen(2 * GB + BASE, proc_grew_bytes=2 * GB, held_bytes=2 * GB)
    assert found.cause == "events"
    assert found.text.startswith("2.00 GB of events held")


def test_a_table_of_all_events_is_for_the_events() -> None:
    """That a call takes three times their memory would be over with histograms."""
    found = seen(4 * GB + BASE, Phase.POST_PROCESS, rss_bytes=GB + BASE, held_bytes=GB)
    assert found.cause == "events"
    assert "3.00 GB added by post_proc" in found.text
    assert seen(6 * GB + BASE, Phase.POST_PROCESS, rss_bytes=GB + BASE, held_bytes=GB).cause == "post_proc"


def test_processes_of_scripts_are_named() -> None:
    found = seen(3 * GB, started=2 * GB, held_bytes=1000)
    assert found.cause == "started"
    assert found.text.startswith("2.00 GB in processes that scripts started")


def test_what_is_not_known_is_elsewhere() -> None:
    assert grown(GB, 0, None, None, None).text == "1.00 GB in the program itself, 0 kB of events held"
    assert grown(GB, 0, None, None, None).cause != "events"


def test_histograms_are_called_so() -> None:
    assert "1.00 GB of histograms held" in seen(2 * GB, held_bytes=GB, keeps_events=False).text


@pytest.mark.parametrize(("n_bytes", "text"), [(0, "0 kB"), (50_000, "50 kB"), (3_000_000, "3 MB"), (GB, "1.00 GB")])
def test_amounts(n_bytes: int, text: str) -> None:
    assert amount(n_bytes) == text


RECEIVER = Beside(run=2 * GB, receiver=60_000_000, receiver_base=50_000_000)


def test_the_run_that_the_receiver_holds_is_not_the_scripts() -> None:
    found = seen(BASE, beside=RECEIVER)
    assert found.cause == "events"
    assert found.text == (
        "2.00 GB of the run's events held by the receiver, 200 MB in the program itself, 60 MB in the receiver itself"
    )


def test_a_script_that_takes_more_than_the_run_is_named_beside_it() -> None:
    found = seen(3 * GB + BASE, proc_grew_bytes=3 * GB, beside=RECEIVER)
    assert found.cause == "proc"
    assert found.text.startswith("3.00 GB added by proc, 2.00 GB of the run's events held by the receiver")
    assert seen(3 * GB, started=3 * GB, beside=RECEIVER).cause == "started"


def test_a_table_of_the_events_that_the_receiver_holds_is_for_the_events() -> None:
    assert seen(6 * GB + BASE, Phase.POST_PROCESS, beside=RECEIVER).cause == "events"
    assert seen(9 * GB + BASE, Phase.POST_PROCESS, beside=RECEIVER).cause == "post_proc"


def test_a_receiver_that_grows_is_named() -> None:
    found = seen(BASE, beside=replace(RECEIVER, receiver=4 * GB))
    assert found.cause == "receiver"
    assert found.text.startswith("4.00 GB in the receiver itself, 2.00 GB of the run's events held by the receiver")


def test_the_spare_is_named_and_is_no_cause() -> None:
    found = seen(BASE, beside=Beside(run=10_000_000, receiver=60_000_000, receiver_base=60_000_000, spare=250_000_000))
    assert "250 MB in the spare worker" in found.text
    assert found.cause == "events"


def test_the_recorder_is_named_and_is_no_cause() -> None:
    beside = Beside(run=10_000_000, receiver=60_000_000, receiver_base=60_000_000, recorder=160_000_000)
    found = seen(BASE, beside=beside)
    assert "160 MB in the recorder" in found.text
    assert (found.cause, found.total) == ("events", BASE + beside.total)


def test_what_the_receiver_holds_is_told_even_if_it_is_little() -> None:
    little = replace(RECEIVER, run=5000)
    assert seen(3 * GB, proc_grew_bytes=2 * GB, beside=little).text.endswith(
        "5 kB of the run's events held by the receiver"
    )
    assert "500 MB of histograms held" in seen(GB, held_bytes=GB // 2, keeps_events=False, beside=little).text


@given(
    BYTES, BYTES, st.sampled_from([None, *Phase]), st.none() | BYTES,
    MEMORY.map(lambda memory: Progress(memory=memory)),
    st.builds(Beside, run=BYTES, receiver=BYTES, receiver_base=BYTES, spare=BYTES),
)  # fmt: skip
def test_the_parts_are_the_whole(
    total: int, started: int, phase: Any, base: int | None, progress: Progress, beside: Beside
) -> None:
    found = grown(total, started, phase, progress, base, beside)
    parts = (found.held, found.proc, found.post_proc, found.started, found.elsewhere)
    assert sum(parts) == total
    assert found.total == total + beside.run + beside.receiver + beside.spare
    assert min(*parts, found.in_call) >= 0
    assert found.cause in ("events", "proc", "post_proc", "started", "receiver", "elsewhere")
    assert "held" in found.text


# ---- what follows


def ended(times: int, parts: Grown) -> MemoryState:
    """The state after so many workers were ended at the limit of 2 GB with these parts."""
    state = MemoryState(rules=MemoryRules(limit_bytes=2 * GB, falls_back=True))
    for worker in range(1, times + 1):
        weighed = Weighed(worker=worker, run=7, bytes=2 * GB, confirmed_bytes=2 * GB, grown=parts)
        state, (order,) = step(state, weighed, 100.0 * worker)
        assert isinstance(order, Recycle)
        assert order.reason == f"the worker's memory of 2.00 GB is over the limit of 2.00 GB ({parts.text})"
    return state


SCRIPT = Grown(post_proc=2 * GB, held=50_000, elsewhere=BASE)
EVENTS = Grown(held=2 * GB, elsewhere=BASE)


def test_a_script_that_takes_too_much_changes_no_way_of_accumulating() -> None:
    states = [ended(n, SCRIPT) for n in range(6)]
    assert all(state.keep_events_next and state.counted_run is None for state in states)
    assert [state.wait_s for state in states] == [0, 0, 10, 20, 40, 80]
    assert states[1].does_not_fit == ""
    assert states[3].does_not_fit == (
        "post_proc takes too much memory for the limit of 2.00 GB: the worker was restarted 3 times, last with "
        "2.00 GB added by post_proc, 200 MB in the program itself, 50 kB of events held"
    )


def test_events_held_are_given_up_as_before() -> None:
    assert [ended(n, EVENTS).keep_events_next for n in range(4)] == [True, True, False, False]
    assert "the data" not in ended(3, EVENTS).does_not_fit
    assert ended(3, EVENTS).does_not_fit.startswith("run 7 does not fit")


def test_one_end_for_the_events_and_one_for_a_script_are_not_two_for_the_events() -> None:
    state = ended(1, EVENTS)
    weighed = Weighed(worker=2, run=7, bytes=3 * GB, confirmed_bytes=3 * GB, grown=SCRIPT)
    state, (order,) = step(state, weighed, 900.0)
    assert isinstance(order, EndForMemory)
    assert "by more than 10 % (2.00 GB added by post_proc" in order.reason
    assert (state.recycles, state.by_events, state.keep_events_next) == (2, 1, True)
    assert step(replace(state, terminated=False), replace(weighed, run=8), 901.0)[0].recycles == 1
