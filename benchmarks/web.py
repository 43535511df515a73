"""The status page: how soon a result is seen, and what many watchers cost.

``plot updated``: from a product on disk to the changed plot in a browser (headless Chromium), the median of 20; the
ratio is to the second that is wanted. ``throughput with watchers``: a run in progress is reduced with and without 200
watchers, each of whom fetches every result; the ratio is that of the throughputs, from the medians of 5 each, taken in
turn. The watchers stand in for other hosts, but they do run on this one: the fewer processors it has, the more the
figure says about them.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from end_to_end import reduce
from looking import DRAWN_EVENTS, drawn_rows, throughput_row
from measure import RUNS, Row, show
from serving import Played, decode_only, serving

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "test"))

CHROMIUM = Path("/usr/bin/chromium")
UPDATES = 20
WANTED_S = 1.0
WATCHERS = 200
EVENTS = 200_000_000
EVENTS_PER_PULSE = 400_000


@contextmanager
def page_of(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """``livereduce web`` of the configuration in a folder: its port and process."""
    command = [sys.executable, "-m", "livereduce", "web", "livereduce.conf", "--port", "0"]
    # as a service: a session of its own, which the kernel weighs against that of the worker
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r":(\d+)/$", line.strip())
            if not found:
                process.terminate()
                raise RuntimeError(f"the page's server does not listen: {line}{process.communicate()}")
            yield int(found[1]), psutil.Process(process.pid)
        finally:
            process.terminate()


def plot_updated_row() -> Row:
    """From `Products.publish` to the plot that shows it."""
    from playwright.sync_api import sync_playwright

    from helpers.fabricated import Fabricated, pattern

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        powder = Fabricated(Path(name) / "powder", "POWDER")
        powder.publish(pattern(41, 1000))
        powder.say()
        with page_of(powder.path) as (port, _):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"http://127.0.0.1:{port}/instrument/powder")
            page.wait_for_selector("#plot[data-drawn]", state="attached")
            times = []
            for update in range(UPDATES):
                powder.publish(pattern(41, 2000 + update, seed=update))
                start_s = time.perf_counter()
                page.wait_for_selector(f'#plot[data-version="{_version(powder.path)}"]', state="attached")
                times.append(time.perf_counter() - start_s)
                powder.say(progress={"total": {"results": update}})
                time.sleep(0.1 + 0.05 * update)  # not in step with the server's looks
            browser.close()
    seconds = statistics.median(times)
    return Row(
        name="plot updated",
        events_per_pulse=None,
        events_per_s=None,
        reference=f"the wanted {WANTED_S:g} s",
        ratio=WANTED_S / seconds,
        more={"seconds": seconds, "slowest": max(times), "updates": len(times)},
    )


def _version(folder: Path) -> str:
    from livereduce.seen.index import parse_index

    listed = parse_index((folder / "state" / "products" / "index.json").read_text()).find(41, "result")
    assert listed is not None
    return listed.version


@dataclass(slots=True)
class Watched:
    """What a crowd has cost and got."""

    cpu: float = 0.0
    memory_bytes: int = 0
    told: dict[str, int] | None = None


@contextmanager
def crowd(folder: Path, watched: Watched) -> Iterator[None]:
    """A page of the folder, and those who watch it."""
    with page_of(folder) as (port, server):
        command = [sys.executable, str(HERE / "watchers.py"), "--port", str(port), "--count", str(WATCHERS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as watchers:
            assert watchers.stdout is not None
            assert watchers.stdout.readline() == "watching\n"
            before_s, start_s = sum(server.cpu_times()[:2]), time.perf_counter()
            try:
                yield
                watched.cpu = (sum(server.cpu_times()[:2]) - before_s) / (time.perf_counter() - start_s)
                watched.memory_bytes = max(watched.memory_bytes, server.memory_info().rss)
            finally:
                watchers.terminate()
            watched.told = json.loads(watchers.stdout.readline())


def throughput_rows(events: int) -> list[Row]:
    """The same reduction with and without a crowd."""
    watched = Watched()
    alone, watched_s, cpu = [], [], []
    with serving(Played(events_per_pulse=EVENTS_PER_PULSE, events=events)) as server:
        counted = decode_only(server).events
        for _ in range(RUNS):
            alone.append(reduce(server, counted).seconds_from_hello)
            watched_s.append(reduce(server, counted, beside=lambda folder: crowd(folder, watched)).seconds_from_hello)
            cpu.append(watched.cpu)
    without, with_crowd = statistics.median(alone), statistics.median(watched_s)
    told = watched.told or {}
    facts: dict[str, Any] = {"watchers": WATCHERS, "told": told.get("product", 0), "fetched": told.get("fetched", 0)}
    facts["let_go"] = told.get("let_go", WATCHERS)
    return [
        Row(
            name="throughput with watchers",
            events_per_pulse=EVENTS_PER_PULSE,
            events_per_s=counted / with_crowd,
            reference="the same without",
            ratio=without / with_crowd,
            more={"seconds": with_crowd, **facts},
        ),
        Row(
            name="server with watchers",
            events_per_pulse=None,
            events_per_s=None,
            reference="one processor",
            ratio=statistics.median(cpu),
            more={"seconds": with_crowd, "memory_mb": watched.memory_bytes / 1e6},
        ),
    ]


def main() -> int:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--events", type=int, default=EVENTS, help="events of the run that is reduced")
    options = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"no {CHROMIUM}: how soon a plot changes cannot be measured", file=sys.stderr)
    with tempfile.TemporaryDirectory() as kernels:
        # Kernels compile once, not in each of the many workers to come.
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        rows = [plot_updated_row()] if CHROMIUM.exists() else []
        if not options.json:
            show(rows, as_json=False)
        later = throughput_rows(options.events)
        later += drawn_rows(page_of, min(options.events, DRAWN_EVENTS))
        later.append(throughput_row(page_of, options.events))
    show(rows + later if options.json else later, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
