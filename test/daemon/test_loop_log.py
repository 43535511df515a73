import logging

import pytest

from livereduce.daemon.loop import _log_output


def test_lines_of_the_workers_logging_keep_their_level_and_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines = ["ERROR livereduce.engine: run 1: proc failed", "a line that a script prints", "ERROR of a script: x"]
    assert _log_output(lines) == lines[1:]
    assert [(record.name, record.levelname, record.message) for record in caplog.records] == [
        ("livereduce.engine", "ERROR", "run 1: proc failed"),
        ("livereduce.worker", "INFO", "a line that a script prints"),
        ("livereduce.worker", "INFO", "ERROR of a script: x"),
    ]
