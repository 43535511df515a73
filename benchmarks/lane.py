"""One beamline of `chaos.py`: a simulated server, the shipped daemon with short waits, and what is done to them."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from left_over import Remembered
from livereduce.base.times import epics_ns
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.powder_beam import PowderBeam
from played import Truth
from seen import Watcher
from service import POST_PROC, PROC, RECEIVER

RUN_S, GAP_S, RATE = 10.0, 0.5, 6_000.0
UPDATE_EVERY_S = 0.2
LONGEST_WAIT_S = 8.0
"""Between a worker's start and its end: some die while they connect or replay, some while they reduce."""
PATIENCE_S = 120.0
LEAVE_WITHIN_S = 10.0
"""Processes whose daemon was killed must be gone by then."""

RUN_DAEMON = """\
import sys
from pathlib import Path
from livereduce.daemon.run import run
from livereduce.daemon.facts import Limits
sys.exit(run(Path("livereduce.conf"), limits=Limits(first_wait_s=0.05, longest_wait_s=0.2, look_s=0.2)))
"""


class Kill(StrEnum):
    """What is killed, and when."""

    LATE = "worker, in a run's last second"
    WORKER = "worker, at any time"
    RECEIVER = "receiver"
    BOTH = "worker and receiver"
    DAEMON = "daemon"


OF_WORKER = (Kill.LATE, Kill.WORKER)


class Lane:
    """One beamline, its daemon, and what is done to it.

    Attributes
    ----------
    first_run, last_run
        The first that was reduced, and the one after the last kill.
    last_of_workers
        The last run of the time in which only workers were killed.
    connections
        How often the server was asked for data in that time.
    left
        What was left behind, for people.
    """

    def __init__(self, folder: Path, kinds: Sequence[Kill], seed: str) -> None:
        self.folder, self.kinds, self.random = folder, kinds, random.Random(seed)
        self.truth, self.watcher = Truth(), Watcher(folder / "state")
        self.done: Counter[Kill] = Counter()
        self.first_run = self.last_run = self.last_of_workers = self.connections = 0
        self.left: list[str] = []
        self._killed = self._asked = 0
        self._remembered = Remembered()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """All kills, of workers first; then the run in progress and the next one are left alone."""
        with self._serving():
            self._start_daemon()
            try:
                self._wait(lambda: ((self._status().get("progress") or {}).get("run") or {}).get("number"))
                self.first_run = int(self._status()["progress"]["run"]["number"])
                self._kill_all([kind for kind in self.kinds if kind in OF_WORKER])
                self.last_of_workers, self.connections = self._settled(), self._asked
                self._kill_all([kind for kind in self.kinds if kind not in OF_WORKER])
                self.last_run = self._settled()
            finally:
                self._end_daemon()
        self.watcher.look()

    def _kill_all(self, kinds: Sequence[Kill]) -> None:
        for kind in kinds:
            self._kill(kind)
            self.done[kind] += 1

    def _settled(self) -> int:
        """Wait until the run in progress and the next one are over, and their products written; return the next one."""
        run = max(self.truth.totals) + 1
        self._wait(lambda: run in self.truth.over and self._is_settled(run))
        return run

    def _is_settled(self, run: int) -> bool:
        return run in self.watcher.missed or (run in self.watcher.seen and self.watcher.seen[run].ended)

    # ---- the beamline

    @contextmanager
    def _serving(self) -> Iterator[None]:
        origin_ns = epics_ns(time.time())
        acts = perform(PowderBeam(RATE, pixels=64), origin_ns=origin_ns, run_s=RUN_S, gap_s=GAP_S)
        noted = self.truth.noting(acts, origin_ns, time.monotonic(), RUN_S)
        server = Server(Play(origin_ns=origin_ns, acts=noted), speed=1.0, say=self._heard)
        over = threading.Event()
        thread = threading.Thread(target=lambda: server.serve_forever(over.is_set), name=self.folder.name)
        thread.start()
        self._configure(server.address)
        try:
            yield
        finally:
            over.set()
            thread.join()
            server.close()

    def _heard(self, line: str) -> None:
        self._asked += line.startswith("a client asks")

    def _configure(self, address: tuple[str, int]) -> None:
        configuration = {
            "instrument": "CHAOS",
            "engine": "builtin",
            "source": f"adara://{address[0]}:{address[1]}",
            "script_dir": ".",
            "update_every": UPDATE_EVERY_S,
            "runtime_dir": "run",
            "state_dir": "state",
        }
        (self.folder / "livereduce.conf").write_text(json.dumps(configuration))
        (self.folder / "reduce_CHAOS_live_proc.py").write_text(PROC)
        (self.folder / "reduce_CHAOS_live_post_proc.py").write_text(POST_PROC)

    def _start_daemon(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN_DAEMON],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("ab"),
        )

    @property
    def _daemon(self) -> subprocess.Popen[bytes]:
        assert self._process
        return self._process

    def _end_daemon(self) -> None:
        self._remembered.look(self._daemon.pid)
        self._daemon.send_signal(signal.SIGTERM)
        if self._daemon.wait(PATIENCE_S) != 0:
            raise RuntimeError(f"{self.folder}: the daemon ended with {self._daemon.returncode}")
        self._require_nothing_left("after its end")

    # ---- what is done to it

    def _kill(self, kind: Kill) -> None:
        status = self._next_worker()
        if kind is Kill.LATE:
            self._wait(lambda: self._reduces(status["worker_pid"]))
            self._pass(max(0.0, self.truth.ends_at_s - time.monotonic() - self.random.uniform(0.0, 1.0)))
        else:
            self._pass(self.random.uniform(0.0, LONGEST_WAIT_S))
        self._remembered.look(self._daemon.pid)
        if kind is Kill.DAEMON:
            self._kill_daemon()
        else:
            pids = {
                "worker": [status["worker_pid"]] if kind is not Kill.RECEIVER else [],
                "receiver": self._receivers() if kind not in OF_WORKER else [],
            }
            for pid in (*pids["receiver"], *pids["worker"]):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._killed = status["worker_pid"]

    def _kill_daemon(self) -> None:
        self._daemon.kill()
        self._daemon.wait()
        self._require_nothing_left("after the daemon was killed")
        self._pass(self.random.uniform(0.0, 1.0))
        self._start_daemon()

    def _require_nothing_left(self, when: str) -> None:
        deadline = time.monotonic() + LEAVE_WITHIN_S
        while left := self._remembered.left():
            if time.monotonic() > deadline:
                self.left.append(f"{when}: {left}")
                return
            time.sleep(0.05)

    def _receivers(self) -> list[int]:
        """The receivers of the daemon: there is one, but while it is being replaced."""
        found = []
        for child in psutil.Process(self._daemon.pid).children():
            with suppress(psutil.NoSuchProcess):
                found += [child.pid] if RECEIVER in child.cmdline() else []
        return found

    def _next_worker(self) -> Mapping[str, Any]:
        """The snapshot with a worker that was not killed yet."""
        found: Mapping[str, Any] = {}

        def there() -> bool:
            nonlocal found
            found = self._status()
            return found.get("pid") == self._daemon.pid and found.get("worker_pid") not in (None, self._killed)

        self._wait(there)
        return found

    def _reduces(self, pid: int) -> bool:
        """Whether a worker has a result of the run that goes on, and a second is left of that."""
        now = self._status()
        run = (now.get("progress") or {}).get("run") or {}
        in_run = self.truth.run and run.get("number") == self.truth.run and run.get("events", 0) > 0
        return bool(now.get("worker_pid") == pid and in_run and self.truth.ends_at_s - time.monotonic() > 1.0)

    def _status(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads((self.folder / "run" / "status.json").read_text())
            return found
        return {}

    def _wait(self, there: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not there():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.folder}: nothing comes; {self._status().get('why')}")
            self._pass(0.05)

    def _pass(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.watcher.look()
            time.sleep(min(left, 0.1))
