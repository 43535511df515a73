"""The files that the values come from: found, read when they change, and whatever else may lie there."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated, pattern
from livereduce.messages.status import StateWord
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import FILE_NAME, Exposure
from livereduce.pvs.reading import PvReader
from livereduce.scripting.reporting.report import ReportedMetric


def now() -> datetime:
    return datetime.now().astimezone()


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "powder", "POWDER")
    made.publish(pattern(41, 2000))
    made.say()
    return made


@pytest.fixture
def reader(powder: Fabricated) -> PvReader:
    return PvReader(powder.conf, 5.0, {}, powder.path)


def report(powder: Fabricated, run: int, value: float, events: int = 2000) -> None:
    metric = ReportedMetric(name="peak", value=value, error=0.1, units="counts")
    at = Exposure(time_unix_s=1.8e9 + events, events=events, charge_pc=1.0)
    TrendRecorder(powder.path / "state" / "products", ("a",)).record(run, 1.8e9, at, [metric])


def newest(reader: PvReader) -> float | None:
    trends = reader.look(now()).trends
    return trends.metrics["peak"].points[-1].value if trends else None


def test_snapshot_index_and_metrics_of_the_run(powder: Fabricated, reader: PvReader) -> None:
    report(powder, 41, 3.0)
    facts = reader.look(now())
    assert (facts.down, facts.update_every_s) == ("", 5.0)
    assert facts.status == powder.status
    assert facts.index.runs[0].products["result"].total
    assert newest(reader) == 3.0


def test_metrics_that_are_reported_again(powder: Fabricated, reader: PvReader) -> None:
    assert newest(reader) is None
    report(powder, 41, 3.0)
    assert newest(reader) == 3.0
    report(powder, 41, 4.0, events=3000)
    assert newest(reader) == 4.0


def test_what_has_not_changed_is_not_read_again(
    powder: Fabricated, reader: PvReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(powder, 41, 3.0)
    reader.look(now())

    def never(*_: object, **__: object) -> bytes:
        raise AssertionError("a file is read again")

    for module in ("livereduce.messages.status", "livereduce.seen.shelf", "livereduce.publish.trends.trends"):
        monkeypatch.setattr(f"{module}.read_regular", never)
    assert newest(reader) == 3.0


def test_metrics_of_another_run_do_not_stay(powder: Fabricated, reader: PvReader) -> None:
    report(powder, 41, 3.0)
    assert newest(reader) == 3.0
    powder.publish(pattern(42, 10))
    powder.say(progress={"run": {"number": 42}})
    assert newest(reader) is None


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"version": 1}', "\x00" * 100])
def test_metrics_that_cannot_be_read_leave_those_that_were(powder: Fabricated, reader: PvReader, text: str) -> None:
    report(powder, 41, 3.0)
    reader.look(now())
    (powder.path / "state" / "products" / "41" / FILE_NAME).write_text(text)
    assert newest(reader) == 3.0
    report(powder, 41, 5.0)
    assert newest(reader) == 5.0


def test_a_fifo_in_place_of_the_metrics_holds_nothing_up(powder: Fabricated, reader: PvReader) -> None:
    os.mkfifo(powder.path / "state" / "products" / "41" / FILE_NAME)
    assert newest(reader) is None


def test_a_daemon_that_is_down_and_one_that_was_never_there(powder: Fabricated, reader: PvReader) -> None:
    assert reader.look(now()).down == ""
    powder.say(state=StateWord.STOPPED, why="SIGTERM received")
    assert "the daemon was stopped" in reader.look(now()).down
    powder.say(state=StateWord.RUNNING)
    assert reader.look(now() + timedelta(hours=1)).down
    (powder.path / "run" / "status.json").unlink()
    facts = reader.look(now())
    assert "no daemon status found" in facts.down
    assert facts.status == powder.status, "the last one that was seen"


def test_directories_that_the_configuration_names_only_later(powder: Fabricated) -> None:
    text = powder.conf.read_text()
    powder.conf.unlink()
    reader = PvReader(powder.conf, 5.0, {}, powder.path / "state")
    assert reader.look(now()).down
    powder.conf.write_text(text)
    assert reader.look(now() + timedelta(seconds=6)).down == ""
