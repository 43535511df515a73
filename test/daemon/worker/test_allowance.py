from livereduce.daemon.worker.allowance import DAY_S, MINUTE_S, Allowance


def allowance() -> Allowance:
    return Allowance.of(minute_bytes=100, day_bytes=250)


def test_a_minute_has_its_bytes_and_the_next_has_them_again() -> None:
    one = allowance()
    assert [one.admit(40, now) for now in (0.0, 1.0, 2.0, 3.0)] == [True, True, False, False]
    assert one.admit(20, 59.9)
    assert one.admit(40, MINUTE_S)
    assert one.left_out == 2


def test_a_day_has_its_bytes_however_many_minutes_it_has() -> None:
    one = allowance()
    admitted = [one.admit(50, float(now)) for now in range(0, int(DAY_S), 30)]
    assert sum(admitted) == 5
    assert one.admit(50, DAY_S)


def test_the_first_line_that_is_left_out_is_told_at_once_and_then_once_a_minute() -> None:
    one = allowance()
    one.admit(100, 0.0)
    assert one.news(0.0) is None
    told = []
    for now in range(1, 150):
        one.admit(60, float(now))
        if full := one.news(float(now)):
            told.append((now, full.words, one.left_out))
    assert [(now, words) for now, words, _ in told] == [(1, "minute"), (61, "minute"), (121, "day")]
    assert told[0][2] == 1


def test_the_last_ones_are_told_when_nothing_comes_any_more() -> None:
    one = allowance()
    for _ in range(5):
        one.admit(100, 0.0)
        one.news(0.0)
    assert one.left_out == 4
    assert one.news(MINUTE_S) is not None
    assert one.news(2 * MINUTE_S) is None
