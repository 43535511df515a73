"""Pending events shared among threads: the compiled loops release the interpreter's lock."""

import os
from dataclasses import replace
from itertools import pairwise

import numpy as np

from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.workspaces.events import Events

EVENTS_OF_A_THREAD = 2**20
"""Fewer are done before a thread would have started."""
MOST_THREADS = 4
"""The rest of the machine stays for others."""


def shares_of(content: PendingEvents) -> list[PendingEvents]:
    """The same events in parts of about equal size, one a thread; whole pieces each."""
    pieces = content.events.pieces
    wanted = min(MOST_THREADS, len(os.sched_getaffinity(0)), content.events.n // EVENTS_OF_A_THREAD, len(pieces))
    if wanted < 2:
        return [content]
    done = np.cumsum([len(piece.tof_ns) for piece in pieces])
    cuts = [0, *(np.searchsorted(done, done[-1] * np.arange(1, wanted) / wanted) + 1).tolist(), len(pieces)]
    return [_part(content, slice(start, end)) for start, end in pairwise(cuts) if start < end]


def _part(content: PendingEvents, part: slice) -> PendingEvents:
    kept = None if content.kept is None else content.kept[part]
    return replace(content, events=Events(content.events.pieces[part]), kept=kept)
