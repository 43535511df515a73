"""A worker whose mantid engine lacks one of its answers: ``python mantid_mutant.py ANSWER JOB.json``.

A test that passes on the shipped worker and fails on this one has shown that the answer is what makes it pass.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from mantid.api import AlgorithmManager

from livereduce.engine.mantid import engine, inspect_workspace, verdict
from livereduce.engine.mantid.live import callbacks, live_algorithms, shim
from livereduce.engine.mantid.live import setup as mantid_setup
from livereduce.messages.job import Job
from livereduce.worker import main

replace_in: Any = setattr


def believes_the_stream() -> None:
    """Empty chunks for ever are taken for a stream."""
    replace_in(verdict, "_quiet", lambda facts, rules, now: "")


def believes_the_monitor() -> None:
    """Nobody looks whether MonitorLiveData is running, or hears of the scripts."""
    replace_in(live_algorithms.LiveAlgorithms, "ended", lambda self, monitor_error: None)
    judge = verdict.judge

    def deaf(facts: Any, rules: Any, now: float) -> Any:
        found = judge(facts, rules, now)
        return verdict.Waiting() if isinstance(found, verdict.Over) else found

    replace_in(engine, "judge", deaf)


def gives_mantid_the_users_files() -> None:
    """The script that Mantid reads in every cycle is the user's own, not a shim before a frozen copy."""

    def users(job: Job) -> dict[str, str]:
        copies = {"proc": job.proc, "post_proc": job.post_proc}
        return {step: copy.path for step, copy in copies.items() if copy is not None}

    replace_in(shim, "write_shims", users)


def believes_the_result() -> None:
    """What lies under the name `result` after a post_proc is what it made."""
    publish = callbacks.Steps._publish

    def by_name(self: Any, result: Any) -> None:
        publish(self, self._ads["result"])

    replace_in(callbacks.Steps, "_publish", by_name)


def lets_post_proc_fail() -> None:
    """A failing post_proc fails in Mantid, too."""
    run = callbacks.Steps._run_post_proc

    def fails(self: Any, accumulated: Any, output: str) -> Any:
        left = run(self, accumulated, output)
        if "post_proc" in self.state.errors:
            raise RuntimeError(self.state.errors["post_proc"])
        return left

    replace_in(callbacks.Steps, "_run_post_proc", fails)


def asks_no_listener() -> None:
    """Keywords go to `simpleapi` unchecked, `spectra` by that name, as in the original."""

    def prepared(self: Any, arguments: dict[str, Any], job: Job) -> None:
        self.arguments = dict(arguments)
        if "SpectraList" in arguments:
            self.arguments["spectra"] = self.arguments.pop("SpectraList")

    def execute(self: Any) -> None:
        from mantid.simpleapi import StartLiveData

        StartLiveData(**self.arguments)
        self.returned_at = time.monotonic()

    replace_in(live_algorithms.LiveAlgorithms, "_prepared", prepared)
    replace_in(live_algorithms.LiveAlgorithms, "_execute", execute)


def counts_repeated_pulses() -> None:
    """A pulse that a chunk has from the chunk before is counted again."""

    def all_of_them(run: Any) -> Any:
        log = run.getProperty("proton_charge")
        times = np.asarray(log.times, dtype="datetime64[ns]").astype(np.int64)
        return times, np.asarray(log.value, dtype=np.float64)

    replace_in(inspect_workspace, "_pulses", all_of_them)


def believes_the_run_number() -> None:
    """What comes between two runs belongs to the run whose number it has."""
    from livereduce.engine.mantid import run_ledger

    at_edge = run_ledger._at_edge

    def by_number(book: Any, seen: Any) -> Any:
        return at_edge(replace(book, ended=False), seen)

    replace_in(run_ledger, "_at_edge", by_number)


def waits_for_mantid() -> None:
    """Nothing is left behind: Mantid is waited for when it is to end."""

    def cancel(self: Any, deadline_s: float) -> bool:
        AlgorithmManager.cancelAll()
        while live_algorithms.is_running(live_algorithms.MONITOR) or live_algorithms.is_running(live_algorithms.START):
            time.sleep(0.05)
        return True

    replace_in(live_algorithms.LiveAlgorithms, "cancel", cancel)


def leaves_as_python_does() -> None:
    """The interpreter ends in its own way."""
    replace_in(main, "_leave_now", lambda code: None)
    replace_in(main, "_leave_soon", lambda code: None)


def starts_in_the_main_thread() -> None:
    """StartLiveData is called, not launched."""
    replace_in(live_algorithms.LiveAlgorithms, "start", lambda self: self._execute())


def hears_no_log() -> None:
    """Nobody reads along in Mantid's log."""
    replace_in(mantid_setup.MantidLog, "emit", lambda self, record: None)


MUTATIONS: dict[str, Callable[[], None]] = {
    made.__name__: made
    for made in (
        believes_the_stream,
        believes_the_monitor,
        gives_mantid_the_users_files,
        believes_the_result,
        lets_post_proc_fail,
        asks_no_listener,
        counts_repeated_pulses,
        believes_the_run_number,
        waits_for_mantid,
        leaves_as_python_does,
        starts_in_the_main_thread,
        hears_no_log,
    )
}

if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    MUTATIONS[sys.argv[1]]()
    sys.exit(main.main(sys.argv[2:]))
