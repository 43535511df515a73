"""The shipped commands as processes of their own, over real sockets, in a folder that they share with nobody."""

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.listener import hello
from helpers.paths import ROOT
from helpers.reduced import PATIENCE_S, Beamline, beamline_in, environ_of, processes_in
from helpers.served import Clock, powder_play, serving, simulating, url_of
from helpers.wire import RunTotals, runs
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.messages.status import StateWord
from livereduce.publish.product import Product

UAH_PER_PC = 1e-12 / 3600 * 1e6
pytestmark = pytest.mark.timeout(120)  # for a slow machine that has to compile the kernels first


@pytest.fixture
def beamline(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beamline]:
    with beamline_in(tmp_path, environ_of(tmp_path_factory)) as made:
        yield made


@contextmanager
def overheard(address: tuple[str, int]) -> Iterator[bytearray]:
    """Everything that another client of the server is sent, from the start of the current run on."""
    received = bytearray()

    def listen(connection: socket.socket) -> None:
        while data := connection.recv(1 << 18):
            received.extend(data)

    with socket.create_connection(address) as connection:
        connection.sendall(hello(1))
        thread = threading.Thread(target=listen, args=(connection,), name="listener")
        thread.start()
        try:
            yield received
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join()


def focused(run: RunTotals) -> tuple[list[int], list[float]]:
    """What the example's proc makes of all events of a run: counts over d-spacing, and the edges."""
    us_per_angstrom = 252.7784 * 15.0 * 2 * np.sin(np.radians(np.linspace(30.0, 150.0, 4096)) / 2)
    edges = np.linspace(0.5, 2.3, 361)
    d = np.array(run.tofs) / 10 / us_per_angstrom[np.array(run.pixels)]
    return np.histogram(d, edges)[0].tolist(), edges.tolist()


def totals_of(product: Product) -> tuple[object, ...]:
    facts = product.attributes
    return tuple(facts[name] for name in ("pulses", "events", "proton_charge_pc", "unmapped", "incomplete"))


def assert_one_name_for_each_number(beamline: Beamline, number: int, run: RunTotals) -> None:
    """File, index and status say the same under the same names, and when the run began and ended."""
    listed = beamline.index()[number]
    (entry,) = [one for one in listed["products"] if one["name"] == "result"]
    facts = beamline.product(number).attributes
    names = ("events", "proton_charge_pc", "incomplete", "ended")
    assert [entry[name] for name in names] == [facts[name] for name in names] == [run.events, run.charge_pc, "", True]
    times = ("start_time", "end_time")
    assert [listed[name] for name in times] == [facts[name] for name in times]
    assert 0 <= span_s(*(str(facts[name]) for name in times)) - 2.0 <= 1.5
    with h5py.File(beamline.path / "state" / "products" / entry["path"]) as file:
        assert set(names) <= set(file["entry"])
        assert not {"total_counts", "proton_charge"} & set(file["entry"])
    progress = beamline.status().progress
    assert progress
    assert {"events", "proton_charge_pc"} <= set(progress.run.__dataclass_fields__)


def span_s(begin: str, end: str) -> float:
    return float((np.datetime64(end[:-1], "ns") - np.datetime64(begin[:-1], "ns")) / np.timedelta64(1, "s"))


def cut_to_packets(data: bytes) -> bytes:
    at = 0
    while at + 16 <= len(data) and at + 16 + int.from_bytes(data[at : at + 4], "little") <= len(data):
        at += 16 + int.from_bytes(data[at : at + 4], "little")
    return data[:at]


def test_runs_are_reduced_as_they_come_and_everything_ends_in_order(beamline: Beamline) -> None:
    """The example of the documentation: server, daemon, worker and scripts as a beamline would have them."""
    for example in (ROOT / "examples" / "powder").glob("*.py"):
        shutil.copy(example, beamline.path)
    words = ("--powder", "--rate", "20000", "--run-seconds", "2", "--gap-seconds", "0.5")
    with simulating(beamline.path, beamline.environ, *words) as address, overheard(address) as received:
        beamline.configure(source=url_of(address))
        assert beamline.livereduce("check", "livereduce.conf").returncode == 0
        assert beamline.livereduce("status", "livereduce.conf").returncode == 2
        daemon = beamline.start()
        ended = beamline.wait_ended(2)
        running = beamline.wait(lambda seen: seen.state in (StateWord.RUNNING, StateWord.WAITING_FOR_RUN))
        command = beamline.livereduce("status", "livereduce.conf")
        assert (command.returncode, command.stderr) == (0, "")
        assert f"{address[0]}:{address[1]} connected" in command.stdout
        assert (running.pid, running.instrument, running.restarts) == (daemon.pid, "POWDER", 0)
        assert running.progress
        assert (running.progress.total.script_errors, running.progress.total.gaps, running.progress.last_errors) == (
            0,
            0,
            {},
        )
        assert set(processes_in([beamline.path])) >= {running.pid, running.worker_pid}
        assert beamline.stop() == 0
    after = beamline.livereduce("status", "livereduce.conf", "--json")
    assert (after.returncode, json.loads(after.stdout)["state"]) == (2, "stopped")
    assert processes_in([beamline.path]) == []
    assert "focused " in beamline.log()
    sent = {run.run: run for run in runs(cut_to_packets(bytes(received)))}
    for number in ended:
        product, run = beamline.product(number), sent[number]
        assert totals_of(product) == (run.pulses, run.events, run.charge_pc, 0, "")
        assert (run.pulses, run.events) == (120, 40_000)
        assert_one_name_for_each_number(beamline, number, run)
        counts, edges = focused(run)
        (d,) = product.axes
        assert (d.values.tolist(), product.units) == (edges, "counts/uAh")
        np.testing.assert_allclose(product.signal * run.charge_pc * UAH_PER_PC, counts, rtol=1e-9)


def test_a_script_with_an_error_is_shown_with_its_place(beamline: Beamline) -> None:
    with serving(powder_play(runs=1, run_s=1000, gap_s=0.1, origin_ns=now_ns()), speed=1.0) as url:
        beamline.configure(source=url)
        text = (
            "# a comment\ndef focus(workspace):\n    return workspace.getNumberEvents() / 0\n\noutput = focus(input)\n"
        )
        path = beamline.script("proc", text)
        beamline.start()
        degraded = beamline.wait(lambda seen: seen.state is StateWord.DEGRADED and "proc" in seen.why)
        assert f"{path}:3: ZeroDivisionError: division by zero" in degraded.why
        assert degraded.progress
        assert degraded.progress.total.script_errors > 0
        command = beamline.livereduce("status", "livereduce.conf")
        assert (command.returncode, command.stderr) == (1, "")
        assert f"{path}:3: ZeroDivisionError" in command.stdout
        assert beamline.stop() == 0
    log = beamline.log()
    assert f'File "{path}", line 5, in' in log
    assert f'File "{path}", line 3, in focus' in log
    assert "return workspace.getNumberEvents() / 0" in log


def now_ns() -> int:
    return epics_ns(time.time()) - NS_PER_S


@pytest.mark.parametrize("preserve_events", [True, False])
def test_a_worker_killed_in_mid_run_costs_nothing_of_the_run(beamline: Beamline, preserve_events: bool) -> None:
    """The beam stands still where it is killed, so that the run is surely open when the next one asks for it."""
    clock, origin_ns = Clock(0.4), now_ns()
    play = powder_play(runs=1, run_s=1.0, gap_s=0.1, rate=60_000, origin_ns=origin_ns)
    with serving(play, speed=1.0, clock=clock) as url:
        beamline.configure(source=url, preserve_events=preserve_events)
        beamline.script("proc", "pass\n")
        clock.now_s = 1.0  # a tenth of a second, then 0.5 s of the run
        beamline.start()
        before = beamline.wait(lambda seen: seen.progress is not None and seen.progress.run.events > 25_000)
        assert before.worker_pid
        os.kill(before.worker_pid, signal.SIGKILL)
        again = beamline.wait(
            lambda seen: seen.generation == 2 and seen.progress is not None and seen.progress.run.events > 25_000
        )
        assert again.progress
        assert before.progress
        assert (again.restarts, again.progress.run.number) == (1, 1)
        assert "SIGKILL" in again.last_restarts[0].reason
        clock.now_s = 1.6
        assert beamline.wait_ended(1) == [1]
        clock.now_s = 3.0
        assert beamline.stop() == 0
    assert totals_of(beamline.product(1)) == (60, 60_000, 60 * 18_469_940, 0, "")


def test_what_cannot_run_is_said_at_once_and_all_of_it(beamline: Beamline) -> None:
    beamline.configure(update_every=-3, source="ftp://nowhere", accum_method="Multiply")
    path = beamline.script("proc", "x = = 1\n")
    command = beamline.livereduce("check", "livereduce.conf")
    assert command.returncode == 78
    for named in ("update_every", "ftp://nowhere", "accum_method", f"{path}:1"):
        assert named in command.stdout + command.stderr


def test_a_broken_configuration_parks_and_the_status_says_so(beamline: Beamline) -> None:
    beamline.configure(update_every="often")
    beamline.script("proc", "pass\n")
    beamline.start()
    parked = beamline.wait(lambda seen: seen.state is StateWord.PARKED)
    assert "update_every" in parked.why
    assert beamline.livereduce("status", "livereduce.conf").returncode == 1
    beamline.daemons[-1].send_signal(signal.SIGTERM)
    assert beamline.daemons[-1].wait(PATIENCE_S) == 0
