"""Spans of time in which something holds: arrays of shape (n, 2), start and end in ns since 1990.

A span holds its start and not its end. Spans are in order and do not touch.
Sources: Mantid Framework/Kernel/src/TimeSeriesProperty.cpp, Framework/Algorithms/src/FilterByLogValue.cpp.
"""

from collections.abc import Sequence

import numpy as np

from livereduce.stream.items import B1, I8
from livereduce.stream.stretches import stretches_of

FOREVER_NS = 1 << 62
"""Later than any time."""
ALWAYS: I8 = np.array([[-FOREVER_NS, FOREVER_NS]], np.int64)


def joined_spans(spans: Sequence[tuple[int, int]]) -> I8:
    """Spans in any order as spans in order; those that touch become one, empty ones are left out."""
    joined: list[list[int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return np.array(joined, np.int64).reshape(-1, 2)


def is_within(times_ns: I8, spans: I8) -> B1:
    """True for each time that lies in one of some spans, overlapping or not; same shape."""
    spans = spans[spans[:, 1] > spans[:, 0]]
    begun = np.searchsorted(np.sort(spans[:, 0]), times_ns, side="right")
    ended = np.searchsorted(np.sort(spans[:, 1]), times_ns, side="right")
    inside: B1 = begun > ended
    return inside


def spans_of_good(times_ns: I8, good: B1, tolerance_ns: int, *, is_centred: bool, run_ns: tuple[int, int] | None) -> I8:
    """The time for which the values of a log are good.

    Parameters
    ----------
    is_centred
        A value holds from `tolerance_ns` before its time to as long behind it, and between two that are good. Else it
        holds from its time to that of the next.
    run_ns
        Times of the first and last pulse; before the first and after the last value the log does not change. None:
        they are not known, and nothing is said about those times.
    """
    if not len(times_ns):
        return np.empty((0, 2), np.int64)
    if len(times_ns) == 1:
        return ALWAYS if good[0] else np.empty((0, 2), np.int64)
    spans: list[tuple[int, int]] = []
    for first, behind in stretches_of(good).tolist():
        start = int(times_ns[first]) - (tolerance_ns if is_centred else 0)
        ends_good = behind == len(times_ns)
        end = int(times_ns[behind - 1]) + tolerance_ns if is_centred or ends_good else int(times_ns[behind])
        spans.append((start, end))
    if run_ns is not None:
        if good[0]:
            spans.append((run_ns[0] - tolerance_ns, int(times_ns[0])))
        if good[-1]:
            spans.append((int(times_ns[-1]), run_ns[1] + tolerance_ns))
    return joined_spans(spans)


def spans_between(times_ns: I8, tolerance_ns: int, run_ns: tuple[int, int] | None) -> I8:
    """The time that is further than a tolerance from each of some times."""
    start, end = (0, FOREVER_NS) if run_ns is None else (run_ns[0] - tolerance_ns, run_ns[1] + tolerance_ns)
    spans: list[tuple[int, int]] = []
    for time_ns in times_ns.tolist():
        spans.append((start, time_ns - tolerance_ns))
        start = time_ns + tolerance_ns
    return joined_spans([*spans, (start, end)])
