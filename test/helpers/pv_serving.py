"""``livereduce pvs`` as a child, and clients of it: one of EPICS's own library, and one on a bare socket."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
PREFIX = "T:"


def free_port() -> int:
    """A port that nobody has, for TCP and for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(frozen=True, slots=True)
class Ports:
    """Where searches and beacons go, apart from every other test and from any IOC of the machine."""

    search: int
    beacon: int

    def environ(self) -> dict[str, str]:
        return {
            "EPICS_CA_SERVER_PORT": str(self.search),
            "EPICS_CA_REPEATER_PORT": str(self.beacon),
            "EPICS_CAS_BEACON_PORT": str(self.beacon),
            "EPICS_CA_ADDR_LIST": "127.0.0.1",
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
        }


def ports() -> Ports:
    return Ports(free_port(), free_port())


@dataclass
class PvServer:
    """A server that is up."""

    process: subprocess.Popen[str]
    ports: Ports
    said: str

    def stop(self) -> tuple[int, str]:
        """Exit code, and what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, errors


def command(conf: Path) -> list[str]:
    return [sys.executable, "-m", "livereduce", "pvs", str(conf)]


@contextmanager
def pvs(
    conf: Path, where: Ports, *, within: Sequence[str] = (), environ: Mapping[str, str] = os.environ
) -> Iterator[PvServer]:
    process = subprocess.Popen(
        [*within, *command(conf)],
        cwd=conf.parent,
        env={**environ, **where.environ()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("serving "), f"it does not serve: {process.communicate()}"
        yield PvServer(process, where, line.strip())
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PATIENCE_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class CaClient:
    """A client that answers questions; see `ca_client.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **asked: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def get(self, name: str, **more: Any) -> Any:
        return self.ask(get=PREFIX + name, **more)

    def text(self, name: str) -> str:
        return str(self.get(name, text=True)["value"])

    def wait(self, name: str, there: Callable[[dict[str, Any]], bool], **more: Any) -> Any:
        """Wait until a value is as expected."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.get(name, **more)
            if "error" not in found and there(found):
                return found
            assert time.monotonic() < deadline, f"{name}: {found}"
            time.sleep(0.02)

    def seen(self, name: str, there: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until what has come of a PV that is watched is as expected."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found: list[dict[str, Any]] = self.ask(seen=PREFIX + name)
            if there(found):
                return found
            assert time.monotonic() < deadline, f"{name}: {found}"
            time.sleep(0.02)


@contextmanager
def ca_client(where: Ports, *, within: Sequence[str] = (), address: str = "127.0.0.1") -> Iterator[CaClient]:
    """A client as a child, which searches at an address."""
    program = Path(__file__).with_name("ca_client.py")
    with ExitStack() as stack:
        process = subprocess.Popen(
            [*within, sys.executable, str(program)],
            env={**os.environ, **where.environ(), "EPICS_CA_ADDR_LIST": address},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        for stream in (process.stdin, process.stdout):
            assert stream
            stack.callback(stream.close)
        yield CaClient(process)


# ---- on a bare socket: what no library does

VERSION, EVENT_ADD, WRITE, SEARCH, READ_NOTIFY, CREATE_CHAN, WRITE_NOTIFY = 0, 1, 4, 6, 15, 18, 19
DOUBLE = 6
_HEAD = struct.Struct(">HHHHII")


def message(what: int, payload: bytes, kind: int, count: int, first: int, second: int) -> bytes:
    padded = payload + bytes(-len(payload) % 8)
    return _HEAD.pack(what, len(padded), kind, count, first, second) + padded


class BareClient:
    """A circuit to the server, without any library that would hold back what is forbidden."""

    def __init__(self, port: int) -> None:
        self._channels = 0
        self.opened = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.send(message(VERSION, b"", 0, 13, 0, 0))

    def send(self, *messages: bytes) -> None:
        self.opened.sendall(b"".join(messages))

    def reply(self, wanted: Sequence[int]) -> tuple[int, bytes, int, int]:
        """The next message of one of these kinds: kind, payload, and the two numbers."""
        while True:
            what, size, _, _, first, second = _HEAD.unpack(self._read(_HEAD.size))
            payload = self._read(size)
            if what in wanted:
                return what, payload, first, second

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self.opened.recv(size - len(found))
            assert piece, "the server hangs up"
            found += piece
        return found

    def channel(self, name: str) -> int:
        """The server's number of a channel."""
        self._channels += 1
        self.send(message(CREATE_CHAN, f"{PREFIX}{name}\0".encode(), 0, 0, self._channels, 13))
        return self.reply([CREATE_CHAN])[3]

    def watch(self, channel: int, number: int) -> None:
        """Subscribe to doubles; nobody has to read what comes."""
        self.send(message(EVENT_ADD, struct.pack(">fffHH", 0, 0, 0, 1, 0), DOUBLE, 1, channel, number))

    def close(self) -> None:
        self.opened.close()


def tcp_port(server: PvServer) -> int:
    return int(server.said.rpartition(" ")[2])
