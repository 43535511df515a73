"""AlgorithmManager, observers, leaving the process."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mantid_double_tests.driving import Double, monitors, run_program, start, until, until_ended

FOREVER = {"forever": {"events": 1}}

HANGING = """
import sys, threading, time
from mantid.kernel import ConfigService
from mantid.simpleapi import StartLiveData
ConfigService.setFacility("SNS")
script = '''
import time
from mantid.simpleapi import mtd
while "result" in mtd:
    time.sleep(0.05)
'''
StartLiveData(Instrument="REF_M", FromNow=False, FromStartOfRun=True, UpdateEvery=0.01, OutputWorkspace="result",
              ProcessingScript=script)
print("started", flush=True)
sys.stdin.read() if len(sys.argv) > 1 else time.sleep(0.2)
print("leaving", flush=True)
"""

HOLDING = """
from mantid.kernel import ConfigService
from mantid.simpleapi import AlgorithmManager, StartLiveData
ConfigService.setFacility("SNS")
StartLiveData(Instrument="REF_M", FromNow=False, FromStartOfRun=True, UpdateEvery=0.01, OutputWorkspace="result")
AlgorithmManager.shutdown()
print("done", flush=True)
"""


def test_only_running_ones_of_a_name_oldest_first(double: Double) -> None:
    from mantid.api import AlgorithmManager

    double.stream(FOREVER)
    start()
    start(OutputWorkspace="second")
    names = [alg.getPropertyValue("OutputWorkspace") for alg in monitors()]
    assert names == ["result", "second"]
    assert AlgorithmManager.runningInstancesOf("StartLiveData") == []
    monitors()[0].cancel()
    until(lambda: len(monitors()) == 1, "one ends")


def test_cancel_all_returns_at_once_and_shutdown_waits(double: Double) -> None:
    from mantid.api import AlgorithmManager

    double.stream(FOREVER)
    start()
    AlgorithmManager.cancelAll()
    until_ended()
    start()
    AlgorithmManager.shutdown()
    assert not monitors()
    assert AlgorithmManager.size() == 0


def test_unmanaged_algorithms_are_not_listed(double: Double) -> None:
    from mantid.api import AlgorithmManager

    alg = AlgorithmManager.createUnmanaged("StartLiveData")
    assert not alg.isInitialized()
    assert AlgorithmManager.size() == 0
    with pytest.raises(RuntimeError, match="not registered"):
        AlgorithmManager.create("StartLiveReduction")


def test_a_managed_algorithm_logs_its_error_and_does_not_raise(double: Double) -> None:
    from mantid.api import AlgorithmManager

    alg = AlgorithmManager.create("SumSpectra")
    assert alg.execute() is False
    assert not alg.isExecuted()
    alg.setRethrows(True)
    with pytest.raises(RuntimeError, match="InputWorkspace"):
        alg.execute()


@pytest.mark.parametrize(("switch", "told"), [("", ["error"]), ("odd_handlers", [])])
def test_an_observer_hears_of_the_error(double: Double, switch: str, told: list[str]) -> None:
    from mantid.api import AlgorithmObserver

    seen: list[str] = []

    class Observer(AlgorithmObserver):
        def errorHandle(self, what: str) -> None:  # noqa: N802
            seen.append("error")

    gate = double.folder / "gate"
    double.switch(switch)
    double.stream({"chunk": {}}, {"wait_for": str(gate)}, {"chunk": {}}, {"error": "gone"})
    start()
    observer = Observer()
    observer.observeError(monitors()[0])
    gate.touch()
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    until(lambda: seen == told, "the observer is told")


def test_leaving_waits_for_a_script_that_hangs(tmp_path: Path) -> None:
    process = run_program(HANGING, tmp_path, {"items": [FOREVER]})
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "started\n"
        assert process.stdout.readline() == "leaving\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("switches", ["-atexit_shutdown", "-endless_shutdown"])
def test_without_the_defect_leaving_is_leaving(tmp_path: Path, switches: str) -> None:
    process = run_program(HANGING, tmp_path, {"items": [FOREVER]}, switches)
    assert process.communicate(timeout=30)[0] == "started\nleaving\n"
    assert process.returncode == 0


@pytest.mark.parametrize(("switches", "ends"), [("", True), ("shutdown_holds_gil", False)])
def test_shutdown_may_keep_the_interpreter_from_the_monitor(tmp_path: Path, switches: str, ends: bool) -> None:
    process = run_program(HOLDING, tmp_path, {"items": [FOREVER]}, switches)
    try:
        if ends:
            assert process.communicate(timeout=30)[0] == "done\n"
        else:
            record = tmp_path / "record"
            until(lambda: record.exists() and '"begins": true' in record.read_text(), "shutdown begins")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.0)
    finally:
        process.kill()
        process.communicate()


def test_a_join_that_times_out_aborts_the_process(tmp_path: Path) -> None:
    process = run_program(HOLDING, tmp_path, {"items": [FOREVER]}, "join_crash")
    process.communicate(timeout=30)
    assert process.returncode == -6


def test_a_connection_that_hangs_is_not_cancelled(tmp_path: Path) -> None:
    text = HOLDING.replace(
        "StartLiveData(",
        "import threading\nthreading.Timer(0.1, AlgorithmManager.cancelAll).start()\nStartLiveData(",
        1,
    )
    text = text.replace("import AlgorithmManager, import threading", "import AlgorithmManager, ")
    process = run_program(text, tmp_path, {"connect": "hang"})
    record = tmp_path / "record"
    try:
        until(lambda: record.exists() and "cancelAll" in record.read_text(), "the cancel")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.kill()
        process.communicate()


def test_not_yet_in_the_first_cycle_is_cancelled(tmp_path: Path) -> None:
    text = HANGING.replace(
        "script = '''",
        "threading.Timer(0.2, lambda: __import__('mantid').AlgorithmManager.cancelAll()).start()\nscript = '''",
    )
    process = run_program(text, tmp_path, {"items": [{"not_yet": 100000}]}, "-atexit_shutdown")
    out, _ = process.communicate(timeout=30)
    assert out == ""
    assert process.returncode == 1


def test_leaving_is_free_where_nothing_runs(double: Double) -> None:
    from mantid.api import AlgorithmManager

    def facts() -> list[Any]:
        return double.records("shutdown")

    AlgorithmManager.shutdown()
    assert [line["begins"] for line in facts()] == [True, False]
