"""Overdue script calls, by a manual clock; and which durations outlive the daemon."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.daemon.worker import usual
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.script_times import ScriptTimes
from livereduce.daemon.worker.usual import (
    FILE_NAME,
    KEPT_CALLS,
    KEPT_SCRIPTS,
    Calls,
    Finished,
    Running,
    Usual,
    finished_calls,
    load,
    note,
    running_call,
    save,
)
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.job import Job, ScriptCopy
from livereduce.messages.progress import Progress, StepProgress

MD5 = "a" * 32
JOB = Job(
    generation=1, engine="builtin", instrument="POWGEN", short_name="PG3", source="adara://h:1", update_every_s=30.0,
    preserve_events=True, accum_method="Add", periods=(), spectra=(), tof_bins_us=(0.0, 1.0, 2.0), proc=None,
    post_proc=ScriptCopy(path="/p.py", copy="/c.py", md5=MD5), script_dir="/s", state_dir="/d", runtime_dir="/r",
)  # fmt: skip


def called(*seconds: float) -> Usual:
    seen: Usual = {}
    for number, one in enumerate(seconds, start=1):
        seen = note(seen, MD5, Finished(step="post_proc", seconds=one, first=number == 1))
    return seen


def running(age_s: float, seen: Usual, *, calls: int = 5) -> Running:
    found = running_call(
        Phase.POST_PROCESS, age_s, Progress(steps=StepProgress(post_proc_calls=calls)), seen, {"post_proc": MD5}
    )
    assert found is not None
    return found


def test_usual_is_the_longest_of_the_last_calls() -> None:
    seen = called(9.0, *[0.1] * (KEPT_CALLS - 1))
    assert running(1, seen).usual_s == 9.0
    seen = note(seen, MD5, Finished(step="post_proc", seconds=0.2, first=False))
    assert running(1, seen).usual_s == 0.2
    assert len(seen[MD5].seconds) == KEPT_CALLS


def test_the_first_call_of_a_worker_may_take_what_such_a_call_has_taken() -> None:
    """It loads its calibrations again, in each process."""
    seen = called(120.0, *[0.2] * KEPT_CALLS)
    assert running(1, seen, calls=0).usual_s == 120.0
    assert running(1, seen, calls=1).usual_s == 0.2


@pytest.mark.parametrize(
    ("age_s", "seconds", "update_every_s", "overdue"),
    [
        (89.9, (0.2,), 30.0, False),
        (90.0, (0.2,), 30.0, True),
        (449.0, (45.0,), 30.0, False),
        (450.0, (45.0,), 30.0, True),
        (2.9, (0.2,), 1.0, False),
        (3.0, (0.2,), 1.0, True),
        (299.0, (), 30.0, False),
        (300.0, (), 30.0, True),
        (300.0, (), 1.0, True),
    ],
)
def test_overdue(age_s: float, seconds: tuple[float, ...], update_every_s: float, overdue: bool) -> None:
    assert running(age_s, called(*seconds)).is_overdue(update_every_s) is overdue


@pytest.mark.parametrize(
    ("age_s", "seconds", "text"),
    [
        (45.4, (0.2,), "post_proc has been running for 45 s (usually 0.2 s)"),
        (45.4, (), "post_proc has been running for 45 s (its first call)"),
        (4.0, (0.01,), "post_proc has been running for 4.0 s (usually less than 0.1 s)"),
        (1.9, (0.2,), ""),
        (50.0, (45.0,), ""),
    ],
)
def test_the_sentence(age_s: float, seconds: tuple[float, ...], text: str) -> None:
    assert running(age_s, called(*seconds)).text == text


def test_what_is_overdue_is_also_told() -> None:
    """The sentence is the condition: none of it may be empty."""
    for seconds in (0.0, 0.2, 1.0, 60.0):
        limit_s = max(3 * 1.0, 10 * seconds)
        assert running(limit_s, called(seconds)).text


def test_only_scripts_are_timed() -> None:
    for phase in set(Phase) - {Phase.PROCESS, Phase.POST_PROCESS}:
        assert running_call(phase, 1e6, Progress(), {}, {"proc": MD5, "post_proc": MD5}) is None
    assert running_call(Phase.PROCESS, 1e6, Progress(), {}, {"post_proc": MD5}) is None, "there is no proc"


def test_another_version_is_another_script() -> None:
    found = running_call(Phase.PROCESS, 45, Progress(), called(0.2), {"proc": "b" * 32})
    assert found is not None
    assert found.usual_s is None


def test_calls_are_counted_between_beats_also_if_some_are_lost() -> None:
    first = Progress(steps=StepProgress(proc_calls=1, proc_s=3.0))
    assert finished_calls(None, Progress()) == ()
    assert finished_calls(None, first) == (Finished(step="proc", seconds=3.0, first=True),)
    later = Progress(steps=StepProgress(proc_calls=9, proc_s=0.1, post_proc_calls=1, post_proc_s=7.0))
    assert finished_calls(first, later) == (
        Finished(step="proc", seconds=0.1, first=False),
        Finished(step="post_proc", seconds=7.0, first=True),
    )
    assert finished_calls(later, later) == ()


def test_scripts_that_were_not_called_for_long_are_forgotten() -> None:
    seen: Usual = {}
    for number in range(KEPT_SCRIPTS + 9):
        seen = note(seen, f"{number}", Finished(step="proc", seconds=1.0, first=True))
        seen = note(seen, "0", Finished(step="proc", seconds=1.0, first=False))
    assert len(seen) == KEPT_SCRIPTS
    assert "0" in seen


def test_a_phase_begins_with_the_beat_before_the_script_and_with_each_call() -> None:
    def beat(phase: Phase, calls: int, silent_s: float = 0.0) -> Beat:
        return Beat(seq=1, phase=phase, progress=Progress(silent_s=silent_s, steps=StepProgress(proc_calls=calls)))

    seen = observe(Observed(), beat(Phase.PROCESS, 0), 10.0)
    seen = observe(seen, beat(Phase.PROCESS, 0, silent_s=3.5), 13.6)
    assert seen.phase_since == 10.0
    seen = observe(seen, beat(Phase.PROCESS, 1, silent_s=0.5), 20.0)
    assert seen.phase_since == 19.5, "the beats between two calls were lost"
    assert observe(seen, beat(Phase.WAITING, 1), 21.0).phase_since == 21.0


def test_it_outlives_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saves: list[Path] = []

    def counted(path: Path, seen: Usual) -> None:
        saves.append(path)
        save(path, seen)

    monkeypatch.setattr(usual, "save", counted)
    times = ScriptTimes()
    times.adopt(tmp_path)
    times.heard(None, Progress(steps=StepProgress(post_proc_calls=1, post_proc_s=0.2)), JOB)
    times.keep(100.0)
    times.heard(
        Progress(steps=StepProgress(post_proc_calls=1)),
        Progress(steps=StepProgress(post_proc_calls=2, post_proc_s=0.3)),
        JOB,
    )
    for now in (101.0, 159.0, 161.0, 162.0):
        times.keep(now)
    assert len(saves) == 2, "at most once a minute, and only what is new"
    later = ScriptTimes()
    later.adopt(tmp_path)
    observed = observe(Observed(), Beat(seq=1, phase=Phase.POST_PROCESS, progress=Progress()), 5.0)
    assert later.running(observed, JOB, 50.0) == Running(step="post_proc", age_s=45.0, usual_s=0.3)


def test_a_disk_that_is_full_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    times = ScriptTimes()
    times.adopt(tmp_path / "state")
    times.heard(None, Progress(steps=StepProgress(post_proc_calls=1, post_proc_s=0.2)), JOB)
    times.keep(0.0)
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    times.keep(100.0)
    assert load(tmp_path / "state") == {MD5: Calls(seconds=(0.2,), first_s=0.2)}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": {"seconds": [NaN], "first_s": 0}}', "[" * 99_999])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert load(tmp_path) == {}


@given(st.lists(st.floats(0, 1e6), max_size=40), st.booleans())
def test_any_durations_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[float], first: bool
) -> None:
    path = tmp_path_factory.mktemp("state")
    seen = called(*seconds)
    save(path, seen)
    assert load(path) == seen
    limit_s = usual.Running(step="proc", age_s=1e9, usual_s=seen.get(MD5, Calls()).usual_s(first=first))
    assert limit_s.is_overdue(1.0)
