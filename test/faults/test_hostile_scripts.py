"""Scripts that do to their process what no script should: the run comes out exact all the same.

Those that a worker survives act one after the other in the same worker, so that each meets what the others have left.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.faults import MORE_EVENTS, RUN, Matrix, Rig, Row, Rows, gone, once, skip_row
from helpers.paths import ROOT

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
FIRST, STEP_S = 0.6, 1.2 / 60
"""Where the beam stands before the first act, and how far it goes for each: a pulse, and so a chunk."""
LAST_ACT = "raise ValueError('the last act')"


@ROWS.each()
def test_hostile_script_costs_no_event(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


ACTOR = """
import io, os
if os.path.exists({act!r}):
    with io.open({act!r}) as file:
        text = file.read()
    os.remove({act!r})
    exec(compile(text, {act!r}, "exec"), {{"input": input, "output": output}})
"""

ACTS: dict[str, str] = {
    "umask": "import os; os.umask(0o777)",
    "chdir": "import os; os.chdir('/')",
    "logging shut down": "import logging; logging.shutdown()",
    "handlers cleared": "import logging; logging.getLogger().handlers.clear()",
    "logging disabled": "import logging; logging.disable(logging.CRITICAL)",
    "logging configured": "import logging; logging.basicConfig(force=True, filename='/dev/null', level=100)",
    "loggers disabled": "import logging.config; logging.config.dictConfig({'version': 1})",
    "all loggers silenced": (
        "import logging\nfor name in list(logging.root.manager.loggerDict):\n"
        "    one = logging.getLogger(name); one.disabled = True; one.setLevel(100); one.handlers.clear()"
    ),
    "sys.exit": "import sys; sys.exit(3)",
    "GeneratorExit": "raise GeneratorExit",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "recursion": "def down(): down()\ndown()",
    "hostile exception": "class Evil(Exception):\n    def __str__(self): raise SystemExit\nraise Evil",
    "binary": "import sys; sys.stdout.buffer.write(bytes(range(256))); sys.stdout.flush()",
    "no UTF-8": "print('\\udc80 → \\x1b[31m')",
    "marks": "print('\\x1e' * 100, '\\x1e' + 'a' * 32 + '\\x1e')",
    "a long line": "print('x' * 10_000_000)",
    "forged records": "[print(f'ERROR livereduce.engine: run {k}: forged') for k in range(100)]",
    "200 000 prints": "[print('line', k) for k in range(200_000)]",
    "no stdout": "import sys; sys.stdout = sys.stderr = None",
    "closed streams": "import sys; sys.__stdout__.close(); sys.__stderr__.close()",
    "closed descriptors": "import os; [os.close(fd) for fd in (0, 1, 2) if os.path.exists(f'/proc/self/fd/{fd}')]",
    "signals ignored": (
        "import signal\nfor one in (signal.SIGUSR1, signal.SIGHUP, signal.SIGALRM, signal.SIGPIPE):\n"
        "    signal.signal(one, signal.SIG_IGN)"
    ),
    "SIGINT": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "a fork": "import os\nif not os.fork(): os._exit(0)",
    "a child that stays": "import subprocess; subprocess.Popen(['sleep', '1000'])",
    "a thread that stays": "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()",
    "a thread that prints": (
        "import threading, time\ndef talk():\n    while True: time.sleep(0.05); print('still here')\n"
        "threading.Thread(target=talk, daemon=True).start()"
    ),
    "a new session": "import os; os.setsid()",
    "no environment": "import os; os.environ.clear()",
    "no path": "import sys; sys.path.clear()",
    "warnings as errors": "import warnings; warnings.simplefilter('error')",
    "numpy that raises": "import numpy; numpy.seterr(all='raise')",
    "no print": "import builtins; builtins.print = builtins.input = builtins.open = None",
    "no faulthandler": "import faulthandler; faulthandler.disable()",
    "a trace": "import sys, threading; sys.setprofile(lambda *_: None); threading.setprofile(lambda *_: None)",
    "no collection": "import gc; gc.disable(); gc.set_debug(0)",
    "an exit handler": "import atexit; atexit.register(lambda: 1 / 0)",
    "rubbish for the engine": "input.data = 'nothing'",
}


@ROWS("39 hostile scripts in one worker")
def hostile(rig: Rig) -> None:
    act = rig.path / "act.py"
    rig.play()
    rig.beamline.script("proc", ACTOR.format(act=str(act)))
    rig.configure()
    rig.beam_to(FIRST)
    rig.beamline.start()
    before = rig.wait_reduced(1)
    rig.inject()
    for number, (name, text) in enumerate([*ACTS.items(), ("the last", LAST_ACT)], start=1):
        (rig.path / "new").write_text(text)
        (rig.path / "new").replace(act)
        rig.beam_to(FIRST + number * STEP_S)
        rig.until(f"the act {name}", lambda: not act.exists())
    rig.saw_log("livereduce.engine - ERROR", "ValueError: the last act")
    seen = rig.back(MORE_EVENTS)
    assert (seen.worker_pid, seen.restarts) == (before.worker_pid, 0)
    assert seen.printed_left_out > 0
    rig.finish()
    product = rig.path / "state" / "products" / str(RUN) / "result.nxs"
    assert product.stat().st_mode & 0o777 == 0o644
    assert product.parent.stat().st_mode & 0o777 == 0o755
    log = (rig.path / "livereduce.log").read_bytes()
    assert not {byte for byte in log if byte < 0x20} - {0x0A, 0x09}
    assert len(log) < 4 << 20
    assert before.worker_pid
    rig.until("the end of what the scripts have started", lambda: gone(before.worker_pid or 0))


def kills_its_worker(rig: Rig, fault: str, *seen: str) -> None:
    rig.begin(once(rig.path, fault))
    rig.let_fault()
    rig.saw_restart(*seen)
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


DEADLY: dict[str, tuple[str, str]] = {
    "execs another program": ("os.execv('/bin/true', ['true'])\n", "exit code 0"),
    "closes all descriptors": ("os.closerange(3, 4096)\n", "exit code"),
    "kills its process group": ("import signal\nos.killpg(0, signal.SIGKILL)\n", "SIGKILL"),
    "sends itself SIGTERM": ("import signal\nos.kill(os.getpid(), signal.SIGTERM)\n", "SIGTERM"),
    "sets an alarm": ("import signal, time\nsignal.alarm(1)\ntime.sleep(600)\n", "SIGALRM"),
    "forks and leaves": ("if os.fork():\n    os._exit(0)\nimport time\ntime.sleep(600)\n", "exit code 0"),
    "has no descriptors left": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\nos._exit(9)\n",
        "exit code 9",
    ),
}


def _enter(name: str, fault: str, seen: str) -> None:
    @ROWS(f"script {name}")
    def act(rig: Rig) -> None:
        kills_its_worker(rig, fault, seen)


for _name, (_fault, _seen) in DEADLY.items():
    _enter(_name, _fault, _seen)


THRESHOLD_S = 20
"""The least that the watchdog takes."""


def start_watchdog(rig: Rig) -> Path:
    """The shipped watchdog on the log of this beamline; the file with what it has asked of systemctl."""
    if not shutil.which("jq"):
        skip_row("the watchdog needs jq (Debian: apt install jq)")
    asked, systemctl = rig.path / "asked", rig.path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{asked}\n')
    systemctl.chmod(0o755)
    asked.touch()
    environ = os.environ | {"PATH": f"{systemctl.parent}:{os.environ['PATH']}", "LIVEREDUCE_LOG_DIR": str(rig.path)}
    command = ["bash", str(ROOT / "scripts" / "livereduce_watchdog.sh"), "livereduce.conf"]
    watchdog = subprocess.Popen(command, cwd=rig.path, env=environ, stdout=subprocess.DEVNULL)
    rig.stack.callback(watchdog.wait)
    rig.stack.callback(watchdog.kill)
    rig.until("the watchdog's log", lambda: (rig.path / "livereduce_watchdog.log").exists())
    return asked


@ROWS("script prints without an end, with the watchdog")
def prints_without_end(rig: Rig) -> None:
    """The daemon's own lines and its sign of life come all the same: the log grows by them when the script is cut."""
    fault = once(rig.path, "while True:\n    print('x' * 100)\n")
    rig.begin(fault, watchdog={"interval": 1, "threshold": THRESHOLD_S})
    asked = start_watchdog(rig)
    rig.let_fault()
    rig.saw_log("lines that scripts print are left out of this log", "more than 1 MiB in a minute")
    size = (rig.path / "livereduce.log").stat().st_size
    rig.until("a sign of life", lambda: (rig.path / "livereduce.log").stat().st_size > size)
    assert "xxx" not in rig.log().splitlines()[-1]
    rig.until("longer than the watchdog waits", lambda: rig.seconds() > THRESHOLD_S + 8)
    assert "restart" not in asked.read_text()
    before = rig.wait("more is left out", lambda one: one.printed_left_out > 10_000)
    rig.wait("the count goes on", lambda one: one.printed_left_out > before.printed_left_out)
    assert rig.beamline.daemons[-1].poll() is None
    rig.inject()
    proc = rig.path / "reduce_POWDER_live_proc.py"
    proc.write_text("pass\n")
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


def test_the_acts_are_as_many_as_the_row_says() -> None:
    assert len(ACTS) == 39
    assert [name for name, text in ACTS.items() if not compile(text, name, "exec")] == []
