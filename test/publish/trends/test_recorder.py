from pathlib import Path

import pytest

from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure, read_trends
from livereduce.scripting.reporting.report import ReportedMetric

BEGAN = 1e9
SCRIPTS = ("md5 of proc", "md5 of post_proc")


def record(recorder: TrendRecorder, events: int, run: int = 7, began: float = BEGAN, name: str = "peak") -> None:
    reported = ReportedMetric(name=name, value=float(events), error=None, units="")
    at = Exposure(time_unix_s=began + events, events=events, charge_pc=1.0 * events)
    recorder.record(run, began, at, [reported])


def events_of(folder: Path, run: int = 7) -> list[int]:
    trends = read_trends(folder / str(run) / "trends.json")
    return [point.at.events for point in trends.metrics["peak"].points] if trends else []


def test_a_run_begins_anew_and_the_one_before_stays(tmp_path: Path) -> None:
    recorder = TrendRecorder(tmp_path, SCRIPTS)
    for run in (7, 8):
        for events in (10, 20):
            record(recorder, events + run, run=run)
    assert (events_of(tmp_path, 7), events_of(tmp_path, 8)) == ([17, 27], [18, 28])


def test_between_runs_each_time_begins_anew(tmp_path: Path) -> None:
    recorder = TrendRecorder(tmp_path, SCRIPTS)
    record(recorder, 10, run=0)
    record(recorder, 5, run=0, began=BEGAN + 100)
    assert events_of(tmp_path, 0) == [5]


def test_a_late_pulse_does_not_begin_the_run_anew(tmp_path: Path) -> None:
    recorder = TrendRecorder(tmp_path, SCRIPTS)
    record(recorder, 10)
    record(recorder, 20, began=BEGAN - 1)
    assert events_of(tmp_path) == [10, 20]


def test_without_a_report_there_is_no_file(tmp_path: Path) -> None:
    TrendRecorder(tmp_path, SCRIPTS).record(7, BEGAN, Exposure(time_unix_s=BEGAN, events=1, charge_pc=0.0), [])
    assert list(tmp_path.iterdir()) == []


def test_a_replay_goes_on_with_what_an_earlier_worker_told(tmp_path: Path) -> None:
    first = TrendRecorder(tmp_path, SCRIPTS)
    for events in (10, 20, 30):
        record(first, events)
    second = TrendRecorder(tmp_path, SCRIPTS)
    for events in (15, 30, 40, 40):  # what it is told again is passed over; two results of the same data are not
        record(second, events)
    assert events_of(tmp_path) == [10, 20, 30, 40, 40]


@pytest.mark.parametrize(
    ("scripts", "began"), [(("md5 of proc", "another"), BEGAN), (SCRIPTS, BEGAN + 1), (SCRIPTS, BEGAN - 1)]
)
def test_other_scripts_or_another_beginning_begin_anew(tmp_path: Path, scripts: tuple[str, str], began: float) -> None:
    record(TrendRecorder(tmp_path, SCRIPTS), 30)
    record(TrendRecorder(tmp_path, scripts), 5, began=began)
    assert events_of(tmp_path) == [5]


def test_scripts_that_report_no_more_leave_no_old_trend(tmp_path: Path) -> None:
    record(TrendRecorder(tmp_path, SCRIPTS), 30)
    recorder = TrendRecorder(tmp_path, ("other", ""))
    recorder.record(7, BEGAN, Exposure(time_unix_s=BEGAN, events=1, charge_pc=0.0), [])
    assert events_of(tmp_path) == []


def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "trends.json").write_text("{")
    record(TrendRecorder(tmp_path, SCRIPTS), 30)
    assert events_of(tmp_path) == [30]


def test_what_cannot_be_written_comes_with_the_next(tmp_path: Path) -> None:
    recorder = TrendRecorder(tmp_path, SCRIPTS)
    (tmp_path / "7").write_text("in the way")
    with pytest.raises(OSError, match="7"):
        record(recorder, 10)
    (tmp_path / "7").unlink()
    record(recorder, 20)
    assert events_of(tmp_path) == [10, 20]


def test_too_many_metrics_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = TrendRecorder(tmp_path, SCRIPTS)
    for k in range(52):
        record(recorder, k, name=f"m{k}")
    assert [record.getMessage() for record in caplog.records] == [
        "run 7 has too many metrics; left out: m50",
        "run 7 has too many metrics; left out: m50, m51",
    ]
