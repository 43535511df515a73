import logging

import pytest

from livereduce.daemon.spoken import LOGGERS, log_output


def test_lines_of_the_workers_logging_keep_their_level_and_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines = ["ERROR livereduce.engine: run 1: proc failed", "a line that a script prints", "ERROR of a script: x"]
    lines.append("INFO Mantid: Performing the Add operation.")
    assert log_output(lines) == lines[1:3]
    assert [(record.name, record.levelname, record.message) for record in caplog.records] == [
        ("livereduce.engine", "ERROR", "run 1: proc failed"),
        ("livereduce.worker", "INFO", "a line that a script prints"),
        ("livereduce.worker", "INFO", "ERROR of a script: x"),
        ("Mantid", "INFO", "Performing the Add operation."),
    ]


def test_scripts_make_no_loggers_whatever_they_print(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log_output([f"INFO {name}: x" for name in LOGGERS])
    before = set(logging.root.manager.loggerDict)
    lines = [f"INFO livereduce.a{k}.b.c: x" for k in range(100)] + ["INFO Mantid.x: y", "ERROR livereducer: z"]
    assert log_output(lines) == lines
    assert set(logging.root.manager.loggerDict) == before
    assert {record.name for record in caplog.records[len(LOGGERS) :]} == {"livereduce.worker"}


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
