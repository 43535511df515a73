"""What check says of `shadow_dir`."""

from pathlib import Path

import pytest

from livereduce.preflight.shadow import shadow_warnings


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("shadow", "use"):
        (tmp_path / name).mkdir(mode=0o755)
    return tmp_path / "shadow", tmp_path / "use"


def test_nothing_of_a_folder_that_is_as_it_should_be(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    assert shadow_warnings(shadow, use, "builtin", can_promote=True) == ()
    assert shadow_warnings(None, use, "builtin", can_promote=True) == ()
    use.chmod(0o777)
    shadow.chmod(0o775)
    assert shadow_warnings(shadow, use, "builtin", can_promote=True) == ()


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_folder_that_more_people_may_write_to(folders: tuple[Path, Path], mode: int) -> None:
    shadow, use = folders
    shadow.chmod(mode)
    (said,) = shadow_warnings(shadow, use, "builtin", can_promote=True)
    assert "more people may write there" in said


def test_a_folder_that_has_no_effect(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    (engine,) = shadow_warnings(shadow, use, "mantid", can_promote=True)
    assert "only the builtin engine" in engine
    (same,) = shadow_warnings(use, use, "builtin", can_promote=True)
    assert "the script directory itself" in same
    (absent,) = shadow_warnings(shadow / "gone", use, "builtin", can_promote=True)
    assert "does not exist" in absent


def test_a_service_that_may_not_promote_says_who_can(folders: tuple[Path, Path]) -> None:
    shadow, use = folders
    (said,) = shadow_warnings(shadow, use, "builtin", can_promote=False)
    assert said.startswith(f"{use}: the user of the service may not write there")
    assert said.endswith("livereduce promote")
    shadow.chmod(0o777)
    assert len(shadow_warnings(shadow, use, "builtin", can_promote=False)) == 2
