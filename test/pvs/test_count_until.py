"""When the plan for bluesky stops, and at which run: its looks are steps of a clock that is set by hand."""

import importlib.util
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from helpers.paths import ROOT

FIRST, SECOND = 1_800_000_000.0, 1_800_000_100.0
"""`Run:Start` of two runs."""
ENDED, RUNNING = {"state": "ended"}, {"state": "running"}


@dataclass
class Signal:
    """What the plan asks of a signal of ophyd's."""

    value: Any
    alarm_severity: int = 0
    timestamp: float = 0.0

    def get(self) -> Any:
        return self.value


@dataclass
class Detector:
    """`Reduced`, without a network: after a run of which the value is known to 1 %."""

    name: str = "peak"
    parent: None = None
    run_start: Signal = field(default_factory=lambda: Signal(FIRST))
    run_state: Signal = field(default_factory=lambda: Signal("ended"))
    value: Signal = field(default_factory=lambda: Signal(100.0, timestamp=FIRST + 50))
    error: float = 1.0

    def relative_error(self) -> float:
        return math.inf if self.value.alarm_severity == 3 else self.error / self.value.get()

    def set(
        self, *, start: float | None = None, state: str = "", down: bool = False, error: float | None = None
    ) -> None:
        """What comes at a look; a new `start` takes the value with it, an `error` comes with a new value."""
        if start is not None:
            self.run_start.value, self.value.alarm_severity = start, 3
        self.run_state.value = state or self.run_state.value
        self.run_state.alarm_severity = 3 if down else 0
        if error is not None:
            self.error, self.value.alarm_severity = error, 0
            self.value.timestamp += 1.0


@pytest.fixture(scope="module")
def plan() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("count_until", ROOT / "docs" / "bluesky" / "count_until.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def done(plan: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plays a plan against what comes after each of its looks; why it ended, and its events (run, error)."""

    def play(*comes: Mapping[str, Any], detector: Detector, after: float | None = None) -> tuple[str, list[Any]]:
        now_s, left = 0.0, iter(comes)
        events: list[Any] = []
        monkeypatch.setattr(plan, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now_s)}))
        steps = plan.until_good_enough(detector, relative_error=0.01, at_most_s=10.0, after=after)
        while True:
            try:
                asked = next(steps)
            except StopIteration as ended:
                return ended.value, events
            if asked.command == "save":
                events.append((detector.run_start.get(), detector.error))
            if asked.command == "sleep":
                now_s += asked.args[0]
                detector.set(**next(left, {}))

    return play


def test_a_start_between_runs_waits_for_the_next_run_and_takes_its_values_only(done: Any) -> None:
    begins = {"start": SECOND, "state": "running"}
    why, events = done({}, begins, {}, {"error": 4.0}, {"error": 0.9}, detector=Detector(), after=FIRST)
    assert (why, events) == ("good enough", [(SECOND, 4.0), (SECOND, 0.9)])


def test_without_a_run_before_it_a_run_that_is_over_does_not_count_either(done: Any) -> None:
    assert done(detector=Detector()) == ("no run has begun within 10 s", [])
    why, events = done({"start": SECOND, "state": "running"}, {}, {"error": 0.9}, detector=Detector())
    assert (why, events) == ("good enough", [(SECOND, 0.9)])


def test_a_run_that_is_said_to_go_on_although_its_start_is_that_of_the_run_before_is_not_the_one(done: Any) -> None:
    before = Detector(run_state=Signal("running"))
    why, events = done({}, {}, {"error": 0.5}, detector=before, after=FIRST)
    assert (why, events) == ("no run has begun within 10 s", [])


def test_the_run_that_goes_on_is_taken_if_no_other_is_asked_for(done: Any) -> None:
    assert done(detector=Detector(run_state=Signal("running"))) == ("good enough", [(FIRST, 1.0)])


def test_values_of_the_run_before_that_have_not_gone_yet_are_not_taken(done: Any) -> None:
    detector = Detector(run_start=Signal(SECOND), run_state=Signal("running"))
    why, events = done({"start": SECOND}, {"error": 3.0}, {"error": 0.2}, detector=detector, after=FIRST)
    assert (why, events) == ("good enough", [(SECOND, 3.0), (SECOND, 0.2)])


def test_another_run_has_begun(done: Any) -> None:
    detector = Detector(run_state=Signal("running"), error=5.0)
    why, events = done({}, {"start": SECOND}, {"error": 0.1}, detector=detector)
    assert (why, events) == ("another run has begun", [(FIRST, 5.0)])


def test_a_run_that_ends_too_early_gives_its_last_value(done: Any) -> None:
    detector = Detector(run_state=Signal("running"), error=5.0)
    why, events = done({}, ENDED | {"error": 2.0}, detector=detector)
    assert (why, events) == ("the run is over", [(FIRST, 5.0), (FIRST, 2.0)])
    detector = Detector(run_state=Signal("running"), error=5.0)
    assert done({}, ENDED | {"error": 1.0}, detector=detector)[0] == "good enough"


def test_a_pause_is_waited_for(done: Any) -> None:
    detector = Detector(run_state=Signal("running"), error=5.0)
    why, _ = done({}, {"state": "paused"}, {}, RUNNING | {"error": 1.0}, detector=detector)
    assert why == "good enough"
    assert done({}, {"state": "paused"}, detector=Detector(run_state=Signal("running"), error=5.0)) == (
        "not good enough within 10 s",
        [(FIRST, 5.0)],
    )


def test_what_a_service_that_is_down_said_last_is_no_run(done: Any) -> None:
    detector = Detector(run_state=Signal("running", alarm_severity=3))
    down = {"down": True}
    why, events = done(down, down, {"start": SECOND}, {"error": 1.0}, detector=detector)
    assert (why, events) == ("good enough", [(SECOND, 1.0)])
