"""Put beside the scripts of a benchmark and called by proc: notes how old each pulse is when the engine has read it."""

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from livereduce.base.times import UNIX_MINUS_EPICS_NS
from livereduce.stream.items import EventBatch, Item

SOURCES = (("livereduce.stream.adara.client", "AdaraSource"), ("livereduce.stream.held.source", "HeldSource"))
"""What an engine may read from."""
_watched: set[str] = set()


def watch(path: Path) -> None:
    """From now on append to the file, for each pulse, when it was read (ns since 1970) and how old it was then (ns)."""
    for module, name in SOURCES:
        if name not in _watched:
            _watched.add(name)
            try:
                source = getattr(import_module(module), name)
            except ImportError:
                continue
            source.read = _noting(source.read, path)


def _noting(read: Callable[..., Sequence[Item]], path: Path) -> Callable[..., Sequence[Item]]:
    file = path.open("ab", buffering=0)

    def noting(source: Any, timeout_s: float) -> Sequence[Item]:
        items = read(source, timeout_s)
        now_ns = time.time_ns()
        for item in items:
            if isinstance(item, EventBatch) and len(item.pulse_ns):
                ages = now_ns - UNIX_MINUS_EPICS_NS - np.asarray(item.pulse_ns, np.int64)
                file.write(np.stack([np.full_like(ages, now_ns), ages], axis=1).tobytes())
        return items

    return noting
