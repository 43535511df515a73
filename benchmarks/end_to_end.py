"""The whole way: a stream server in a process of its own, `livereduce run`, scripts, products; and its memory.

The CPU of all stages is what the server takes to send to a reader that discards, what a receiver takes to receive,
decode and hold with nobody who counts, and what counting takes alone on columns that are decoded: two cores that never
wait need half of that.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from measure import RUNS, Row
from service import POST_PROC, POST_PROC_SCIPP, Service, running, warmed
from serving import PATIENCE_S, USUAL_PIXELS, Decoded, Played, Server, decode_only, discard, serving
from stages import counting_s_per_event, holding_cpu_s

TARGETS = {400_000: 0.25, 5_000: 0.25, 96: 0.2}
"""Least part of a reader that discards, by events per pulse, at 4096 pixels."""
TARGET_MANY_PIXELS = 0.2
TARGET_WALL = 1.3
"""Most of the CPU of all stages divided by two."""
TARGET_BYTES = 8.5
CORES = 2
COUNTED_EVENTS = 40_000_000


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a daemon made of a run in progress."""

    seconds_from_hello: float
    seconds_from_start: float
    seconds_from_beat: float
    seconds_to_first: float
    events: int
    memory_bytes: int
    peak_bytes: int
    spare_bytes: int


def reduce(
    server: Server,
    events: int,
    *,
    post_proc: str = POST_PROC,
    sample: bool = False,
    beside: Callable[[Path], AbstractContextManager[object]] = nullcontext,
) -> Reduced:
    """Run the daemon until a product holds all events of the run; `beside` goes on meanwhile, given its folder."""
    with (
        warmed(10 * events) as services,
        running(server.port, post_proc=post_proc) as service,
        beside(service.folder),
    ):
        services.append(service)
        beat_s = first_beat(service)
        first_s, peak = _watched_until(service, events, sample=sample)
        done_s = time.monotonic()
        held = service.memory_bytes()
        return Reduced(
            seconds_from_hello=done_s - server.asked_at(service.start_s),
            seconds_from_start=done_s - service.start_s,
            seconds_from_beat=done_s - beat_s,
            seconds_to_first=first_s - server.asked_at(service.start_s),
            events=events,
            memory_bytes=held,
            peak_bytes=max(peak, held),
            spare_bytes=max(0, service.memory_bytes(spare=True) - held),
        )


def first_beat(service: Service) -> float:
    """When (CLOCK_MONOTONIC) the status first told of the worker."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if service.status().get("progress"):
            return time.monotonic()
        time.sleep(0.005)
    raise TimeoutError(service.log())


def _watched_until(service: Service, events: int, *, sample: bool) -> tuple[float, int]:
    """Wait for a product with so many events: when the first was there, and the most memory, if that is sampled."""
    first_s, peak, deadline = 0.0, 0, time.monotonic() + PATIENCE_S
    while (found := service.products.events()) < events:
        first_s = first_s or (time.monotonic() if found else 0.0)
        if sample:
            peak = max(peak, service.memory_bytes())
        if time.monotonic() > deadline or service.daemon.poll() is not None:
            raise TimeoutError(f"{found} of {events} events: {service.log()}")
        time.sleep(0.02 if sample else 0.005)
    return first_s or time.monotonic(), peak


@dataclass(slots=True)
class Timed:
    """What was measured in turn, a value for each time."""

    discard_s: list[float]
    server_cpu_s: list[float]
    decode_s: list[float]
    holding_cpu_s: list[float]
    reduced: list[Reduced]


def _timed(server: Server, events: int, runs: int) -> tuple[Timed, int]:
    timed, received = Timed([], [], [], [], []), 0
    for _ in range(runs):
        before_s = server.cpu_s()
        seconds, received = discard(server)
        timed.discard_s.append(seconds)
        timed.server_cpu_s.append(server.cpu_s() - before_s)
        decoded = decode_only(server)
        assert decoded.events == events, f"{decoded.events} events decoded, {events} the first time"
        timed.decode_s.append(decoded.seconds)
        timed.holding_cpu_s.append(holding_cpu_s(server, events))
        timed.reduced.append(reduce(server, events))
    return timed, received


def _stages_cpu_s(timed: Timed, played: Played, decoded: Decoded) -> float:
    """CPU of the server, of a receiver, and of counting, each measured alone."""
    server_s, holding_s = statistics.median(timed.server_cpu_s), statistics.median(timed.holding_cpu_s)
    return server_s + holding_s + decoded.events * counting_s_per_event(decoded.kept, played.pixels)


def _form(played: Played) -> str:
    pixels = "" if played.pixels == USUAL_PIXELS else f", {played.pixels} pixels"
    return pixels + (", bank by bank" if played.by_bank else "")


def end_to_end_rows(played: Played, runs: int = RUNS) -> list[Row]:
    """Decoding from the socket and the whole way, both beside a reader that throws everything away."""
    with serving(played) as server:
        first = decode_only(server, keep_events=COUNTED_EVENTS)
        discard(server)
        timed, received = _timed(server, first.events, runs)
    events = first.events
    discard_s, decode_s = statistics.median(timed.discard_s), statistics.median(timed.decode_s)
    wall_s = statistics.median(one.seconds_from_hello for one in timed.reduced)
    reference = f"a reader that discards ({received / discard_s / 1e9:.2f} GB/s)"
    decode = Row(
        name=f"decode from socket{_form(played)}",
        events_per_pulse=played.events_per_pulse,
        reference=reference,
        events_per_s=events / decode_s,
        ratio=discard_s / decode_s,
        target="≥ 0.65",
        more={"events": events},
    )
    cpu_s = _stages_cpu_s(timed, played, first)
    whole = Row(
        name=f"end to end{_form(played)}",
        events_per_pulse=played.events_per_pulse,
        reference=reference,
        events_per_s=events / wall_s,
        ratio=discard_s / wall_s,
        target=_least(played),
        more={
            "events": events,
            "wall_of_half_the_cpu": CORES * wall_s / cpu_s,
            "its_target": f"≤ {TARGET_WALL:g}",
            "seconds": wall_s,
            "seconds_to_first_result": statistics.median(one.seconds_to_first for one in timed.reduced),
        },
    )
    return [decode, whole]


def _least(played: Played) -> str:
    if played.pixels == USUAL_PIXELS:
        return f"≥ {TARGETS[played.events_per_pulse]:g}"
    return f"≥ {TARGET_MANY_PIXELS:g}" if played.by_bank else ""


def catch_up_rows(events: int, events_per_pulse: int = 400_000, runs: int = RUNS) -> list[Row]:
    """A run in progress: from the start of the daemon to a result that holds all of it, and the memory then."""
    played = Played(events_per_pulse=events_per_pulse, events=events)
    with serving(played) as server:
        first = decode_only(server, keep_events=COUNTED_EVENTS)
        counted = first.events
        timed, _ = _timed(server, counted, runs)
        sampled = reduce(server, counted, sample=True)
    seconds = statistics.median(one.seconds_from_start for one in timed.reduced)
    from_beat_s = statistics.median(one.seconds_from_beat for one in timed.reduced)
    catch_up = Row(
        name="catch-up",
        events_per_pulse=events_per_pulse,
        events_per_s=counted / seconds,
        reference="a reader that discards",
        ratio=statistics.median(timed.discard_s) / seconds,
        more={
            "events": counted,
            "seconds": seconds,
            "seconds_from_first_beat": from_beat_s,
            "wall_of_half_the_cpu": CORES * from_beat_s / _stages_cpu_s(timed, played, first),
            "its_target": f"≤ {TARGET_WALL:g}",
        },
    )
    return [catch_up, _memory_row("memory, events kept", events_per_pulse, sampled)]


def scipp_memory_row(events: int, events_per_pulse: int = 400_000) -> Row:
    """The same with a post_proc that asks for the scipp object of all events."""
    with serving(Played(events_per_pulse=events_per_pulse, events=events)) as server:
        counted = decode_only(server).events
        sampled = reduce(server, counted, post_proc=POST_PROC_SCIPP, sample=True)
    return _memory_row("memory, post_proc asks for scipp", events_per_pulse, sampled, target="")


def _memory_row(name: str, events_per_pulse: int, sampled: Reduced, target: str = f"≤ {TARGET_BYTES / 8:g}") -> Row:
    return Row(
        name=name,
        events_per_pulse=events_per_pulse,
        events_per_s=None,
        reference="8 bytes an event",
        ratio=sampled.memory_bytes / sampled.events / 8,
        target=target,
        more={
            "events": sampled.events,
            "bytes_per_event": sampled.memory_bytes / sampled.events,
            "peak_bytes_per_event": sampled.peak_bytes / sampled.events,
            "spare_worker_MB": sampled.spare_bytes / 1e6,
        },
    )
