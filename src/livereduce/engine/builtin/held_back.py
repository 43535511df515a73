"""Chunks that wait for the next one: those whose proc failed, and those without events. Pure."""

from livereduce.engine.workspaces.events import Events
from livereduce.stream.chunk import Chunk

MAX_HELD_BACK_CHUNKS = 5
MAX_HELD_BACK_BYTES = 256 * 2**20
"""Chunks whose proc failed are retried with the next; a script that fails for hours must not fill the memory."""


def affordable(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """The newest chunks that may be kept."""
    kept, size = chunks[-MAX_HELD_BACK_CHUNKS:], 0
    for k, chunk in enumerate(reversed(kept)):
        size += bytes_of(chunk)
        if size > MAX_HELD_BACK_BYTES:
            return kept[len(kept) - k :]
    return kept


def bytes_of(chunk: Chunk) -> int:
    """Memory of a chunk's events and pulses."""
    return Events(chunk.events).nbytes + sum(monitor.tof_ns.nbytes for monitor in chunk.monitors)


def has_events(chunk: Chunk) -> bool:
    """False if there are logs and pulses only: neither pixels nor monitors have counted anything."""
    return bool(chunk.n_events or chunk.snapshot is not None or any(len(one.tof_ns) for one in chunk.monitors))
