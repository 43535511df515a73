import logging
import os
import pwd
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from livereduce.base.logs import LogFile, configure, log_path, log_problem, own_log_path, user_name

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (\S+) - ([A-Z]+) - (.*)")


@pytest.fixture
def own_root() -> Iterator[logging.Logger]:
    """The root logger as a fresh process has it; what pytest hangs there comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def messages(text: str) -> list[tuple[str, str, str]]:
    parsed = [LINE.fullmatch(line) for line in text.splitlines()]
    return [(match[1], match[2], match[3]) for match in parsed if match is not None]


@pytest.mark.parametrize(
    ("user", "instance", "path"),
    [
        ("snsdata", None, "/var/log/SNS_applications/livereduce.log"),
        ("snsdata", "REF_M", "/var/log/SNS_applications/livereduce_REF_M.log"),
        ("somebody", None, "/here/livereduce.log"),
        ("somebody", "REF_M", "/here/livereduce_REF_M.log"),
    ],
)
def test_the_place_of_the_log(user: str, instance: str | None, path: str) -> None:
    assert log_path(user, instance, Path("/here")) == Path(path)


def test_an_instance_has_a_log_of_its_own() -> None:
    assert own_log_path({}, Path("/here")) == log_path(user_name(), None, Path("/here"))
    assert own_log_path({"LIVEREDUCE_INSTANCE": "second"}, Path("/here")).name == "livereduce_second.log"


def test_the_user_comes_from_the_user_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USER", raising=False)
    assert user_name() == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_123)
    assert user_name() == "4000000123"


def test_every_line_goes_to_the_file_and_to_standard_output(
    own_root: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "livereduce.log"
    umask = os.umask(0o077)
    try:
        configure(path)
    finally:
        os.umask(umask)
    logging.getLogger("livereduce.daemon").info("worker %d started µ \udcff", 3)
    logging.getLogger("livereduce.daemon").debug("not shown")
    text = path.read_text()
    assert messages(text) == [("livereduce.daemon", "INFO", r"worker 3 started µ \udcff")]
    assert capsys.readouterr().out == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_lines_are_appended_and_a_renamed_file_loses_none(
    own_root: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "livereduce.log"
    path.write_text("from before\n")
    configure(path)
    logging.info("one")
    path.rename(tmp_path / "livereduce.log.1")
    logging.info("two")
    assert (tmp_path / "livereduce.log.1").read_text().splitlines()[0] == "from before"
    assert (tmp_path / "livereduce.log.1").read_text().endswith("- one\n")
    assert messages(path.read_text()) == [("root", "INFO", "two")]
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_truncated_file_begins_anew_and_has_no_hole(own_root: logging.Logger, tmp_path: Path) -> None:
    """As logrotate's copytruncate does."""
    path = tmp_path / "livereduce.log"
    configure(path)
    for _ in range(100):
        logging.info("long before")
    os.truncate(path, 0)
    logging.info("after")
    assert messages(path.read_text()) == [("root", "INFO", "after")]
    assert b"\0" not in path.read_bytes()


def test_a_log_file_that_cannot_be_opened_is_said_once_and_standard_output_goes_on(
    own_root: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path)
    logging.info("one")
    logging.info("two")
    first, *others = messages(capsys.readouterr().out)
    assert first[:2] == ("livereduce", "WARNING")
    assert first[2] == f"the log file {tmp_path} cannot be written (Is a directory): lines go to standard output only"
    assert [message for _, _, message in others] == ["one", "two"]


def test_a_vanished_directory_is_said_once_and_the_file_comes_back_with_it(
    own_root: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "logs"
    path = directory / "livereduce.log"
    for turn in range(2):
        directory.mkdir()
        if turn == 0:
            configure(path)
        logging.info("written %d", turn)
        assert messages(path.read_text()) == [("root", "INFO", f"written {turn}")]
        path.unlink()
        directory.rmdir()
        logging.info("lost")
        logging.info("lost")
        shown = capsys.readouterr()
        said = f"the log file {path} cannot be written (No such file or directory): lines go to standard output only"
        assert shown.err.splitlines() == [said]
        assert log_problem() == said
        assert len(shown.out.splitlines()) == 3


def test_a_full_disk_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = LogFile(tmp_path / "livereduce.log")
    handler.stream = Path("/dev/full").open("a")  # noqa: SIM115 (as a file on a disk that has become full)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "reopenIfNeeded", lambda: None)
        for _ in range(3):
            handler.handle(logging.makeLogRecord({"msg": "x"}))
    assert capsys.readouterr().err == (
        f"the log file {handler.baseFilename} cannot be written (No space left on device): "
        "lines go to standard output only\n"
    )
    with pytest.raises(OSError, match="No space left"):
        handler.close()


ODD = ["directory", "FIFO", "socket", "device", "link to itself", "link to a device"]


def replace_by(path: Path, kind: str) -> None:
    """Put something that no log can be in the place of a file."""
    path.unlink(missing_ok=True)
    match kind:
        case "directory":
            path.mkdir()
        case "FIFO":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        case "device":
            path.symlink_to("/dev/null")
        case "link to itself":
            path.symlink_to(path)
        case "link to a device":
            path.symlink_to("/dev/full")


def remove(path: Path) -> None:
    path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("at_start", [True, False])
def test_what_is_no_regular_file_is_not_opened_and_lines_go_to_standard_output(
    own_root: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, at_start: bool
) -> None:
    path = tmp_path / "livereduce.log"
    if at_start:
        replace_by(path, kind)
    configure(path)
    if not at_start:
        logging.info("before")
        replace_by(path, kind)
    for _ in range(3):
        logging.info("meanwhile")
    shown = capsys.readouterr()
    assert shown.out.count("meanwhile") == 3
    assert (shown.out + shown.err).count(f"the log file {path} cannot be written (") == 1, "it is said once"
    assert log_problem().startswith(f"the log file {path} cannot be written (")
    remove(path)
    assert kind == "link to itself" or log_problem() == "", "without waiting for a line"
    logging.info("afterwards")
    assert messages(path.read_text()) == [("root", "INFO", "afterwards")]
    assert log_problem() == ""


def test_a_dangling_link_is_a_new_file(own_root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "livereduce.log"
    path.symlink_to(tmp_path / "elsewhere.log")
    configure(path)
    logging.info("one")
    assert messages((tmp_path / "elsewhere.log").read_text()) == [("root", "INFO", "one")]


def test_a_fifo_with_a_reader_is_no_log_either(own_root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "livereduce.log"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        configure(path)
        logging.info("one")
        assert log_problem().endswith("(not a regular file): lines go to standard output only")
    finally:
        os.close(reader)
