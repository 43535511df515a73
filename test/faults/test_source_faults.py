"""Faults of the stream's server and the network: a reason to reconnect, never one to end the worker."""

import random
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from helpers import packets as p
from helpers.dim import dim_play
from helpers.faults import (
    CLOSED,
    HALF_EVENTS,
    MORE,
    MORE_EVENTS,
    PASS,
    PATIENCE_S,
    RUN,
    SCALE,
    THIRD,
    Matrix,
    Rig,
    Row,
    Rows,
)
from helpers.pausing import stoppable
from helpers.served import powder_play, serving
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
RUBBISH = random.Random(1).randbytes(100_000)


@ROWS.each()
def test_source_comes_back(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


class Line:
    """The network between server and worker: passes everything on, until told to do something else.

    A worker may ask a silent server over a second connection, for "now": that is passed on, and stalled, as well.

    Attributes
    ----------
    flow
        ``pass``, ``stall`` (nothing comes through), ``drip`` (a byte at a time), ``cut`` (nobody gets a connection).
    change
        Is applied to what comes from the server, packet by packet.
    changed
        For `change`: whether it has done in this connection what it does once.
    """

    def __init__(self, url: str, change: Callable[[bytearray], None] | None = None) -> None:
        host, port = url.removeprefix("adara://").split(":")
        self._server = (host, int(port))
        self._change = change
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.url = f"adara://127.0.0.1:{self._listener.getsockname()[1]}"
        self.flow = "pass"
        self.connections = 0
        self.changed = False
        self._over = threading.Event()
        self._end: Callable[[socket.socket], None] | None = None
        self._sent_between: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, name="line")

    @contextmanager
    def up(self) -> Iterator["Line"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
            self._listener.close()

    def close(self) -> None:
        """The server hangs up."""
        self._end = lambda client: client.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """The connection breaks."""
        self._end = lambda client: client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def put_in(self, data: bytes) -> None:
        """Send something that the server has not sent."""
        self._sent_between.append(data)
        deadline = time.monotonic() + PATIENCE_S
        while self._sent_between and time.monotonic() < deadline:
            time.sleep(0.01)

    def _serve(self) -> None:
        threads: list[threading.Thread] = []
        while not self._over.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                threads.append(threading.Thread(target=self._take, args=(client,), name="connection"))
                threads[-1].start()
        for thread in threads:
            thread.join()

    def _take(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self.flow != "cut":
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with socket.create_connection(self._server) as server:
            client.settimeout(0.0)
            hello = b""
            while len(hello) < 20 and not self._over.is_set():
                with suppress(BlockingIOError):
                    hello += client.recv(20 - len(hello))
                    if is_closed(client):
                        return
                time.sleep(0.005)
            server.sendall(hello)
            server.settimeout(0.02)
            client.settimeout(PATIENCE_S)
            asks = hello[16:] == bytes(4)
            if not asks:
                self.connections += 1
                self.changed = False
            self._pump(server, client, asks=asks)

    def _pump(self, server: socket.socket, client: socket.socket, *, asks: bool) -> None:
        held = bytearray()
        while not self._over.is_set() and self.flow != "cut":
            if self._end and not asks:
                end, self._end = self._end, None
                return end(client)
            if is_closed(client):
                return None
            while self._sent_between and not asks:
                client.sendall(self._sent_between[0])
                self._sent_between.pop(0)
            if self.flow == "stall":
                time.sleep(0.02)
                continue
            try:
                data = server.recv(1 if self.flow == "drip" else 1 << 16)
            except TimeoutError:
                continue
            if not data:
                return None
            client.sendall(self._changed(held, data))
        return None

    def _changed(self, held: bytearray, data: bytes) -> bytes:
        if self._change is None:
            return data
        held += data
        out = bytearray()
        while len(held) >= 16 and len(held) >= (size := 16 + int.from_bytes(held[:4], "little")):
            packet = held[:size]
            del held[:size]
            self._change(packet)
            out += packet
        return bytes(out)


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has hung up."""
    readable, _, _ = select.select([connection], [], [], 0.0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


def through_a_line(rig: Rig, change: Callable[[bytearray], None] | None = None, **settings: Any) -> Line:
    """Half of the run is reduced, through a line."""
    line = rig.stack.enter_context(Line(rig.play(), change).up())
    rig.begin(url=line.url, **settings)
    return line


def goes_on(rig: Rig, line: Line, connections: int) -> None:
    """The same worker goes on, on a connection with this number."""
    rig.inject()
    rig.beam_to(MORE)
    status = rig.back(MORE_EVENTS, reconnects=None)
    assert (status.restarts, status.renewals) == (0, 0)
    assert line.connections == connections
    if connections > 1:
        rig.saw_log("recovered after ", "run 1 complete so far (", "nothing missing")
    rig.finish()


def reconnects(rig: Rig, line: Line) -> None:
    rig.until("another connection", lambda: line.connections == 2)
    rig.saw_log("connection", "lost")


@ROWS("server hangs up")
def hangs_up(rig: Rig) -> None:
    line = through_a_line(rig)
    line.close()
    reconnects(rig, line)
    goes_on(rig, line, 2)


@ROWS("server resets the connection")
def resets(rig: Rig) -> None:
    line = through_a_line(rig)
    line.reset()
    reconnects(rig, line)
    goes_on(rig, line, 2)


@ROWS("server is unreachable for a while")
def unreachable(rig: Rig) -> None:
    line = through_a_line(rig)
    line.flow = "cut"
    rig.saw(StateWord.DEGRADED, "connection")
    line.flow = "pass"
    rig.inject()
    rig.beam_to(MORE)
    status = rig.back(MORE_EVENTS, reconnects=None)
    assert (status.restarts, status.renewals) == (0, 0)
    rig.finish()


@ROWS("network swallows everything without a word")
def swallows(rig: Rig) -> None:
    """Nobody's connection ends. The worker asks, gets no answer, connects again, and beats all the time."""
    line = through_a_line(rig, limits={"waiting": 2.0})
    line.flow = "stall"
    rig.saw(StateWord.DEGRADED, "no data for", "a second connection got no answer")
    line.flow = "pass"
    rig.inject()
    rig.beam_to(MORE)
    status = rig.back(MORE_EVENTS, reconnects=None)
    assert (status.restarts, status.renewals) == (0, 0)
    rig.finish()


@ROWS("a run goes by while everything is swallowed")
def swallows_a_run(rig: Rig) -> None:
    """The first run's end and the whole second run are missing, and each is told by its number."""
    said: list[str] = []
    line = rig.stack.enter_context(Line(rig.play(runs=3, say=said.append)).up())
    rig.begin(url=line.url)
    line.flow = "stall"
    rig.saw(StateWord.DEGRADED, "no data for", "a second connection got no answer")
    line.flow = "cut"  # else the server would keep all this for the connection that is stalled
    rig.until("another loss", lambda: rig.log().count("connection lost") >= 2)
    rig.beam_to(THIRD)
    rig.until("the third run", lambda: "run 3 started" in said)
    line.flow = "pass"
    rig.inject()
    status = rig.wait("the third run", lambda one: one.progress is not None and one.progress.run.number == 3)
    assert (status.restarts, status.renewals) == (0, 0)
    status = rig.wait("the notes", lambda one: one.progress is not None and len(one.progress.incomplete_runs) >= 1)
    assert status.progress
    assert any(note.startswith("run 2:") for note in status.progress.incomplete_runs)
    rig.until("the end of the first run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    rig.check_totals(incomplete="the connection was down when run 1 ended")
    rig.stop()


@ROWS("server stopped in a pause")
def stopped_in_a_pause(rig: Rig) -> None:
    """The pause itself is waited for on one connection; a server that does not answer in it is not."""
    server, port = rig.stack.enter_context(stoppable("pause", f"{20 * SCALE}"))
    rig.beamline.script("proc", PASS)
    rig.configure(source=f"adara://127.0.0.1:{port}")
    rig.beamline.start()
    rig.saw(StateWord.PAUSED, "run 10 is paused")
    server.send_signal(signal.SIGSTOP)
    rig.outcome.seen = ""
    rig.saw(StateWord.DEGRADED, "no data for", "a second connection got no answer")
    server.send_signal(signal.SIGCONT)
    rig.inject()
    rig.until("the end of the run", lambda: rig.beamline.index().get(10, {}).get("ended"))
    facts = rig.beamline.product(10).attributes
    assert (int(facts["pulses"]), int(facts["events"]), facts["incomplete"]) == (150, 3000, "")
    rig.outcome.lost = "nothing"
    rig.stop()


@ROWS("beam stands still, the server answers")
def silent_source(rig: Rig) -> None:
    """The source of a run that is not paused is silent: said, and no reason to connect again."""
    line = through_a_line(rig)
    rig.saw(StateWord.DEGRADED, "no pulses since", "not paused")
    goes_on(rig, line, 1)


@ROWS("beam goes off")
def beam_off(rig: Rig) -> None:
    """Pulses come without charge: the run goes on, nobody is called, and the page says since when."""
    url = rig.stack.enter_context(serving(dim_play(epics_ns(time.time()), on_s=2.0, run_s=600.0), speed=1.0))
    rig.beamline.script("proc", PASS)
    rig.configure(source=url)
    rig.beamline.start()
    rig.inject()
    status = rig.saw(StateWord.RUNNING, "reducing run 1; no beam since ")
    assert status.progress
    events, pulses = status.progress.run.events, status.progress.run.pulses
    later = rig.wait("more pulses", lambda one: one.progress is not None and one.progress.run.pulses > pulses + 300)
    assert (later.state, later.conditions) == (StateWord.RUNNING, ())
    assert later.progress
    assert later.progress.run.events == events == 2400
    rig.outcome.lost = "nothing"
    rig.stop()


@ROWS("server drips, a byte at a time")
def drips(rig: Rig) -> None:
    line = through_a_line(rig)
    before = rig.status()
    assert before
    assert before.progress
    received = before.progress.source.received_bytes
    line.flow = "drip"
    rig.beam_to(MORE)
    rig.wait("some bytes", lambda one: one.progress is not None and one.progress.source.received_bytes > received + 100)
    rig.note("running; the bytes received grow slowly")
    line.flow = "pass"
    goes_on(rig, line, 1)


@ROWS("server sends rubbish")
def rubbish(rig: Rig) -> None:
    line = through_a_line(rig)
    line.put_in(RUBBISH)
    reconnects(rig, line)
    goes_on(rig, line, 2)


@ROWS("server sends zeros")
def zeros(rig: Rig) -> None:
    """A packet of no type and no size is legal framing: a million of them, and then the stream goes on."""
    line = through_a_line(rig)
    line.put_in(bytes(16_000_000))
    rig.note("running; packets of an unknown type are passed over")
    goes_on(rig, line, 1)


@ROWS("server restarts on the same port")
def restarts(rig: Rig) -> None:
    port = free_port()
    rig.url = f"adara://127.0.0.1:{port}"
    play = powder_play(runs=1, run_s=1.0, gap_s=0.1, rate=60_000, origin_ns=rig.origin_ns)
    with serving(play, speed=1.0, clock=rig.clock, port=port):
        rig.begin()
    rig.saw(StateWord.DEGRADED, str(port))
    rig.inject()
    # what a real server has on its disk is there at once
    rig.play(port=port, prefill_s=rig.clock.now_s - CLOSED)
    rig.wait("a connection", lambda one: one.progress is not None and one.progress.source.connected)
    rig.beam_to(MORE)
    status = rig.back(MORE_EVENTS, reconnects=None)
    assert (status.restarts, status.renewals) == (0, 0)
    rig.finish()


@ROWS("server is not there at first")
def late(rig: Rig) -> None:
    port = free_port()
    rig.beamline.script("proc", PASS)
    rig.configure(source=f"adara://127.0.0.1:{port}")
    rig.beamline.start()
    rig.saw(StateWord.DEGRADED, str(port))
    rig.inject()
    rig.play(port=port)
    rig.beam_to(1.0)
    status = rig.back(HALF_EVENTS)
    assert (status.restarts, status.renewals) == (0, 0)
    rig.finish()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def jump(rig: Rig, seconds: int) -> Callable[[bytearray], None]:
    """All packets from 0.6 s of the run on carry times that are off."""
    from_ns = rig.origin_ns + round(0.7 * NS_PER_S)

    def change(packet: bytearray) -> None:
        second, ns = struct.unpack_from("<2I", packet, 8)
        if second * NS_PER_S + ns >= from_ns:
            struct.pack_into("<I", packet, 8, second + seconds)

    return change


@ROWS("stream jumps an hour ahead")
def jumps_ahead(rig: Rig) -> None:
    line = through_a_line(rig, jump(rig, 3600))
    rig.note("running; a jump in time is no fault")
    goes_on(rig, line, 1)


@ROWS("stream jumps an hour back")
def jumps_back(rig: Rig) -> None:
    line = through_a_line(rig, jump(rig, -3600))
    rig.note("running; a jump in time is no fault")
    goes_on(rig, line, 1)


@ROWS("server sends packets with nothing in them")
def nothing_in_them(rig: Rig) -> None:
    """No values, and strings, arrays, descriptors and maps of nothing: sound packets, all of them."""
    line = through_a_line(rig)
    now_ns = rig.origin_ns + round(0.65 * NS_PER_S)
    line.put_in(
        b"".join(p.multiple(kind, now_ns, 77, kind, []) for kind in range(1, 6))
        + p.variable(3, now_ns, 77, 11, "")
        + p.variable(4, now_ns, 77, 12, [])
        + p.multiple(5, now_ns, 77, 13, [(0, []), (1, [])])
        + p.descriptor(now_ns, 77, "", {})
        + p.pixel_map_alt(now_ns, [])
        + p.run_info(now_ns, "", "")
        + p.monitors(now_ns, {})
    )
    rig.note("running; a value that is none makes no log")
    goes_on(rig, line, 1)


KILLS = """
import sys
if "livereduce.receiver" in sys.orig_argv:
    import os
    from livereduce.stream.adara import decode
    read = decode.read_packet
    def read_or_die(format_word, payload):
        if b"poison" in payload:
            os.abort()
        return read(format_word, payload)
    decode.read_packet = read_or_die
"""


@ROWS("a packet kills the receiver each time")
def kills_each_time(rig: Rig) -> None:
    """The first death tells which piece of the stream, the second which packet; the third receiver goes without it."""
    (rig.path / "sitecustomize.py").write_text(KILLS)
    rig.beamline.environ = {**rig.beamline.environ, "PYTHONPATH": str(rig.path)}
    poison = [p.variable(3, rig.origin_ns + round(0.7 * NS_PER_S), 77, 1, "poison")]

    def change(packet: bytearray) -> None:
        """In front of the first pulse after 0.7 s of the run, in each replay."""
        second, ns, kind = (*struct.unpack_from("<2I", packet, 8), int.from_bytes(packet[5:7], "little"))
        if kind == 0x4000 and second * NS_PER_S + ns >= rig.origin_ns + round(0.7 * NS_PER_S) and not line.changed:
            packet[:0] = poison[0]
            line.changed = True

    line = through_a_line(rig, change)
    rig.inject()
    rig.beam_to(MORE)
    rig.saw_restart("SIGABRT", number=2)
    rig.saw_log("run 1 is incomplete", "left out", "twice in decode (the receiver crashed at ", "sitecustomize.py:")
    status = rig.back(MORE_EVENTS, generation=3, reconnects=2)
    assert (status.restarts, status.receiver_restarts) == (2, 2)
    assert status.progress
    assert "a packet of 20" in status.progress.run.incomplete
    assert rig.truth
    facts = rig.finish(incomplete="left out").facts
    assert facts[:4] == rig.truth.facts[:4], "no event is missing: it was the value of a variable"


BANKED, MONITOR = 0x4000, 0x4001


def kind_of(packet: bytearray) -> int:
    return int.from_bytes(packet[5:7], "little")


@ROWS("server sends every pulse twice")
def every_pulse_twice(rig: Rig) -> None:
    def change(packet: bytearray) -> None:
        if kind_of(packet) in (BANKED, MONITOR):
            packet += bytes(packet)

    line = through_a_line(rig, change)
    rig.saw_log("packets so far were sent again in mid-stream")
    goes_on(rig, line, 1)


@ROWS("server sends a block again")
def a_block_again(rig: Rig) -> None:
    block: list[bytes] = []
    line = through_a_line(rig, lambda packet: block.append(bytes(packet)) if kind_of(packet) != 0x4003 else None)
    line.put_in(b"".join(block[-100:]))
    rig.saw_log("packets so far were sent again in mid-stream")
    goes_on(rig, line, 1)


@ROWS("a stamp in the future, then a file boundary")
def stamp_in_the_future(rig: Rig) -> None:
    """The rest of the run is older than one of its pulses, and the server may repeat at a boundary: nothing is lost."""
    from_ns, odd = rig.origin_ns + round(0.4 * NS_PER_S), list[bytes]()

    def change(packet: bytearray) -> None:
        second, ns = struct.unpack_from("<2I", packet, 8)
        if kind_of(packet) == BANKED and second * NS_PER_S + ns >= from_ns and not odd:
            struct.pack_into("<I", packet, 8, second + 10**8)
            odd.append(bytes(packet))

    line = through_a_line(rig, change)
    now_ns = rig.origin_ns + round(0.65 * NS_PER_S)
    line.put_in(b"".join(p.run_status(now_ns, status, 1) for status in (p.RUN_EOF, p.RUN_BOF)))
    rig.note("running; what is older than a pulse is no repeat")
    goes_on(rig, line, 1)
