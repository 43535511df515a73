"""The table of docs/cost_of_an_event.md: ns of CPU an event in each stage, beside what the machine can do at best.

Every stage is measured alone, on the same stream, all threads and the kernel together.
Run it: ``python benchmarks/event_cost.py [EVENTS]``, on an idle machine.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from decoding import STREAM_BYTES, Pipe
from serving import Decoded, Played, Server, decode_only, discard, serving
from stages import counting_s_per_event, holding_cpu_s
from streams import stream

SIZES = (400_000, 5_000, 96)
EVENTS = 100_000_000
KEPT = 20_000_000
COUNTED = ((4096, False), (100_000, True), (100_000, False))
"""Pixels, and whether events come bank by bank."""
REPEATS = 3


def in_memory(events_per_pulse: int) -> Iterator[tuple[str, float]]:
    """Copying a stream's bytes, and decoding them."""
    words, pulses = stream(events_per_pulse, 100_000, STREAM_BYTES)
    events, pipe, copy = pulses * events_per_pulse, Pipe(words), np.empty_like(words)
    for name, act in (("limit: np.copyto", lambda: np.copyto(copy, words)), ("decode, from memory", pipe.run)):
        act()
        start_s = time.process_time()
        for _ in range(REPEATS):
            act()
        yield name, (time.process_time() - start_s) / REPEATS / events


def from_socket(server: Server) -> Iterator[tuple[str, float]]:
    """Reading and throwing away, receiving and decoding, and with holding."""
    decoded = decode_only(server)
    served_s, start_s = server.cpu_s(), time.process_time()
    discard(server)
    yield "the server", (server.cpu_s() - served_s) / decoded.events
    yield "limit: a reader that discards", (time.process_time() - start_s) / decoded.events
    start_s = time.process_time()
    decode_only(server)
    yield "receive and decode", (time.process_time() - start_s) / decoded.events
    yield "receive, decode and hold", holding_cpu_s(server, decoded.events) / decoded.events


def counting(events_per_pulse: int, events: int) -> Iterator[tuple[str, float]]:
    """Counting events that are decoded, in 100 bins."""
    for pixels, by_bank in COUNTED:
        played = Played(events_per_pulse=events_per_pulse, events=min(events, KEPT), pixels=pixels, by_bank=by_bank)
        with serving(played) as server:
            decoded: Decoded = decode_only(server, keep_events=KEPT)
        order = "bank by bank" if by_bank else "at random"
        yield f"count, {pixels} pixels x 100, {order}", counting_s_per_event(decoded.kept, pixels)


def column(events_per_pulse: int, events: int) -> Iterator[tuple[str, float]]:
    """All stages at so many events a pulse."""
    yield from in_memory(events_per_pulse)
    with serving(Played(events_per_pulse=events_per_pulse, events=events)) as server:
        yield from from_socket(server)
    yield from counting(events_per_pulse, events)


def main() -> int:
    """Print the table as Markdown."""
    events = int(sys.argv[1]) if sys.argv[1:] else EVENTS
    columns = [dict(column(size, events)) for size in SIZES]
    print(f"| ns of CPU an event, at events a pulse | {' | '.join(f'{size:,}' for size in SIZES)} |")
    print("|---" * (len(SIZES) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | {' | '.join(f'{1e9 * one[name]:.2f}' for one in columns)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
