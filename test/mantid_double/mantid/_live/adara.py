"""A real ADARA server as the SNS listener sees it: what Mantid uses of the stream, and nothing else of it.

Formats are those of the ADARA protocol (`stream/adara/wire/layout.py`). What Mantid does not know it skips, events
with states (0x4100) among it. Variables that are texts, run information and monitors are left out here.
"""

import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np

from mantid._double.stream import Item, Plan
from mantid._live.wire import Wire

HELLO = 0x00400600
NEW_RUN, END_RUN, STATE = 1, 4, 5
SCAN_START, SCAN_STOP, PAUSE, RESUME = 1, 2, 3, 4
UNMAPPED = 0xFFFFFFFE
"""Banks from here on hold events without a pixel."""
QUIET_S = 0.05
"""Silence for so long is the end of what has come until now."""
CONNECT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """A banked packet: its time (ns since 1990), charge (pC), times of flight (µs) and pixels."""

    time_ns: int
    charge_pc: float
    tof_us: np.ndarray
    pixel: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A new value of a process variable, which is a number."""

    device: int
    number: int
    time_ns: int
    value: float


class AdaraWire(Wire):
    """The same as a described stream, from a socket; silence is a socket that has nothing to read.

    Raises
    ------
    OSError
        Nobody listens at the address.
    """

    needs_geometry = True

    def __init__(self, plan: Plan, address: str) -> None:
        super().__init__(plan)
        host, _, port = address.rpartition(":")
        if not port.isdigit():
            raise OSError(f"{address!r} is no host:port")
        self._socket = socket.create_connection((host, int(port)), CONNECT_S)
        self._socket.settimeout(QUIET_S)
        self._bytes = b""
        self._read: deque[Item] = deque()

    def begin(self, start_ns: int) -> None:
        """Say hello, with the start in whole seconds."""
        now = int(time.time())
        self._socket.sendall(struct.pack("<5I", 4, HELLO, now, 0, start_ns // 10**9))

    def close(self) -> None:
        self._socket.close()

    def peek(self) -> Item | None:
        while not self._read:
            try:
                block = self._socket.recv(1 << 20)
            except TimeoutError:
                return None
            if not block:
                self._read.append(Item("close", True))
                break
            self._bytes += block
            self._parse()
        return self._read[0]

    def pop(self) -> Item:
        return self._read.popleft()

    def _parse(self) -> None:
        at = 0
        while len(self._bytes) - at >= 16:
            length, kind, seconds, ns = struct.unpack_from("<4I", self._bytes, at)
            if length % 4:
                raise RuntimeError("invalid_packet: a payload whose length is no multiple of 4")
            if len(self._bytes) - at < 16 + length:
                break
            payload = self._bytes[at + 16 : at + 16 + length]
            self._read += _items(kind >> 8, seconds * 10**9 + ns, np.frombuffer(payload, dtype="<u4"))
            at += 16 + length
        self._bytes = self._bytes[at:]


def _items(kind: int, time_ns: int, words: np.ndarray) -> list[Item]:
    if kind == 0x4000:
        return [Item("pulse", _pulse(time_ns, words))]
    if kind == 0x4003:
        kinds = {NEW_RUN: "new_run", END_RUN: "end_run", STATE: "state"}
        name = kinds.get(int(words[2]) >> 24)
        return [Item(name, int(words[0]))] if name and words[0] else []
    if kind == 0x4007:
        return _annotation(int(words[0]) >> 16 & 0x7FFF, int(words[1]))
    if kind == 0x400A:
        return [Item("geometry", _text(words))]
    if kind == 0x8000:
        return [Item("device", (int(words[0]), _described(_text(words[1:]))))]
    return [Item("variable", _variable(kind, time_ns, words))] if kind in (0x8001, 0x8002) else []


def _text(words: np.ndarray) -> str:
    """A text behind its length."""
    return words[1:].tobytes()[: int(words[0])].decode()


def _described(xml: str) -> dict[int, tuple[str, str]]:
    """Name and units of each variable of a device, by its number."""
    space = "{http://public.sns.gov/schema/device.xsd}"
    return {
        int(one.findtext(f"{space}pv_id", "0")): (
            one.findtext(f"{space}pv_name", ""),
            one.findtext(f"{space}pv_units", ""),
        )
        for one in ET.fromstring(xml.encode()).iter(f"{space}process_variable")
    }


def _variable(kind: int, time_ns: int, words: np.ndarray) -> Variable:
    value = float(words[3]) if kind == 0x8001 else float(words[3:5].copy().view("<f8")[0])
    return Variable(device=int(words[0]), number=int(words[1]), time_ns=time_ns, value=value)


def _annotation(kind: int, index: int) -> list[Item]:
    if kind in (PAUSE, RESUME):
        return [Item("pause", kind == PAUSE)]
    return [Item("scan", index if kind == SCAN_START else 0)] if kind in (SCAN_START, SCAN_STOP) else []


def _pulse(time_ns: int, words: np.ndarray) -> Pulse:
    found = list(_banks(words))
    events = np.concatenate(found) if found else np.empty((0, 2), dtype="<u4")
    return Pulse(time_ns=time_ns, charge_pc=10.0 * int(words[0]), tof_us=events[:, 0] / 10.0, pixel=events[:, 1])


def _banks(words: np.ndarray) -> Iterator[np.ndarray]:
    """Events (time of flight, pixel) of each bank; the offset of a source is not applied, as in Mantid."""
    at = 4
    while at < len(words):
        banks, at = int(words[at + 3]), at + 4
        for _ in range(banks):
            bank, count, at = int(words[at]), int(words[at + 1]), at + 2
            if bank < UNMAPPED:
                yield words[at : at + 2 * count].reshape(count, 2)
            at += 2 * count
