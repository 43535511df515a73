"""What is served: values, time stamps and alarms over the life of a run, with a clock that is set by hand."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, StepProgress
from livereduce.messages.status import StateWord, Status
from livereduce.publish.trends.trends import Exposure, Point, Trend, Trends
from livereduce.pvs.expected import SLACK_S
from livereduce.pvs.records import PvFacts, PvState, step
from livereduce.pvs.values import DOWN, FINE, INCOMPLETE, LATE, NEEDS_ACTION, UNDEFINED, PvKind, PvValue
from livereduce.seen.index import Listed, ListedRun, ShownIndex

P = "BL11A:LR:"
BEGAN = 1_800_000_000.0
"""2027-01-15T08:00:00Z."""
EVERY_S = 5.0


def iso(unix_s: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix_s, UTC).isoformat()


def status(at: float, *, run: int = 7, began: float | None = BEGAN, **changes: Any) -> Status:
    progress = Progress(
        run=RunProgress(number=run, state=RunState.RUNNING, began_unix_s=began, events=900, proton_charge_pc=80.0),
        source=SourceProgress(connected=True, data_age_s=0.5),
        steps=StepProgress(proc_s=0.1),
    )
    facts: dict[str, Any] = {"state": StateWord.RUNNING, "why": "reducing run 7", "progress": progress}
    known = facts | changes
    return Status(since=iso(at), pid=1, started=iso(at), updated=iso(at), version="2", **known)


def run_of(written: float, *, run: int = 7, began: float = BEGAN, **changes: Any) -> ListedRun:
    product = Listed(
        name="result",
        path=f"{run}/result.nxs",
        version="1",
        written_unix_s=written,
        events=1000,
        proton_charge_pc=90.0,
        total=64.0,
        total_error=8.0,
        units="counts",
        last_pulse_unix_s=written - 1.0,
    )
    listed = ListedRun(run=run, ended=False, products={"result": product}, start_time=iso(began), title="Ni powder")
    return replace(listed, **changes)


def trends_of(at: float, *, run: int = 7, began: float = BEGAN, error: float | None = 0.5) -> Trends:
    where = Exposure(time_unix_s=at, events=1000, charge_pc=90.0)
    peak = Trend(name="peak.height", units="counts/uAh", reported=1, newest=Point(at=where, value=50.0, error=error))
    return Trends(run=run, began_unix_s=began + 0.1, metrics={"peak.height": peak})


def facts_at(at: float, **changes: Any) -> PvFacts:
    """A run in which all is well: the result is 2 s old."""
    known: dict[str, Any] = {
        "status": status(at),
        "down": "",
        "index": ShownIndex(runs=(run_of(at - 2.0),)),
        "trends": trends_of(at - 3.0),
        "update_every_s": EVERY_S,
    }
    return PvFacts(**(known | changes))


def served(facts: PvFacts, now: float, before: PvState | None = None) -> Mapping[str, PvValue]:
    return by_name(step(before or PvState(prefix=P), facts, now))


def by_name(state: PvState) -> Mapping[str, PvValue]:
    names = [one.name for one in state.values]
    assert len(names) == len(set(names))
    return {one.name.removeprefix(P): one for one in state.values}


NOW = BEGAN + 60.0


def test_metrics_and_totals_with_units_errors_and_the_time_of_the_newest_pulse() -> None:
    found = served(facts_at(NOW), NOW)
    peak, error = found["Metric:peak_height"], found["Metric:peak_height:Error"]
    assert (peak.value, peak.units, peak.unix_s, peak.alarm) == (50.0, "counts/uAh", NOW - 3.0, FINE)
    assert (error.value, error.units, error.unix_s, error.alarm) == (0.5, "counts/uAh", NOW - 3.0, FINE)
    total, error = found["Total:result"], found["Total:result:Error"]
    assert (total.value, total.units, total.unix_s, total.alarm) == (64.0, "counts", NOW - 3.0, FINE)
    assert (error.value, error.alarm) == (8.0, FINE)


def test_the_run_and_the_service() -> None:
    found = served(facts_at(NOW), NOW)
    assert found["Run:Start"].value == BEGAN
    assert found["Run:Number"].value == 7
    assert (found["Run:State"].value, found["Run:State"].kind) == ("running", PvKind.WORD)
    assert (found["Run:Title"].value, found["Run:Title"].kind) == ("Ni powder", PvKind.TEXT)
    assert (found["Run:Events"].value, found["Run:Charge"].value) == (1000, 90.0), "whichever file knows of more"
    assert (found["Lag"].value, found["Lag"].units) == (0.5, "s")
    assert (found["State"].value, found["Why"].value) == ("running", "reducing run 7")
    assert (found["Problems"].value, found["Problems"].alarm) == ("", FINE)
    assert {one.alarm for one in found.values()} == {FINE}


def test_a_metric_without_an_error_has_an_error_that_is_not_defined() -> None:
    found = served(facts_at(NOW, trends=trends_of(NOW - 3, error=None)), NOW)
    assert found["Metric:peak_height"].alarm == FINE
    assert math.isnan(float(found["Metric:peak_height:Error"].value))
    assert found["Metric:peak_height:Error"].alarm == UNDEFINED


def test_incomplete_is_minor_and_the_value_stays() -> None:
    listed = run_of(NOW - 2)
    product = replace(listed.products["result"], incomplete="3 s of the stream are missing")
    found = served(facts_at(NOW, index=ShownIndex(runs=(replace(listed, products={"result": product}),))), NOW)
    assert (found["Total:result"].value, found["Total:result"].alarm) == (64.0, INCOMPLETE)
    assert found["Metric:peak_height"].alarm == INCOMPLETE
    assert found["Run:Incomplete"].value == "3 s of the stream are missing"
    assert found["Run:Number"].alarm == FINE


def test_a_daemon_that_is_down_makes_everything_invalid_and_keeps_the_values() -> None:
    found = served(facts_at(NOW, down="the daemon (pid 1) is gone"), NOW)
    assert (found["State"].value, found["Why"].value) == ("down", "the daemon (pid 1) is gone")
    assert found["Total:result"].value == 64.0
    assert {one.alarm for name, one in found.items() if name != "Problems"} == {DOWN}


def test_before_anything_is_read_there_is_nothing_but_that() -> None:
    found = served(PvFacts(), NOW)
    assert found["State"].value == "down"
    assert found["Run:Number"].alarm == DOWN
    assert not any(name.startswith(("Metric", "Total")) for name in found)


@pytest.mark.parametrize(
    ("word", "alarm"),
    [(StateWord.RUNNING, FINE), (StateWord.DEGRADED, INCOMPLETE), (StateWord.PARKED, NEEDS_ACTION)],
)
def test_the_state_has_the_alarm_of_its_word(word: StateWord, alarm: object) -> None:
    assert served(facts_at(NOW, status=status(NOW, state=word)), NOW)["State"].alarm == alarm


# ---- too old


def late(**changes: Any) -> Mapping[str, PvValue]:
    """A result of a minute ago, although the cycle is 5 s; the snapshot is new."""
    known: dict[str, Any] = {"index": ShownIndex(runs=(run_of(NOW - 60),)), "trends": trends_of(NOW - 61)}
    return served(facts_at(NOW, **(known | changes)), NOW)


def test_a_result_that_is_older_than_two_cycles_is_late() -> None:
    found = late()
    assert {found[name].alarm for name in ("Total:result", "Metric:peak_height", "Run:Events")} == {LATE}
    assert found["Total:result"].value == 64.0
    assert found["Run:Start"].alarm == FINE


def test_scripts_that_take_long_are_waited_for() -> None:
    slow = status(NOW)
    assert slow.progress
    slow = replace(slow, progress=replace(slow.progress, steps=StepProgress(post_proc_s=40.0)))
    assert late(status=slow)["Total:result"].alarm == FINE


@pytest.mark.parametrize(
    "quiet",
    [
        {"run": {"state": RunState.PAUSED}},
        {"run": {"state": RunState.ENDED}},
        {"source": {"no_pulses_since": NOW - 50}},
        {"source": {"ended": True}},
    ],
)
def test_nothing_is_late_while_nothing_new_can_come(quiet: dict[str, Any]) -> None:
    said = status(NOW)
    assert said.progress
    for record, values in quiet.items():
        inner = replace(getattr(said.progress, record), **values)
        said = replace(said, progress=replace(said.progress, **{record: inner}))
    assert late(status=said)["Total:result"].alarm == FINE


def dark(at: float, since: float | None, *, skip_empty: bool = True, connected: bool = True) -> PvFacts:
    """A beam trip: the newest result is of `NOW - 2`."""
    source = SourceProgress(connected=connected, no_beam_since=since)
    said = status(at)
    assert said.progress
    said = replace(said, progress=replace(said.progress, source=source))
    newest = {"index": ShownIndex(runs=(run_of(NOW - 2),)), "trends": trends_of(NOW - 3)}
    return facts_at(at, status=said, skip_empty=skip_empty, **newest)


def test_nothing_is_late_without_beam_where_scripts_are_spared_chunks_without_events() -> None:
    found = served(dark(NOW + 600, NOW), NOW + 600)
    assert {found[name].alarm for name in ("Total:result", "Metric:peak_height", "Run:Events")} == {FINE}
    found = served(dark(NOW + 600, NOW, skip_empty=False), NOW + 600)
    assert found["Total:result"].alarm == LATE, "the scripts are called all the same, and should have made a result"
    found = served(dark(NOW + 600, NOW, connected=False), NOW + 600)
    assert found["Total:result"].alarm == LATE, "nobody knows whether there is beam"


def test_after_a_trip_the_next_result_has_as_much_time_as_any() -> None:
    state = step(PvState(prefix=P), dark(NOW + 600, NOW), NOW + 600)
    state = step(state, dark(NOW + 601, None), NOW + 601)
    assert by_name(state)["Total:result"].alarm == FINE
    late_at = NOW + 600 + 2 * EVERY_S + SLACK_S
    assert by_name(step(state, dark(late_at, None), late_at))["Total:result"].alarm == FINE
    assert by_name(step(state, dark(late_at + 1, None), late_at + 1))["Total:result"].alarm == LATE


def test_a_connection_that_is_lost_is_no_excuse() -> None:
    said = status(NOW)
    assert said.progress
    source = SourceProgress(connected=False, no_pulses_since=NOW - 50)
    assert late(status=replace(said, progress=replace(said.progress, source=source)))["Total:result"].alarm == LATE


def test_a_metric_that_is_no_longer_reported_is_late_although_results_come() -> None:
    found = served(facts_at(NOW, trends=trends_of(NOW - 59)), NOW)
    assert found["Metric:peak_height"].alarm == LATE
    assert found["Total:result"].alarm == FINE


# ---- from run to run


def test_with_a_new_run_the_old_values_are_gone_in_the_same_step_as_its_start_changes() -> None:
    before = step(PvState(prefix=P), facts_at(NOW), NOW)
    after = step(before, facts_at(NOW + 1, status=status(NOW + 1, run=8, began=NOW)), NOW + 1)
    found = by_name(after)
    assert (found["Run:Start"].value, found["Run:Number"].value) == (NOW, 8)
    for name in ("Metric:peak_height", "Metric:peak_height:Error", "Total:result", "Total:result:Error"):
        assert math.isnan(float(found[name].value)), name
        assert found[name].alarm == UNDEFINED
        assert found[name].units in ("counts/uAh", "counts"), "the PV is the same"
    assert [one.name for one in after.values].index(f"{P}Run:Start") < [one.name for one in after.values].index(
        f"{P}Metric:peak_height"
    ), "whoever watches hears of the new run first"


def test_the_first_result_of_the_new_run_brings_them_back() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    state = step(state, facts_at(NOW + 1, status=status(NOW + 1, run=8, began=NOW)), NOW + 1)
    index = ShownIndex(runs=(run_of(NOW + 6, run=8, began=NOW), run_of(NOW - 2, ended=True)))
    facts = facts_at(NOW + 7, status=status(NOW + 6, run=8, began=NOW), index=index, trends=trends_of(NOW + 5, run=8))
    found = by_name(step(state, facts, NOW + 7))
    assert (found["Metric:peak_height"].value, found["Metric:peak_height"].unix_s) == (50.0, NOW + 5)
    assert found["Total:result"].alarm == FINE
    assert found["Run:Start"].value == NOW


def test_the_index_may_know_of_the_new_run_before_the_snapshot() -> None:
    index = ShownIndex(runs=(run_of(NOW + 6, run=8, began=NOW), run_of(NOW - 2, ended=True)))
    found = served(facts_at(NOW + 6, index=index, trends=trends_of(NOW + 5, run=8)), NOW + 6)
    assert (found["Run:Number"].value, found["Run:Start"].value) == (8, NOW)
    assert found["Total:result"].alarm == FINE
    assert found["Run:Events"].value == 1000, "those of the new run"


def test_a_run_of_a_number_that_there_was_before_is_another_run() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    found = by_name(step(state, facts_at(NOW + 1, status=status(NOW + 1, began=NOW)), NOW + 1))
    assert found["Run:Start"].value == NOW
    assert found["Total:result"].alarm == UNDEFINED
    assert found["Run:Events"].value == 900


def test_a_run_that_is_over_keeps_its_values() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    said = status(NOW + 600, run=0, began=None)
    facts = facts_at(NOW + 600, status=said, index=ShownIndex(runs=(run_of(NOW, ended=True),)))
    found = by_name(step(state, facts, NOW + 600))
    assert (found["Run:State"].value, found["Run:Number"].value) == ("ended", 7)
    assert (found["Total:result"].value, found["Total:result"].alarm) == (64.0, FINE)
    assert found["Run:Start"].value == BEGAN


def test_the_reset_marker_does_not_change_when_another_file_says_the_same_start_a_little_differently() -> None:
    began = status(NOW, began=BEGAN + 0.004)
    state = step(PvState(prefix=P), facts_at(NOW, status=began, index=ShownIndex(), trends=None), NOW)
    assert by_name(state)["Run:Start"].value == BEGAN + 0.004
    first = by_name(state)["Run:Start"].value
    state = step(state, facts_at(NOW + 1, status=status(NOW + 1, run=0, began=None)), NOW + 1)
    assert by_name(state)["Run:Start"].value == first


def test_a_run_whose_start_nobody_knows_is_marked_by_when_it_was_noticed() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    unknown = PvFacts(status=status(NOW + 1, run=8, began=None), down="", index=ShownIndex(), update_every_s=EVERY_S)
    state = step(state, unknown, NOW + 1)
    assert by_name(state)["Run:Start"].value == NOW + 1
    state = step(state, unknown, NOW + 9)
    assert by_name(state)["Run:Start"].value == NOW + 1


# ---- names


def test_a_metric_that_comes_later_gets_a_pv_and_keeps_it() -> None:
    state = step(PvState(prefix=P), facts_at(NOW, trends=None), NOW)
    assert "Metric:peak_height" not in by_name(state)
    state = step(state, facts_at(NOW), NOW)
    assert by_name(state)["Metric:peak_height"].value == 50.0
    state = step(state, facts_at(NOW, trends=None), NOW)
    assert by_name(state)["Metric:peak_height"].alarm == UNDEFINED


def test_names_that_collide_are_said_and_not_served() -> None:
    both = trends_of(NOW - 3)
    both = replace(both, metrics=both.metrics | {"peak_height": both.metrics["peak.height"]})
    found = served(facts_at(NOW, trends=both), NOW)
    assert "Metric:peak_height" not in found
    assert "'peak.height' and 'peak_height'" in str(found["Problems"].value)
    assert found["Problems"].alarm == INCOMPLETE


def test_what_was_served_under_a_name_that_collides_now_says_nothing_any_more() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    both = trends_of(NOW - 3)
    both = replace(both, metrics=both.metrics | {"peak_height": both.metrics["peak.height"]})
    found = by_name(step(state, facts_at(NOW, trends=both), NOW))
    for name in ("Metric:peak_height", "Metric:peak_height:Error"):
        assert math.isnan(float(found[name].value))
        assert found[name].alarm == UNDEFINED


def renamed(at: float, *names: str, run: int = 8) -> PvFacts:
    """The next run, whose scripts report these names."""
    trends = trends_of(at - 3, run=run)
    metrics = {name: replace(trends.metrics["peak.height"], name=name, units="new") for name in names}
    index = ShownIndex(runs=(run_of(at - 2, run=run, began=NOW),))
    said = status(at, run=run, began=NOW)
    return facts_at(at, status=said, index=index, trends=replace(trends, metrics=metrics))


@pytest.mark.parametrize("name", ["peak_height", "peak height", "peak.height"])
def test_a_metric_that_is_renamed_has_its_pv_from_the_next_run_on(name: str) -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    found = by_name(step(state, renamed(NOW + 60, name), NOW + 60))
    assert (found["Metric:peak_height"].value, found["Metric:peak_height"].units) == (50.0, "new")
    assert {found[name].alarm for name in ("Metric:peak_height", "Metric:peak_height:Error", "Problems")} == {FINE}


def test_names_that_collided_are_served_once_the_advice_is_followed() -> None:
    state = step(PvState(prefix=P), renamed(NOW + 60, "peak.height", "peak_height"), NOW + 60)
    assert by_name(state)["Problems"].alarm == INCOMPLETE
    found = by_name(step(state, renamed(NOW + 120, "peak.height", "other", run=9), NOW + 120))
    assert (found["Metric:peak_height"].value, found["Metric:other"].value) == (50.0, 50.0)
    assert (found["Problems"].value, found["Problems"].alarm) == ("", FINE)


def test_names_of_runs_before_keep_their_pv_beside_those_of_the_present_run() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    state = step(state, renamed(NOW + 60, "other"), NOW + 60)
    found = by_name(state)
    assert found["Metric:peak_height"].alarm == UNDEFINED
    assert (found["Metric:peak_height"].units, found["Metric:other"].value) == ("counts/uAh", 50.0)
    found = by_name(step(state, renamed(NOW + 120, run=9), NOW + 120))
    assert {found[name].alarm for name in ("Metric:peak_height", "Metric:other")} == {UNDEFINED}


def test_a_product_of_another_name_takes_over_the_pv_of_a_run_before() -> None:
    state = step(PvState(prefix=P), renamed(NOW + 60), NOW + 60)
    after = renamed(NOW + 120, run=9)
    (listed,) = after.index.runs
    one = listed.products["result"]
    products = {"re.sult": replace(one, name="re.sult"), "re_sult": replace(one, name="re_sult")}
    both = replace(after, index=ShownIndex(runs=(replace(listed, products=products),)))
    state = step(state, both, NOW + 120)
    assert "Total:re_sult" not in by_name(state)
    one_only = replace(after, index=ShownIndex(runs=(replace(listed, products={"re.sult": products["re.sult"]}),)))
    found = by_name(step(state, one_only, NOW + 121))
    assert (found["Total:re_sult"].alarm, found["Total:result"].alarm) == (FINE, UNDEFINED)


def test_values_that_are_not_numbers_are_not_defined() -> None:
    listed = run_of(NOW - 2)
    product = replace(listed.products["result"], total=None)
    other = replace(listed.products["result"], name="other", total=1.0, total_error=None)
    index = ShownIndex(runs=(replace(listed, products={"result": product, "other": other}),))
    found = served(facts_at(NOW, index=index), NOW)
    assert "Total:result" not in found, "it never had one"
    assert found["Total:other:Error"].alarm == UNDEFINED
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    assert by_name(step(state, facts_at(NOW, index=index), NOW))["Total:result"].alarm == UNDEFINED


def test_the_same_facts_give_the_same_values() -> None:
    state = step(PvState(prefix=P), facts_at(NOW), NOW)
    assert step(state, facts_at(NOW), NOW).values == state.values


def test_a_snapshot_that_says_nothing_of_data() -> None:
    said = status(NOW, progress=None, state=StateWord.PARKED, why="no scripts")
    found = served(PvFacts(status=said, down="", index=ShownIndex(), update_every_s=EVERY_S), NOW)
    assert found["Lag"].alarm == UNDEFINED
    assert found["Run:Number"].alarm == UNDEFINED
    assert found["Why"].value == "no scripts"
