from pathlib import Path

import pytest

from livereduce.scripting.files import md5_of
from livereduce.scripting.parameters import named_files
from livereduce.scripting.parameters.file import FILE_NAME, judge_parameters, read_parameters
from livereduce.scripting.parameters.named_files import NamedFile


def write(folder: Path, text: str) -> None:
    (folder / FILE_NAME).write_text(text)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_parameters(tmp_path) is None
    assert read_parameters(tmp_path / "no such folder") is None


def test_a_file_that_cannot_be_read_is_a_problem_that_names_it(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    found = read_parameters(tmp_path)
    assert found is not None
    assert found.problems == (f"{tmp_path / FILE_NAME}: cannot be read: not a regular file",)
    assert not found.md5


def test_problems_name_the_file(tmp_path: Path) -> None:
    write(tmp_path, '{"a": null}')
    found = read_parameters(tmp_path)
    assert found is not None
    assert found.problems[0].startswith(f"{tmp_path / FILE_NAME}: a: expected a number")


def test_files_that_values_name_are_found_with_their_md5s(tmp_path: Path) -> None:
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal/a.h5").write_bytes(b"old")
    write(tmp_path, '{"cal": [{"runs": "1-", "value": "cal/a.h5"}], "list": ["cal/b.h5", "cal", "Add", "x y"]}')
    found = read_parameters(tmp_path)
    assert found is not None
    assert found.files == (NamedFile(text="cal/a.h5", path=tmp_path / "cal/a.h5", md5=md5_of(b"old")),)
    assert found.missing == (tmp_path / "cal/b.h5",)
    (warning,) = found.warnings
    assert warning.endswith(f"list: there is no file {tmp_path / 'cal/b.h5'}; scripts get the text as it is")


def test_a_file_of_another_content_is_another_version(tmp_path: Path) -> None:
    write(tmp_path, '{"cal": "a.h5"}')
    (tmp_path / "a.h5").write_bytes(b"old")
    before = read_parameters(tmp_path)
    (tmp_path / "a.h5").write_bytes(b"newer")
    after = read_parameters(tmp_path)
    assert before is not None
    assert after is not None
    assert before.files != after.files


def test_a_large_file_is_known_by_size_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_files, "MAX_HASHED_BYTES", 3)
    write(tmp_path, '{"cal": "a.h5"}')
    (tmp_path / "a.h5").write_bytes(b"large")
    found = read_parameters(tmp_path)
    assert found is not None
    (file,) = found.files
    assert file.md5
    assert file.md5 != md5_of(b"large")


@pytest.mark.parametrize("text", ["/dev/zero", "/etc/", "..", "a\0b", "x" * 999])
def test_odd_texts_are_no_files(tmp_path: Path, text: str) -> None:
    found = named_files.find_files([("a", text)], tmp_path)
    assert found == ((), ())


def test_a_number_is_no_name_of_a_file(tmp_path: Path) -> None:
    found = judge_parameters(tmp_path / FILE_NAME, b'{"a": "1.5", "b": "v1.2", "c": "i.e. this"}')
    assert found.missing == ()
