import errno
import os
import socket
from pathlib import Path

import pytest

from livereduce.base.files import in_bytes, make_folder, read_regular, replace_file


def test_the_whole_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    replace_file(path, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.json", b"new")]


def test_what_cannot_be_put_in_place_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.mkdir()  # root may write anywhere, but no file takes the place of a directory
    with pytest.raises(OSError, match=r"a\.json"):
        replace_file(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def make_odd(path: Path, kind: str) -> None:
    """Put something that is not a regular file at a path."""
    match kind:
        case "directory":
            path.mkdir()
        case "FIFO":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        case "device":
            path.symlink_to("/dev/zero")
        case "link to itself":
            path.symlink_to(path)
        case "dangling link":
            path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize("kind", ["directory", "FIFO", "socket", "device", "link to itself", "dangling link"])
def test_only_a_regular_file_is_read_and_nothing_is_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    make_odd(path, kind)
    with pytest.raises(OSError) as refused:  # noqa: PT011 (which error it is depends on the kind)
        read_regular(path, 100)
    assert refused.value.strerror


def test_a_file_is_read_up_to_its_limit_and_a_longer_one_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"x" * 100)
    assert read_regular(path, 100) == b"x" * 100
    with pytest.raises(OSError, match=r"too long .100 bytes, at most 99 bytes") as refused:
        read_regular(path, 99)
    assert refused.value.errno == errno.EFBIG
    os.truncate(path, 1 << 40)  # sparse
    with pytest.raises(OSError, match="1 TiB, at most 1 MiB"):
        read_regular(path, 1 << 20)


def test_a_file_that_claims_to_be_empty_is_still_bounded() -> None:
    """Files of /proc have size 0, as a file that grows may have had."""
    with pytest.raises(OSError, match="at most 5 bytes"):
        read_regular(Path("/proc/self/stat"), 5)
    assert read_regular(Path("/proc/self/stat"), 1 << 20).startswith(str(os.getpid()).encode())


def test_a_link_is_followed_only_where_people_may_put_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"text")
    path = tmp_path / "link"
    path.symlink_to(tmp_path / "real")
    assert read_regular(path, 4) == b"text"
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(path, 4, follow_link=False)


def test_a_replacement_is_never_written_into_what_lies_in_its_way(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    os.mkfifo(tmp_path / f".a.json.{os.getpid()}")  # a script can know the name
    replace_file(path, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.json", b"new")]


def test_sizes_are_for_people() -> None:
    assert [in_bytes(size) for size in (0, 1023, 1 << 20, 60_000_000_000)] == [
        "0 bytes",
        "1023 bytes",
        "1 MiB",
        "55.88 GiB",
    ]


def test_everybody_may_read_what_is_written_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_folder(tmp_path / "a" / "b")
        replace_file(tmp_path / "a" / "b" / "c.json", b"{}")
    finally:
        os.umask(before)
    modes = [one.stat().st_mode & 0o777 for one in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a/b/c.json")]
    assert modes == [0o755, 0o755, 0o644]
