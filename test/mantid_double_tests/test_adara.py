"""The SNS listener on a real server."""

from typing import Any

import pytest

from helpers.served import Clock, powder_play, serving
from mantid_double_tests.driving import Double, start, until, until_ended

DIMENSIONS: dict[str, Any] = {"adara": True, "spectra": 16}


@pytest.mark.parametrize("era", ["A", "B", "C"])
def test_every_event_is_read_once(double: Double, era: str) -> None:
    """A tenth of a second before the run and one of the run; where the first data of a run go differs."""
    from mantid.simpleapi import mtd

    clock = Clock(0.4)
    play = powder_play(runs=1, run_s=1.0, gap_s=0.1, rate=6_000)
    with serving(play, speed=1.0, clock=clock) as url:
        double.stream(**DIMENSIONS, era=era)
        start(
            Listener="SNSLiveEventDataListener",
            Address=url.removeprefix("adara://"),
            PreserveEvents=True,
            UpdateEvery=0.2,
            RunTransitionBehavior="Rename",
        )
        clock.now_s = 1.55
        until(lambda: "result_1" in mtd, "the result of the run")
        run, before = mtd["result_1"], mtd["result__post"].getNumberEvents() if "result__post" in mtd else 0
        assert run.getNumberEvents() + before == 6_600
        assert era != "A" or before == 600
        assert run.getRunNumber() == 1
        assert 0 < run.getTofMin() < run.getTofMax() < 17_000
        assert run.run()["proton_charge"].size() > 60 or before


def test_a_server_that_is_not_there(double: Double) -> None:
    double.stream(**DIMENSIONS)
    with pytest.raises(RuntimeError, match="Unable to connect listener"):
        start(Listener="SNSLiveEventDataListener", Address="127.0.0.1:9")


def test_a_server_that_ends(double: Double) -> None:
    """Era C notices."""
    with serving(powder_play(runs=1, run_s=0.2, gap_s=0.1, rate=6_000), speed=1.0, clock=Clock(0.65)) as url:
        double.stream(**DIMENSIONS, era="C")
        address = url.removeprefix("adara://")
        start(Listener="SNSLiveEventDataListener", Address=address, PreserveEvents=True, UpdateEvery=0.2)
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert "server disconnect" in double.records("failed")[-1]["error"]
