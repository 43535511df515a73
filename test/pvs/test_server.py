"""The server as a process, on files that a test writes; read by EPICS's own client library."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from helpers.fabricated import Fabricated, pattern
from helpers.namespaces import ADDRESS, hosts, needs_namespaces
from helpers.pv_serving import (
    CREATE_CHAN,
    DOUBLE,
    PATIENCE_S,
    PREFIX,
    READ_NOTIFY,
    WRITE,
    WRITE_NOTIFY,
    BareClient,
    CaClient,
    PvServer,
    ca_client,
    command,
    message,
    ports,
    pvs,
    tcp_port,
)
from livereduce.base.errors import ExitCode
from livereduce.messages.status import StateWord
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(300)
ERROR = 11
"""The message of Channel Access that says that something was refused."""
INVALID, UDF, COMM = 3, 17, 9


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "powder", "POWDER")
    configure(made)
    made.publish(pattern(41, 2000))
    made.say()
    return made


def configure(made: Fabricated, **epics: object) -> None:
    body = json.loads(made.conf.read_text())
    made.conf.write_text(json.dumps(body | {"epics": {"prefix": PREFIX} | epics}))


def report(made: Fabricated, name: str, value: float, events: int = 2000) -> None:
    metric = ReportedMetric(name=name, value=value, error=0.25, units="1/µAh")
    at = Exposure(time_unix_s=1.8e9 + events, events=events, charge_pc=1.0)
    TrendRecorder(made.path / "state" / "products", ("a",)).record(41, 1.8e9, at, [metric])


@pytest.fixture
def served(powder: Fabricated) -> Iterator[PvServer]:
    with pvs(powder.conf, ports()) as server:
        yield server


@pytest.fixture
def client(served: PvServer) -> Iterator[CaClient]:
    with ca_client(served.ports) as one:
        yield one


def total(made: Fabricated) -> float:
    found = json.loads((made.path / "state" / "products" / "index.json").read_text())
    return float(found["runs"][-1]["products"][0]["total"])


# ---- what a client gets


def test_values_units_time_stamps_and_alarms(powder: Fabricated, client: CaClient) -> None:
    report(powder, "peak.height", 50.0)
    peak = client.get("Metric:peak_height")
    assert (peak["value"], peak["units"], peak["at"]) == (50.0, "1/uAh", 1.8e9 + 2000)
    assert client.get("Metric:peak_height:Error")["value"] == 0.25
    found = client.get("Total:result")
    assert (found["value"], found["severity"], found["status"]) == (total(powder), 0, 0)
    assert client.get("Run:Number")["value"] == 41
    assert client.get("State")["value"] == "running"
    powder.publish(replace(pattern(41, 3000), attributes={"incomplete": "3 s are missing", "events": 3000}))
    assert client.wait("Total:result", lambda one: one["value"] == total(powder))["severity"] == 1


def test_texts_of_any_length_are_arrays_of_characters(powder: Fabricated, client: CaClient) -> None:
    long = "reduces, but the curve of 3 µA is not what it was: " + "ä" * 40
    powder.say(why=long)
    client.wait("Why", lambda one: one["value"] == long, text=True)
    powder.say(why="x" * 3000)
    client.wait("Why", lambda one: one["value"] == "x" * 2000, text=True)
    assert client.text("Run:Title") == ""


def test_whoever_watches_is_told(powder: Fabricated, client: CaClient) -> None:
    client.ask(watch=f"{PREFIX}Total:result")
    client.seen("Total:result", lambda seen: len(seen) == 1)
    powder.publish(pattern(41, 9000))
    seen = client.seen("Total:result", lambda seen: len(seen) > 1)
    assert seen[-1]["value"] == total(powder)


def test_a_daemon_that_goes_down_and_comes_back(powder: Fabricated, client: CaClient) -> None:
    powder.say(state=StateWord.STOPPED, why="SIGTERM received")
    client.wait("State", lambda one: one["value"] == "down")
    found = client.get("Total:result")
    assert (found["value"], found["severity"], found["status"]) == (total(powder), INVALID, COMM)
    assert "SIGTERM received" in client.text("Why")
    powder.say(state=StateWord.RUNNING, why="reducing run 41")
    client.wait("Total:result", lambda one: one["severity"] == 0)


def test_a_metric_that_comes_later_is_found_by_who_searched_for_it_before(powder: Fabricated, client: CaClient) -> None:
    assert "error" in client.get("Metric:late", seconds=1)
    client.ask(watch=f"{PREFIX}Metric:late")
    report(powder, "late", 7.0)
    assert client.seen("Metric:late", lambda seen: bool(seen))[-1]["value"] == 7.0


# ---- nobody writes


def test_a_write_is_refused_by_the_rights_of_the_channel(client: CaClient) -> None:
    assert "Write access denied" in client.ask(put=f"{PREFIX}Run:Number", value=5)["error"]
    assert client.get("Run:Number")["value"] == 41


@pytest.mark.parametrize("kind", [WRITE, WRITE_NOTIFY])
def test_who_writes_in_spite_of_the_rights_is_refused(served: PvServer, kind: int) -> None:
    bare = BareClient(tcp_port(served))
    try:
        channel = bare.channel("Run:Number")
        bare.send(message(kind, struct.pack(">d", 5.0), DOUBLE, 1, channel, 77))
        _, payload, _, _ = bare.reply([ERROR, WRITE_NOTIFY])
        assert b"cannot write" in payload
        bare.send(message(READ_NOTIFY, b"", DOUBLE, 1, channel, 78))
        assert struct.unpack(">d", bare.reply([READ_NOTIFY])[1]) == (41.0,)
    finally:
        bare.close()


def test_nothing_is_written_to_any_file(powder: Fabricated) -> None:
    before = {path: path.stat().st_mtime_ns for path in powder.path.rglob("*") if path.is_file()}
    with pvs(powder.conf, ports()) as server, ca_client(server.ports) as one:
        one.get("Run:Number")
        assert psutil.Process(server.process.pid).nice() > 0, "the reduction goes first"
    assert {path: path.stat().st_mtime_ns for path in powder.path.rglob("*") if path.is_file()} == before


# ---- its life


def test_it_listens_to_this_host_alone_and_stops_in_order(served: PvServer, client: CaClient) -> None:
    client.ask(watch=f"{PREFIX}Run:Number")
    client.seen("Run:Number", lambda seen: len(seen) == 1)
    opened = psutil.Process(served.process.pid).net_connections()
    assert {one.laddr.ip for one in opened} == {"127.0.0.1"}
    assert served.said == f"serving {PREFIX}… on 127.0.0.1, port {tcp_port(served)}"
    assert served.stop() == (ExitCode.OK, "")
    client.seen("Run:Number", lambda seen: "lost" in seen[-1])


def test_after_a_kill_clients_find_it_again(powder: Fabricated) -> None:
    where = ports()
    with ca_client(where) as client:
        with pvs(powder.conf, where) as server:
            client.ask(watch=f"{PREFIX}Run:Number")
            client.seen("Run:Number", lambda seen: len(seen) == 1)
            server.process.kill()
            client.seen("Run:Number", lambda seen: "lost" in seen[-1])
        with pvs(powder.conf, where):
            assert client.seen("Run:Number", lambda seen: "value" in seen[-1])[-1]["value"] == 41


def test_with_another_configuration_it_ends_to_be_started_anew(powder: Fabricated, served: PvServer) -> None:
    powder.conf.write_text("{ half of it is sa")
    configure_from(powder, prefix="OTHER:")
    _, errors = served.process.communicate(timeout=PATIENCE_S)
    assert served.process.returncode == ExitCode.OK
    assert "the configuration has changed" in errors


def configure_from(made: Fabricated, **epics: object) -> None:
    body = {"instrument": made.name, "engine": "builtin", "source": "adara://127.0.0.1:1", "script_dir": "."}
    body |= {"runtime_dir": str(made.path / "run"), "state_dir": str(made.path / "state")}
    made.conf.write_text(json.dumps(body | {"epics": epics}))


@pytest.mark.parametrize(
    ("epics", "said"),
    [
        ({}, "epics.prefix is not set in "),
        ({"prefix": "no good"}, '"epics.prefix": expected the beginning of the names of PVs'),
        ({"prefix": "T:", "interfaces": ["192.0.2.7"]}, "cannot listen on 192.0.2.7: Cannot assign requested address"),
    ],
)
def test_what_cannot_be_served_is_said(powder: Fabricated, epics: dict[str, object], said: str) -> None:
    configure_from(powder, **epics)
    done = subprocess.run(
        command(powder.conf),
        env=os.environ | ports().environ(),
        cwd=powder.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stdout) == (ExitCode.UNUSABLE, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, "one sentence, and no traceback"


@needs_namespaces()
def test_on_the_network_of_a_beamline_a_search_to_everybody_finds_it(powder: Fabricated) -> None:
    with hosts(2) as (ioc, other):
        configure(powder, interfaces=[ioc.address])
        where = ports()
        everybody = f"{ADDRESS}255"
        with (
            pvs(powder.conf, where, within=ioc.within) as server,
            ca_client(where, within=other.within, address=everybody) as client,
        ):
            assert server.said.startswith(f"serving {PREFIX}… on {ioc.address}, port ")
            assert client.get("Run:Number")["value"] == 41
            assert "error" in client.get("Metric:late", seconds=1)
            report(powder, "late", 7.0)
            client.wait("Metric:late", lambda one: one["value"] == 7.0)


# ---- who misbehaves


def test_clients_that_flood_or_never_read_take_nothing_from_the_others(powder: Fabricated, served: PvServer) -> None:
    process = psutil.Process(served.process.pid)
    with ExitStack() as stack, ca_client(served.ports) as well:
        well.get("Run:Number")
        before = process.memory_info().rss
        for _ in range(20):
            silent = BareClient(tcp_port(served))
            stack.callback(silent.close)
            silent.opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            channel = silent.channel("Total:result")
            for number in range(50):
                silent.watch(channel, number)
        noise = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        for kind in range(5000):
            noise.sendto(message(kind % 40, b"\xff" * (kind % 64), 1, 1, 2, 3), ("127.0.0.1", served.ports.search))
        torn = BareClient(tcp_port(served))
        stack.callback(torn.close)
        torn.send(message(CREATE_CHAN, b"\xff" * 2000, 9, 9, 9, 9), os.urandom(3000))
        for events in range(3000, 3040):
            powder.publish(pattern(41, events))
        well.wait("Total:result", lambda one: one["value"] == total(powder))
        assert process.memory_info().rss - before < 64 << 20
        assert served.stop()[0] == ExitCode.OK, "nor does it wait for them when it is to stop"


def test_values_that_cannot_be_served_cost_themselves(powder: Fabricated, client: CaClient) -> None:
    """Whatever stands in the snapshot: control characters, lone surrogates, and no end of it."""
    powder.say(why="a\x00b\udc80 \u202e <script>" + "𝄞" * 900)
    client.wait("Why", lambda one: one["value"].startswith("a b"), text=True)
    (powder.path / "run" / "status.json").write_text("{")
    client.wait("State", lambda one: one["value"] == "down")
    assert client.get("Total:result")["severity"] == INVALID
    powder.say(why="well")
    client.wait("State", lambda one: one["value"] == "running")


def test_without_its_package_it_says_how_to_get_it(powder: Fabricated) -> None:
    program = "import sys; sys.modules['caproto'] = None\nfrom livereduce.cli import main\nsys.exit(main(sys.argv[1:]))"
    asked = [sys.executable, "-c", program, "pvs", str(powder.conf)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == ExitCode.UNUSABLE
    assert "needs caproto" in done.stderr
    assert "caproto>=" in done.stderr
