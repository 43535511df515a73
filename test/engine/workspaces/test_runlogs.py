import numpy as np
import pytest

from helpers.items import log_batch
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import LogBatch


def of_chunk(carried: RunLogs, *batches: LogBatch) -> RunLogs:
    logs = carried.copy()
    for batch in batches:
        logs.add_log(batch)
    return logs


def test_a_series_has_values_times_and_units() -> None:
    logs = of_chunk(RunLogs(), log_batch(1, "temp", [0, 10**9], [1, 2]), log_batch(1, "temp", [3 * 10**9], [5]))
    temp = logs.getProperty("temp")
    assert (temp.value.tolist(), temp.units, temp.size()) == ([1, 2, 5], "K", 3)
    assert temp.times[-1] == np.datetime64("1990-01-01T00:00:03", "ns")
    assert (temp.firstValue(), temp.lastValue()) == (1, 5)
    assert temp.timeAverageValue() == pytest.approx((1 * 1 + 2 * 2 + 5 * 2) / 5), (
        "the last holds as long as the one before"
    )
    assert logs["temp"].value.tolist() == logs.getLogData("temp").value.tolist()


def test_strings_and_plain_values() -> None:
    words = LogBatch(run=1, name="word", units="", time_ns=np.array([1, 2]), value=("a", "b"))
    logs = of_chunk(RunLogs(), words, words)
    logs.set_plain("run_title", "quartz")
    assert logs["word"].value == ["a", "b", "a", "b"]
    title = logs["run_title"]
    assert (title.value, title.lastValue(), title.firstValue(), title.size()) == ("quartz", "quartz", "quartz", 1)
    assert sorted(logs) == sorted(logs.keys()) == ["run_title", "word"]
    with pytest.raises(RuntimeError, match="no times"):
        _ = title.times
    with pytest.raises(RuntimeError, match=r"no log named 'tmp' \(existing logs: run_title, word\)"):
        logs.getProperty("tmp")
    with pytest.raises(RuntimeError, match=r"no log named 'Run_Title'; did you mean 'run_title'\?"):
        logs.getProperty("Run_Title")
    assert (logs.hasProperty("word"), "tmp" in logs) == (True, False)


def test_array_variables_are_a_list_of_arrays() -> None:
    arrays = LogBatch(run=1, name="shape", units="", time_ns=np.array([1]), value=(np.array([1.0, 2.0]),))
    assert [a.tolist() for a in of_chunk(RunLogs(), arrays)["shape"].value] == [[1, 2]]


def test_a_chunk_begins_with_the_last_value_and_adding_chunks_counts_it_once() -> None:
    first = of_chunk(RunLogs(), log_batch(1, "temp", [1, 2], [10, 20]), log_batch(1, "once", [1], [7]))
    second = of_chunk(first.carried_over(), log_batch(1, "temp", [3], [30]))
    third = of_chunk(second.carried_over())
    assert second["temp"].value.tolist() == [20, 30]
    assert third["once"].value.tolist() == [7]
    whole = first.copy()
    whole.merge(second)
    whole.merge(third)
    assert whole["temp"].value.tolist() == [10, 20, 30]
    assert whole["temp"].times_ns is not None
    assert whole["temp"].times_ns.tolist() == [1, 2, 3]
    assert whole["once"].value.tolist() == [7]
    assert first["temp"].value.tolist() == [10, 20], "a copy goes its own way"


def test_equal_times_of_one_chunk_all_stay() -> None:
    first = of_chunk(RunLogs(), log_batch(1, "temp", [1, 1], [10, 11]))
    whole = first.copy()
    whole.merge(of_chunk(first.carried_over(), log_batch(1, "temp", [1, 1], [12, 13])))
    assert whole["temp"].value.tolist() == [10, 11, 12, 13]


def test_proton_charge_is_a_sum_and_never_carried_over() -> None:
    logs = RunLogs()
    logs.add_charge(np.array([1, 2]), np.array([1e9, 2e9]))
    logs.add_monitor_counts(1, 5)
    assert logs.getProtonCharge() == pytest.approx(3e9 * 1e-6 / 3600)
    assert logs["proton_charge"].value.tolist() == [1e9, 2e9]
    assert logs["proton_charge"].units == "picoCoulomb"
    carried = logs.carried_over()
    assert (carried.charge_pc, "proton_charge" in carried, "monitor1_counts" in carried) == (0, False, False)
    whole = logs.copy()
    whole.merge(logs)
    assert (whole.charge_pc, whole["monitor1_counts"].value) == (6e9, 10)
    logs.add_log(log_batch(1, "proton_charge", [9], [1.0]))
    assert logs["proton_charge"].size() == 2


def test_a_new_run_keeps_variables_and_forgets_what_was_the_runs_own() -> None:
    logs = of_chunk(RunLogs(), log_batch(1, "temp", [1], [10]), log_batch(1, "pause", [1], [1]))
    for name in ("run_title", "instrument_name"):
        logs.set_plain(name, "x")
    logs.forget_run()
    assert sorted(logs) == ["instrument_name", "temp"]


@pytest.mark.parametrize(
    ("told", "until_ns", "values"),
    [
        ([(4, 20)], 5, [20]),
        ([(4, 20)], None, [20]),
        ([(6, 20)], 5, [10, 20]),
        ([], 5, [10]),
    ],
    ids=["told until the first pulse", "told before there is one", "changed in the run", "not told"],
)
def test_the_state_that_a_run_tells_at_its_start_is_no_second_value(
    told: list[tuple[int, float]], until_ns: int | None, values: list[float]
) -> None:
    """Who reads a recording or joins later has it from the run alone, and must see the same log."""
    before = of_chunk(RunLogs(), log_batch(0, "temp", [1], [10])).carried_over()
    before.forget_run()
    batches = [log_batch(1, "temp", [time], [value]) for time, value in told]
    for _ in range(2):  # a chunk whose proc has failed comes again
        logs = before.copy()
        logs.replace_told(batches, until_ns)
        assert of_chunk(logs, *batches)["temp"].value.tolist() == values
    second = of_chunk(logs, *batches).carried_over()
    second.replace_told(batches, until_ns)
    assert "temp" in second, "within a run values are carried over as they are"


def test_values_are_the_scripts_own() -> None:
    logs = of_chunk(RunLogs(), log_batch(1, "temp", [1, 2], [10, 20]))
    logs["temp"].value[:] = 0
    assert logs["temp"].value.tolist() == [10, 20]


def test_averages_of_a_single_value_and_of_one_moment() -> None:
    assert of_chunk(RunLogs(), log_batch(1, "t", [1], [4]))["t"].timeAverageValue() == 4
    assert of_chunk(RunLogs(), log_batch(1, "t", [1, 1], [4, 6]))["t"].timeAverageValue() == 5
