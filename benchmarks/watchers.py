"""Many who watch one instrument as browsers do: each is told the news, and fetches the product that has changed.

With ``--detector ID`` each of them has the page of the detector open instead: it asks for the picture, the kept regions
and the spectra of two regions every 0.7 s, and says which answers it has already.

Prints how many it has in the end: pieces of news, products fetched, bytes; with ``--detector`` the answers, how many of
them were new, and the longest wait. It stands in for other hosts, so it runs with the lowest priority.
"""

import argparse
import asyncio
import json
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

LOOK_S = 0.7
"""How often the page of the detector asks."""
REGIONS = (
    {"name": "left", "kind": "rectangle", "projection": "cylinder", "points": [[35, -0.3], [80, 0.3]]},
    {"name": "right", "kind": "ellipse", "projection": "cylinder", "points": [[90, -0.2], [140, 0.2]]},
)


async def watch(host: str, port: int, told: Counter[str]) -> None:
    """One watcher, until cancelled."""
    news, ask = await asyncio.open_connection(host, port)
    ask.write(f"GET /api/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    event = b""
    try:
        while line := await news.readline():
            if line.startswith(b"event: "):
                event = line[7:].strip()
                told[event.decode()] += 1
            elif line.startswith(b"data: ") and event == b"product":
                product = json.loads(line[6:])
                path = f"/api/instruments/{product['id']}/products/{product['run']}/{product['name']}?max_points=3000"
                told["bytes"] += await _fetch(host, port, path)
                told["fetched"] += 1
    finally:
        ask.close()


async def _fetch(host: str, port: int, path: str) -> int:
    """Fetch an answer on a connection of its own: its length."""
    answer, ask = await asyncio.open_connection(host, port)
    try:
        ask.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode())
        body = await answer.read(-1)
    finally:
        ask.close()
    assert body.startswith(b"HTTP/1.1 200"), body[:300]
    return len(body)


async def look(host: str, port: int, instrument: str, told: Counter[str]) -> None:
    """One who has the page of the detector open, on one connection, until cancelled."""
    base = f"/api/instruments/{instrument}"
    drawn = [f"{base}/region?region={quote(json.dumps(region))}" for region in REGIONS]
    tags: dict[str, str] = {}
    answer, ask = await asyncio.open_connection(host, port)
    told["hello"] += 1
    try:
        while True:
            began_s = time.monotonic()
            for path in (f"{base}/detector", f"{base}/regions", *drawn):
                asked_s = time.monotonic()
                known = f"If-None-Match: {tags[path]}\r\n" if path in tags else ""
                ask.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n{known}\r\n".encode())
                status, tags[path], length = await _answered(answer)
                told[f"answers_{status}"] += 1
                told["bytes"] += length
                told["longest_ms"] = max(told["longest_ms"], round(1000 * (time.monotonic() - asked_s)))
            await asyncio.sleep(max(0.0, LOOK_S - (time.monotonic() - began_s)))
    finally:
        ask.close()


async def _answered(answer: asyncio.StreamReader) -> tuple[int, str, int]:
    """Read one answer of a connection that stays open: status, tag, length of the body."""
    head = (await answer.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    status, length = int(head[0].split()[1]), int(fields.get("content-length", 0))
    if fields.get("transfer-encoding") == "chunked":
        while size := int(await answer.readuntil(b"\r\n"), 16):
            await answer.readexactly(size + 2)
            length += size
        await answer.readexactly(2)
    elif status != 304:
        await answer.readexactly(length)
    return status, fields.get("etag", ""), length


async def run(host: str, port: int, count: int, detector: str) -> None:
    """Watch until SIGTERM."""
    told: Counter[str] = Counter()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    watching = [
        asyncio.create_task(look(host, port, detector, told) if detector else watch(host, port, told))
        for _ in range(count)
    ]
    while told["hello"] < count:
        await asyncio.sleep(0.05)
    print("watching", flush=True)
    await stopped.wait()
    let_go = sum(one.done() for one in watching)
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    print(json.dumps({**told, "let_go": let_go}), flush=True)


def main() -> None:
    """Parse the arguments and watch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--detector", default="", metavar="ID", help="instrument whose detector all of them look at")
    options = parser.parse_args()
    os.nice(19)
    with suppress(OSError):  # the same for the session, which is what counts against those of others
        Path("/proc/self/autogroup").write_text("19")
    asyncio.run(run(options.host, options.port, options.count, options.detector))


if __name__ == "__main__":
    main()
