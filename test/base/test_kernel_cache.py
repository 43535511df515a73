"""Which folder compiled kernels are kept in: the named one, those of the installation, or the user's."""

import json
import os
from pathlib import Path

import pytest

from livereduce.base import kernel_cache as module
from livereduce.base.kernel_cache import FOLDER, IS_DEFAULT, STAMP, KernelCache, kernel_cache, processor, stamp


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "livereduce" / "kernels"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def system(tmp_path: Path) -> Path:
    return tmp_path / "host"


def install(folder: Path, environ: dict[str, str], made: float = 1.0) -> None:
    (folder / "adara_1").mkdir(parents=True, exist_ok=True)
    (folder / "adara_1" / "walk.nbi").write_text(str(made))
    (folder / STAMP).write_text(json.dumps({**stamp(environ), "made": made}))


@pytest.fixture
def only_readable(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root has installed, for another user (root itself may write everywhere)."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != system and access(path, mode))


def test_a_named_folder_is_used_and_made(environ: dict[str, str], system: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    install(system, environ)
    assert kernel_cache({**environ, FOLDER: str(named)}, system) == KernelCache(named)
    assert named.stat().st_mode & 0o777 == 0o700


def test_without_a_name_it_is_the_users(environ: dict[str, str], system: Path, own: Path) -> None:
    assert kernel_cache(environ, system) == KernelCache(own)


def test_installed_kernels_come_before_the_daemons_default(
    environ: dict[str, str], system: Path, tmp_path: Path
) -> None:
    install(system, environ)
    environ |= {FOLDER: str(tmp_path / "state"), IS_DEFAULT: "1"}
    assert kernel_cache(environ, system) == KernelCache(system), "it can be written"


def test_a_user_can_install_kernels(environ: dict[str, str], system: Path, own: Path, tmp_path: Path) -> None:
    install(own, environ)
    assert kernel_cache({**environ, FOLDER: str(tmp_path / "state"), IS_DEFAULT: "1"}, system) == KernelCache(own)


@pytest.mark.usefixtures("only_readable")
def test_kernels_of_the_host_are_copied_once_and_again_when_they_change(
    environ: dict[str, str], system: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    environ |= {FOLDER: str(state), IS_DEFAULT: "1"}
    install(system, environ)
    for folder in (system / "adara_1", system):
        folder.chmod(0o555)
    found = kernel_cache(environ, system)
    for folder in (system, system / "adara_1"):
        folder.chmod(0o755)
    assert found.folder is not None
    assert [one.stat().st_mode & 0o777 for one in (found.folder, found.folder / "adara_1")] == [0o700] * 2
    assert found.folder.parent == state
    assert (found.folder / "adara_1" / "walk.nbi").read_text() == "1.0"
    assert kernel_cache(environ, system) == found
    install(system, environ, made=2.0)
    second = kernel_cache(environ, system).folder
    assert second is not None
    assert (second / "adara_1" / "walk.nbi").read_text() == "2.0"
    assert list(state.iterdir()) == [second], "the first is gone, and nothing unfinished is left"


@pytest.mark.parametrize("key", ["version", "package", "processor", "options"])
def test_kernels_for_something_else_are_left(environ: dict[str, str], system: Path, own: Path, key: str) -> None:
    install(system, environ)
    found = json.loads((system / STAMP).read_text())
    (system / STAMP).write_text(json.dumps({**found, key: "other"}))
    assert kernel_cache(environ, system) == KernelCache(own)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_broken_stamp_is_none(environ: dict[str, str], system: Path, own: Path, text: str) -> None:
    install(system, environ)
    (system / STAMP).write_text(text)
    assert kernel_cache(environ, system) == KernelCache(own)


def test_a_folder_that_others_can_write_is_refused_with_what_helps(
    environ: dict[str, str], system: Path, own: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    found = kernel_cache({**environ, FOLDER: str(shared / "kernels")}, system)
    assert found.folder == own
    (why,) = found.refused
    assert why == (
        f"{shared}/kernels is not used for compiled kernels: {shared} can be written by everyone (drwxrwxrwx), who "
        "could put code into this process; correct that and delete the folder, or name another in NUMBA_CACHE_DIR"
    )


def test_installed_kernels_that_others_can_write_are_refused(environ: dict[str, str], system: Path, own: Path) -> None:
    install(system, environ)
    (system / "adara_1").chmod(0o777)
    found = kernel_cache(environ, system)
    assert found.folder == own
    assert str(system / "adara_1") in found.refused[0]


def test_without_any_safe_folder_there_is_none(
    environ: dict[str, str], system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "who_else_may_write", lambda folder: "no")
    assert kernel_cache(environ, system).folder is None


def test_a_processor_is_what_it_can_do_not_how_fast_it_is(tmp_path: Path) -> None:
    def of(*lines: str) -> str:
        (tmp_path / "cpuinfo").write_text("\n".join(lines) + "\n\nprocessor\t: 1\n")
        return processor(tmp_path / "cpuinfo")

    model = ("processor\t: 0", "model name\t: Xeon", "flags\t\t: avx2")
    assert of(*model, "cpu MHz\t\t: 2000.1") == of(*model, "cpu MHz\t\t: 1999.9")
    assert of(*model) != of("processor\t: 0", "model name\t: Xeon", "flags\t\t: avx512f")
