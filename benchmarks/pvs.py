"""Values of the control system: how soon a result is there, for one client and with many others beside it.

From a product that is on the disk, with its index, to the callback of a client of EPICS's own library that watches its
total; the median of 20. The ratio is to the second that is wanted. In the second row each result also brings new values
of 50 metrics, which 50 more clients watch, all of them on this machine.
"""

import argparse
import json
import select
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from measure import Row, show

sys.path.insert(0, str(Path(__file__).parent.parent / "test"))

from helpers.fabricated import Fabricated, pattern
from helpers.pv_serving import PREFIX, BareClient, CaClient, PvServer, ca_client, ports, pvs, tcp_port
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure
from livereduce.scripting.reporting.report import ReportedMetric

UPDATES, METRICS, CLIENTS = 20, 50, 50
WANTED_S = 1.0
RUN = 41


def report(recorder: TrendRecorder, metrics: int, events: int) -> None:
    at = Exposure(time_unix_s=1.8e9 + events, events=events, charge_pc=1.0)
    values = [ReportedMetric(name=f"m{k}", value=float(events + k), error=1.0, units="counts") for k in range(metrics)]
    recorder.record(RUN, 1.8e9, at, values)


@contextmanager
def crowd(server: PvServer, clients: int, metrics: int) -> Iterator[None]:
    """Clients that watch all metrics and read what comes, as fast as they can."""
    bare = [BareClient(tcp_port(server)) for _ in range(clients)]
    for one in bare:
        for number in range(metrics):
            one.watch(one.channel(f"Metric:m{number}"), number)
    leaving = threading.Event()
    reading = threading.Thread(target=_read_all, args=([one.opened for one in bare], leaving))
    reading.start()
    try:
        yield
    finally:
        leaving.set()
        reading.join()
        for one in bare:
            one.close()


def _read_all(opened: list[socket.socket], leaving: threading.Event) -> None:
    while not leaving.is_set():
        for one in select.select(opened, [], [], 0.1)[0]:
            one.recv(1 << 16)


def updated_row(name: str, *, metrics: int, clients: int, updates: int) -> Row:
    """From `Products.publish` to the callback that gets the new total."""
    with tempfile.TemporaryDirectory() as folder:
        powder = Fabricated(Path(folder) / "powder", "POWDER")
        body = json.loads(powder.conf.read_text())
        powder.conf.write_text(json.dumps(body | {"epics": {"prefix": PREFIX}}))
        recorder = TrendRecorder(powder.path / "state" / "products", ("a",))
        report(recorder, metrics, 1000)
        powder.publish(pattern(RUN, 1000))
        powder.say()
        with pvs(powder.conf, ports()) as server, ca_client(server.ports) as client, crowd(server, clients, metrics):
            client.ask(watch=f"{PREFIX}Total:result")
            client.seen("Total:result", bool)
            process = psutil.Process(server.process.pid)
            before_s, start_s = sum(process.cpu_times()[:2]), time.perf_counter()
            times = [_one_update(powder, recorder, client, metrics, 2000 + update) for update in range(updates)]
            cores = (sum(process.cpu_times()[:2]) - before_s) / (time.perf_counter() - start_s)
            memory_mb = process.memory_info().rss / 1e6
    seconds = statistics.median(times)
    return Row(
        name=name,
        events_per_pulse=None,
        events_per_s=None,
        reference=f"the wanted {WANTED_S:g} s",
        ratio=WANTED_S / seconds,
        target="≥ 1",
        more={"seconds": seconds, "slowest": max(times), "updates": updates, "cores": cores, "memory_mb": memory_mb},
    )


def _one_update(powder: Fabricated, recorder: TrendRecorder, client: CaClient, metrics: int, events: int) -> float:
    report(recorder, metrics, events)
    powder.publish(pattern(RUN, events, seed=events))
    published = time.time()
    index = json.loads((powder.path / "state" / "products" / "index.json").read_text())
    total = index["runs"][-1]["products"][0]["total"]
    seen = client.seen("Total:result", lambda seen: seen[-1].get("value") == total)
    time.sleep(0.1 + 0.013 * (events % 20))  # not in step with the server's looks
    return float(seen[-1]["heard"]) - published


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--smoke", action="store_true", help="next to no data: does it run?")
    options = parser.parse_args()
    updates, metrics, clients = (2, 3, 2) if options.smoke else (UPDATES, METRICS, CLIENTS)
    show(
        [
            updated_row("value updated", metrics=1, clients=0, updates=updates),
            updated_row(
                f"value updated beside {clients} clients × {metrics} metrics",
                metrics=metrics,
                clients=clients,
                updates=updates,
            ),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
