import pytest

from livereduce.daemon.worker.beats import Observed, observe, remember_errors
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.messages.status import ErrorSeen


def beat(*, events: int = 0, pulses: int = 0) -> Beat:
    progress = Progress(total=TotalProgress(events=events, pulses=pulses))
    return Beat(seq=1, phase=Phase.WAITING, progress=progress)


def test_rates_come_from_beats_two_seconds_apart() -> None:
    seen = observe(Observed(), beat(events=100, pulses=10), 50.0)
    seen = observe(seen, beat(events=900, pulses=11), 50.1)
    assert (seen.events_per_s, seen.pulses_per_s) == (0, 0)
    seen = observe(seen, beat(events=1100, pulses=130), 52.0)
    assert seen.events_per_s == pytest.approx(500)
    assert seen.pulses_per_s == pytest.approx(60)
    seen = observe(seen, beat(events=1100, pulses=130), 55.0)
    assert seen.events_per_s == 0


def test_the_last_error_of_each_kind_keeps_its_time_until_it_changes() -> None:
    seen = remember_errors((), {"proc": "a"}, "1")
    assert seen == (ErrorSeen(kind="proc", text="a", at="1"),)
    assert remember_errors(seen, {"proc": "a"}, "2") == seen
    seen = remember_errors(seen, {"proc": "a", "source": "gone"}, "3")
    assert [(one.kind, one.at) for one in seen] == [("proc", "1"), ("source", "3")]
    assert [one.at for one in remember_errors(seen, {"proc": "b"}, "4")] == ["3", "4"]


def test_kinds_of_errors_that_nobody_knows_fill_no_memory() -> None:
    seen: tuple[ErrorSeen, ...] = ()
    for number in range(1000):
        seen = remember_errors(seen, {f"kind {number}": "x", "proc": "a"}, "1")
    assert len(seen) == 20
    assert "kind 999" in {one.kind for one in seen}


def test_an_error_that_is_over_is_kept_and_comes_anew() -> None:
    seen = remember_errors((), {"proc": "a"}, "1")
    seen = remember_errors(seen, {}, "2")
    assert seen == (ErrorSeen(kind="proc", text="a", at="1", over=True),)
    assert remember_errors(seen, {"proc": "a"}, "3") == (ErrorSeen(kind="proc", text="a", at="3"),)
