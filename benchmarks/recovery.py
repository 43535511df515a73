"""How long from a fault to a result that holds again every event it had before; `python benchmarks/recovery.py`.

Each time is a median. Beside it what it should be, and what the original needs where only its watchdog helps: the age
of the log file at which it acts and one interval between two looks, 300 + 60 s. Then how long a start takes, with
kernels compiled before (warm) and not (cold). Last, what the daemon itself costs.
"""

import argparse
import json
import os
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime

import psutil

from livereduce.simulate.beams.beam import PULSES_PER_S
from service import POST_PROC, Service, running
from serving import Played, Server, decode_only, serving, wait_for

RUNS = 5
SIZES = (1_000_000, 10_000_000, 50_000_000)
EVENTS = 10_000_000
EVENTS_PER_PULSE = 5_000
WANTED_GROWTH = 1.5
"""Most that a recovery at the largest size may take, in times of one at the smallest."""
HANG_LIMIT_S = 5.0
WANTED_WARM_S, WANTED_COLD_S = 3.0, 15.0
WATCHDOG_S = 360.0
FLOW_EVENTS_PER_S = 25_000_000
FLOW_S = 20.0
SETTLED = re.compile(r"^(\S+ \S+) - .*the scripts have changed", re.MULTILINE)
"""The line that the daemon logs when it takes a change as settled."""

HANGING_POST_PROC = f"""\
import os, time
if os.path.exists("hang"):
    os.remove("hang")
    time.sleep(3600)
{POST_PROC}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One line: seconds, what they should be, what the original needs, and what else was measured."""

    name: str
    seconds: float
    wanted_s: float | None = None
    watchdog_s: float | None = None
    more: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A fault: when it counts from (CLOCK_MONOTONIC), the worker that must be replaced first, and when it was saved."""

    at_s: float
    worker: int
    saved_s: float | None = None


def reducing(server: Server, update_every_s: float = 1.0) -> AbstractContextManager[Service]:
    """The service, with a post_proc that hangs when it is asked to."""
    settings = {"update_every": update_every_s, "limits": {"post_process": HANG_LIMIT_S}}
    return running(server.port, post_proc=HANGING_POST_PROC, settings=settings)


def crash(service: Service) -> Struck:
    """The worker dies."""
    worker = service.worker_pid()
    os.kill(worker, signal.SIGSEGV)
    return Struck(at_s=time.monotonic(), worker=worker)


def kill_receiver(service: Service) -> Struck:
    """The receiver dies, or the worker where it receives by itself."""
    processes = service.processes()
    (processes.get("receiver") or processes["worker"]).kill()
    return Struck(at_s=time.monotonic(), worker=processes["worker"].pid)


def hang(service: Service) -> Struck:
    """A post_proc never ends; counts from when it began. The signal makes one run now."""
    flag, worker = service.folder / "hang", service.worker_pid()
    flag.touch()
    service.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: not flag.exists(), "a cycle")
    return Struck(at_s=time.monotonic(), worker=worker)


def change_script(service: Service) -> Struck:
    """The scientist saves another post_proc; counts from when the daemon takes it as settled."""
    path, worker = service.folder / "reduce_BENCH_live_post_proc.py", service.worker_pid()
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{path.read_text()}\n# {time.monotonic()}\n")
    fresh.replace(path)
    saved_s = time.monotonic()
    stamp = wait_for(lambda: SETTLED.search(service.log()), "the change")[1]
    ago_s = time.time() - datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
    return Struck(at_s=time.monotonic() - ago_s, worker=worker, saved_s=saved_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done, its name, the seconds wanted up to `EVENTS`, and whether the original's watchdog helps."""

    name: str
    strike: Callable[[Service], Struck]
    wanted_s: float
    watchdog: bool = True


CRASH = Fault(name="crash", strike=crash, wanted_s=1.0)
SCRIPT_CHANGE = Fault(name="settled script change", strike=change_script, wanted_s=1.0, watchdog=False)
RECEIVER_KILLED = Fault(name="receiver killed", strike=kill_receiver, wanted_s=float("inf"))
HANG = Fault(name=f"hang (limit {HANG_LIMIT_S:g} s)", strike=hang, wanted_s=HANG_LIMIT_S + 2.0)


def recovery_row(fault: Fault, events: int, runs: int = RUNS, *, stood_by: bool = True) -> Recovery:
    """The median time from a fault to a new result with all events of the run.

    Parameters
    ----------
    stood_by
        The service has been at work for some seconds, so that a spare worker stands by; False: it has just started.
    """
    times, from_save = [], []
    with serving(Played(events_per_pulse=EVENTS_PER_PULSE, events=events)) as server:
        counted = decode_only(server).events
        for _ in range(runs):
            with reducing(server) as service:
                service.result_after(0.0, counted)
                if stood_by:
                    wait_for(lambda: service.status().get("spare_pid"), "the spare worker")
                struck = fault.strike(service)
                whole_s = service.result_after(_gone(struck.worker), counted)
                times.append(whole_s - struck.at_s)
                from_save += [] if struck.saved_s is None else [whole_s - struck.saved_s]
    return Recovery(
        name=f"{fault.name}, {counted / 1e6:.3g} M events{'' if stood_by else ', no spare worker yet'}",
        seconds=statistics.median(times),
        wanted_s=fault.wanted_s if events <= EVENTS and fault.wanted_s < WATCHDOG_S else None,
        watchdog_s=WATCHDOG_S if fault.watchdog else None,
        more={"worst": max(times), **({"from_save": statistics.median(from_save)} if from_save else {})},
    )


def _gone(pid: int) -> float:
    """Wait until a process is gone; what is written from then on (CLOCK_MONOTONIC) is not by it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE, "the end of a worker")
    return time.monotonic()


def growth_rows(fault: Fault) -> Iterator[Recovery]:
    """The same fault at all sizes, and how much longer the largest takes than the smallest."""
    rows = []
    for events in SIZES:
        rows.append(recovery_row(fault, events))
        yield rows[-1]
    growth = rows[-1].seconds / rows[0].seconds
    yield Recovery(
        name=f"{fault.name}, longer with {SIZES[-1] / SIZES[0]:g} times the events",
        seconds=rows[-1].seconds - rows[0].seconds,
        more={"times_as_long": growth, "wanted": f"≤ {WANTED_GROWTH:g}"},
    )


def server_restart_row() -> Recovery:
    """The server dies and comes back on its port with the same run, which it has collected anew."""
    times, played = [], Played(events_per_pulse=EVENTS_PER_PULSE, events=EVENTS)
    for _ in range(RUNS):
        with serving(played) as server, reducing(server) as service:
            service.result_after(0.0, EVENTS)
            server.process.kill()
            server.process.wait()
            with serving(played, port=server.port):
                moment_s = time.monotonic()
                times.append(service.result_after(moment_s, EVENTS) - moment_s)
    return Recovery(name="server restart", seconds=statistics.median(times), watchdog_s=WATCHDOG_S)


def start_row(*, cold: bool) -> Recovery:
    """From the start of the daemon to its question for the run at the server; cold: no kernel is compiled yet."""
    to_hello, to_result = [], []
    with serving(Played(events_per_pulse=EVENTS_PER_PULSE, events=EVENTS)) as server:
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as kernels, ExitStack() as stack:
                asked = server.asked_times() + 1
                service = stack.enter_context(running(server.port, env={"NUMBA_CACHE_DIR": kernels} if cold else {}))
                server.wait_asked(asked)
                to_hello.append(server.asked_at(service.start_s) - service.start_s)
                to_result.append(service.result_after(0.0, EVENTS) - service.start_s)
    return Recovery(
        name=f"start to connected, {'cold' if cold else 'warm'}",
        seconds=statistics.median(to_hello),
        wanted_s=WANTED_COLD_S if cold else WANTED_WARM_S,
        more={"worst": max(to_hello), "to_result": statistics.median(to_result)},
    )


def daemon_cost_row() -> Recovery:
    """CPU share and memory of the daemon while events flow at the rate of the brightest beamline."""
    per_pulse = FLOW_EVENTS_PER_S // PULSES_PER_S
    played = Played(events_per_pulse=per_pulse, events=FLOW_EVENTS_PER_S, grows=True)
    with serving(played) as server, reducing(server, update_every_s=5.0) as service:
        service.result_after(0.0, FLOW_EVENTS_PER_S)
        process = psutil.Process(service.daemon.pid)
        before, events_before = process.cpu_times(), service.status()["progress"]["total"]["events"]
        start_s = time.monotonic()
        time.sleep(FLOW_S)
        after, seconds = process.cpu_times(), time.monotonic() - start_s
        events = service.status()["progress"]["total"]["events"] - events_before
        used_s = after.user + after.system - before.user - before.system
        rss_mb = process.memory_info().rss / 1e6
    more = {"cpu_share": used_s / seconds, "rss_MB": rss_mb, "events_per_s": events / seconds}
    return Recovery(name="daemon", seconds=seconds, more=more)


GROUPS: dict[str, Callable[[], Iterable[Recovery]]] = {
    "crash": lambda: (*growth_rows(CRASH), recovery_row(CRASH, EVENTS, stood_by=False)),
    "script-change": lambda: growth_rows(SCRIPT_CHANGE),
    "receiver-killed": lambda: growth_rows(RECEIVER_KILLED),
    "hang": lambda: [recovery_row(HANG, EVENTS)],
    "server-restart": lambda: [server_restart_row()],
    "start": lambda: [start_row(cold=False), start_row(cold=True)],
    "daemon": lambda: [daemon_cost_row()],
}


def main() -> int:
    """Measure the faults asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (all)")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"unknown group {', '.join(sorted(unknown))}; expected {', '.join(GROUPS)}")
    rows = []
    with tempfile.TemporaryDirectory() as kernels:
        os.environ.setdefault("NUMBA_CACHE_DIR", kernels)
        for name in options.groups or GROUPS:
            for row in GROUPS[name]():
                rows.append(row)
                if not options.json:
                    print(_line(row), flush=True)
    if options.json:
        print(json.dumps({"rows": [_flat(row) for row in rows]}, indent=1))
    return 0


def _flat(row: Recovery) -> dict[str, object]:
    values = asdict(row)
    return {**values, **values.pop("more")}


def _line(row: Recovery) -> str:
    wanted = "" if row.wanted_s is None else f"(wanted ≤ {row.wanted_s:g})"
    watchdog = "" if row.watchdog_s is None else f"the original's watchdog {row.watchdog_s:g} s"
    more = "  ".join(f"{key} {value if isinstance(value, str) else f'{value:.4g}'}" for key, value in row.more.items())
    return f"{row.name:<54} {row.seconds:8.3f} s {wanted:<14} {more}  {watchdog}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
