"""The history of restarts in a real directory, whole, torn, full of rubbish, and on a disk without room."""

import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livereduce.daemon.worker import restarts
from livereduce.daemon.worker.restarts import RestartEntry, append, read
from livereduce.messages.status import Restart


def entry(
    number: int, reason: str = "the worker crashed", code: int | None = 1, words: tuple[str, ...] = ()
) -> RestartEntry:
    restart = Restart(at=f"2026-01-01T00:00:{number:06d}", reason=reason, generation=number)
    return RestartEntry(restart=restart, code=code, last_words=words)


def file_of(state_dir: Path) -> Path:
    return state_dir / restarts.FILE_NAME


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def generations(state_dir: Path, most: int = restarts.KEPT) -> list[int]:
    return [entry.restart.generation for entry in read(state_dir, most)]


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """What a full disk does, for any user: writes are cut short, then refused."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    entries = [
        entry(1, "killed by SIGKILL", -9, ("first", "last")),
        entry(2, "could not be started", None),
        entry(3, "odd \udcff ü \n two lines", 70, ("\x00", "\u2028")),
    ]
    assert all(append(state_dir, one) for one in entries)
    assert read(state_dir) == tuple(entries)
    assert read(state_dir, 2) == tuple(entries[1:])
    assert read(state_dir, 0) == ()


def test_nothing_was_written_yet(tmp_path: Path) -> None:
    assert read(tmp_path) == ()
    assert read(tmp_path / "nowhere") == ()


def test_long_texts_are_cut(tmp_path: Path) -> None:
    words = tuple(f"{n} " + "\U0001f600" * 5000 for n in range(30))
    append(tmp_path, entry(1, "\U0001f600" * 9999, words=words))
    (seen,) = read(tmp_path)
    assert len(seen.restart.reason) == restarts.LONGEST_REASON
    assert [word.split()[0] for word in seen.last_words] == [str(n) for n in range(20, 30)]
    assert file_of(tmp_path).stat().st_size * 2 * restarts.KEPT < 2 * restarts.MAX_BYTES


def test_the_file_is_cut_back_and_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "KEPT", 5)
    for number in range(1, 24):
        append(tmp_path, entry(number))
        assert file_of(tmp_path).read_bytes().count(b"\n") < 10
    assert generations(tmp_path, 5) == [19, 20, 21, 22, 23]
    assert names(tmp_path) == [restarts.FILE_NAME]


@pytest.mark.parametrize(
    "rubbish",
    [
        b'{"at": "now", "reas',
        b"\n\n",
        b"\xff\xfe\x00",
        b"[]",
        b"7",
        b"null",
        b'"text"',
        b'{"at": 1, "reason": 2, "generation": "x", "code": 1, "last_words": []}',
        b'{"at": 1, "reason": 2, "generation": 1, "code": 1, "last_words": 3}',
        b'{"at": 1, "reason": 2, "generation": 1e999, "code": 1, "last_words": []}',
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_broken_lines_cost_only_themselves(tmp_path: Path, rubbish: bytes) -> None:
    append(tmp_path, entry(1))
    with file_of(tmp_path).open("ab") as file:
        file.write(rubbish)
    assert generations(tmp_path) == [1]
    assert append(tmp_path, entry(2))
    assert generations(tmp_path) == [1, 2]


def test_of_a_file_that_is_not_ours_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "MAX_BYTES", 2000)
    file_of(tmp_path).write_bytes(b"x" * 50_000 + b"\n")
    assert append(tmp_path, entry(1))
    assert generations(tmp_path) == [1]
    assert file_of(tmp_path).stat().st_size < 2000


def test_every_way_in_which_a_disk_can_be_full(tmp_path: Path) -> None:
    append(tmp_path, entry(1))
    size = file_of(tmp_path).stat().st_size
    for room in range(size + 1):  # 0: refused; between: cut short
        with no_file_longer_than(size + room):
            said = append(tmp_path, entry(2))
        assert said == (room == size)
        assert generations(tmp_path) in ([1], [1, 2])
        if room < size:
            os.truncate(file_of(tmp_path), size)
    assert generations(tmp_path) == [1, 2]


def test_after_a_torn_line_the_next_one_is_whole(tmp_path: Path) -> None:
    append(tmp_path, entry(1))
    with no_file_longer_than(file_of(tmp_path).stat().st_size + 20):
        assert not append(tmp_path, entry(2))
    assert append(tmp_path, entry(3))
    assert generations(tmp_path) == [1, 3]


def test_a_long_file_that_cannot_be_replaced_stands_and_is_cut_back_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError("no space")

    monkeypatch.setattr(restarts, "KEPT", 2)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        for number in range(1, 8):
            assert append(tmp_path, entry(number))
    assert generations(tmp_path, 9) == [1, 2, 3, 4, 5, 6, 7]
    assert names(tmp_path) == [restarts.FILE_NAME]
    append(tmp_path, entry(8))
    assert generations(tmp_path, 9) == [7, 8]


@pytest.mark.parametrize("where", ["state directory", "file"])
def test_what_cannot_be_written_is_said_not_raised(tmp_path: Path, where: str) -> None:
    state_dir = tmp_path / "state"
    if where == "file":
        file_of(state_dir).mkdir(parents=True)
    else:
        state_dir.write_text("in the way")
    assert not append(state_dir, entry(1))
    assert read(state_dir) == ()


def test_the_file_is_for_other_tools_too(tmp_path: Path) -> None:
    append(tmp_path, entry(4, "why", -11, ("word",)))
    assert json.loads(file_of(tmp_path).read_text()) == {
        "at": "2026-01-01T00:00:000004",
        "generation": 4,
        "code": -11,
        "reason": "why",
        "last_words": ["word"],
    }
