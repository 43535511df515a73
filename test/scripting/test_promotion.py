"""Scripts promoted, and taken back: nothing is lost, nothing is done by halves, and nobody's edit is overwritten."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from livereduce.base.errors import OperatorError
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.messages.status import ShadowStatus
from livereduce.scripting import promotion as module
from livereduce.scripting import replacing
from livereduce.scripting.promoting import shown_shadow
from livereduce.scripting.promotion import (
    FOLDER,
    RECORD,
    KeptPromotion,
    Promotion,
    PromotionState,
    carry_out,
    changes_of,
    newest,
    objections,
    prove,
    take_back,
)
from livereduce.scripting.script_set import read_set

PROC, POST_PROC = "reduce_PG3_live_proc.py", "reduce_PG3_live_post_proc.py"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The folder of the shadow, and that of the scripts in use."""
    shadow, use = tmp_path / "shadow", tmp_path / "use"
    write(shadow, {PROC: "import steps\n", "steps.py": "new = 1\n", "parameters.json": '{"d": 2, "file": "cal.txt"}'})
    write(shadow, {"cal.txt": "calibrated", "unused.py": "never\n"})
    write(use, {PROC: "pass  # old\n", POST_PROC: "pass\n", "steps.py": "old = 1\n", "other.py": "stays = 1\n"})
    return shadow, use


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.is_file()}


def promoted(shadow: Path, use: Path, at: str = "2026-11-30T03-00-00") -> KeptPromotion:
    changes = changes_of(read_set(shadow, "PG3"), shadow, read_set(use, "PG3"), use)
    return carry_out(changes, use, Promotion(at=at, who="me", source=str(shadow), before={}, after={}))


def test_the_whole_set_comes_and_goes_back(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    before = texts(use)
    (use / PROC).chmod(0o664)
    kept = promoted(shadow, use)
    expected = {name: text for name, text in texts(shadow).items() if name != "unused.py"}
    assert texts(use) == expected | {"other.py": "stays = 1\n"}
    assert (use / PROC).stat().st_mode & 0o777 == 0o664
    assert texts(kept.folder).keys() == {PROC, POST_PROC, "steps.py", RECORD}
    assert newest(use) == kept
    taken = take_back(kept, use, "it failed")
    assert texts(use) == before
    promotion = taken.promotion
    assert (promotion.state, promotion.why, taken.unnoted) == (PromotionState.TAKEN_BACK, "it failed", "")
    assert newest(use) == KeptPromotion(kept.folder, promotion)
    with pytest.raises(OperatorError, match="taken back already"):
        take_back(KeptPromotion(kept.folder, promotion), use, "again")


def test_what_is_the_same_already_is_no_change(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    promoted(shadow, use)
    assert changes_of(read_set(shadow, "PG3"), shadow, read_set(use, "PG3"), use) == {}


def test_an_edit_of_what_was_promoted_is_not_overwritten(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    kept = promoted(shadow, use)
    (use / "steps.py").write_text("mine = 1\n")
    there = texts(use)
    with pytest.raises(OperatorError, match=r"steps\.py: the file has changed since it was promoted"):
        take_back(kept, use, "it failed")
    assert texts(use) == there


def test_an_edit_in_between_stops_it_and_nothing_is_changed(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, use = folders
    put = replacing._put

    def edited_meanwhile(path: Path, text: bytes | None) -> None:
        put(path, text)
        if path.name == PROC and text == b"import steps\n":
            (use / "steps.py").write_text("mine = 1\n")

    monkeypatch.setattr(replacing, "_put", edited_meanwhile)
    before = texts(use)
    with pytest.raises(OperatorError, match=r"steps\.py: the file has just been changed by somebody else"):
        promoted(shadow, use)
    assert texts(use) == before | {"steps.py": "mine = 1\n"}
    assert newest(use) is None, "nothing was promoted, so there is nothing to take back"


def full_disk(monkeypatch: pytest.MonkeyPatch, *when: tuple[str, bytes | None]) -> None:
    """Fail to write these files with these bytes; a file that could not be written is as it was."""
    put = replacing._put

    def on_a_full_disk(path: Path, text: bytes | None) -> None:
        if (path.name, text) in when:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, text)

    monkeypatch.setattr(replacing, "_put", on_a_full_disk)


def test_a_full_disk_leaves_all_as_it_was(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    shadow, use = folders
    before = texts(use)
    full_disk(monkeypatch, ("steps.py", b"new = 1\n"))
    with pytest.raises(OperatorError, match=r"use/steps\.py: cannot be written: No space left .*nothing was changed$"):
        promoted(shadow, use)
    assert texts(use) == before


def test_what_cannot_be_put_back_is_named_and_the_rest_is_back(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, use = folders
    before = texts(use)
    full_disk(monkeypatch, ("steps.py", b"new = 1\n"), (PROC, b"pass  # old\n"))
    with pytest.raises(OperatorError) as half:
        promoted(shadow, use)
    said = half.value.problems
    assert said[0] == f"{use / 'steps.py'}: cannot be written: No space left on device"
    assert said[1] == (
        f"it was replaced and could not be put back: {use / PROC}: cannot be written: No space left on device"
    )
    kept = use / FOLDER / "2026-11-30T03-00-00"
    assert said[2:] == (f"what was there before is in {kept}",)
    assert texts(use) == before | {PROC: "import steps\n"}
    assert (kept / PROC).read_text() == "pass  # old\n"


def test_an_edit_after_it_was_replaced_is_not_overwritten_by_putting_it_back(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, use = folders
    put = replacing._put

    def edited_then_full(path: Path, text: bytes | None) -> None:
        if path.name == "steps.py":
            (use / PROC).write_text("mine = 1\n")
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, text)

    monkeypatch.setattr(replacing, "_put", edited_then_full)
    with pytest.raises(OperatorError, match=r"somebody else has changed it meanwhile, so it was not put back"):
        promoted(shadow, use)
    assert (use / PROC).read_text() == "mine = 1\n"


def test_what_is_back_and_cannot_be_noted_is_back(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    shadow, use = folders
    before = texts(use)
    kept = promoted(shadow, use)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write_record", full)
    taken = take_back(kept, use, "it failed")
    assert taken.unnoted.startswith("what was there before is back, but that cannot be noted: ")
    assert texts(use) == before


def test_parameters_that_the_new_scripts_do_not_have_go_and_come_back(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    write(use, {"parameters.json": '{"d": 1}'})
    (shadow / "parameters.json").unlink()
    kept = promoted(shadow, use)
    assert "parameters.json" not in texts(use)
    assert kept.promotion.after["parameters.json"] == ""
    take_back(kept, use, "it failed")
    assert texts(use)["parameters.json"] == '{"d": 1}'


def test_a_file_that_the_scripts_have_not_had_where_they_were_shown_refuses_it(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    write(shadow, {PROC: "try:\n    import other\nexcept ImportError:\n    pass\n"})
    (shadow / "cal.txt").unlink()
    write(use, {"cal.txt": "another calibration"})
    before = texts(use)
    with pytest.raises(OperatorError) as refused:
        promoted(shadow, use)
    assert [one.partition(":")[0] for one in refused.value.problems] == [str(use / "other.py"), str(use / "cal.txt")]
    assert f"the scripts would use this file, which is not in {shadow}" in refused.value.problems[0]
    assert texts(use) == before


def test_too_much_beside_the_parameters_is_not_copied(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, use = folders
    monkeypatch.setattr(module, "MAX_COPIED_BYTES", 9)
    with pytest.raises(OperatorError, match=r"parameters\.json: .* together more than 9 bytes"):
        promoted(shadow, use)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pid": None}, "/shadow: it crashed; only what has been shown is promoted"),
        ({"progress": None}, "/shadow: its scripts have made no result yet; only"),
        ({"progress": Progress()}, "/shadow: its scripts have made no result yet; only"),
        (
            {"progress": Progress(total=TotalProgress(results=1), last_errors={"proc": "line 3", "source": "x"})},
            "/shadow: its scripts fail: proc: line 3; only",
        ),
    ],
)
def test_a_shadow_that_has_not_shown_what_it_does_is_not_promoted(changes: dict[str, Any], says: str) -> None:
    working = Progress(total=TotalProgress(results=1), last_errors={"source": "it comes back"})
    shown: dict[str, Any] = {"progress": working, "pid": 1}
    shadow = ShadowStatus(directory="/shadow", why="it crashed", **(shown | changes))
    with pytest.raises(OperatorError, match=f"^{re.escape(says)}"):
        shown_shadow(shadow)
    well = ShadowStatus(directory="/shadow", why="", **shown)
    assert shown_shadow(well) is well
    with pytest.raises(OperatorError, match="has no shadow"):
        shown_shadow(None)


def test_nothing_is_copied_to_outside_of_the_folder(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    (shadow.parent / "cal.h5").write_text("mine")
    write(shadow, {"parameters.json": json.dumps({"cal": f"../{shadow.name}/../cal.h5"})})
    before = texts(use)
    with pytest.raises(OperatorError, match="which is another file for the scripts in use; name it by its abs"):
        promoted(shadow, use)
    assert texts(use) == before


def test_a_link_is_left_alone(folders: tuple[Path, Path], tmp_path: Path) -> None:
    shadow, use = folders
    (tmp_path / "real.py").write_text("real = 1\n")
    (use / PROC).unlink()
    (use / PROC).symlink_to(tmp_path / "real.py")
    before = texts(use)
    with pytest.raises(OperatorError, match="it is a link to"):
        promoted(shadow, use)
    assert texts(use) == before
    assert (tmp_path / "real.py").read_text() == "real = 1\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    use.chmod(0o555)
    with pytest.raises(OperatorError, match=r"what is in use cannot be kept: .*nothing was changed"):
        promoted(shadow, use)
    use.chmod(0o755)


def test_only_what_people_have_seen_is_promoted(folders: tuple[Path, Path]) -> None:
    shadow, _ = folders
    on_disk = read_set(shadow, "PG3")
    seen = {str(path): md5 for path, md5 in on_disk.version}
    assert objections(on_disk, seen, "the scripts") == ()
    (shadow / "steps.py").write_text("newer = 1\n")
    (said,) = objections(read_set(shadow, "PG3"), seen, "the scripts")
    assert said.startswith(f"{shadow / 'steps.py'}: the scripts have changed since")
    (shadow / "steps.py").unlink()
    assert len(objections(read_set(shadow, "PG3"), seen, "the scripts")) == 1
    assert len(objections(on_disk, {}, "the scripts")) == 4
    (shadow / "steps.py").write_text("new = 1\n")
    (shadow / "cal.txt").write_text("calibrated again")
    (said,) = objections(read_set(shadow, "PG3"), seen, "the scripts")
    assert said.startswith(f"{shadow / 'cal.txt'}: "), "what the parameters name was seen at work, too"
    (said,) = objections(read_set(shadow / "gone", "PG3"), seen, "the scripts")
    assert "does not exist" in said


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"at": 3}', "[" * 100_000, "\ud800"])
def test_a_record_that_cannot_be_read_is_none(folders: tuple[Path, Path], text: str) -> None:
    shadow, use = folders
    older = promoted(shadow, use, "2026-11-30T03-00-00")
    folder = use / FOLDER / "2026-11-30T04-00-00"
    folder.mkdir()
    (folder / RECORD).write_text(text, errors="surrogatepass")
    assert newest(use) == older
    assert newest(shadow) is None


def test_what_was_kept_and_is_damaged_is_not_put_back(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    kept = promoted(shadow, use)
    there = texts(use)
    (kept.folder / "steps.py").write_text("damaged")
    with pytest.raises(OperatorError, match="not what was there before any more"):
        take_back(kept, use, "it failed")
    assert texts(use) == there


def test_that_they_work_is_noted(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    kept = promoted(shadow, use)
    prove(kept)
    found = newest(use)
    assert found is not None
    assert found.promotion.state is PromotionState.PROVED
    assert json.loads((kept.folder / RECORD).read_text())["who"] == "me"
