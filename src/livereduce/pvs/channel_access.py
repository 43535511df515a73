"""The server of Channel Access: caproto's, bounded where clients could flood it, and heard on broadcast addresses."""

import asyncio
import ipaddress
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from socket import AF_INET
from typing import Any

import caproto
import psutil
from caproto.asyncio.server import Context
from caproto.asyncio.utils import _create_udp_socket, _UdpTransportWrapper

MAX_SEARCHES = 2000
"""Datagrams that wait for an answer; more are dropped, and clients search again."""
Address = tuple[str, int]


class _Searches(asyncio.DatagramProtocol):
    """Puts datagrams into a queue, and drops them while it is full: whoever floods costs no memory."""

    def __init__(self, queue: "asyncio.Queue[tuple[bytes, Address]]") -> None:
        self._queue = queue

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Keep a datagram, if there is room."""
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait((data, addr))


class PvContext(Context):  # type: ignore[misc] # caproto has no types
    """caproto's server with channels that may be added while it runs.

    Parameters
    ----------
    channels
        By name; more may be added, then call `announce`.
    """

    def __init__(self, channels: MutableMapping[str, Any], interfaces: Sequence[str]) -> None:
        super().__init__(channels, list(interfaces))
        self._new_names = asyncio.Event()
        self._searches: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue(MAX_SEARCHES)
        self._heard: list[asyncio.DatagramTransport] = []

    def announce(self) -> None:
        """Tell all clients that there is something new to search for."""
        self._new_names.set()

    async def broadcast_beacon_loop(self) -> None:
        """Beacons begin again, close together, whenever there are new names: that is how clients notice."""
        while True:
            self._new_names.clear()
            beaconing = asyncio.ensure_future(super().broadcast_beacon_loop())
            try:
                await self._new_names.wait()
            finally:
                beaconing.cancel()

    async def broadcaster_receive_loop(self) -> None:
        """Take one search after the other from the queue."""
        while True:
            data, address = await self._searches.get()
            await self._broadcaster_recv_datagram(data, address)

    async def _create_broadcaster_transport(self, interface: str) -> None:
        """Listen for searches to an address, and for those that are sent to everybody on its network."""
        self.udp_socks[interface] = _UdpTransportWrapper(await self._listen(interface))
        for broadcast in broadcast_addresses(interface, addresses_here()):
            self._heard.append(await self._listen(broadcast))

    async def _listen(self, address: str) -> asyncio.DatagramTransport:
        opened = _create_udp_socket()
        try:
            opened.bind((address, self.ca_server_port))
        except OSError:
            opened.close()
            raise
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Searches(self._searches), sock=opened)
        return transport


def addresses_here() -> Mapping[str, str]:
    """The broadcast address of each IPv4 address of this host; empty if it has none."""
    found = (one for each in psutil.net_if_addrs().values() for one in each if one.family == AF_INET)
    return {one.address: broadcast_of(one.address, one.netmask or "255.255.255.255") for one in found}


def broadcast_of(address: str, netmask: str) -> str:
    """The address of everybody on the network of an address, whatever an administrator has told the kernel of it."""
    interface = ipaddress.IPv4Interface(f"{address}/{netmask}")
    has_one = not interface.is_loopback and interface.network.prefixlen < 31
    return str(interface.network.broadcast_address) if has_one else ""


def broadcast_addresses(interface: str, here: Mapping[str, str]) -> tuple[str, ...]:
    """Where searches to everybody arrive, beside the address itself: Linux does not give them to a socket bound to it.

    A socket that is bound to all addresses hears everything.
    """
    broadcast = here.get(interface, "")
    return (broadcast,) if broadcast and broadcast != interface else ()


def beacon_addresses(interfaces: Sequence[str], here: Mapping[str, str]) -> tuple[str, ...]:
    """Where beacons are sent: to everybody on the networks of these addresses, and to no other network."""
    everywhere = "0.0.0.0" in interfaces
    wanted = here if everywhere else [one for one in interfaces if one in here or one.startswith("127.")]
    return tuple(dict.fromkeys(here.get(one, "") or one for one in wanted))


NETWORK_ERRORS = (OSError, caproto.CaprotoNetworkError, caproto.CaprotoRuntimeError)
"""What listening may raise."""
