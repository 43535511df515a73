import logging

import pytest

from livereduce.base.contained import WINDOW_S
from livereduce.engine.complaints import MAX_PLACES, ComplaintLog
from livereduce.scripting.reporting.report import Complaint


def complaint(text: str, line: int = 3, *, is_note: bool = False) -> Complaint:
    return Complaint(file="/s/post.py", line=line, text=text, is_note=is_note)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


def test_a_line_is_told_once_per_window_whatever_the_value(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = ComplaintLog(lambda: now[0])
    log.take(7, [complaint("got 1"), complaint("got 1", line=5)])
    now[0] = WINDOW_S - 1
    log.take(7, [complaint("got 2")])
    assert log.newest == "/s/post.py:3: got 2"
    now[0] = WINDOW_S
    log.take(8, [complaint("got 3")])
    assert said(caplog) == [
        "run 7: /s/post.py:3: got 1",
        "run 7: /s/post.py:5: got 1",
        "run 8: /s/post.py:3: got 3",
    ]


def test_a_cycle_without_complaints_ends_the_last_one() -> None:
    log = ComplaintLog()
    log.take(7, [complaint("a"), complaint("b", line=4), complaint("kept as x", is_note=True)])
    assert log.newest == "/s/post.py:4: b"
    log.take(7, [])
    assert log.newest == ""


def test_that_something_was_changed_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    log = ComplaintLog(lambda: now[0])
    for _ in range(3):
        now[0] += 10 * WINDOW_S
        log.take(7, [complaint("kept as x", is_note=True)])
    assert said(caplog) == ["run 7: /s/post.py:3: kept as x"]
    assert log.newest == ""


def test_places_are_not_remembered_without_end() -> None:
    log = ComplaintLog()
    for line in range(3 * MAX_PLACES):
        log.take(7, [complaint("a", line=line)])
    assert len(log._said_s) <= MAX_PLACES
