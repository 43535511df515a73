"""``make fuzz``: streams that are changed at random go through kernels that check every index.

A kernel that reads beyond an array gives wrong counts or a dead worker, and only sometimes; with numba's bounds checks
it raises each time. The seed of each round is printed where it fails: ``make fuzz ARGS="--seed 7 --rounds 1"``.
"""

import argparse
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CHECKED = "NUMBA_BOUNDSCHECK"


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 with the seed of the round that failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="how long (120)")
    parser.add_argument("--rounds", type=int, default=sys.maxsize, help="how many rounds at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the first round")
    asked = parser.parse_args(arguments)
    if os.environ.get(CHECKED) == "1":
        return fuzz(asked.seed, asked.seconds, asked.rounds)
    # A cache of kernels that were compiled without checks would be used as it is.
    with tempfile.TemporaryDirectory() as cache:
        environ = {**os.environ, CHECKED: "1", "NUMBA_CACHE_DIR": cache}
        command = [sys.executable, __file__, *arguments, f"--seed={asked.seed}"]
        return subprocess.run(command, env=environ, check=False).returncode


def fuzz(first_seed: int, seconds: float, rounds: int) -> int:
    """Rounds with successive seeds, until the time is over or one fails."""
    print(f"seed {first_seed}; the kernels are compiled with bounds checks, which takes a minute or two", flush=True)
    from helpers import mutation

    if os.environ.get(CHECKED) == "1":
        _must_check()
    logging.basicConfig(level=logging.ERROR)  # the traceback of what was contained
    captures = sorted((mutation.made() | mutation.real()).items())
    stop_s, done = time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        while done < rounds and time.monotonic() < stop_s:
            seed = first_seed + done
            chance = random.Random(seed)
            name, data = chance.choice(captures)
            try:
                mutation.chew(mutation.mutated(data, chance), chance, Path(folder))
            except Exception as error:  # noqa: BLE001 (what is looked for)
                print(f"FAILED with seed {seed} ({name}): {type(error).__name__}: {error}", flush=True)
                return 1
            done += 1
    print(f"{done} rounds over {len(captures)} captures, seeds {first_seed} to {first_seed + done - 1}: nothing found")
    return 0


def _must_check() -> None:
    """Raise if an index beyond an array is not noticed: then everything here would pass."""
    import numpy as np

    from livereduce.engine.counting.kernels import count_outside

    try:
        count_outside(np.zeros(1, np.int32), np.empty(0, np.uint8))
    except IndexError:
        return
    raise SystemExit(f"{CHECKED} has no effect: is NUMBA_CACHE_DIR empty?")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
