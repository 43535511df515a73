"""How fast livereduce is, and how much memory it takes, beside what the machine can do; `make bench`.

Every figure is the median of 5 (of 3 with many banks or pixels), its reference measured in the same run. On a machine
that others use too, believe the ratios rather than the rates.
"""

import os
import sys
from collections.abc import Callable, Iterator

import numpy as np

from choosing import measure_chosen
from measure import RUNS, Row

SIZES = (400_000, 5_000, 96)
"""Events per pulse: the brightest beamline, a usual one, a weak one."""
EVENTS = 200_000_000
MANY_PIXELS = 100_000
FEWER_RUNS = 3
CATCH_UP_EVENTS = 500_000_000
SCIPP_EVENTS = 100_000_000


def touch_memory() -> None:
    """Use the memory once: a virtual machine may get it from its host only then, many times slower than later."""
    wanted = min(16 << 30, int(0.7 * os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")))
    blocks = [np.full(1 << 28, 1, np.uint8) for _ in range(wanted >> 28)]
    blocks.clear()


# The groups import what they need when they are measured: kernels compile at import, and not all are wanted always.


def decode() -> Iterator[Row]:
    """Bytes in memory to columns."""
    from decoding import decode_row

    yield from (decode_row(size) for size in SIZES)


def histogram() -> Iterator[Row]:
    """Bytes in memory to counts."""
    from decoding import histogram_row

    yield from (histogram_row(pixels) for pixels in (100_000, 1_000))
    yield from (histogram_row(pixels, by_bank=True) for pixels in (100_000, 1_000))
    from large_counts import large_counts_rows

    yield from large_counts_rows()


def cycle() -> Iterator[Row]:
    """A cycle with nothing to do."""
    from cycle import empty_cycle_row

    yield empty_cycle_row()


def end_to_end() -> Iterator[Row]:
    """From a server's socket to products."""
    yield from _end_to_end(SIZES)


def by_bank() -> Iterator[Row]:
    """The same, with events as real packets have them."""
    yield from _end_to_end(SIZES, by_bank=True, runs=FEWER_RUNS)


def many_pixels() -> Iterator[Row]:
    """The same with many pixels, in both forms."""
    yield from _end_to_end(SIZES[:2], pixels=MANY_PIXELS, by_bank=True, runs=FEWER_RUNS)
    yield from _end_to_end(SIZES[:2], pixels=MANY_PIXELS, runs=FEWER_RUNS)


def _end_to_end(
    sizes: tuple[int, ...], *, pixels: int = 4096, by_bank: bool = False, runs: int = RUNS
) -> Iterator[Row]:
    from end_to_end import end_to_end_rows
    from serving import Played

    for size in sizes:
        played = Played(events_per_pulse=size, events=EVENTS, pixels=pixels, by_bank=by_bank)
        yield from end_to_end_rows(played, runs)


def catch_up() -> Iterator[Row]:
    """A long run in progress, and memory."""
    from end_to_end import catch_up_rows, scipp_memory_row

    yield from catch_up_rows(CATCH_UP_EVENTS)
    yield scipp_memory_row(SCIPP_EVENTS)


def joining() -> Iterator[Row]:
    """Runs in progress as behind a real server: one that stands still and one that grows."""
    from lag import joining_row

    yield joining_row(78_000_000)
    yield joining_row(136_000_000, grows=True)


def lag() -> Iterator[Row]:
    """How old the newest pulse is in the worker, with the machine idle, with one core busy, and after a standstill."""
    from lag import lag_row, standstill_row

    for rate in (12_000_000, 25_000_000):
        for busy_cores in (0, 1):
            yield lag_row(rate, busy_cores)
        yield standstill_row(rate)


GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "decode": decode,
    "histogram": histogram,
    "cycle": cycle,
    "end-to-end": end_to_end,
    "by-bank": by_bank,
    "many-pixels": many_pixels,
    "catch-up": catch_up,
    "joining": joining,
    "lag": lag,
}


if __name__ == "__main__":
    sys.exit(measure_chosen(__doc__, GROUPS, before=touch_memory))
