"""Kill worker, receiver and daemon at random moments, under a stream with known totals; `make chaos`.

A few beamlines side by side, each with a simulated server that goes on with short runs, and the shipped daemon with
short waits. What each run held is counted from the packets as they are played. In the end a run is

- exact: its product has all pulses, events and charge, says that it has ended and that nothing is missing;
- flagged: its product says that something is missing, or the index lists the run as missed;
- WRONG: anything else. There must be none.

First only workers are killed: then every run must be exact, and the server see one connection. After that receivers,
both at once, and daemons: runs may be flagged. Nothing must be left of a service whose daemon was killed or has ended:
no process, no shared memory.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from lane import OF_WORKER, Kill, Lane

KILLS = {Kill.LATE: 50, Kill.WORKER: 150, Kill.RECEIVER: 20, Kill.BOTH: 20, Kill.DAEMON: 20}
LANES = 4
EXACT, FLAGGED, WRONG = "exact", "flagged", "WRONG"


def verdicts(lane: Lane) -> Iterator[tuple[int, str, str]]:
    """Run, verdict and what was seen, of every run from the first that was reduced to the one after the last kill."""
    for run in range(lane.first_run, lane.last_run + 1):
        verdict, what = _verdict(lane, run)
        if verdict == FLAGGED and run <= lane.last_of_workers:
            yield run, WRONG, f"flagged, though only workers were killed: {what}"
        else:
            yield run, verdict, what


def _verdict(lane: Lane, run: int) -> tuple[str, str]:
    truth, seen = lane.truth.totals[run], lane.watcher.seen.get(run)
    if seen is None:
        missed = lane.watcher.missed.get(run, "")
        return FLAGGED if missed else WRONG, f"no product: {missed or 'and nothing is said of it'}"
    if seen.incomplete:
        return FLAGGED, seen.incomplete
    exact = seen.ended and seen.totals == truth and seen.counts == truth.events
    return EXACT if exact else WRONG, f"{seen} instead of {truth}"


def faults(lane: Lane) -> Iterator[str]:
    """What else must not be: more connections than one while only workers were killed, and what was left behind."""
    if lane.connections != 1:
        yield f"{lane.connections} connections at the server while only workers were killed"
    yield from lane.left


def plan(share: float, lanes: int, seed: str) -> list[list[Kill]]:
    """Which kills come when, on each beamline; each kind is dealt out evenly."""
    rng = random.Random(seed)
    dealt: list[list[Kill]] = [[] for _ in range(lanes)]
    of_workers = [kind for kind in OF_WORKER for _ in range(round(share * KILLS[kind]))]
    others = [kind for kind in Kill if kind not in OF_WORKER for _ in range(round(share * KILLS[kind]))]
    for kinds in (of_workers, others):
        rng.shuffle(kinds)
        for lane in range(lanes):
            dealt[lane] += kinds[lane::lanes]
    return dealt


def chaos(folder: Path, share: float, seed: str) -> int:
    """Do it all; how many things are wrong."""
    began_s = time.monotonic()
    lanes = []
    for number, kinds in enumerate(plan(share, LANES, seed)):
        (folder / f"lane{number}").mkdir()
        lanes.append(Lane(folder / f"lane{number}", kinds, f"{seed}/{number}"))
    with ThreadPoolExecutor(len(lanes)) as pool:
        for future in [pool.submit(lane.run) for lane in lanes]:
            future.result()
    return report(lanes, seed, time.monotonic() - began_s)


def report(lanes: Sequence[Lane], seed: str, seconds: float) -> int:
    """Print what was done and what came of it; how many things are wrong."""
    done: Counter[Kill] = sum((lane.done for lane in lanes), Counter())
    found = list(chain.from_iterable(verdicts(lane) for lane in lanes))
    others = list(chain.from_iterable(faults(lane) for lane in lanes))
    counts = Counter(verdict for _, verdict, _ in found)
    killed = ", ".join(f"{done[kind]} × {kind}" for kind in Kill)
    print(f"seed {seed}: {sum(done.values())} kills ({killed}) in {seconds:.0f} s")
    for reason, times in Counter(what for _, verdict, what in found if verdict == FLAGGED).most_common():
        print(f"  {times:4} flagged: {reason}")
    for run, verdict, what in found:
        if verdict == WRONG:
            print(f"  run {run} is WRONG: {what}")
    for what in others:
        print(f"  WRONG: {what}")
    alone = sum(lane.last_of_workers - lane.first_run + 1 for lane in lanes)
    connections = ", ".join(str(lane.connections) for lane in lanes)
    print(f"{alone} runs while only workers were killed; connections at the servers: {connections}")
    print(f"{len(found)} runs: {counts[EXACT]} exact, {counts[FLAGGED]} flagged, {counts[WRONG]} WRONG")
    return counts[WRONG] + len(others)


def main() -> int:
    """Kill, count, and say whether anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="part of the whole (1: some ten minutes)")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)), help="the same moments again")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        return 1 if chaos(Path(name), options.share, options.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
