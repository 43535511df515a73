"""Kill worker and daemon at random moments, under a stream with known totals; `make chaos`.

A few beamlines side by side, each with a simulated server that goes on with short runs, and the shipped daemon with
short waits. What each run held is counted from the packets as they are played. In the end a run is

- exact: its product has all pulses, events and charge, says that it has ended and that nothing is missing;
- flagged: its product says that something is missing, or the index lists the run as missed;
- WRONG: anything else. There must be none.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from livereduce.base.times import epics_ns
from livereduce.publish.products.file import read_product
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.powder_beam import PowderBeam
from played import Totals, Truth
from service import POST_PROC, PROC

KILLS, IN_LAST_SECOND, DAEMONS = 200, 50, 20
LANES = 4
RUN_S, GAP_S, RATE = 10.0, 0.5, 6_000.0
UPDATE_EVERY_S = 0.2
LONGEST_WAIT_S = 8.0
"""Between a worker's start and its end: some die while they connect or replay, some while they reduce."""
PATIENCE_S = 120.0

LATE, ANY, DAEMON = "in a run's last second", "at any time", "daemon"

RUN_DAEMON = """\
import sys
from pathlib import Path
from livereduce.daemon.run import run
from livereduce.daemon.facts import Limits
sys.exit(run(Path("livereduce.conf"), limits=Limits(first_wait_s=0.05, longest_wait_s=0.2, look_s=0.2)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest product of a run."""

    totals: Totals
    counts: float
    ended: bool
    incomplete: str


class Watcher:
    """Remembers the newest state of every run: the service itself keeps only the last ones."""

    def __init__(self, state: Path) -> None:
        self._products = state / "products"
        self._versions: dict[str, float] = {}
        self.seen: dict[int, Seen] = {}
        self.missed: dict[int, str] = {}

    def look(self) -> None:
        """Take in what has changed."""
        with suppress(OSError, ValueError):
            index = json.loads((self._products / "index.json").read_text())
            for missed in index["missed"]:
                self.missed |= dict.fromkeys(range(missed["first"], missed["last"] + 1), missed["reason"])
            for run in index["runs"]:
                for entry in run["products"]:
                    self._take(run["run"], entry)

    def _take(self, run: int, entry: Mapping[str, Any]) -> None:
        if self._versions.get(entry["path"]) == entry["written_unix_s"]:
            return
        with suppress(OSError, KeyError):  # replaced or removed at this moment: the next look sees more
            product = read_product(self._products / entry["path"])
            facts = product.attributes
            self.seen[run] = Seen(
                totals=Totals(int(facts["pulses"]), int(facts["events"]), round(float(facts["proton_charge_pc"]))),
                counts=float(product.signal.sum()),
                ended=bool(facts["ended"]),
                incomplete=str(facts["incomplete"]),
            )
            self._versions[entry["path"]] = entry["written_unix_s"]


class Lane:
    """One beamline, its daemon, and what is done to it."""

    def __init__(self, folder: Path, kinds: list[str], seed: str) -> None:
        self.folder, self.kinds, self.random = folder, kinds, random.Random(seed)
        self.truth, self.watcher = Truth(), Watcher(folder / "state")
        self.done: Counter[str] = Counter()
        self.first_run = self.last_run = self._killed = 0
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """All kills, one after another; then the run in progress and the next one are left alone."""
        with self._serving():
            self._start_daemon()
            try:
                self._wait(lambda: ((self._status().get("progress") or {}).get("run") or {}).get("number"))
                self.first_run = int(self._status()["progress"]["run"]["number"])
                for kind in self.kinds:
                    self._kill(kind)
                    self.done[kind] += 1
                self.last_run = max(self.truth.totals) + 1
                self._wait(lambda: self.last_run in self.truth.over and self._is_settled(self.last_run))
            finally:
                self._end_daemon()
        self.watcher.look()

    def _is_settled(self, run: int) -> bool:
        return run in self.watcher.missed or (run in self.watcher.seen and self.watcher.seen[run].ended)

    # ---- the beamline

    @contextmanager
    def _serving(self) -> Iterator[None]:
        origin_ns = epics_ns(time.time())
        acts = perform(PowderBeam(RATE, pixels=64), origin_ns=origin_ns, run_s=RUN_S, gap_s=GAP_S)
        noted = self.truth.noting(acts, origin_ns, time.monotonic(), RUN_S)
        server = Server(Play(origin_ns=origin_ns, acts=noted), speed=1.0)
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

    def _end_daemon(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(PATIENCE_S) != 0:
            raise RuntimeError(f"{self.folder}: the daemon ended with {self._process.returncode}")

    # ---- what is done to it

    def _kill(self, kind: str) -> None:
        status = self._next_worker()
        if kind == LATE:
            self._wait(lambda: self._reduces(status["worker_pid"]))
            self._pass(max(0.0, self.truth.ends_at_s - time.monotonic() - self.random.uniform(0.0, 1.0)))
        else:
            self._pass(self.random.uniform(0.0, LONGEST_WAIT_S))
        pid = status["worker_pid"]
        if kind == DAEMON:
            assert self._process
            self._process.kill()
            self._process.wait()
            self._pass(self.random.uniform(0.0, 1.0))
            self._start_daemon()
        else:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._killed = pid

    def _next_worker(self) -> Mapping[str, Any]:
        """The snapshot with a worker that was not killed yet."""
        found: Mapping[str, Any] = {}

        def there() -> bool:
            nonlocal found
            found = self._status()
            assert self._process
            return found.get("pid") == self._process.pid and found.get("worker_pid") not in (None, self._killed)

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

    def _wait(self, there: Any) -> None:
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


def verdicts(lane: Lane) -> Iterator[tuple[int, str, str]]:
    """Run, verdict and what was seen, of every run from the first that was reduced to the one after the last kill."""
    for run in range(lane.first_run, lane.last_run + 1):
        truth, seen = lane.truth.totals[run], lane.watcher.seen.get(run)
        if seen is None:
            missed = lane.watcher.missed.get(run, "")
            yield run, "flagged" if missed else "WRONG", f"no product: {missed or 'and nothing is said of it'}"
        elif seen.incomplete:
            yield run, "flagged", seen.incomplete
        else:
            exact = seen.ended and seen.totals == truth and seen.counts == truth.events
            yield run, "exact" if exact else "WRONG", f"{seen} instead of {truth}"


def plan(share: float, lanes: int, seed: str) -> list[list[str]]:
    """Which kind of kill comes when, on each beamline."""
    late, daemons = round(share * IN_LAST_SECOND), round(share * DAEMONS)
    kinds = [LATE] * late + [ANY] * (round(share * KILLS) - late) + [DAEMON] * daemons
    random.Random(seed).shuffle(kinds)
    return [kinds[lane::lanes] for lane in range(lanes)]


def chaos(folder: Path, share: float, seed: str) -> int:
    """Do it all; how many runs are wrong."""
    began_s = time.monotonic()
    lanes = []
    for number, kinds in enumerate(plan(share, LANES, seed)):
        (folder / f"lane{number}").mkdir()
        lanes.append(Lane(folder / f"lane{number}", kinds, f"{seed}/{number}"))
    with ThreadPoolExecutor(len(lanes)) as pool:
        for future in [pool.submit(lane.run) for lane in lanes]:
            future.result()
    done: Counter[str] = sum((lane.done for lane in lanes), Counter())
    found = list(chain.from_iterable(verdicts(lane) for lane in lanes))
    counts = Counter(verdict for _, verdict, _ in found)
    print(
        f"seed {seed}: {done[LATE] + done[ANY]} kills of the worker, {done[LATE]} of them in a run's last "
        f"second, and {done[DAEMON]} of the daemon, in {time.monotonic() - began_s:.0f} s"
    )
    for reason, times in Counter(what for _, verdict, what in found if verdict == "flagged").most_common():
        print(f"  {times:4} flagged: {reason}")
    for run, verdict, what in found:
        if verdict == "WRONG":
            print(f"  run {run} is WRONG: {what}")
    print(f"{len(found)} runs: {counts['exact']} exact, {counts['flagged']} flagged, {counts['WRONG']} WRONG")
    return counts["WRONG"]


def main() -> int:
    """Kill, count, and say whether a run was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="part of the whole (1: some eight minutes)")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)), help="the same moments again")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        return 1 if chaos(Path(name), options.share, options.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
