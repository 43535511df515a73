import numpy as np
import pytest

from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.runlogs import RunLogs

START = DateAndTime("2007-11-30T16:17:00")


def log() -> LogProperty:
    made = LogProperty("doubleProp", units="K")
    for number, value in enumerate((9.99, 7.55, 5.55, 10.55)):
        made.addValue(START + 10.0 * number, value)
    return made


def test_a_series_answers_by_place_and_time() -> None:
    """Values and answers of test_getSingleValue in Mantid's TimeSeriesPropertyTest.h."""
    series = log()
    assert (series.firstTime(), series.lastTime()) == (START, START + 30.0)
    assert (series.nthValue(1), series.nthValue(9), series.nthTime(1)) == (7.55, 10.55, START + 10.0)
    wanted = {"16:17:23": 5.55, "16:17:03": 9.99, "16:17:31": 10.55, "16:17:00": 9.99, "16:16:59": 9.99}
    assert {at: series.getSingleValue(f"2007-11-30T{at}") for at in wanted} == wanted
    assert (series.dtype(), series.type, series.isDefault, series.size(), len(series)) == (
        "f",
        "TimeValue",
        False,
        4,
        4,
    )
    assert series.valueAsString().splitlines()[0] == "2007-11-30T16:17:00  9.99"


def test_plain_values_are_texts_too() -> None:
    assert LogProperty("a", 2.5).valueAsStr == "2.5"
    assert LogProperty("a", True).valueAsStr == "1"
    assert LogProperty("a", np.array([1, 2])).valueAsString() == "1,2"
    assert LogProperty("a", "word").type == "string"
    with pytest.raises(RuntimeError, match="plain value"):
        LogProperty("a", 1).firstTime()


def test_texts_make_a_list() -> None:
    words = LogProperty("word")
    words.addValue(START, "a")
    words.addValue(START, "abc")
    assert (words.value, words.dtype(), words.lastValue()) == (["a", "abc"], "S3", "abc")
    words.clear()
    assert words.size() == 0
    for ask in (words.lastValue, words.firstTime, lambda: words.nthValue(3), lambda: words.getSingleValue(START)):
        with pytest.raises(RuntimeError, match="log 'word' has no values"):
            ask()


def test_what_a_script_adds_to_a_log_of_a_run_stays() -> None:
    run = RunLogs()
    run.addProperty("doubleProp", log(), True)
    run["doubleProp"].addValue(START + 40.0, 1.0)
    run["doubleProp"].units = "mm"
    assert (run["doubleProp"].size(), run["doubleProp"].units) == (5, "mm")
    run.addProperty("plain", 3, True)
    run["plain"].value = 4
    assert run["plain"].value == 4
    with pytest.raises(RuntimeError, match=r"add values with addValue"):
        run["doubleProp"].value = 1
