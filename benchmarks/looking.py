"""Somebody looks at the detector: how soon a region that is drawn has its spectrum, and what regions cost.

``region drawn``: from the request to the whole spectrum of a region that nobody has asked for before, over all events
of the run; the median of 20, and the same while a script runs that never waits. The ratio is to the second that is
wanted; ``numpy_s`` is what plain numpy takes for one region on as many events. ``throughput with 20 regions``: the same
reduction with a page that keeps 20 regions and somebody who looks at them and at the detector, and without; from the
medians of 5 each, taken in turn.
"""

import json
import statistics
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from end_to_end import reduce
from livereduce.messages.regions import FILE_NAME, Region, RegionKind, encode_region, encode_regions
from measure import RUNS, Row, seconds
from service import POST_PROC, running
from serving import PATIENCE_S, USUAL_PIXELS, Played, decode_only, serving, wait_for

DRAWN = 20
DRAWN_EVENTS = 10_000_000
WANTED_S = 1.0
TARGET_THROUGHPUT = "≥ 0.95"
EVENTS_PER_PULSE = 5_000
POLL_S = 0.7
BUSY = POST_PROC + "import time\nuntil = time.monotonic() + 3.0\nwhile time.monotonic() < until:\n    pass\n"
"""A script that takes a processor for seconds of every cycle."""

PageOf = Callable[[Path], AbstractContextManager[tuple[int, psutil.Process]]]


def drawn_rows(page_of: PageOf, events: int = DRAWN_EVENTS) -> list[Row]:
    """How soon a region has its spectrum: while the scripts wait, and while one runs."""
    numpy_s = _numpy_s(events)
    return [
        _drawn_row(page_of, events, numpy_s, POST_PROC, "region drawn"),
        _drawn_row(page_of, events, numpy_s, BUSY, "region drawn while a script runs"),
    ]


def throughput_row(page_of: PageOf, events: int) -> Row:
    """The same reduction with and without 20 regions that somebody looks at."""
    alone, looked_at, answers = [], [], [0]
    with serving(Played(events_per_pulse=EVENTS_PER_PULSE, events=events)) as server:
        counted = decode_only(server).events
        for _ in range(RUNS):
            alone.append(reduce(server, counted).seconds_from_hello)
            beside = reduce(server, counted, beside=lambda folder: _somebody_looks(folder, page_of, answers))
            looked_at.append(beside.seconds_from_hello)
    without, with_regions = statistics.median(alone), statistics.median(looked_at)
    return Row(
        name="throughput with 20 regions",
        events_per_pulse=EVENTS_PER_PULSE,
        events_per_s=counted / with_regions,
        reference="the same without",
        ratio=without / with_regions,
        target=TARGET_THROUGHPUT,
        more={"seconds": with_regions, "answers": answers[0]},
    )


def _drawn_row(page_of: PageOf, events: int, numpy_s: float, post_proc: str, name: str) -> Row:
    played = Played(events_per_pulse=EVENTS_PER_PULSE, events=events)
    with serving(played) as server, running(server.port, post_proc=post_proc) as service:
        wait_for(lambda: service.products.events() >= 0.99 * events, "the run")
        with page_of(service.folder) as (port, _):
            total = wait_for(lambda: _asked(port, "detector").get("total", 0), "the first picture")
            times, counts = [], []
            for number in range(DRAWN):
                start_s = time.perf_counter()
                body = _asked(port, f"region?region={urllib.parse.quote(encode_region(_region(number)))}")
                times.append(time.perf_counter() - start_s)
                counts.append(body["counts"])
    return Row(
        name=name,
        events_per_pulse=None,
        events_per_s=None,
        reference=f"the wanted {WANTED_S:g} s",
        ratio=WANTED_S / statistics.median(times),
        target="≥ 1",
        more={
            "seconds": statistics.median(times),
            "slowest": max(times),
            "numpy_s": numpy_s,
            "events": total,
            "counts": statistics.median(counts),
        },
    )


def _region(number: int) -> Region:
    """A region of half of the pixels, another one each time."""
    return Region(name=f"r{number}", kind=RegionKind.PIXELS, pixels=f"{number}-{number + USUAL_PIXELS // 2}")


def _numpy_s(events: int) -> float:
    rng = np.random.default_rng(1)
    tof_us = rng.integers(0, 16_667_000, events, np.int32) / 1000
    pixel = rng.integers(0, USUAL_PIXELS, events, np.int32)
    edges = np.linspace(0, 16_667, 101)
    return seconds(lambda: np.histogram(tof_us[(pixel >= 5) & (pixel <= USUAL_PIXELS // 2)], edges))


@contextmanager
def _somebody_looks(folder: Path, page_of: PageOf, answers: list[int]) -> Iterator[None]:
    """A page with 20 regions that are kept, and somebody who looks."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    (state / FILE_NAME).write_bytes(encode_regions([_region(number) for number in range(20)]))
    stop = threading.Event()
    with page_of(folder) as (port, _):

        def look() -> None:
            while not stop.wait(POLL_S):
                answers[0] += sum("error" not in _asked(port, path) for path in ("detector", "regions", "regions/r3"))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE_S)


def _asked(port: int, path: str) -> dict[str, Any]:
    """What the page answers of its one instrument; an error in its own words."""
    try:
        url = f"http://127.0.0.1:{port}/api/instruments/bench/{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            body: dict[str, Any] = json.load(response)
            return body
    except urllib.error.HTTPError as error:
        found: dict[str, Any] = json.load(error)
        return found
