"""`livereduce install-kernels`: where, whether it may, and that a worker finds what it made."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livereduce.base.kernel_cache import FOLDER, STAMP, SYSTEM, stamp
from livereduce.cli import main
from livereduce.commands import install_kernels


def test_where_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert install_kernels.folder_for_all({}) == SYSTEM
    assert install_kernels.folder_for_all({FOLDER: "/k"}) == Path("/k")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert install_kernels.folder_for_all({"XDG_CACHE_HOME": "/c"}) == Path("/c/livereduce/kernels")


def test_a_folder_that_others_can_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: 0)
    tmp_path.chmod(0o777)
    monkeypatch.setenv(FOLDER, str(tmp_path / "kernels"))
    assert main(["install-kernels"]) == 78
    assert f"{tmp_path} can be written by everyone" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_all_kernels_are_there_afterwards_and_nothing_is_compiled_any_more(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    if (cache := Path(os.environ.get(FOLDER, "") or "nowhere")).is_dir():  # else it takes a minute
        shutil.copytree(cache, kernels)
        kernels.chmod(0o700)
    environ = {**os.environ, FOLDER: str(kernels)}
    command = [sys.executable, "-m", "livereduce", "install-kernels"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"compiling the kernels for this machine, into {kernels}: up to a minute\n")
    assert "kernels are ready, after" in done.stdout
    assert done.stderr == ""
    made = json.loads((kernels / STAMP).read_text())
    assert {**made, "made": None} == {**stamp(environ), "made": None}
    assert kernels.stat().st_mode & 0o777 == 0o700
    code = "from livereduce.engine.builtin.loading import load_everything as load; load(print)"
    assert subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True).stdout == ""


def test_what_was_made_for_another_version_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = tmp_path / "kernels"
    kernels.mkdir(mode=0o700)
    (kernels / "old.nbi").touch()
    (kernels / STAMP).write_text(json.dumps({**stamp(os.environ), "made": 1.0}))
    install_kernels._prepare(kernels)
    assert list(kernels.iterdir()) == [kernels / "old.nbi"], "the same version: numba knows what it can use"
    (kernels / STAMP).write_text(json.dumps({**stamp(os.environ), "version": "1.0"}))
    install_kernels._prepare(kernels)
    assert list(kernels.iterdir()) == []
