import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.stepping import histories, run_history
from livereduce.base.files import read_bounded
from livereduce.daemon.inputs import settling, watcher
from livereduce.daemon.inputs.settling import ABSENT, NAMED, Changed, Kind, Look, Times, WatchState, pending, step
from livereduce.daemon.inputs.watcher import Watcher
from livereduce.scripting.files import md5_of
from livereduce.scripting.script_set import ScriptSet, read_set

PROC = Path("/scripts/reduce_PG3_live_proc.py")
POST = Path("/scripts/reduce_PG3_live_post_proc.py")
CONF = Path("/etc/livereduce.conf")
TIMES = Times()


# ---- step


def look(content: str, path: Path = PROC, *, kind: Kind = "scripts", away: bool = False) -> Look:
    """As `look_at` makes them: a content is an md5, `ABSENT`, or anything else for unreadable."""
    if content == ABSENT:
        return Look(path=path, kind=kind, absent=True, away=away, problem="directory missing" if away else "")
    if content == "unreadable":
        return Look(path=path, kind=kind, away=away, problem=f"{path}: cannot be read")
    return Look(path=path, kind=kind, md5=content)


def play(*looks: tuple[float, Look]) -> list[Changed]:
    state, changes = WatchState(), list[Changed]()
    for now, one in looks:
        state, reported = step(state, [one], now)
        changes += reported
    return changes


def test_a_change_is_reported_once_it_was_the_same_at_two_looks() -> None:
    assert play((0, look("a")), (1, look("b"))) == []
    changes = play((0, look("a")), (1, look("b")), (2, look("b")), (3, look("b")), (9, look("b")))
    assert changes == [Changed(kind="scripts", paths=(PROC,), what="reduce_PG3_live_proc.py changed")]


def test_the_same_content_at_two_looks_too_close_together_has_not_settled() -> None:
    state, _ = step(WatchState(), [look("a")], 0.0)
    state, _ = step(state, [look("b")], 1.0)
    state, early = step(state, [look("b")], 1.0 + TIMES.settle_s - 0.1)
    _, late = step(state, [look("b")], 1.0 + TIMES.settle_s + 0.1)
    assert (early, [change.paths for change in late]) == ((), [(PROC,)])


def test_one_look_never_settles_even_if_no_time_is_asked_for() -> None:
    state, _ = step(WatchState(times=Times(settle_s=0.0)), [look("a")], 0.0)
    assert step(state, [look("b")], 1.0)[1] == ()


def test_what_is_written_bit_by_bit_is_reported_when_it_is_whole() -> None:
    growing = [(float(second), look(f"part {second}")) for second in range(1, 20)]
    assert play((0, look("a")), *growing) == []
    assert len(play((0, look("a")), *growing, (20, look("whole")), (21, look("whole")))) == 1


def test_a_change_that_is_taken_back_at_once_is_nothing() -> None:
    assert play((0, look("a")), (1, look("b")), (2, look("a")), (3, look("a")), (4, look("b")), (5, look("a"))) == []


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("a", "b", "changed"),
        (ABSENT, "b", "appeared"),
        ("a", ABSENT, "removed"),
        ("a", "unreadable", "unreadable"),
        ("unreadable", "a", "appeared"),
        ("unreadable", ABSENT, "removed"),
    ],
)
def test_the_words(before: str, after: str, word: str) -> None:
    (change,) = play((0, look(before)), (1, look(after)), (2, look(after)))
    assert change.what == f"reduce_PG3_live_proc.py {word}"


def test_the_moment_without_a_file_in_a_save_by_rename_is_no_removal() -> None:
    (change,) = play((0, look("a")), (1, look(ABSENT)), (2, look("b")), (3, look("b")))
    assert change.what == "reduce_PG3_live_proc.py changed"


def test_files_that_settle_together_are_one_change_of_each_kind() -> None:
    def looks(content: str) -> list[Look]:
        return [look(content), look(content, POST), look(content, CONF, kind="configuration")]

    state, _ = step(WatchState(), looks("a"), 0.0)
    state, _ = step(state, looks("b"), 1.0)
    _, changes = step(state, looks("b"), 2.0)
    assert [(change.kind, change.paths) for change in changes] == [
        ("scripts", (PROC, POST)),
        ("configuration", (CONF,)),
    ]
    assert changes[0].what == "reduce_PG3_live_proc.py changed, reduce_PG3_live_post_proc.py changed"


def test_the_words_stay_few() -> None:
    def looks(content: str) -> list[Look]:
        return [look(content, Path(f"/scripts/m{number}.py")) for number in range(NAMED + 2)]

    state, _ = step(WatchState(), looks("a"), 0.0)
    state, _ = step(state, looks("b"), 1.0)
    (change,) = step(state, looks("b"), 2.0)[1]
    assert len(change.paths) == NAMED + 2
    assert change.what.endswith("m4.py changed, and 2 more")


@pytest.mark.parametrize("content", [ABSENT, "unreadable"])
def test_out_of_reach_is_a_problem_at_once_and_a_change_only_after_long(content: str) -> None:
    away = look(content, away=True)
    state, _ = step(WatchState(), [look("a")], 0.0)
    state, _ = step(state, [away], 1.0)
    assert pending(state, 1.0) == ()  # once is a moment in a save on a network file system
    for second in range(2, 31):
        state, changes = step(state, [away], float(second))
        assert (changes, pending(state, float(second))) == ((), (away.problem,))
    state, changes = step(state, [away], 31.0)
    assert [change.paths for change in changes] == [(PROC,)]
    assert pending(state, 31.0) == (), "whoever judges the scripts has seen it by now"
    assert step(state, [away], 99.0)[1] == ()


def test_out_of_reach_for_a_while_and_back_as_it_was_is_nothing() -> None:
    missing, stale = look(ABSENT, away=True), look("unreadable", away=True)
    looks = [(float(second), missing if second % 2 else stale) for second in range(1, 25)]
    assert play((0, look("a")), *looks, (25, look("a")), (26, look("a"))) == []


def test_out_of_reach_in_several_ways_is_one_time_of_waiting() -> None:
    missing, stale = look(ABSENT, away=True), look("unreadable", away=True)
    looks = [(float(second), missing if second % 2 else stale) for second in range(1, 40)]
    (change, *_) = play((0, look("a")), *looks)
    assert change.what == "reduce_PG3_live_proc.py removed"


def test_a_mount_point_that_is_back_but_empty_settles_from_then_on() -> None:
    away = [(float(second), look(ABSENT, away=True)) for second in range(1, 10)]
    assert play((0, look("a")), *away, (10, look(ABSENT))) == []
    assert len(play((0, look("a")), *away, (10, look(ABSENT)), (11, look(ABSENT)))) == 1


contents = st.sampled_from(["a", "b", "c", ABSENT, "unreadable"])
looks = st.builds(look, contents) | st.builds(look, st.sampled_from([ABSENT, "unreadable"]), away=st.just(True))


@given(histories(looks, longest_wait_s=3.0))
@settings(max_examples=400, deadline=None)
def test_random_histories(history: list[tuple[float, Look]]) -> None:
    """Never without a change of content; whatever stays is reported, and once."""
    reported: list[str] = []
    steady: list[tuple[float, Look]] = []

    def check(before: WatchState, fact: Look, now: float, after: WatchState, changes: Any) -> None:
        if not reported:
            reported.append(fact.content)
        if steady and (steady[-1][1].content, steady[-1][1].away) != (fact.content, fact.away):
            steady.clear()
        steady.append((now, fact))
        for change in changes:
            assert change.paths == (PROC,)
            assert fact.content != reported[-1]
            assert len(steady) >= 2 or fact.away
            reported.append(fact.content)
        kept_s = now - steady[0][0]
        if len(steady) >= 2 and kept_s >= (TIMES.away_s if fact.away else TIMES.settle_s):
            assert reported[-1] == fact.content, "it has settled and nobody said so"

    run_history(lambda state, fact, now: step(state, [fact], now), WatchState(), history, check)


# ---- real files


class Beamline:
    """Real files, a watcher on them, and a clock that moves a second at each look."""

    def __init__(self, folder: Path) -> None:
        self.dir = folder / "livereduce"
        self.dir.mkdir()
        self.proc = self.dir / "reduce_PG3_live_proc.py"
        self.post = self.dir / "reduce_PG3_live_post_proc.py"
        self.conf = folder / "livereduce.conf"
        self.proc.write_text("output = 1\n")
        self.conf.write_text("{}")
        self.now = 0.0
        self.watcher = Watcher(self.conf, self.now)
        self.adopt()

    def adopt(self, running: ScriptSet | None = None) -> None:
        on_disk = read_set(self.dir, "PG3")
        self.watcher.adopt(self.dir, "PG3", on_disk, running or on_disk, self.now)

    def seen(self, looks: int = 3) -> list[str]:
        words = []
        for _ in range(looks):
            self.now += 1.0
            words += [change.what for change in self.watcher.look(self.now)]
        return words


@pytest.fixture
def beamline(tmp_path: Path) -> Beamline:
    return Beamline(tmp_path)


CHANGED = ["reduce_PG3_live_proc.py changed"]


def save_as_vim(path: Path, text: str) -> None:
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def save_as_rsync(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.Xa81")
    fresh.write_text(text)
    fresh.rename(path)


def save_as_mv(path: Path, text: str) -> None:
    elsewhere = path.parent.parent / "new.py"
    elsewhere.write_text(text)
    os.utime(elsewhere, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    shutil.move(elsewhere, path)


@pytest.mark.parametrize("save", [Path.write_text, save_as_vim, save_as_rsync, save_as_mv])
@pytest.mark.parametrize("which", ["proc", "conf"])
def test_every_way_of_saving_is_seen_within_three_looks(
    beamline: Beamline, save: Callable[[Path, str], object], which: str
) -> None:
    path: Path = getattr(beamline, which)
    assert beamline.seen() == []
    save(path, "output = 2\n")
    assert beamline.seen() == [f"{path.name} changed"]
    save(path, "output = 3\n")  # the file has another inode by now
    assert beamline.seen() == [f"{path.name} changed"]


def test_a_change_needs_two_seconds_and_looks_come_no_faster_than_asked(beamline: Beamline) -> None:
    assert beamline.watcher.look(1.0) == ()
    beamline.proc.write_text("output = 2\n")
    assert beamline.watcher.look(1.9) == ()
    assert beamline.watcher.due == 2.0
    assert beamline.watcher.look(2.0) == ()
    assert beamline.watcher.look(2.95) == ()
    assert [change.paths for change in beamline.watcher.look(3.0)] == [(beamline.proc,)]


def test_a_save_in_two_steps_is_seen_once_and_whole(beamline: Beamline) -> None:
    with beamline.proc.open("w") as file:  # truncated
        assert beamline.seen(1) == []
        file.write("output = ")
        file.flush()
        assert beamline.seen(1) == []
        file.write("2\n")
    assert beamline.seen() == CHANGED


def test_a_touch_and_a_save_of_the_same_are_nothing(beamline: Beamline) -> None:
    beamline.proc.touch()
    assert beamline.seen() == []
    save_as_vim(beamline.proc, beamline.proc.read_text())
    beamline.proc.chmod(0o600)
    assert beamline.seen() == []


def test_a_link_to_another_file_is_a_change_if_that_holds_something_else(beamline: Beamline, tmp_path: Path) -> None:
    for name, text in (("v1.py", "output = 1\n"), ("v2.py", "output = 2\n"), ("v3.py", "output = 2\n")):
        (tmp_path / name).write_text(text)

    def point_to(name: str) -> None:
        fresh = beamline.dir / "fresh"
        fresh.symlink_to(tmp_path / name)
        fresh.replace(beamline.proc)

    point_to("v1.py")
    assert beamline.seen() == []
    point_to("v2.py")
    assert beamline.seen() == CHANGED
    point_to("v3.py")
    assert beamline.seen() == []
    (tmp_path / "v3.py").write_text("output = 3\n")
    assert beamline.seen() == CHANGED
    (tmp_path / "v3.py").unlink()
    assert beamline.seen() == ["reduce_PG3_live_proc.py removed"]


def test_removed_and_appeared(beamline: Beamline) -> None:
    beamline.proc.rename(beamline.post)
    assert beamline.seen() == ["reduce_PG3_live_proc.py removed, reduce_PG3_live_post_proc.py appeared"]
    beamline.conf.unlink()
    assert beamline.seen() == ["livereduce.conf removed"]


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of modification and of change that never move, as on a file system with coarse or cached ones."""
    real = os.fstat

    def fstat(fd: int) -> os.stat_result:
        facts = real(fd)
        return os.stat_result((*facts[:7], 0, 0, 0), {"st_mtime_ns": 0, "st_ctime_ns": 0})

    monkeypatch.setattr(os, "fstat", fstat)


def test_an_edit_that_no_time_shows_is_seen_when_the_bytes_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(monkeypatch)
    beamline = Beamline(tmp_path)
    beamline.seen(5)
    with beamline.proc.open("r+") as file:
        file.write("output = 2\n")
    assert beamline.seen(int(TIMES.rehash_s) - 6) == []
    assert beamline.seen(3) == CHANGED


def test_the_bytes_that_settle_were_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch)
    beamline = Beamline(tmp_path)
    beamline.proc.write_text("output = 'half'\n")
    assert beamline.seen(1) == []
    beamline.proc.write_text("output = 'full'\n")
    assert beamline.seen(1) == []
    assert beamline.seen(1) == CHANGED
    beamline.adopt()
    assert beamline.seen(40) == []


def test_bytes_are_read_only_if_the_file_has_changed_or_after_a_while(
    beamline: Beamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    real = os.read

    def read(fd: int, size: int) -> bytes:
        reads.append(fd)
        return real(fd, size)

    monkeypatch.setattr(os, "read", read)
    beamline.seen(int(TIMES.rehash_s) - 1)
    assert reads == []
    beamline.seen(1)
    assert len(reads) == 4  # two files: their bytes, and their end


def fail(monkeypatch: pytest.MonkeyPatch, code: int, *paths: Path) -> None:
    real_open, real_stat = os.open, os.stat

    def refuse(path: Any) -> None:
        if isinstance(path, Path) and any(path == one or one in path.parents for one in paths):
            raise OSError(code, os.strerror(code), str(path))

    def open_(path: Any, *args: Any, **kwargs: Any) -> int:
        refuse(path)
        return real_open(path, *args, **kwargs)

    def stat_(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        refuse(path)
        return real_stat(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "stat", stat_)


def test_a_file_without_permission_is_unreadable(beamline: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        fail(patch, errno.EACCES, beamline.proc)
        assert beamline.seen() == ["reduce_PG3_live_proc.py unreadable"]
        assert beamline.watcher.problems(beamline.now) == ()
    assert beamline.seen() == ["reduce_PG3_live_proc.py appeared"]


@pytest.mark.parametrize("code", [errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.ETIMEDOUT])
def test_a_file_system_out_of_reach_is_waited_for(
    beamline: Beamline, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        fail(patch, code, beamline.dir)
        assert beamline.seen(28) == []
        said = f"{beamline.dir}: cannot be read: {os.strerror(code)}"
        assert beamline.watcher.problems(beamline.now) == (said,)
    assert beamline.seen(5) == []
    assert beamline.watcher.problems(beamline.now) == ()


def test_a_single_file_out_of_reach_is_waited_for_too(beamline: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, errno.ESTALE, beamline.proc)
    assert beamline.seen(28) == []
    (problem,) = beamline.watcher.problems(beamline.now)
    assert problem.startswith(f"{beamline.proc}: cannot be read: ")
    assert beamline.seen(5) == ["reduce_PG3_live_proc.py unreadable"]


def test_a_directory_that_is_gone_is_waited_for_and_then_its_scripts_are_removed(beamline: Beamline) -> None:
    aside = beamline.dir.rename(beamline.dir.with_name("aside"))
    assert beamline.seen(29) == []
    assert beamline.watcher.problems(beamline.now) == (f"{beamline.dir}: the directory is missing",)
    assert beamline.seen(3) == ["reduce_PG3_live_proc.py removed"]
    assert beamline.watcher.problems(beamline.now) == ()
    beamline.adopt()
    assert beamline.seen(70) == [], "told once, also to those who look again on being told"
    aside.rename(beamline.dir)
    assert beamline.seen() == ["reduce_PG3_live_proc.py appeared"]


def test_what_is_no_file_is_unreadable_and_holds_nobody_up(beamline: Beamline) -> None:
    beamline.proc.unlink()
    os.mkfifo(beamline.proc)
    assert beamline.seen() == ["reduce_PG3_live_proc.py unreadable"]
    beamline.proc.unlink()
    beamline.proc.mkdir()
    assert beamline.seen() == []
    beamline.proc.rmdir()
    assert beamline.seen() == ["reduce_PG3_live_proc.py removed"]


def test_the_descriptors_are_closed(beamline: Beamline) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    beamline.seen(20)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


# ---- adopting


def test_a_save_between_reading_the_scripts_and_adopting_them_is_seen(beamline: Beamline) -> None:
    read = read_set(beamline.dir, "PG3")
    beamline.proc.write_text("output = 2\n")
    beamline.seen(1)
    beamline.watcher.adopt(beamline.dir, "PG3", read, read, beamline.now)
    assert beamline.seen() == CHANGED


def test_a_save_that_was_read_before_it_had_settled_is_not_seen_again(beamline: Beamline) -> None:
    beamline.proc.write_text("output = 2\n")
    beamline.seen(1)
    beamline.adopt()
    assert beamline.seen() == []


def test_a_broken_script_is_told_once_although_another_version_runs(beamline: Beamline) -> None:
    running = read_set(beamline.dir, "PG3")
    beamline.proc.write_text("output = (\n")
    assert beamline.seen() == CHANGED
    beamline.adopt(running)
    assert beamline.seen(40) == []
    beamline.proc.write_text("output = 1\n")
    assert beamline.seen() == CHANGED, "the one that runs is back"


def test_modules_count_as_part_of_the_scripts(beamline: Beamline) -> None:
    helper, inner = beamline.dir / "helper.py", beamline.dir / "inner.py"
    helper.write_text("import inner\n")
    inner.write_text("x = 1\n")
    assert beamline.seen() == [], "nobody imports it"
    beamline.proc.write_text("import helper, absent_so_far\n")
    assert beamline.seen() == CHANGED
    beamline.adopt()
    inner.write_text("x = 2\n")
    assert beamline.seen() == ["inner.py changed"]
    beamline.adopt()
    (beamline.dir / "absent_so_far.py").write_text("")
    assert beamline.seen() == ["absent_so_far.py appeared"]
    beamline.adopt()
    helper.unlink()
    assert beamline.seen() == ["helper.py removed"]
    beamline.adopt()
    helper.write_text("y = 1\n")
    assert beamline.seen() == ["helper.py appeared"]
    beamline.adopt()
    inner.write_text("x = 3\n")
    assert beamline.seen() == [], "nobody imports it any more"


def test_parameters_and_the_files_that_they_name_count_as_part_of_the_scripts(beamline: Beamline) -> None:
    parameters, calibration = beamline.dir / "parameters.json", beamline.dir / "cal.h5"
    parameters.write_text('{"cal": "cal.h5"}')
    assert beamline.seen() == ["parameters.json appeared"]
    beamline.adopt()
    calibration.write_bytes(b"old")
    assert beamline.seen() == ["cal.h5 appeared"]
    beamline.adopt()
    os.utime(calibration)
    assert beamline.seen() == [], "its content is what counts"
    calibration.write_bytes(b"new")
    assert beamline.seen() == ["cal.h5 changed"]
    beamline.adopt()
    parameters.write_text('{"cal": "other.h5"}')
    assert beamline.seen() == ["parameters.json changed"]
    beamline.adopt()
    calibration.write_bytes(b"newer")
    assert beamline.seen() == [], "nothing names it any more"
    parameters.unlink()
    assert beamline.seen() == ["parameters.json removed"]


def test_a_large_file_that_a_parameter_names_is_not_read_again_and_again(
    beamline: Beamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "MAX_REREAD_BYTES", 2)
    (beamline.dir / "parameters.json").write_text('{"cal": "cal.h5"}')
    (beamline.dir / "cal.h5").write_bytes(b"large")
    beamline.adopt()
    read: list[int] = []
    monkeypatch.setattr(watcher, "content_md5", read.append)
    beamline.seen(looks=40)
    assert read == []


def test_the_modules_of_the_running_version_are_watched_while_a_broken_one_lies_on_disk(beamline: Beamline) -> None:
    helper = beamline.dir / "helper.py"
    helper.write_text("x = 1\n")
    beamline.proc.write_text("import helper\n")
    running = read_set(beamline.dir, "PG3")
    beamline.proc.write_text("import helper, (\n")
    beamline.adopt(running)
    helper.write_text("x = 2\n")
    assert beamline.seen() == ["helper.py changed"]


def test_a_module_that_was_not_imported_for_a_while_begins_anew(beamline: Beamline) -> None:
    helper = beamline.dir / "helper.py"
    helper.write_text("x = 1\n")
    for script in ("import helper\n", "pass\n"):
        beamline.proc.write_text(script)
        assert beamline.seen() == CHANGED
        beamline.adopt()
    helper.write_text("x = 2\n")
    beamline.proc.write_text("import helper\n")
    assert beamline.seen() == CHANGED
    beamline.adopt()
    assert beamline.seen() == []


def test_another_script_directory_takes_the_place_of_the_former(beamline: Beamline, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "reduce_PG3_live_proc.py").write_text("output = 5\n")
    there = read_set(other, "PG3")
    beamline.watcher.adopt(other, "PG3", there, there, beamline.now)
    beamline.proc.write_text("output = 2\n")
    assert beamline.seen() == []
    (other / "reduce_PG3_live_proc.py").write_text("output = 6\n")
    assert beamline.seen() == CHANGED


def test_a_package_that_would_hide_a_module_is_watched(beamline: Beamline) -> None:
    (beamline.dir / "helper.py").write_text("x = 1\n")
    beamline.proc.write_text("import helper\n")
    beamline.seen()
    beamline.adopt()
    (beamline.dir / "helper").mkdir()
    (beamline.dir / "helper" / "__init__.py").write_text("x = 2\n")
    assert beamline.seen() == ["__init__.py appeared"]


def test_a_directory_in_the_place_of_a_module_is_told_once_at_most(beamline: Beamline) -> None:
    (beamline.dir / "helper.py").mkdir()
    beamline.proc.write_text("import helper\n")
    beamline.seen()
    beamline.adopt()
    assert beamline.seen() == []
    beamline.adopt()
    assert beamline.seen() == []


def test_the_md5_is_that_of_the_scripts(beamline: Beamline) -> None:
    target = settling.Target(path=beamline.proc, kind="scripts", home=beamline.dir, most_bytes=100)
    one = watcher.look_at(target, None, 3.0, rehash=True)
    assert (one.md5, one.hashed_at, one.problem) == (md5_of(b"output = 1\n"), 3.0, "")
    assert watcher.look_at(target, replace(one, md5="kept"), 4.0, rehash=False).md5 == "kept"


def test_of_a_file_that_is_too_long_nothing_is_read(beamline: Beamline) -> None:
    os.truncate(beamline.proc, 1 << 40)
    assert beamline.seen() == ["reduce_PG3_live_proc.py unreadable"]
    target = settling.Target(path=beamline.proc, kind="scripts", home=beamline.dir, most_bytes=1 << 20)
    one = watcher.look_at(target, None, 0.0, rehash=True)
    assert one.problem == f"{beamline.proc}: cannot be read: too long (1 TiB, at most 1 MiB)"
    beamline.proc.write_text("output = 2\n")
    os.truncate(beamline.proc, len("output = 2\n"))
    assert beamline.seen() == ["reduce_PG3_live_proc.py appeared"]


def test_a_large_set_is_read_again_bit_by_bit(beamline: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        (beamline.dir / f"my_{name}.py").write_bytes(b"#" * (3 << 20))
    beamline.proc.write_text("import my_a, my_b, my_c, my_d\n")
    beamline.adopt()
    read: list[int] = []
    real = read_bounded

    def reading(fd: int, most_bytes: int) -> bytes:
        read.append(len(text := real(fd, most_bytes)))
        return text

    monkeypatch.setattr("livereduce.daemon.inputs.watcher.read_bounded", reading)
    beamline.now += 100.0
    sizes = []
    for _ in range(3):
        read.clear()
        beamline.seen(1)
        sizes.append(sum(size for size in read if size > 1000) >> 20)
    assert sizes == [6, 6, 0]
