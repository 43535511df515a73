"""Which recordings go, and when nothing more is written."""

from pathlib import Path

from livereduce.recorder.folders import delete_run, kept_runs
from livereduce.recorder.space import DiskSpace, KeepRules, KeptRun, SpaceVerdict, judge_space

ROOMY = DiskSpace(total=1000, free=900)


def runs(*sizes: int) -> list[KeptRun]:
    """The first is the oldest."""
    return [KeptRun(folder=Path(f"r{k}"), bytes=size, began=float(k)) for k, size in enumerate(sizes)]


def test_nothing_goes_while_there_is_room() -> None:
    assert judge_space(runs(10, 10), Path("r1"), ROOMY, KeepRules(runs=2, bytes=100)) == SpaceVerdict()


def test_the_oldest_go_first() -> None:
    verdict = judge_space(runs(10, 10, 10, 10), Path("r3"), ROOMY, KeepRules(runs=2))
    assert verdict == SpaceVerdict(delete=(Path("r0"), Path("r1")))
    assert judge_space(runs(60, 60, 60), Path("r2"), ROOMY, KeepRules(bytes=120)).delete == (Path("r0"),)


def test_a_run_that_is_to_come_needs_its_place() -> None:
    assert judge_space(runs(1, 1), None, ROOMY, KeepRules(runs=2), coming=1).delete == (Path("r0"),)


def test_the_current_run_is_never_deleted() -> None:
    verdict = judge_space(runs(200), Path("r0"), ROOMY, KeepRules(runs=1, bytes=100))
    assert verdict.delete == ()
    assert "keep_gb" in verdict.refuse


def test_a_tenth_of_the_disk_stays_free() -> None:
    verdict = judge_space(runs(30, 30, 30), Path("r2"), DiskSpace(total=1000, free=60), KeepRules())
    assert verdict == SpaceVerdict(delete=(Path("r0"), Path("r1")))
    verdict = judge_space(runs(30), Path("r0"), DiskSpace(total=1000, free=60), KeepRules())
    assert verdict.refuse == "less than 10% of its file system is free"


def test_only_recordings_of_the_instrument_are_found_and_deleted(tmp_path: Path) -> None:
    for name in ("TST_7", "TST_8", "OTHER_7", "TST_empty", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "TST_7" / "TST_7_0001.adara").write_bytes(bytes(100))
    (tmp_path / "TST_7" / "thesis.txt").write_text("not ours")
    (tmp_path / "OTHER_7" / "OTHER_7_0001.adara").write_bytes(bytes(100))
    (tmp_path / "TST_9").symlink_to(tmp_path / "OTHER_7")
    found = kept_runs(tmp_path, "TST")
    assert [(one.folder.name, one.bytes) for one in found] == [("TST_7", 100)]
    delete_run(found[0].folder)
    assert [path.name for path in (tmp_path / "TST_7").iterdir()] == ["thesis.txt"]
    assert kept_runs(tmp_path, "TST") == []
