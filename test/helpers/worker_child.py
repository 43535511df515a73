"""A worker process with an engine made for a test: ``python worker_child.py ENGINE JOB.json``.

Run through `livereduce.worker.main.main`, so that everything but the engine is what a real worker does. What an engine
prints goes to standard output, which the test reads; `go` waits for a line on standard input.
"""

import gc
import hashlib
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from livereduce.base.errors import OperatorError
from livereduce.child import setup
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job, ScriptCopy
from livereduce.messages.progress import Progress
from livereduce.scripting.runner import LoadedScript, ScriptError, load_script, run_script
from livereduce.worker import main


def say(text: str) -> None:
    print(text, flush=True)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def go() -> None:
    sys.stdin.readline()


class Steady:
    """Counts polls, entering `process` and `waiting` in each; waits a little, as for data."""

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        self.progress = Progress()
        self.silence = threading.Event()
        self.beat = beat
        say("started")

    def poll(self, timeout_s: float) -> Progress:
        self.beat(Phase.PROCESS)
        self.step()
        self.beat(Phase.WAITING)
        self.progress = replace(
            self.progress, total=replace(self.progress.total, chunks=self.progress.total.chunks + 1)
        )
        return self.progress

    def step(self) -> None:
        self.silence.wait(0.01)

    def stop(self, deadline_s: float) -> None:
        say("stopped")


class LongStep(Steady):
    """Is in a step until the test lets it go on."""

    def step(self) -> None:
        say("step begun")
        go()
        say("step done")
        time.sleep(0.05)  # lets the thread that reads orders run: beats of many steps would fill the unread pipe


class FillPipe(Steady):
    """Changes phase far more often than a pipe holds beats, then waits for the test."""

    def step(self) -> None:
        if not self.progress.total.chunks:
            for _ in range(500):
                self.beat(Phase.POST_PROCESS)
                self.beat(Phase.PUBLISH)
            say("pipe filled")
        super().step()


class FailingScript(Steady):
    """Runs a script that raises, then one that exits."""

    script: LoadedScript

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        text = b"import sys\nif mtd.size():\n    sys.exit(1)\nmtd['x'] = input\n1 / 0\n"
        copy = Path(job.state_dir) / "copy.py"
        copy.write_bytes(text)
        md5 = hashlib.md5(text).hexdigest()
        self.script, self.store = load_script(ScriptCopy(path="p.py", copy=str(copy), md5=md5)), WorkspaceStore()
        super().__init__(job, beat)

    def step(self) -> None:
        outcome = run_script(self.script, object(), "chunk", self.store)
        assert isinstance(outcome, ScriptError)
        errors = {**self.progress.last_errors, "proc": str(outcome)}
        self.progress = replace(
            self.progress,
            total=replace(self.progress.total, script_errors=self.progress.total.script_errors + 1),
            last_errors=errors,
        )
        super().step()


class PythonLoop(Steady):
    """Hangs in a loop of Python code."""

    def step(self) -> None:
        say("looping")
        while True:
            pass


class LockedLoop(Steady):
    """Hangs in C code that keeps the interpreter's lock: no thread of Python runs any more."""

    def step(self) -> None:
        say("looping")
        re.match(r"(a+)+$", "a" * 64 + "b")


class Fragmented(Steady):
    """Drops most of many small blocks: free memory between pieces in use, which glibc keeps, and circles.

    Says how much it holds when full, and once more when it has become less.
    """

    said = False

    def step(self) -> None:
        if not self.progress.total.chunks:
            self.full = self.fill()
            say(str(self.full))
            go()
        elif not self.said and (resident_bytes() < self.full / 2 or self.progress.total.chunks == 500):
            self.said = True
            say(str(resident_bytes()))
        super().step()

    def fill(self) -> int:
        gc.disable()  # so that it is the trim that finds the circles
        circles: list[list[Any]] = [[bytearray(16_000)] for _ in range(4000)]
        for one in circles:
            one.append(one)
        self.kept = [one[0] for one in circles[::100]]
        return resident_bytes()


class Crash(Steady):
    """Has a fault of its own, and a thread that a script has left."""

    def step(self) -> None:
        threading.Thread(target=threading.Event().wait).start()
        raise RuntimeError("a fault of our own")


class ThreadLeft(Steady):
    """A script has left a thread that never ends."""

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        threading.Thread(target=threading.Event().wait).start()
        super().__init__(job, beat)


class Unusable(Steady):
    """Cannot do the job."""

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        raise OperatorError('"source": expected a URL', '"script_dir": is gone')


class Imports(Steady):
    """Imports from the scripts' directory, and a module of the library that has a namesake there."""

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        import colorsys

        import helper_of_pg3  # type: ignore[import-not-found]

        say(helper_of_pg3.NAME)
        say(str(hasattr(colorsys, "rgb_to_hsv")))
        super().__init__(job, beat)


class Surroundings(Steady):
    """Says what the process is like when the engine is made."""

    def __init__(self, job: Job, beat: Callable[[Phase], None]) -> None:
        heavy = {"numpy", "scipp", "numba", "h5py", "livereduce.stream", "livereduce.publish"} & set(sys.modules)
        say(f"heavy imports: {sorted(heavy)}")
        say(f"SIGINT ignored: {signal.getsignal(signal.SIGINT) is signal.SIG_IGN}")
        say(f"SIGTERM default: {signal.getsignal(signal.SIGTERM) is signal.SIG_DFL}")
        super().__init__(job, beat)


if __name__ == "__main__":
    engine, *arguments = sys.argv[1:]
    main.engine_for = lambda job, say, receiver_fd=None: globals()[engine]
    setup.LEAVE_S = 0.1
    sys.exit(main.main(arguments))
