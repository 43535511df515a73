"""Many who watch one instrument as browsers do: each is told the news, and fetches the product that has changed.

Prints how many it has in the end: pieces of news, products fetched, bytes. It stands in for other hosts, so it runs
with the lowest priority.
"""

import argparse
import asyncio
import json
import os
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path


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


async def run(host: str, port: int, count: int) -> None:
    """Watch until SIGTERM."""
    told: Counter[str] = Counter()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    watching = [asyncio.create_task(watch(host, port, told)) for _ in range(count)]
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
    options = parser.parse_args()
    os.nice(19)
    with suppress(OSError):  # the same for the session, which is what counts against those of others
        Path("/proc/self/autogroup").write_text("19")
    asyncio.run(run(options.host, options.port, options.count))


if __name__ == "__main__":
    main()
