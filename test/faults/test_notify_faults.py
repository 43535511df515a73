"""Notifications and heartbeat beside the service: whatever becomes of them or their targets, the reduction goes on."""

import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

from helpers.faults import HALF_EVENTS, MORE_EVENTS, Matrix, Rig, Row, Rows
from helpers.rude_server import dripping, rude_server
from livereduce.messages.status import Status

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
FLOOD = "import sys\nwhile True: sys.stdout.write('flood ' * 1000)"
HANG = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
ALL = ["parked", "degraded", "down", "run_ended"]


@ROWS.each()
def test_the_reduction_is_unharmed(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def attach(rig: Rig) -> "subprocess.Popen[bytes]":
    """Start the process that sends; the end of the row is its end."""
    with (rig.path / "notify.log").open("ab") as log:
        herald = subprocess.Popen(
            [sys.executable, "-m", "livereduce", "notify", "livereduce.conf"],
            cwd=rig.path,
            env=dict(rig.beamline.environ),
            stdout=log,
            stderr=log,
        )

    def end() -> None:
        herald.kill()
        herald.wait()

    rig.stack.callback(end)
    return herald


def said(rig: Rig) -> str:
    path = rig.path / "notify.log"
    return path.read_text() if path.exists() else ""


def telling(rig: Rig, **how: Any) -> dict[str, Any]:
    return {"on": ALL, "longer_than_s": 0, "at_most_every_s": 0.1} | how


def unharmed(rig: Rig, before: Status) -> None:
    """The same worker and receiver have reduced the rest."""
    after = rig.back(MORE_EVENTS)
    assert (after.worker_pid, after.receiver_pid, after.restarts) == (before.worker_pid, before.receiver_pid, 0)
    rig.finish()


@ROWS("notify: a command that floods, one that hangs, a web hook that never answers, a broker that hangs")
def targets_misbehave(rig: Rig) -> None:
    mute = rig.stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes connections, and says nothing
    hook = rig.stack.enter_context(rude_server(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")))
    out = rig.path / "told"
    tells = f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + chr(10))"
    entries = [
        telling(rig, command=[sys.executable, "-c", FLOOD]),
        telling(rig, command=[sys.executable, "-c", HANG]),
        telling(rig, webhook=f"{hook}/t0ps3cret"),
        telling(rig, command=[sys.executable, "-c", tells, "{text}"]),
    ]
    heartbeat = {"brokers": [f"127.0.0.1:{mute.getsockname()[1]}"], "destination": "/topic/X.Y.STATUS.LR"}
    before = rig.begin(notify=entries, heartbeat=heartbeat)
    herald = attach(rig)
    rig.inject()
    # the beam stands still, which is a condition: a run without pulses
    rig.until("a message", out.exists)
    rig.until("the end of the flood", lambda: "has printed more than" in said(rig))
    rig.note(out.read_text().splitlines()[0])
    rig.beam_to(1.2)
    rig.wait_reduced(MORE_EVENTS)
    assert herald.poll() is None, said(rig)
    unharmed(rig, before)
    assert "t0ps3cret" not in said(rig)
    herald.send_signal(signal.SIGTERM)
    assert herald.wait(60) == 0


@ROWS("notify: killed, and started again")
def killed(rig: Rig) -> None:
    out = rig.path / "told"
    tells = f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + chr(10))"
    before = rig.begin(notify=[{"on": ["run_ended"], "command": [sys.executable, "-c", tells, "{text}"]}])
    remembered = rig.path / "state" / "notify.json"
    herald = attach(rig)
    rig.until("its first look", lambda: remembered.exists() and '"is_new": false' in remembered.read_text())
    rig.inject()
    os.kill(herald.pid, signal.SIGKILL)
    herald.wait()
    rig.beam_to(1.2)
    rig.wait_reduced(HALF_EVENTS)
    unharmed(rig, before)  # the run ends while nobody tells of it
    attach(rig)
    rig.until("the end of the run", out.exists)
    rig.note(out.read_text().strip())
    assert "run 1 has ended" in out.read_text()


@ROWS("notify: the daemon is killed, and that is told")
def daemon_killed(rig: Rig) -> None:
    out = rig.path / "told"
    tells = f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + chr(10))"
    entry = {"on": ["down"], "longer_than_s": 0, "at_most_every_s": 0.1}
    rig.begin(notify=[entry | {"command": [sys.executable, "-c", tells, "{text}"]}])
    attach(rig)
    rig.until("its start", lambda: "on down" in said(rig))
    rig.inject()
    rig.beamline.daemons[-1].kill()
    rig.beamline.daemons[-1].wait()
    rig.until("that it is down", lambda: out.exists() and "down: the daemon (pid" in out.read_text())
    rig.note(out.read_text().splitlines()[0])
    again = rig.beamline.start()
    rig.wait("the next daemon", lambda one: one.pid == again.pid)
    rig.back(exactly=False, reconnects=None)
    rig.until("that this is over", lambda: "down is over" in out.read_text())
    rig.finish()
