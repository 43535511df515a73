"""Pictures of large results, and the page's own answers meanwhile.

``picture of a million points``: from the request to the whole PNG of a curve of 10⁶ points with errors that nobody has
asked for before, the median of 9; the ratio is that of the wanted second to it. ``cold_s`` is the first of all, for
which a renderer starts and matplotlib is imported. ``page while pictures are drawn``: the longest that ``/healthz``
took then, asked every 20 ms, against the wanted 100 ms; ``alone_s`` is the same without any picture.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from measure import Row, seconds, show
from web import page_of

sys.path.insert(0, str(Path(__file__).parents[1] / "test"))

PICTURE = "api/instruments/powder/products/{}/result.png"
POINTS = 1_000_000
PICTURES = 9
TRIES = 5
WANTED_S = 1.0
WANTED_HEALTH_S = 0.1
EVERY_S = 0.02
ALONE_S = 3.0


def fetch(url: str) -> bytes:
    """The whole answer."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            raise RuntimeError(f"{url}: {refused.read().decode()}") from None
    return body


def picture(url: str, run: int) -> bytes:
    """A picture; asked for again where the machine is so busy that it took longer than a renderer may take."""
    for _ in range(TRIES - 1):
        with suppress(RuntimeError):
            return fetch(f"{url}/{PICTURE.format(run)}")
    return fetch(f"{url}/{PICTURE.format(run)}")


@contextmanager
def asking(url: str, times: list[float]) -> Iterator[None]:
    """Ask again and again, and note how long each answer took."""
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            times.append(seconds(partial(fetch, url)))
            enough.wait(EVERY_S)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def rows(points: int, pictures: int, alone_s: float) -> list[Row]:
    """Both rows, from a page of files."""
    from helpers.fabricated import Fabricated, axis, product

    def publish(run: int) -> None:
        values = np.random.default_rng(run).poisson(50, points).astype(float)
        tof = axis("tof", np.arange(points + 1.0), "us")
        one.publish(product(run, "result", values, (tof,), np.sqrt(values)))

    with tempfile.TemporaryDirectory() as name:
        one = Fabricated(Path(name) / "powder", "POWDER")
        runs = range(1, pictures + 2)  # the first warms a renderer up
        for run in runs:
            publish(run)
        one.say()
        with page_of(one.path) as (port, _):
            url = f"http://127.0.0.1:{port}"
            quiet: list[float] = []
            with asking(f"{url}/healthz", quiet):
                time.sleep(alone_s)
            busy: list[float] = []
            with asking(f"{url}/healthz", busy):
                times = [seconds(partial(picture, url, run)) for run in runs]
    return [
        Row(
            name=f"picture of {points:,} points",
            events_per_pulse=None,
            events_per_s=None,
            reference=f"the wanted {WANTED_S:g} s",
            ratio=WANTED_S / statistics.median(times[1:]),
            target="≥ 1",
            more={"seconds": statistics.median(times[1:]), "slowest": max(times[1:]), "cold_s": times[0]},
        ),
        Row(
            name="page while pictures are drawn",
            events_per_pulse=None,
            events_per_s=None,
            reference=f"the wanted {WANTED_HEALTH_S:g} s",
            ratio=WANTED_HEALTH_S / max(busy),
            target="≥ 1",
            more={"slowest": max(busy), "median": statistics.median(busy), "asked": len(busy), "alone_s": max(quiet)},
        ),
    ]


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--smoke", action="store_true", help="next to no data: only to see that it works")
    options = parser.parse_args()
    found = rows(1000, 2, 0.1) if options.smoke else rows(POINTS, PICTURES, ALONE_S)
    show(found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
