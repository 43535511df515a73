"""A simulated week of a detector in which things go wrong: what is named in time, and what is named in vain.

``findings.py`` takes half an hour and more, for 604 800 looks of a second of beam; ``--share 0.05`` a part of the week.
It prints its seed; ``--seed 7`` plays the same week again. It ends with 1 where less is shown than is wanted.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "test"))

from helpers.faulty_detector import PIXELS, WITHIN_S, Tally, Week, judge

WEEK_LOOKS = 7 * 24 * 3600
FAULT_EVERY = 900.0
"""Looks between two faults: four an hour, far more than anybody has."""
NAMED_SHARE, FALSE_ALARMS = 0.95, 1


def main() -> int:
    """Play it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="part of the week that is played")
    parser.add_argument("--every", type=float, default=FAULT_EVERY, help="looks between two faults")
    arguments = parser.parse_args()
    week = Week(arguments.seed, max(200, int(WEEK_LOOKS * arguments.share)), arguments.every)
    began = time.perf_counter()
    tally = judge(week)
    _tell(arguments.seed, tally, time.perf_counter() - began)
    return 0 if tally.named_share >= NAMED_SHARE and len(tally.false) <= FALSE_ALARMS else 1


def _tell(seed: int, tally: Tally, seconds: float) -> None:
    print(f"seed {seed}: {tally.looks} s of beam on {PIXELS} pixels, {1e3 * seconds / tally.looks:.1f} ms each")
    print(
        f"{tally.faults} faults, {100 * tally.named_share:.1f} % named within {WITHIN_S:g} s of beam "
        f"(wanted ≥ {100 * NAMED_SHARE:g}), {len(tally.false)} false alarms (wanted ≤ {FALSE_ALARMS})"
    )
    for kind, after_s in sorted(tally.by_kind.items()):
        after_s = sorted(after_s)
        print(f"  {kind}: {len(after_s)} named, after {after_s[len(after_s) // 2]} s (median), {after_s[-1]} s (worst)")
    for fault in tally.late:
        print(f"  late: {fault}")
    for alarm in tally.false:
        print(f"  false alarm: {alarm}")


if __name__ == "__main__":
    sys.exit(main())
