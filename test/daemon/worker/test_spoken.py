import logging
from pathlib import Path

import pytest

from livereduce.base.logs import LINE_FORMAT
from livereduce.daemon.worker.output import Line
from livereduce.daemon.worker.spoken import LINE_HEAD_BYTES, LOGGERS, PRINTED_BYTES, Spoken, script_names
from livereduce.messages.job import Job, ScriptCopy

MD5 = "0123456789abcdef" * 2
NAMES = {MD5: "proc 0123456"}


def take(spoken: Spoken, lines: list[str], now: float = 0.0, by: str = MD5) -> None:
    spoken.take([Line(line, by) for line in lines], NAMES, "12:00", now)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    return [(record.name, record.levelname, record.message) for record in caplog.records]


def test_lines_of_the_workers_logging_keep_their_level_and_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spoken = Spoken()
    take(spoken, ["ERROR livereduce.engine: run 1: proc failed", "a line", "ERROR of a script: x"])
    take(spoken, ["INFO Mantid: Performing the Add operation.", "of a thread"], by="")
    assert logged(caplog) == [
        ("livereduce.engine", "ERROR", "run 1: proc failed"),
        ("livereduce.worker", "INFO", "[proc 0123456] a line"),
        ("livereduce.worker", "INFO", "[proc 0123456] ERROR of a script: x"),
        ("Mantid", "INFO", "Performing the Add operation."),
        ("livereduce.worker", "INFO", "of a thread"),
    ]
    assert [(one.line, one.script) for one in spoken.printed.last] == [
        ("a line", "proc 0123456"),
        ("ERROR of a script: x", "proc 0123456"),
        ("of a thread", ""),
    ]


def test_scripts_make_no_loggers_whatever_they_print(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spoken = Spoken()
    take(spoken, [f"INFO {name}: x" for name in LOGGERS])
    before = set(logging.root.manager.loggerDict)
    lines = [f"INFO livereduce.a{k}.b.c: x" for k in range(100)] + ["INFO Mantid.x: y", "ERROR livereducer: z"]
    take(spoken, lines)
    assert set(logging.root.manager.loggerDict) == before
    assert {record.name for record in caplog.records[len(LOGGERS) :]} == {"livereduce.worker"}


def test_a_flood_is_said_at_once_and_counted_and_the_newest_lines_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    spoken, line = Spoken(), "y" * 1024
    for k in range(0, 3000, 100):
        take(spoken, [f"{n:06} {line}" for n in range(k, k + 100)], now=1.0)
    messages = [message for _, _, message in logged(caplog)]
    fit = PRINTED_BYTES["minute_bytes"] // (LINE_HEAD_BYTES + len("[proc 0123456] ") + 1031)
    assert sum(line in message for message in messages) == fit
    assert messages[fit] == "lines that scripts print are left out of this log, 1 so far: more than 1 MiB in a minute"
    assert len(messages) == fit + 1
    assert spoken.left_out == 3000 - fit
    assert spoken.printed.last[-1].line.startswith("002999 ")
    spoken.tell(61.0)
    assert f", {3000 - fit} so far: more than 1 MiB in a minute" in caplog.records[-1].message
    take(spoken, ["after"], now=62.0)
    assert caplog.records[-1].message == "[proc 0123456] after"


def test_what_scripts_print_is_bounded_by_the_day_and_the_workers_own_log_is_not_part_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)  # what is counted need not be written here
    spoken, lines = Spoken(), ["y" * (1024 - LINE_HEAD_BYTES - len("[proc 0123456] "))] * 1024
    for minute in range(100):
        take(spoken, lines, now=61.0 * minute)
    assert 1024 * (100 - 65) <= spoken.left_out <= 1024 * (100 - 63)
    caplog.clear()
    caplog.set_level(logging.INFO)
    take(spoken, ["ERROR livereduce.engine: run 1: proc failed"], now=6200.0)
    assert "run 1: proc failed" in [record.message for record in caplog.records]


@pytest.mark.parametrize("line", ["", "1", "→" * 20])
def test_the_limit_is_what_is_written_to_the_file(caplog: pytest.LogCaptureFixture, tmp_path: Path, line: str) -> None:
    """`print()` in a loop fills a disk as well."""
    caplog.set_level(logging.CRITICAL)
    file = logging.FileHandler(tmp_path / "log", encoding="utf-8")
    file.setFormatter(logging.Formatter(LINE_FORMAT))
    logger = logging.getLogger("livereduce.worker")
    logger.addHandler(file)
    logger.setLevel(logging.INFO)
    try:
        take(spoken := Spoken(), [line] * 30_000)
    finally:
        logger.removeHandler(file)
        logger.setLevel(logging.NOTSET)
        file.close()
    most = PRINTED_BYTES["minute_bytes"]
    assert 0.99 * most < (tmp_path / "log").stat().st_size < most + 1024
    assert spoken.left_out > 0


def test_a_flood_of_what_looks_like_records_is_bounded_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    spoken = Spoken()
    take(spoken, ["INFO livereduce.engine: " + "z" * 1000] * 3000)
    assert sum("zzz" in record.message for record in caplog.records) <= 1 << 10
    assert caplog.records[-1].message.startswith("lines of the worker's own log are left out of this log, ")


def test_scripts_are_called_by_step_and_the_beginning_of_their_md5() -> None:
    fields: dict[str, object] = dict.fromkeys(Job.__dataclass_fields__)
    job = Job(**{**fields, "proc": ScriptCopy(path="", copy="", md5=MD5)})  # type: ignore[arg-type]
    assert script_names(job) == NAMES


def test_every_logger_of_the_worker_is_known() -> None:
    """A module with a logger of its own would have its records taken for what scripts print."""
    from test_imports import FILES, room

    named = {
        line.split('getLogger("')[1].split('"')[0]
        for name, path in FILES.items()
        if room(name) in {"engine", "worker", "stream", "publish", "environment"}
        for line in path.read_text().splitlines()
        if 'getLogger("' in line
    }
    assert named <= LOGGERS
