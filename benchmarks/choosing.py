"""Rows of a benchmark by the names of their groups, as they are chosen on the command line."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping

from measure import Row, show

Groups = Mapping[str, Callable[[], Iterator[Row]]]


def measure_chosen(
    what: str | None,
    groups: Groups,
    *,
    before: Callable[[], None] | None = None,
    smoke: Groups | None = None,
) -> int:
    """Measure the groups that the command line names, all by default; each row is shown as soon as it is known.

    Parameters
    ----------
    what
        What `--help` says above the options.
    before
        Called before the first group.
    smoke
        The same groups with next to no data: whether they run at all.
    """
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    if smoke is not None:
        parser.add_argument("--smoke", action="store_true", help="with next to no data: whether all of it runs")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(groups)} (all)")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(groups):
        parser.error(f"unknown group {', '.join(sorted(unknown))}; expected {', '.join(groups)}")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # all that was started is ended
    chosen = smoke if smoke is not None and options.smoke else groups
    with tempfile.TemporaryDirectory() as kernels:
        # Kernels compile once, not in each of the many workers to come.
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        if before is not None:
            before()
        rows = []
        for name in options.groups or groups:
            for row in chosen[name]():
                rows.append(row)
                if not options.json:
                    show([row], as_json=False)
    if options.json:
        show(rows, as_json=True)
    return 0
