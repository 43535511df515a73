"""The daemon as a child process with a stand-in worker (`helpers.fake_worker`): starts, crashes, stops, parking."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import fake_worker
from helpers.beamline import LIMIT_S, Beamline, processes_of
from helpers.reduced import limited_to
from livereduce.daemon.facts import Limits
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.loop import DaemonLoop
from livereduce.daemon.report.reporter import Reporter
from livereduce.daemon.run import noted_signals
from livereduce.messages.status import FILE_NAME, StateWord, read_status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_stops_in_order(beamline: Beamline, number: signal.Signals) -> None:
    daemon = beamline.start()
    running = beamline.wait_running()
    assert (running.state, running.pid) == (StateWord.WAITING_FOR_RUN, daemon.pid)
    daemon.send_signal(number)
    assert daemon.wait(LIMIT_S) == 0
    assert (beamline.path / "state" / "stopped_in_order").exists()
    assert processes_of(beamline.path) == []
    stopped = beamline.status()
    assert (stopped.phase, stopped.events_per_s) == (None, 0.0)
    assert (stopped.state, stopped.worker_pid) == (StateWord.STOPPED, None)
    assert stopped.why == f"asked to stop ({number.name}); it stays stopped until it is started again"


def test_the_snapshot_says_what_runs(beamline: Beamline) -> None:
    beamline.start()
    status = beamline.wait_running()
    assert (status.instrument, status.engine, status.generation, status.restarts) == ("POWGEN", "builtin", 1, 0)
    assert status.proc
    assert Path(status.proc.path) == beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    assert status.post_proc is None
    assert Path(status.log_file) == beamline.path / "livereduce.log"
    assert Path(status.products_dir) == beamline.path / "state" / "products"
    assert status.worker_pid in processes_of(beamline.path)
    later = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.chunks > 3)
    assert later.updated >= status.updated  # both may be of one millisecond
    assert (later.since, later.started) == (status.since, status.started)


def test_what_the_worker_prints_and_who_lives_is_in_the_log(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait_running()
    log = beamline.log()
    assert " - livereduce.worker - INFO - fake worker: obey, generation 1\n" in log
    assert " - livereduce.daemon - INFO - starting: the daemon has started\n" in log
    assert log.count("livereduce started by") == 1


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash once", "the worker crashed (segmentation fault, SIGSEGV)"),
        ("leave once", "the worker exited without being asked to (exit code 0)"),
    ],
)
def test_a_worker_that_ends_is_started_again(beamline: Beamline, mode: str, reason: str) -> None:
    beamline.start(mode)
    status = beamline.wait_running(generation=2)
    assert status.restarts == 1
    assert [(one.reason, one.generation) for one in status.last_restarts] == [(reason, 1)]
    assert f"{reason}; the next worker starts now" in beamline.log()
    # the daemon, its receiver and one worker: what the first one's script had left behind is gone
    ours = [status.pid, status.receiver_pid, status.worker_pid]
    assert sorted(processes_of(beamline.path)) == sorted(ours)  # type: ignore[type-var]


def test_restarts_are_remembered_by_the_next_daemon(beamline: Beamline) -> None:
    daemon = beamline.start("crash once")
    beamline.wait_running(generation=2)
    daemon.send_signal(signal.SIGHUP)
    before = beamline.wait_running(generation=3)
    assert (before.restarts, before.renewals) == (1, 1)
    reasons = ["the worker crashed (segmentation fault, SIGSEGV)", "asked to restart the worker (SIGHUP)"]
    assert [one.reason for one in before.last_restarts] == reasons
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    beamline.start()
    after = beamline.wait(lambda seen: seen.pid != daemon.pid and seen.progress is not None)
    assert [one.reason for one in after.last_restarts] == reasons
    assert (after.restarts, after.renewals) == (0, 0)


def test_the_last_words_of_a_worker_are_kept(beamline: Beamline) -> None:
    beamline.start("crash once")
    assert "about to crash" in beamline.wait_running(generation=2).last_words


def test_the_service_manager_is_told(beamline: Beamline) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(beamline.path / "notify"))
        manager.settimeout(LIMIT_S)
        daemon = beamline.start(environ={"NOTIFY_SOCKET": str(beamline.path / "notify"), "WATCHDOG_USEC": "300000"})
        told = manager.recv(4096).decode()
        assert "READY=1" in told
        assert "STATUS=starting" in told
        assert (beamline.path / "run" / FILE_NAME).exists(), "ready once the runtime files are there"
        while "STATUS=waiting_for_run" not in told:
            told += "\n" + manager.recv(4096).decode()
        while "WATCHDOG=1" not in told:
            told += "\n" + manager.recv(4096).decode()
        daemon.send_signal(signal.SIGHUP)
        while told.count("READY=1") < 2:
            told += "\n" + manager.recv(4096).decode()
        assert "RELOADING=1" in told
        daemon.terminate()
        while "STOPPING=1" not in told:
            told += "\n" + manager.recv(4096).decode()
        while "EXTEND_TIMEOUT_USEC=" not in told:
            told += "\n" + manager.recv(4096).decode()
        assert daemon.wait(LIMIT_S) == 0


def test_parked_is_ready(beamline: Beamline) -> None:
    beamline.configure("{")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(beamline.path / "notify"))
        manager.settimeout(LIMIT_S)
        beamline.start(environ={"NOTIFY_SOCKET": str(beamline.path / "notify")})
        told = manager.recv(4096).decode()
        assert "READY=1" in told
        assert "STATUS=parked: " in told


def test_a_worker_that_cannot_be_started_is_tried_again(beamline: Beamline) -> None:
    (beamline.path / "state").mkdir()
    (beamline.path / "state" / "generations").write_text("in the way")
    beamline.start()
    status = beamline.wait(lambda seen: seen.restarts >= 2)
    assert "the worker could not be started" in status.last_restarts[-1].reason
    (beamline.path / "state" / "generations").unlink()
    beamline.wait_running()


def test_a_silent_worker_is_asked_for_its_stacks_and_replaced(beamline: Beamline) -> None:
    beamline.configure(limits={"waiting": 0.5})
    beamline.start("silent once")
    status = beamline.wait_running(generation=2)
    reason = "stuck while waiting for data for 0.5 s (limits.waiting)"
    [restart] = status.last_restarts
    assert restart.generation == 1
    assert re.fullmatch(rf"livereduce killed the worker: {re.escape(reason)}, at .*\.py:\d+", restart.reason)
    assert f"stalled: {reason}" in beamline.log()
    assert Path(status.dump).parent == beamline.path / "state" / "dumps"
    stacks = Path(status.dump).read_text()
    assert reason in stacks
    assert "fake_worker.py" in stacks
    assert "fake_worker.py" in status.dump_shows
    assert status.dump in beamline.log()


def test_a_worker_that_beats_again_goes_on(beamline: Beamline) -> None:
    beamline.configure(limits={"waiting": 0.5})
    beamline.start("pensive")
    status = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.chunks > 5)
    assert (status.generation, status.restarts) == (1, 0)
    assert status.dump == "", "the answer to the signal was another one"
    assert "no stack traces of the unresponsive worker" in beamline.log()
    assert "stalled" in beamline.log()


def test_a_worker_deaf_to_orders_is_terminated_at_the_deadline(beamline: Beamline) -> None:
    daemon = beamline.start("deaf", stop_s=0.2)
    beamline.wait_running()
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert "SIGTERM to the worker's process group" in beamline.log()
    assert "SIGKILL to the worker's process group" not in beamline.log()


def test_a_stubborn_worker_is_killed_at_the_deadline(beamline: Beamline) -> None:
    daemon = beamline.start("stubborn", stop_s=0.2, terminate_s=0.2)
    beamline.wait_running()
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert "SIGKILL to the worker's process group" in beamline.log()
    assert processes_of(beamline.path) == []


def test_further_requests_do_not_wait_for_deadlines(beamline: Beamline) -> None:
    daemon = beamline.start("stubborn", stop_s=600, terminate_s=600)
    beamline.wait_running()
    daemon.terminate()
    beamline.wait(lambda seen: seen.state is StateWord.STOPPING)
    for step in ("SIGTERM", "SIGKILL"):
        assert f"{step} to the worker's process group" not in beamline.log()
        daemon.terminate()
        deadline = time.monotonic() + LIMIT_S
        while f"{step} to the worker's process group" not in beamline.log() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert daemon.wait(LIMIT_S) == 0


def test_the_worker_does_not_outlive_a_daemon_that_is_killed(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    daemon.kill()
    daemon.wait()
    deadline = time.monotonic() + LIMIT_S
    while not (beamline.path / "state" / "parent_gone").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (beamline.path / "state" / "parent_gone").exists()
    beamline.start()
    again = beamline.wait(lambda seen: seen.pid != daemon.pid and seen.progress is not None)
    assert again.generation == 2


def test_a_daemon_that_is_killed_is_down_at_once_though_nobody_has_reaped_it(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    command = [sys.executable, "-m", "livereduce", "status", "livereduce.conf"]
    environ = {key: value for key, value in os.environ.items() if not key.endswith("_DIRECTORY")}
    up = subprocess.run(command, cwd=beamline.path, env=environ, capture_output=True, text=True, check=False)
    assert (up.returncode, "DOWN" in up.stdout) == (0, False), up.stdout
    daemon.kill()
    os.waitid(os.P_PID, daemon.pid, os.WEXITED | os.WNOWAIT)
    down = subprocess.run(command, cwd=beamline.path, env=environ, capture_output=True, text=True, check=False)
    assert down.returncode == 2
    assert f"DOWN: the daemon (pid {daemon.pid}) is gone, although nobody stopped it" in down.stdout
    assert re.search(r"^source .* connected", down.stdout, re.M) is None or "not connected" in down.stdout


def test_a_changed_script_takes_effect_and_is_no_failure(beamline: Beamline) -> None:
    beamline.start()
    before = beamline.wait_running()
    beamline.script("pass  # changed\n")
    after = beamline.wait_running(generation=2)
    assert after.proc
    assert before.proc
    assert after.proc.md5 != before.proc.md5
    assert after.restarts == 0
    assert "the scripts have changed (reduce_PG3_live_proc.py changed)" in beamline.log()
    assert (beamline.path / "state" / "renewed").exists(), "what is pending is left to the next one"
    assert after.receiver_pid == before.receiver_pid


def test_a_script_that_does_not_end_is_cancelled(beamline: Beamline) -> None:
    beamline.start("deaf")
    beamline.wait_running()
    beamline.script("pass  # changed\n")
    assert beamline.wait_running(generation=2).restarts == 0
    assert "SIGTERM to the worker's process group" in beamline.log()


def test_a_touch_or_a_change_taken_back_restarts_nothing(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait_running()
    script = beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    script.touch()
    text = script.read_text()
    script.write_text("no python\n")
    beamline.wait(lambda seen: bool(seen.problems))
    fresh = script.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(script)
    status = beamline.wait(lambda seen: not seen.problems)
    assert (status.generation, status.state) == (1, StateWord.WAITING_FOR_RUN)


def test_a_broken_script_is_reported_and_the_last_good_one_goes_on(beamline: Beamline) -> None:
    daemon = beamline.start()
    good = beamline.wait_running()
    script = beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    beamline.script("pass\nno python at all\n")
    told = beamline.wait(lambda seen: seen.state is StateWord.DEGRADED)
    assert f"{script}:2" in told.why
    assert told.problems == (told.why,)
    assert told.generation == 1
    assert re.search(rf"ERROR - \w+ -> degraded: {re.escape(told.why)}", beamline.log())
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    beamline.start()
    again = beamline.wait(lambda seen: seen.pid != daemon.pid and seen.state is StateWord.DEGRADED)
    assert again.proc is not None
    assert good.proc is not None
    assert (again.proc.md5, again.proc.since) == (good.proc.md5, good.proc.since)
    assert f"{script}:2" in again.why
    beamline.script("pass  # mended\n")
    mended = beamline.wait_running(generation=3)
    assert (mended.problems, mended.restarts) == ((), 0)


def test_a_syntax_error_saved_over_a_failing_script_is_told_at_once_with_the_failure(beamline: Beamline) -> None:
    script = beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    beamline.start("fail")
    before = beamline.wait(lambda seen: seen.state is StateWord.DEGRADED)
    assert before.why == "proc: p.py:1: NameError"
    beamline.script("no python at all\n")
    told = beamline.wait(lambda seen: len(seen.problems) == 2)
    assert told.problems[0].startswith(f"{script}:1: ")
    assert told.problems[1] == before.why
    assert told.why == "; ".join(told.problems)
    assert (told.conditions[1], told.conditions[0].since > told.conditions[1].since) == (before.conditions[0], True)
    beamline.script()
    assert beamline.wait(lambda seen: len(seen.problems) == 1).conditions == before.conditions


def test_nothing_goes_on_while_no_worker_runs(beamline: Beamline) -> None:
    beamline.start("crash")
    beamline.wait(lambda seen: seen.restarts > 3)
    beamline.script("no python at all\n")
    told = beamline.wait(lambda seen: seen.worker_pid is None and len(seen.problems) == 1)
    assert "stays in use" not in told.why
    assert told.problems[0] in told.why
    assert "the worker crashed" in told.why


def test_a_new_script_that_cannot_be_used_has_no_version_in_use(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait_running()
    (beamline.path / "scripts" / "reduce_PG3_live_post_proc.py").write_text("no python at all\n")
    told = beamline.wait(lambda seen: bool(seen.problems))
    assert told.why.endswith("; it is not used")
    assert told.generation == 1


def test_a_start_that_takes_long_says_what_for(beamline: Beamline) -> None:
    beamline.start("compile")
    told = beamline.wait(lambda seen: seen.why == "compiling kernels")
    assert (told.state, told.phase) == (StateWord.STARTING, "starting")


def test_a_module_of_a_script_counts_as_part_of_it(beamline: Beamline) -> None:
    module = beamline.path / "scripts" / "helper_of_mine.py"
    module.write_text("x = 1\n")
    beamline.script("import helper_of_mine\n")
    beamline.start()
    beamline.wait_running()
    module.write_text("x = \n")
    assert f"{module}:1" in beamline.wait(lambda seen: seen.state is StateWord.DEGRADED).why
    module.write_text("x = 2\n")
    assert beamline.wait_running(generation=2).problems == ()


def test_both_scripts_gone_cancel_and_park(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait_running()
    (beamline.path / "scripts" / "reduce_PG3_live_proc.py").unlink()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED)
    assert (parked.worker_pid, parked.restarts) == (None, 0)
    assert "no processing script" in parked.why
    beamline.script()
    beamline.wait_running(generation=2)


def test_a_changed_configuration_ends_the_daemon_in_order(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    beamline.configure(update_every=7)
    assert daemon.wait(LIMIT_S) == 0
    assert (beamline.path / "state" / "stopped_in_order").exists()
    assert "the configuration has changed (livereduce.conf changed)" in beamline.log()


def test_a_change_of_what_only_others_read_costs_the_reduction_nothing(beamline: Beamline) -> None:
    daemon = beamline.start()
    before = beamline.wait_running()
    beamline.configure(notify=[{"on": "parked", "command": ["/bin/true"]}], epics={"prefix": 5})
    beamline.wait(lambda _: "but nothing that the reduction reads: it goes on" in beamline.log())
    assert '"epics.prefix": expected' in beamline.log()
    beamline.configure(notify=[])
    beamline.wait(lambda _: beamline.log().count("it goes on") == 2)
    assert (daemon.poll(), beamline.wait_running().worker_pid) == (None, before.worker_pid)


def test_a_broken_configuration_is_reported_and_the_one_in_use_goes_on(beamline: Beamline) -> None:
    daemon = beamline.start()
    running = beamline.wait_running()
    beamline.configure("{")
    told = beamline.wait(lambda seen: seen.state is StateWord.DEGRADED)
    assert "livereduce.conf: not valid JSON" in told.why
    assert running.worker_pid is not None
    os.kill(running.worker_pid, signal.SIGKILL)
    again = beamline.wait_running(generation=2)
    assert again.instrument == "POWGEN"
    beamline.wait(lambda seen: seen.generation == 2 and seen.state is StateWord.DEGRADED)
    beamline.configure()
    assert daemon.wait(LIMIT_S) == 0


def test_a_configuration_that_cannot_be_used_yet_is_taken_when_it_can(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    beamline.configure(script_dir="elsewhere")
    assert "elsewhere" in beamline.wait(lambda seen: seen.state is StateWord.DEGRADED).why
    (beamline.path / "scripts").rename(beamline.path / "elsewhere")
    assert daemon.wait(LIMIT_S) == 0


def test_sighup_begins_anew(beamline: Beamline) -> None:
    daemon = beamline.start()
    beamline.wait_running()
    daemon.send_signal(signal.SIGHUP)
    status = beamline.wait_running(generation=2)
    assert (status.restarts, status.pid) == (0, daemon.pid)
    assert "restarting: asked to restart the worker (SIGHUP)" in beamline.log()


LIMIT_BYTES = 150_000_000


def test_a_worker_that_grows_is_trimmed_recycled_and_at_last_keeps_histograms(beamline: Beamline) -> None:
    beamline.configure(**limited_to(LIMIT_BYTES))
    beamline.start("grow")
    status = beamline.wait(lambda seen: seen.generation == 3 and seen.memory_bytes is not None)
    assert status.memory_limit_bytes is not None
    assert abs(status.memory_limit_bytes - LIMIT_BYTES) < 1e6
    assert (status.restarts, status.renewals) == (0, 2), "it was asked to: no failure"
    log = beamline.log()
    assert "fake worker: told to trim" in log
    assert log.count("told to renew") == 2
    assert log.count("over the limit of 150 MB") >= 2
    job = json.loads((beamline.path / "state" / "generations" / "000003" / "job.json").read_text())
    assert (job["keep_events"], job["counted_run"]) == (False, 7)


def test_a_worker_that_swells_is_ended_and_that_is_a_failure(beamline: Beamline) -> None:
    beamline.configure(**limited_to(LIMIT_BYTES))
    beamline.start("swell")
    status = beamline.wait(lambda seen: seen.restarts > 0)
    assert "over the limit of 150 MB, by more than 10 %" in status.last_restarts[0].reason


def test_parks_without_scripts_and_goes_on_when_there_is_one(beamline: Beamline) -> None:
    script = beamline.path / "scripts" / "reduce_PG3_live_proc.py"
    script.unlink()
    beamline.start()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED)
    assert str(script) in parked.why
    assert parked.problems == (parked.why,)
    assert f"parked: {parked.why}" in beamline.log()
    beamline.script("no python at all\n")
    beamline.wait(lambda seen: seen.state is StateWord.PARKED and f"{script}:1" in seen.why)
    beamline.script()
    running = beamline.wait_running()
    assert (running.problems, running.restarts) == ((), 0)


def test_parked_it_stops_at_once(beamline: Beamline) -> None:
    beamline.configure("{")
    daemon = beamline.start()
    beamline.wait(lambda seen: seen.state is StateWord.PARKED, "livereduce.run")
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0


def test_a_mended_configuration_takes_effect_where_it_says(beamline: Beamline) -> None:
    """A broken configuration does not say where its runtime directory is: the default one until it does."""
    beamline.configure("{")
    beamline.start()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED, "livereduce.run")
    assert "livereduce.conf" in parked.why
    beamline.configure()
    beamline.wait_running()
    assert not (beamline.path / "livereduce.run" / FILE_NAME).exists()


def test_what_the_worker_refuses_is_not_tried_again_until_it_changes(beamline: Beamline) -> None:
    beamline.start("refuse")
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED)
    assert parked.why == "the worker cannot run: a bad script"
    assert (parked.generation, parked.restarts) == (1, 0)
    beamline.script("pass  # still bad\n")
    beamline.wait(lambda seen: seen.state is StateWord.PARKED and seen.generation > 1)
    beamline.script("pass  # good\n")
    assert beamline.wait_running(generation=3).generation == 3, "one generation for each version, no more"


def test_a_second_instance_names_the_first_and_leaves(beamline: Beamline) -> None:
    first = beamline.start()
    beamline.wait_running()
    assert beamline.start().wait(LIMIT_S) == 78
    assert f"another livereduce (pid {first.pid} on " in beamline.log()
    assert beamline.status().pid == first.pid


def test_a_runtime_directory_that_is_taken_parks_a_daemon_that_moves_there(beamline: Beamline) -> None:
    first = beamline.start()
    beamline.wait_running()
    good = (beamline.path / "livereduce.conf").read_text()
    beamline.configure("{")
    beamline.start()
    beamline.wait(lambda seen: seen.state is StateWord.PARKED, "livereduce.run")
    (beamline.path / "livereduce.conf").write_text(good)
    parked = beamline.wait(lambda seen: "another" in seen.why, "livereduce.run")
    assert f"pid {first.pid}" in parked.why
    first.terminate()
    assert first.wait(LIMIT_S) == 0
    beamline.wait(lambda seen: seen.pid != first.pid and seen.progress is not None)


@pytest.mark.parametrize("kind", sorted(fake_worker.FORGED))
def test_a_worker_that_speaks_nonsense_is_ended_and_the_daemon_hears_all_else(beamline: Beamline, kind: str) -> None:
    daemon = beamline.start(f"forge {kind}")
    status = beamline.wait(lambda seen: seen.restarts >= 1)
    assert "not from the worker, so its state is unknown" in status.last_restarts[0].reason
    beamline.script("no python at all\n")
    beamline.wait(lambda seen: any("reduce_PG3_live_proc.py:1" in problem for problem in (*seen.problems, seen.why)))
    daemon.terminate()
    assert daemon.wait(LIMIT_S) == 0
    assert "internal error" not in beamline.log()


def test_one_stray_line_costs_nobody_anything(beamline: Beamline) -> None:
    beamline.start("forge once")
    status = beamline.wait(lambda seen: seen.progress is not None and seen.progress.total.chunks > 5)
    assert (status.generation, status.restarts) == (1, 0)


class FaultyParts(DaemonLoop):
    """Most parts of each tick fail."""

    def _hear_worker(self, ready: set[int]) -> None:
        raise RuntimeError("hearing")

    def _ask_environment(self) -> None:
        raise RuntimeError("asking")

    def _weigh(self) -> None:
        raise RuntimeError("weighing")


def test_parts_of_a_tick_that_always_fail_leave_the_others_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    with noted_signals() as signals:
        loop = FaultyParts(Site(tmp_path / "none.conf"), Reporter(tmp_path / "log"), signals, Limits())
        for _ in range(2):
            loop._tick()
        assert read_status(tmp_path / FILE_NAME).state is StateWord.PARKED
        os.kill(os.getpid(), signal.SIGTERM)
        assert loop.run() == 0
    assert [text.count("internal error") for text in (caplog.text,)] == [3], "each part is logged once in a window"


class FaultyReporter(Reporter):
    """Fails once in the middle of a tick."""

    faults = 1

    def report(self, *args: object, **kwargs: object) -> None:
        self.faults -= 1
        if self.faults >= 0:
            raise RuntimeError("a fault of ours")
        super().report(*args, **kwargs)  # type: ignore[arg-type]


def test_a_fault_in_one_tick_does_not_end_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    with noted_signals() as signals:
        loop = DaemonLoop(Site(tmp_path / "none.conf"), FaultyReporter(tmp_path / "log"), signals, Limits())
        os.kill(os.getpid(), signal.SIGTERM)
        # the stop request is taken in the tick that fails; it holds all the same
        assert loop.run() == 0
    assert "internal error in the daemon (report; 1 errors so far)" in caplog.text
    assert "a fault of ours" in caplog.text
