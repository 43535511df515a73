"""The values of the control system beside the reduction: whatever their clients do, the live results are unharmed."""

import os
import signal
import socket

import psutil
import pytest

from helpers.faults import HALF_EVENTS, MORE_EVENTS, Matrix, Rig, Row, Rows
from helpers.pv_serving import PREFIX, BareClient, CaClient, PvServer, ca_client, message, ports, pvs, tcp_port
from livereduce.messages.status import Status

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
METRIC = "import livereduce\nlivereduce.metric('n', input.getNumberEvents(), 1.0)\n"


@ROWS.each()
def test_the_results_are_unharmed(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def begin(rig: Rig) -> tuple[Status, PvServer, CaClient]:
    """Reduce the first half, with a client that has seen it."""
    before = rig.begin(post_proc=METRIC, epics={"prefix": PREFIX})
    server = rig.stack.enter_context(pvs(rig.path / "livereduce.conf", ports(), environ=rig.beamline.environ))
    client = rig.stack.enter_context(ca_client(server.ports))
    client.wait("Metric:n", lambda one: (one["value"] or 0) >= HALF_EVENTS)
    return before, server, client


def unharmed(rig: Rig, before: Status) -> None:
    """The same worker and receiver have reduced the rest."""
    rig.beam_to(1.2)
    after = rig.back(MORE_EVENTS)
    assert (after.worker_pid, after.receiver_pid, after.restarts) == (before.worker_pid, before.receiver_pid, 0)
    rig.finish()


@ROWS("PVs with clients that flood, and never read what they watch")
def floods(rig: Rig) -> None:
    before, server, client = begin(rig)
    rig.inject()
    for _ in range(30):
        silent = BareClient(tcp_port(server))
        rig.stack.callback(silent.close)
        silent.opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        channel = silent.channel("Metric:n")
        for number in range(100):
            silent.watch(channel, number)
    noise = rig.stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    for kind in range(10_000):
        noise.sendto(message(kind % 30, os.urandom(kind % 64), 1, 1, 2, 3), ("127.0.0.1", server.ports.search))
    unharmed(rig, before)
    client.wait("Run:State", lambda one: one["value"] in ("ended", "running"))
    rig.note(f"{client.get('Run:Events')['value']:.0f} events for a client that behaves")
    assert server.stop()[0] == 0


@ROWS("PVs whose server is stopped by a signal (SIGSTOP)")
def hangs(rig: Rig) -> None:
    before, server, _ = begin(rig)
    rig.inject()
    os.kill(server.process.pid, signal.SIGSTOP)
    unharmed(rig, before)
    rig.note("the server of the values does not answer")
    os.kill(server.process.pid, signal.SIGCONT)


@ROWS("PVs whose server is killed")
def killed(rig: Rig) -> None:
    before, server, client = begin(rig)
    client.ask(watch=f"{PREFIX}Metric:n")
    client.seen("Metric:n", bool)
    rig.inject()
    server.process.kill()
    client.seen("Metric:n", lambda seen: "lost" in seen[-1])
    unharmed(rig, before)
    rig.note("clients are disconnected")


@ROWS("PVs while the daemon is killed")
def daemon_killed(rig: Rig) -> None:
    _, _, client = begin(rig)
    rig.inject()
    rig.beamline.daemons[-1].kill()
    found = client.wait("State", lambda one: one["value"] == "down")
    assert found["severity"] == 3
    assert client.get("Metric:n")["severity"] == 3
    rig.note(f"State down: {client.text('Why')}")
    rig.beamline.daemons[-1].wait()
    rig.beamline.start()
    rig.beam_to(1.2)
    rig.back(MORE_EVENTS, exactly=False, reconnects=None)
    client.wait("Metric:n", lambda one: one["severity"] == 0 and (one["value"] or 0) >= MORE_EVENTS)
    assert psutil.pid_exists(rig.beamline.daemons[-1].pid)
    rig.finish()
