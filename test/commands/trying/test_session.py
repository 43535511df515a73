"""``livereduce try`` as somebody types it: once, beside other scripts, at each save; and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.trying import GOOD, save, tried_folder
from livereduce.base.errors import OperatorError
from livereduce.commands.trying.setup import other_folder, path_of_run
from livereduce.publish.products.file import read_product

PATIENCE_S = 110.0


def environ(folder: Path) -> Mapping[str, str]:
    (folder / "temporary").mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(folder / "temporary"), "PYTHONUNBUFFERED": "1"}


def command(folder: Path, *words: str) -> list[str]:
    given = ["livereduce.conf", *([] if "--on" in words else ["--on", "run.nxs.h5"]), *words]
    return [sys.executable, "-P", "-m", "livereduce", "try", *given]


def once(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *words),
        cwd=folder,
        env=environ(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def left(folder: Path) -> list[Path]:
    return [path for path in (folder / "temporary").rglob("*") if path.is_file()]


def test_once_beside_other_scripts(tmp_path: Path) -> None:
    tried_folder(tmp_path)
    save(tmp_path, "output = input * 2\nreslut = 1\n", place="other")
    ended = once(tmp_path, "--against", "other")
    assert ended.returncode == 0, ended.stderr
    assert "] proc of " in ended.stdout
    assert "1,453 events in 5 chunks" in ended.stdout
    assert "against other" in ended.stdout
    assert "values differ" in ended.stdout
    product = next(path for path in left(tmp_path) if path.name == "result.nxs")
    assert str(product) in ended.stdout
    assert read_product(product).run == 4711
    assert (product.parent / "difference_result.png").read_bytes().startswith(b"\x89PNG")
    assert {path.suffix for path in left(tmp_path)} == {".nxs", ".png", ".json"}


def test_what_cannot_be_used_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    tried_folder(tmp_path)
    save(tmp_path, "x = (\n")
    ended = once(tmp_path)
    assert ended.returncode == 78
    assert "reduce_TEST_live_proc.py:1: '(' was never closed" in ended.stderr
    assert left(tmp_path) == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_directory_of_recordings_is_no_recording_and_one_in_it_is_named(tmp_path: Path) -> None:
    """The receiver says so and ends: what its worker sees of that, a lost connection, is not what is told."""
    tried_folder(tmp_path)
    (tmp_path / "recordings" / "TEST_7").mkdir(parents=True)
    ended = once(tmp_path, "--on", "recordings")
    assert ended.returncode == 78, ended.stdout
    assert "it is a directory of recordings: name one in it" in ended.stderr
    assert "TEST_7" in ended.stderr


def test_runs_and_folders_that_there_are_not_are_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="--on none: there is no such file; expected"):
        path_of_run("none", None, tmp_path)
    with pytest.raises(OperatorError, match="--on 12: there is no such file, and the configuration records no runs"):
        path_of_run("12", None, tmp_path)
    with pytest.raises(OperatorError, match=r"no recording of run 12 in .*: it has no recordings"):
        path_of_run("12", tmp_path, tmp_path)
    with pytest.raises(OperatorError, match="--against none: expected a folder with scripts, or service"):
        other_folder("none")
    assert other_folder("service") is None
    assert path_of_run(str(tmp_path), None, tmp_path) == tmp_path


class Watching:
    """A command that watches, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], printed: Path) -> None:
        self.process, self._printed = process, printed
        self._seen = 0

    def wait_for(self, pattern: str) -> str:
        """Wait until this is printed, after what was waited for before; returns what its group, or all of it, is."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self._printed.read_text()[self._seen :])) is None:
            assert time.monotonic() < deadline, self._printed.read_text()
            assert self.process.poll() is None, self._printed.read_text()
            time.sleep(0.02)
        self._seen += found.end()
        return found[found.re.groups]


@contextmanager
def watching(folder: Path, *words: str) -> Iterator[Watching]:
    printed = folder / "printed"
    with printed.open("wb") as file:
        process = subprocess.Popen(
            command(folder, "--watch", *words), cwd=folder, env=environ(folder), stdout=file, stderr=file
        )
    try:
        yield Watching(process, printed)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def told(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def shown(address: str) -> tuple[int, object, int]:
    """What a page says of the attempt that is over: the run, the age of the data, and rows or values of the result."""
    deadline = time.monotonic() + PATIENCE_S
    while True:  # it looks five times a second
        (card,) = told(f"{address}/api/instruments")["instruments"]
        of_run = f"{address}/api/instruments/{card['id']}/products/{card['run']}"
        if card["why"] == "livereduce try: the last attempt is over":
            with suppress(urllib.error.HTTPError):
                return card["run"], card["data_age_s"], len(told(f"{of_run}/result")["signal"])
        assert time.monotonic() < deadline, card
        time.sleep(0.1)


def problem_shown(address: str) -> str:
    """What the page says is wrong, while no attempt can be made."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        (card,) = told(f"{address}/api/instruments")["instruments"]
        if card["why"].startswith("livereduce try: waiting for the next save: "):
            assert (card["state"], card["run"]) == ("degraded", 4711)
            return str(card["why"])
        assert time.monotonic() < deadline, card
        time.sleep(0.1)


@pytest.mark.timeout(4 * PATIENCE_S)
def test_it_tries_again_at_each_save_and_ctrl_c_leaves_nothing_but_results(tmp_path: Path) -> None:
    tried_folder(tmp_path)
    mine = save(tmp_path, GOOD, place="mine", name="my_proc.py")
    with watching(tmp_path, "--web", "--proc", "mine/my_proc.py", "--against", "service") as watch:
        address = watch.wait_for(r"page +(http://\S+)/")
        watch.wait_for("--against service: nothing to compare with: there is no .*index.json")
        watch.wait_for(f"waiting for the next save; the page is {address}")
        assert shown(address) == (4711, None, 60)
        mine.unlink()
        watch.wait_for("my_proc.py removed")
        watch.wait_for("my_proc.py: there is no such file")
        mine.write_text("raise RuntimeError('mistake one')\n")
        watch.wait_for("proc failed")
        watch.wait_for("RuntimeError: mistake one")
        watch.wait_for("waiting for the next save")
        mine.write_text("x = (\n")
        watch.wait_for("was never closed")
        assert "was never closed" in problem_shown(address)
        mine.write_text("print('begins')\nwhile True:\n    pass\n")
        watch.wait_for("begins")
        mine.write_text(GOOD)
        watch.wait_for("begun anew")
        watch.wait_for("1,453 events in 5 chunks")
        watch.wait_for("result.nxs")
        watch.wait_for("waiting for the next save")
        children = psutil.Process(watch.process.pid).children(recursive=True)
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(PATIENCE_S) == 0
        gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert alive == []
        assert gone
    assert {path.name for path in left(tmp_path)} == {"result.nxs", "index.json"}
