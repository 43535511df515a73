"""Idle connections are closed: those in which nothing happens for too long."""

from livereduce.web.http.idle_connections import BLOCKED_S, IDLE_S, Condition, step

IDLE: Condition = ("idle", 0)


def test_a_silent_connection_goes_and_one_at_work_stays() -> None:
    known, gone = step({}, {"silent": IDLE, "at work": IDLE}, 0.0)
    assert gone == []
    known, gone = step(known, {"silent": IDLE}, IDLE_S - 0.1)
    assert (gone, set(known)) == ([], {"silent"})
    known, gone = step(known, {"silent": IDLE, "at work": IDLE}, IDLE_S)
    assert gone == ["silent"], "the other one has been at work in between"


def test_a_reader_that_takes_something_stays() -> None:
    known, gone = step({}, {"slow": ("blocked", 900), "stuck": ("blocked", 900)}, 0.0)
    known, gone = step(known, {"slow": ("blocked", 800), "stuck": ("blocked", 900)}, BLOCKED_S / 2)
    assert gone == []
    known, gone = step(known, {"slow": ("blocked", 800), "stuck": ("blocked", 900)}, BLOCKED_S)
    assert gone == ["stuck"]
