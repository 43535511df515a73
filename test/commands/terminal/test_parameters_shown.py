from pathlib import Path

import pytest

from livereduce.commands.terminal.parameters_shown import parameter_rows
from livereduce.scripting.parameters.file import judge_parameters

TEXT = b"""{"d_max": 2.5, "flag": true, "wavelength": {"value": 1.066, "units": "angstrom"},
"cal": [{"runs": "-7", "value": "a.h5"}, {"runs": "9-", "value": "b.h5"}]}"""


def rows(folder: Path, run: int, text: bytes = TEXT) -> dict[str, str]:
    return {
        label.strip(): shown for label, shown in parameter_rows(judge_parameters(folder / "parameters.json", text), run)
    }


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        (7, "a.h5 for runs -7 (applies to run 7; 1 other range)"),
        (8, "no value for run 8, only for -7, 9-"),
        (0, "b.h5 for runs 9- (the newest runs; 1 other range)"),
    ],
)
def test_each_value_is_shown_with_the_range_that_applies(tmp_path: Path, run: int, shown: str) -> None:
    found = rows(tmp_path, run)
    assert found["parameters"] == str(tmp_path / "parameters.json")
    assert found[""].endswith(", ok")
    assert (found["d_max"], found["flag"], found["wavelength"]) == ("2.5", "true", "1.066 angstrom")
    assert found["cal"] == shown


def test_a_file_is_shown_with_its_md5(tmp_path: Path) -> None:
    (tmp_path / "b.h5").touch()
    assert "b.h5 (a file, md5 d41d8cd98f00b204e9800998ecf8427e) for runs 9-" in rows(tmp_path, 9)["cal"]


def test_what_is_wrong_stands_below(tmp_path: Path) -> None:
    assert rows(tmp_path, 0, b'{"a": null, "b": null}')[""].endswith(", 2 problems, see below")
    assert parameter_rows(None, 0) == []
