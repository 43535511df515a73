import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.progress import changed
from livereduce.base.errors import ExitCode
from livereduce.base.lock import Holder
from livereduce.commands.status import describe, show_status
from livereduce.messages.beat import Phase
from livereduce.messages.conditions import conditions_of
from livereduce.messages.progress import (
    MemoryProgress,
    Progress,
    RunProgress,
    RunState,
    SourceProgress,
    StepProgress,
    TotalProgress,
)
from livereduce.messages.script_failure import ScriptFailure
from livereduce.messages.shown import shown
from livereduce.messages.status import (
    FILE_NAME,
    MAX_PID,
    Condition,
    ErrorSeen,
    Printed,
    Restart,
    ScriptSeen,
    StateWord,
    Status,
    clock_time,
    decode_status,
    encode_status,
    exit_code,
    headline,
    is_down,
    iso,
    of_a_dead_daemon,
    read_status,
    write_status,
)
from livereduce.preflight.status_files import find_statuses

NOW = datetime(2026, 5, 4, 3, 2, 1, 500_000).astimezone()
PROGRESS = Progress(
    last_errors={"proc": "p.py:3: ZeroDivisionError"},
    run=RunProgress(number=12345, state=RunState.RUNNING, events=1_000_000, proton_charge_pc=2.5e6),
    total=TotalProgress(chunks=3, results=2),
    source=SourceProgress(data_age_s=1.25, address="adara://host:1", connected=True),
)
FULL = Status(
    state=StateWord.RUNNING,
    why="reducing run 12345",
    since=iso(NOW),
    pid=os.getpid(),
    started=iso(NOW),
    updated=iso(NOW),
    version="2",
    configuration="/etc/livereduce.conf",
    warnings=("no post_proc",),
    instrument="POWGEN",
    engine="builtin",
    interpreter="/usr/bin/python3",
    proc=ScriptSeen(path="/s/proc.py", md5="f" * 32, modified=iso(NOW), since=iso(NOW)),
    errors=(ErrorSeen(kind="proc", text="p.py:3: ZeroDivisionError", at=iso(NOW), over=True),),
    log_file="/l/livereduce.log",
    products_dir="/p/products",
    generation=4,
    worker_pid=77,
    phase=Phase.WAITING,
    progress=PROGRESS,
    events_per_s=25e6,
    pulses_per_s=60.0,
    restarts=1,
    last_restarts=(Restart(at=iso(NOW), reason="the worker was killed by SIGSEGV", generation=3),),
)


@given(st.sampled_from(StateWord), st.text(), st.none() | st.just(PROGRESS), st.none() | st.sampled_from(Phase))
def test_a_snapshot_survives_its_file(
    state: StateWord, why: str, progress: Progress | None, phase: Phase | None
) -> None:
    status = replace(FULL, state=state, why=why, progress=progress, phase=phase)
    assert decode_status(encode_status(status)) == status


def test_a_snapshot_of_a_later_version_can_be_read() -> None:
    body = json.loads(encode_status(FULL))
    body["memory_limit"] = 1
    body["progress"]["lag_s"] = 2
    body["progress"]["run"]["detectors"] = 3
    assert decode_status(json.dumps(body)) == FULL


def test_a_snapshot_of_a_version_with_flat_progress_can_be_read() -> None:
    """The web server may be updated while a daemon of the version before goes on."""
    body = json.loads(encode_status(replace(FULL, progress=None)))
    body["progress"] = {
        "doing": "compiling", "run": 7, "run_state": "running", "chunks": 30, "results": 29, "events": 600,
        "pulses": 60, "run_chunks": 3, "run_events": 60, "run_pulses": 6, "run_proton_charge_pc": 5.0,
        "run_unmapped": 1, "run_erroneous": 2, "run_incomplete": "a gap", "invalid_logs": "temp",
        "script_errors": 4, "proc_s": 0.5,
        "post_proc_s": 0.25, "publish_s": 0.1, "proc_calls": 8, "post_proc_calls": 9, "data_age_s": 1.5,
        "no_pulses_since": None, "no_beam_since": 1e9, "source_address": "adara://host:1", "source_connected": True,
        "source_reason": "", "source_connects": 2, "received_bytes": 10, "bad_packets": 11, "repeated_pulses": 12,
        "gaps": 13, "contained": 14, "incomplete_runs": ["run 6: a gap"], "keeps_events": False, "fits": "too large",
        "rss_bytes": 15, "held_bytes": 16, "proc_grew_bytes": 17, "post_proc_grew_bytes": 18, "silent_s": 0.0,
        "last_errors": {"proc": "p.py:3"},
    }  # fmt: skip
    assert decode_status(json.dumps(body)).progress == Progress(
        doing="compiling",
        run=RunProgress(
            number=7, state=RunState.RUNNING, chunks=3, events=60, pulses=6, proton_charge_pc=5.0, unmapped=1,
            erroneous=2, incomplete="a gap", invalid_logs="temp", keeps_events=False, counted_because="too large",
        ),
        total=TotalProgress(chunks=30, results=29, events=600, pulses=60, script_errors=4, gaps=13, contained=14),
        source=SourceProgress(
            address="adara://host:1", connected=True, connects=2, received_bytes=10, bad_packets=11,
            repeated_pulses=12, data_age_s=1.5, no_beam_since=1e9,
        ),
        steps=StepProgress(proc_s=0.5, post_proc_s=0.25, publish_s=0.1, proc_calls=8, post_proc_calls=9),
        memory=MemoryProgress(rss_bytes=15, held_bytes=16, proc_grew_bytes=17, post_proc_grew_bytes=18),
        incomplete_runs=("run 6: a gap",),
        last_errors={"proc": "p.py:3"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", "{}", encode_status(FULL)[:300], encode_status(FULL).replace('"2026', '"x')]
)
def test_what_is_not_a_snapshot_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a status of livereduce"):
        decode_status(text)


def test_writing_replaces_the_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    for state in (StateWord.STARTING, StateWord.RUNNING):
        write_status(path, replace(FULL, state=state))
        assert read_status(path).state is state
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_a_write_that_fails_leaves_the_old_snapshot(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.mkdir()  # cannot be replaced by a file
    with pytest.raises(OSError, match=FILE_NAME):
        write_status(path, FULL)
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def progress(state: RunState = RunState.RUNNING, *, connected: bool = True, connects: int = 1) -> Progress:
    return changed(
        PROGRESS, run={"state": state}, source={"connected": connected, "connects": connects}, last_errors={}
    )


@pytest.mark.parametrize(
    ("seen", "word", "why"),
    [
        (progress(), StateWord.RUNNING, "reducing run 12345"),
        (progress(RunState.PAUSED), StateWord.PAUSED, "run 12345 is paused"),
        (progress(RunState.NO_RUN), StateWord.WAITING_FOR_RUN, "connected, no run yet"),
        (progress(RunState.ENDED), StateWord.WAITING_FOR_RUN, "run 12345 has ended"),
        (
            replace(progress(), last_errors={"proc": "p.py:3: ZeroDivisionError"}),
            StateWord.DEGRADED,
            "proc: p.py:3: ZeroDivisionError",
        ),
        (progress(connected=False, connects=0), StateWord.STARTING, "connecting to adara://host:1"),
        (progress(connected=False), StateWord.DEGRADED, "adara://host:1: connection lost"),
        (
            changed(progress(connected=False, connects=0), source={"reason": "refused"}),
            StateWord.DEGRADED,
            "adara://host:1: refused",
        ),
        (
            changed(progress(), run={"incomplete": "its start is gone"}),
            StateWord.RUNNING,
            "reducing run 12345; incomplete: its start is gone",
        ),
        (
            changed(progress(), run={"events": 10, "outside_tof": 5}),
            StateWord.RUNNING,
            "reducing run 12345",
        ),
        (
            changed(progress(), run={"events": 10, "outside_tof": 6}),
            StateWord.RUNNING,
            "reducing run 12345; of 10 events, 6 lay outside the time-of-flight bins",
        ),
        (
            changed(progress(), run={"events": 1, "unmapped": 2, "erroneous": 1}),
            StateWord.RUNNING,
            "reducing run 12345; of 4 events, 3 had no pixel (2 unmapped, 1 invalid)",
        ),
        (
            changed(progress(), run={"counted_because": "histograms, because of the memory limit"}),
            StateWord.RUNNING,
            "reducing run 12345; histograms, because of the memory limit",
        ),
        (
            replace(progress(), last_errors={"publish": "result: OSError: no space"}),
            StateWord.DEGRADED,
            "results cannot be written, they are kept and tried again: result: OSError: no space",
        ),
        (None, StateWord.RUNNING, "the worker is at work"),
    ],
)
def test_the_word_for_a_running_worker(seen: Progress | None, word: StateWord, why: str) -> None:
    conditions = conditions_of(seen, (), at_work=True)
    assert shown(StateWord.RUNNING, "the worker is at work", seen, conditions) == (word, why)


def test_conditions_degrade_a_running_service_but_are_not_the_reason_for_another_word() -> None:
    files, source = Condition(kind="files", text="p.py:3: invalid syntax"), Condition(kind="source", text="gone")

    def seen(word: StateWord, of: Progress) -> tuple[StateWord, str]:
        return shown(word, "why", of, (source, files))

    assert seen(StateWord.RUNNING, progress()) == (StateWord.DEGRADED, "gone; p.py:3: invalid syntax")
    assert seen(StateWord.RUNNING, progress(connected=False, connects=0))[0] is StateWord.STARTING
    assert seen(StateWord.PARKED, progress()) == (StateWord.PARKED, "why")
    assert seen(StateWord.RESTARTING, progress()) == (StateWord.RESTARTING, "why; p.py:3: invalid syntax")


def test_no_pulses_in_a_run_that_is_not_paused_are_a_problem_and_no_beam_is_none() -> None:
    since = NOW.timestamp()
    silent = changed(progress(), source={"no_pulses_since": since})
    (condition,) = conditions_of(silent, (), at_work=True)
    clock = clock_time(since, "%H:%M:%S %Z")
    assert (condition.kind, condition.text) == (
        "pulses",
        f"no pulses since {clock}, although run 12345 is not paused: check the data acquisition",
    )
    assert shown(StateWord.RUNNING, "at work", silent, (condition,)) == (StateWord.DEGRADED, condition.text)
    for other in (RunState.PAUSED, RunState.ENDED, RunState.NO_RUN):
        assert conditions_of(changed(silent, run={"state": other}), (), at_work=True) == ()
    lost = conditions_of(changed(silent, source={"connected": False, "reason": "gone"}), (), at_work=True)
    assert [one.kind for one in lost] == ["source"], "one reason, not two"
    dark = changed(progress(), source={"no_beam_since": since})
    assert conditions_of(dark, (), at_work=True) == ()
    told = shown(StateWord.RUNNING, "at work", dark)
    assert told == (StateWord.RUNNING, f"reducing run 12345; no beam since {clock_time(since, '%H:%M:%S %Z')}")
    assert f"off since {clock_time(since)}" in describe(replace(FULL, progress=dark))


def test_a_time_of_another_day_has_its_date() -> None:
    now = datetime.now()
    assert clock_time(now.timestamp()) == now.strftime("%H:%M")
    before = now - timedelta(days=2)
    assert clock_time(before.timestamp()) == before.strftime("%Y-%m-%d %H:%M")


def test_a_start_that_takes_long_says_why() -> None:
    seen = Progress(doing="compiling kernels")
    assert shown(StateWord.STARTING, "the worker is starting", seen) == (StateWord.STARTING, "compiling kernels")
    assert shown(StateWord.RUNNING, "at work", replace(progress(), doing="x"))[1] == "reducing run 12345"
    assert shown(StateWord.RUNNING, "at work", seen) == (StateWord.STARTING, "compiling kernels"), "connecting as yet"


def test_problems_are_shown_with_their_times() -> None:
    conditions = (Condition(kind="proc", text="a", since=iso(NOW)), Condition(kind="publish", text="b", since="later"))
    text = describe(replace(FULL, why="a; b", problems=("a", "b"), conditions=conditions))
    assert f"problem        a (since {iso(NOW)})" in text
    assert "problem        b (since later)" in text
    assert describe(replace(FULL, why="a", problems=("a",), conditions=conditions[:1])).count("problem  ") == 1
    assert "problem" not in describe(replace(FULL, why="a", problems=("a",)))


def test_memory_stacks_and_last_words_are_shown() -> None:
    full = replace(
        FULL, memory_bytes=10**9, memory_limit_bytes=4 * 10**9, dump="/d/1.txt", dump_shows='File "p.py", line 3',
        last_words=("one", "two"),
    )  # fmt: skip
    assert decode_status(encode_status(full)) == full
    text = describe(full)
    assert "1000 MB, 25 % of the limit of 4000 MB" in text
    assert '/d/1.txt File "p.py", line 3' in text
    assert text.count("last output") == 2
    assert "1000 MB, no limit" in describe(replace(full, memory_limit_bytes=None))
    assert "of 4000 MB: 900 MB added by proc" in describe(replace(full, memory_parts="900 MB added by proc"))


def test_the_processes_beside_the_worker_are_shown() -> None:
    full = replace(FULL, receiver_pid=41, receiver_restarts=2, spare_pid=43)
    assert decode_status(encode_status(full)) == full
    text = describe(full)
    assert re.search(r"^receiver +pid 41, 2 unplanned restarts since the daemon started$", text, re.MULTILINE)
    assert re.search(r"^spare +a spare worker stands by \(pid 43\)$", text, re.MULTILINE)
    assert "receiver  " not in describe(FULL), "Mantid has none"
    assert "pid none" in describe(replace(full, receiver_pid=None))


def test_the_receiver_goes_on_without_a_worker() -> None:
    alone = replace(FULL, worker_pid=None, receiver_pid=None)
    assert "not connected: there is no worker now" in describe(alone)
    assert "the receiver goes on: no worker now" in describe(replace(alone, receiver_pid=77))


def test_what_scripts_say_is_shown_in_short_and_steers_no_terminal() -> None:
    failure = ScriptFailure(
        at=iso(NOW), generation=4, script_errors=1, run=7, step="proc", md5="f", file="/s/proc.py", line=3,
        text="NameError", traceback="\n".join(f"frame {k}\x1b[2J" for k in range(100)), well_again=True,
    )  # fmt: skip
    printed = tuple(Printed(at=iso(NOW), line=f"line {k}\t\x1b]0;title\x07") for k in range(40))
    full = replace(FULL, script_failure=failure, printed=printed)
    assert decode_status(encode_status(full)) == full
    text = describe(full)
    assert f"traceback      {iso(NOW)} proc, run 7, resolved" in text
    assert ("frame 99·[2J" in text, "frame 92" in text, "frame 91" in text) == (True, True, False)
    assert ("line 39" in text, "line 35" in text, "line 34" in text) == (True, True, False)
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("word", [word for word in StateWord if word is not StateWord.RUNNING])
def test_every_other_word_is_the_daemons_own(word: StateWord) -> None:
    assert shown(word, "so it is", progress(connected=False)) == (word, "so it is")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (StateWord.RUNNING, ExitCode.OK),
        (StateWord.WAITING_FOR_RUN, ExitCode.OK),
        (StateWord.PAUSED, ExitCode.OK),
        (StateWord.STARTING, ExitCode.OK),
        (StateWord.STOPPING, ExitCode.OK),
        (StateWord.DEGRADED, ExitCode.DEGRADED),
        (StateWord.STALLED, ExitCode.DEGRADED),
        (StateWord.RESTARTING, ExitCode.DEGRADED),
        (StateWord.PARKED, ExitCode.DEGRADED),
        (StateWord.STOPPED, ExitCode.DOWN),
    ],
)
def test_exit_codes(word: StateWord, code: ExitCode) -> None:
    status = replace(FULL, state=word)
    assert exit_code(status, is_down(status, NOW)) == code


def test_down_is_gone_or_silent() -> None:
    assert is_down(FULL, NOW + timedelta(seconds=15)) == ""
    assert is_down(FULL, NOW + timedelta(seconds=17)).endswith("has written nothing for 17 s")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert (
        is_down(replace(FULL, pid=gone.pid), NOW) == f"the daemon (pid {gone.pid}) is gone, although nobody stopped it"
    )


def test_the_lock_tells_at_once_whatever_has_its_pid() -> None:
    gone = f"the daemon (pid {FULL.pid}) is gone, although nobody stopped it"
    assert is_down(FULL, NOW, Holder(held=False, pid=FULL.pid)) == gone
    assert is_down(FULL, NOW, Holder(held=True, pid=FULL.pid)) == ""
    assert is_down(FULL, NOW, Holder(held=True)) == ""
    assert is_down(replace(FULL, pid=MAX_PID), NOW, Holder(held=True, pid=MAX_PID)) == "", "of another namespace"
    other = is_down(FULL, NOW, Holder(held=True, pid=7))
    assert other == f"the daemon (pid {FULL.pid}) is gone, and a new one (pid 7) has just started"
    assert is_down(FULL, NOW + timedelta(seconds=17), Holder(held=True, pid=FULL.pid)).endswith("nothing for 17 s")


def test_a_dead_daemon_is_connected_to_nothing() -> None:
    assert FULL.progress
    assert FULL.progress.source.connected
    text = describe(of_a_dead_daemon(FULL), "gone")
    assert re.search(r"^source +\S+ not connected: the daemon is down$", text, re.M)
    assert of_a_dead_daemon(FULL).events_per_s == 0.0
    assert of_a_dead_daemon(replace(FULL, progress=None)).progress is None


def test_the_description_holds_what_an_operator_asks() -> None:
    text = describe(FULL)
    for fact in (
        "running: reducing run 12345",
        "POWGEN",
        "builtin (/usr/bin/python3)",
        "adara://host:1 connected",
        "12345 (running)",
        "1000000 events",
        "2.5 µC",
        "25000000 events/s",
        "data age       1.2 s",
        f"as of          {FULL.updated}",
        "3 chunks, 2 results",
        f"{iso(NOW)} proc: p.py:3: ZeroDivisionError (resolved)",
        f"/s/proc.py (md5 {'f' * 32}), written {iso(NOW)}, in use since {iso(NOW)}",
        "generation 4, pid 77, 1 unplanned and ",
        "generation 3: the worker was killed by SIGSEGV",
        "/l/livereduce.log",
        "/p/products",
        "no post_proc",
    ):
        assert fact in text, fact
    assert "DOWN: it is gone" in describe(FULL, "it is gone")


def test_a_parked_service_names_every_problem() -> None:
    parked = replace(FULL, state=StateWord.PARKED, why="a; b", problems=("a", "b"), progress=None, worker_pid=None)
    assert "parked: a; b" in describe(parked)
    assert headline(parked) == "parked: a; b"


def test_the_life_sign_says_what_flows() -> None:
    assert headline(FULL) == "running: reducing run 12345; 3 chunks, 2 results, 2.5e+07 events/s, data age 1.2 s"


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a runtime directory of its own, and no scripts whatever."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "livereduce.conf"
    path.write_text(json.dumps({"instrument": "PG3", "runtime_dir": str(tmp_path / "run")}))
    (tmp_path / "run").mkdir()
    return path


def ask(conf: Path | None, *, as_json: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    return show_status(conf, as_json, out), out.getvalue()


def fresh(**changes: object) -> Status:
    return replace(FULL, updated=iso(datetime.now()), **changes)  # type: ignore[arg-type]


def test_status_is_found_though_the_scripts_are_missing(conf: Path) -> None:
    write_status(conf.parent / "run" / FILE_NAME, fresh(state=StateWord.PARKED, why="no scripts"))
    code, text = ask(conf)
    assert code == ExitCode.DEGRADED
    assert "parked: no scripts" in text


def test_status_is_found_though_the_configuration_is_broken(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf.write_text("{")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(conf.parent / "run"))
    write_status(conf.parent / "run" / FILE_NAME, fresh())
    assert ask(conf)[0] == ExitCode.OK


def test_status_as_json_is_the_snapshot_and_the_verdict(conf: Path) -> None:
    status = fresh()
    write_status(conf.parent / "run" / FILE_NAME, status)
    code, text = ask(conf, as_json=True)
    assert code == ExitCode.OK
    assert json.loads(text)["down"] == ""
    assert decode_status(text) == status


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("content", [None, "rubbish"])
def test_without_a_snapshot_it_is_down(conf: Path, content: str | None, as_json: bool) -> None:
    file = conf.parent / "run" / FILE_NAME
    if content:
        file.write_text(content)
    code, text = ask(conf, as_json=as_json)
    assert code == ExitCode.DOWN
    assert str(file) in text


@pytest.mark.parametrize("name", ["/etc/livereduce/PG3.conf", "PG3.conf"])
def test_an_instance_of_the_service_is_found(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """livereduce@PG3 has directories of its own, which a shell knows nothing of."""
    for variable in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)
    found = find_statuses(Path(name), {}, Path("/etc/livereduce"))
    assert found[1:] == [Path("/run/livereduce_PG3/status.json")]
    assert find_statuses(Path(name).with_name("x.conf"), {}, tmp_path)[1:] == [
        Path("/run/livereduce_x/status.json" if name.startswith("/") else "/run/livereduce/status.json")
    ]


def test_the_service_that_is_up_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shell, the service's own $RUNTIME_DIRECTORY is not set, and an old trial may have left a status behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "mine"))
    monkeypatch.setattr("livereduce.preflight.services.RUN_DIR", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for where, status in (("mine", replace(FULL, why="old trial")), ("livereduce", fresh(why="the service"))):
        (tmp_path / where).mkdir()
        write_status(tmp_path / where / FILE_NAME, status)
    code, text = ask(None)
    assert (code, "the service" in text) == (ExitCode.OK, True)


def test_what_is_not_counted_and_what_must_not_be_used_is_shown() -> None:
    seen = changed(PROGRESS, run={"unmapped": 3, "erroneous": 4, "events": 10, "invalid_logs": "temp"})
    told = describe(replace(FULL, progress=seen))
    assert "not counted    of 17 events, 7 had no pixel (3 unmapped, 4 invalid)" in told
    assert "invalid logs   temp" in told
    assert "data lost" not in told
    faults = describe(replace(FULL, progress=changed(PROGRESS, total={"contained": 2})))
    assert "data lost      2 times, because of an internal error (see the log)" in faults
    outside = changed(PROGRESS, run={"unmapped": 0, "erroneous": 0, "events": 10, "outside_tof": 2, "unknown_pixel": 1})
    partly = "of 10 events, 1 had no pixel (1 without a spectrum) and 2 lay outside the time-of-flight bins"
    assert f"not counted    {partly}" in describe(replace(FULL, progress=outside))
    plain = describe(replace(FULL, progress=changed(PROGRESS, run={"unmapped": 0, "erroneous": 0})))
    assert "not counted" not in plain
    assert "invalid" not in plain
