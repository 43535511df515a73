"""Facts from files: the snapshot, the runs that are over, the metrics; nothing is read twice, and nothing trusted."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated, pattern
from livereduce.messages.status import FILE_NAME
from livereduce.notify import looking
from livereduce.notify.facts import MetricSeen, OverRun
from livereduce.notify.looking import NotifySight, look, looked_of
from livereduce.publish.trends.trends import Exposure, Point, Trend, Trends, encode_trends

NOW = datetime.now().astimezone()


def trends(value: float | None, run: int = 41) -> str:
    at = Exposure(time_unix_s=1e9, events=5, charge_pc=1.0)
    points = (Point(at=at, value=1.0, error=0.5), Point(at=at, value=value, error=0.1))
    return encode_trends(
        Trends(run=run, began_unix_s=1e9, metrics={"peak": Trend(name="peak", units="counts", regular=points)}), 1e9
    )


@pytest.fixture
def one(tmp_path: Path) -> Fabricated:
    one = Fabricated(tmp_path, "PG3")
    one.say()
    one.publish(pattern(41, 1000))
    return one


def sight(one: Fabricated, before: NotifySight | None = None) -> NotifySight:
    return look((one.path / "run" / FILE_NAME,), one.conf, before or NotifySight(), NOW)


def test_all_that_there_is(one: Fabricated) -> None:
    (one.path / "state" / "products" / "41" / "trends.json").write_text(trends(2.0))
    first = sight(one)
    looked = looked_of(first, "name")
    assert (looked.instrument, looked.down, looked.over) == ("PG3", "", ())
    assert looked.metrics == (MetricSeen(run=41, name="peak", value=2.0, error=0.1, units="counts"),)
    one.shelf.ended(41, "a gap")
    assert sight(one, first).over == (OverRun(run=41, incomplete="a gap"),)


def test_a_value_that_is_not_finite_is_none(one: Fabricated) -> None:
    (one.path / "state" / "products" / "41" / "trends.json").write_text(trends(None))
    assert sight(one).metrics == ()


def test_what_has_not_changed_is_not_read_again(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    (one.path / "state" / "products" / "41" / "trends.json").write_text(trends(2.0))
    first = sight(one)

    def refuse(*_: object, **__: object) -> bytes:
        raise AssertionError("it is read again")

    monkeypatch.setattr(looking, "read_regular", refuse)
    monkeypatch.setattr(looking, "read_trends", refuse)
    assert looked_of(sight(one, first), "") == looked_of(first, "")


def test_what_is_broken_stays_as_it_was(one: Fabricated) -> None:
    path = one.path / "state" / "products" / "41" / "trends.json"
    path.write_text(trends(2.0))
    first = sight(one)
    path.write_text("{")
    (one.path / "state" / "products" / "index.json").write_text("[[")
    second = sight(one, first)
    assert (second.metrics, second.over) == (first.metrics, first.over)


def test_another_run_has_metrics_of_its_own(one: Fabricated) -> None:
    (one.path / "state" / "products" / "41" / "trends.json").write_text(trends(2.0))
    first = sight(one)
    assert first.metrics
    one.say(progress={"run": {"number": 42}})
    assert sight(one, first).metrics == ()


def test_a_daemon_that_is_down_is_still_known(one: Fabricated) -> None:
    first = sight(one)
    one.say(ahead=timedelta(hours=-1))
    second = sight(one, first)
    assert "has written nothing for" in looked_of(second, "").down
    (one.path / "run" / FILE_NAME).unlink()
    third = looked_of(sight(one, second), "")
    assert "no daemon status found" in third.down
    assert third.status is not None
    assert third.instrument == "PG3"


def test_nothing_at_all(tmp_path: Path) -> None:
    looked = looked_of(look((tmp_path / "none.json",), None, NotifySight(), NOW), "PG3")
    assert (looked.instrument, looked.status, looked.over) == ("PG3", None, None)
    assert "no daemon status found" in looked.down
