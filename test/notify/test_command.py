"""Commands that people configure: what they get, and what becomes of those that misbehave."""

import json
import sys
from pathlib import Path

import psutil
import pytest

from livereduce.notify import command as module
from livereduce.notify.command import Running, run_command

PATIENCE_S = 50.0


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text, "{text}"]


def run(words: list[str], body: bytes = b'{"a": 1}', timeout_s: float = PATIENCE_S) -> str:
    running: Running = set()
    why = run_command(words, "PG3: parked", body, timeout_s, running)
    assert not running
    return why


def test_it_gets_the_message_in_three_ways(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"""
import json, os, sys
open({str(out)!r}, "w").write(json.dumps([sys.argv[1:], os.environ["LIVEREDUCE_TEXT"], json.load(sys.stdin)]))
"""
    assert run(python(script)) == ""
    assert json.loads(out.read_text()) == [["PG3: parked"], "PG3: parked", {"a": 1}]


def test_no_shell_looks_at_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"import sys; open({str(out)!r}, 'w').write(sys.argv[1])"
    assert run_command(python(script), f"$(touch {tmp_path}/bad); `x` 'y\"", b"", PATIENCE_S, set()) == ""
    assert out.read_text().startswith("$(touch ")
    assert not (tmp_path / "bad").exists()


def test_a_failure_is_told_with_what_it_said() -> None:
    why = run(python("print('no such \\x1b[31m user'); import sys; sys.exit(3)"))
    assert why.endswith("it has ended with code 3, it said: no such \\x1b[31m user")
    assert "it has ended with signal 9" in run(python("import os; os.kill(os.getpid(), 9)"))


def test_one_that_cannot_be_run(tmp_path: Path) -> None:
    assert run([str(tmp_path / "none")]).endswith("cannot be run: No such file or directory")
    (tmp_path / "plain").write_text("x")
    assert run([str(tmp_path / "plain")]).endswith("cannot be run: Permission denied")


def test_one_that_hangs_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"""
import os, subprocess, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    assert "it took longer than 2 s" in run(python(script), timeout_s=2.0)
    left = [int(pid) for pid in pids.read_text().split()]
    assert (
        psutil.wait_procs([psutil.Process(pid) for pid in left if psutil.pid_exists(pid)], timeout=PATIENCE_S)[1] == []
    )


def test_what_it_has_started_does_not_outlive_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"""
import subprocess
open({str(pid)!r}, "w").write(str(subprocess.Popen(["sleep", "600"]).pid))
"""
    assert run(python(script)) == ""
    left = [psutil.Process(one) for one in [int(pid.read_text())] if psutil.pid_exists(one)]
    assert psutil.wait_procs(left, timeout=PATIENCE_S)[1] == []


def test_one_that_floods_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 16)
    why = run(python("import sys\nwhile True: sys.stdout.write('flood ' * 1000)"))
    assert "has printed more than" in why
    assert len(why) < 1000


def test_one_that_closes_its_output_and_does_not_read(tmp_path: Path) -> None:
    script = f"import os; os.close(1); os.close(2); open({str(tmp_path / 'done')!r}, 'w')"
    assert run(python(script), body=b"x" * (1 << 20)) == ""
    assert (tmp_path / "done").exists()


def test_nothing_stays_open() -> None:
    run(python("pass"))
    before = list(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        run(python("print(1)"))
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)
