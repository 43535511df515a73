"""``livereduce web``: start, serve, stop."""

import asyncio
import ipaddress
import logging
import os
import resource
import signal
import socket
from argparse import Namespace
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import uvicorn

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.processes import keep_nice_in_session, leave_now
from livereduce.seen.locations import find_places
from livereduce.web.app import make_app
from livereduce.web.context import MAX_WAITING, Context
from livereduce.web.http.access import read_token
from livereduce.web.http.idle_connections import reap
from livereduce.web.http.root_path import root_of
from livereduce.web.peers.peers import Peers
from livereduce.web.render.process.pool import Renderers
from livereduce.web.state.broadcast import MAX_WATCHERS, Broadcast
from livereduce.web.state.instruments import Facility

NICE = 10
"""Lower priority: the reduction goes first."""
MAX_CONNECTIONS = MAX_WATCHERS + 500
READERS = 2
"""Number of processes that read products for plots."""
PROXIES = "FORWARDED_ALLOW_IPS"
"""Environment variable (uvicorn's) with the addresses of trusted proxies, whose X-Forwarded-For is believed."""

log = logging.getLogger("livereduce.web")


def serve(options: Namespace) -> NoReturn:
    """Serve until SIGTERM or SIGINT, and end the process.

    Raises
    ------
    OperatorError
        A peer's address, the token's file, a folder beside, the path or the address to listen on cannot be used.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    # their lines about visitors who do not speak HTTP, and about fonts, are of no use
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    context = make_context(options.configurations, options.peer or [], options.token_file, os.environ, Path.cwd())
    context.beside = folders_beside(options.beside or [], context.facility.watched)
    listening = listen(options.host, options.port)
    _take_a_back_seat()
    config = uvicorn.Config(
        make_app(context, our_names(options.host, options.name or []), root_of(options.root_path)),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=32 << 10,
        # clients are identified by address: anybody who may send this header could pretend to be anyone
        proxy_headers=bool(os.environ.get(PROXIES)),
        forwarded_allow_ips=os.environ.get(PROXIES),
        ws="none",
        http="h11",
        loop="asyncio",
    )
    server = _Server(config, context.broadcast)
    if said := _without_ipv4(listening, options.host):
        log.warning(said)
    print(f"listening on {address_of(listening, options.host)}", flush=True)
    server.run(sockets=[listening])
    leave_now(ExitCode.OK)


def make_context(
    configurations: Sequence[Path], peers: Sequence[str], token_file: Path | None, environ: Mapping[str, str], cwd: Path
) -> Context:
    """Make the context for some configurations; none means the default one, or none of this host if there are peers.

    Raises
    ------
    OperatorError
        A peer's address or the token's file cannot be used.
    """
    broadcast = Broadcast()
    places = find_places(list(configurations) or ([] if peers else [None]), environ, cwd)
    token = read_token(token_file) if token_file else ""
    readers = Renderers("reading", READERS, MAX_WAITING)
    facility = Facility(places, broadcast, environ, cwd, readers)
    return Context(facility=facility, broadcast=broadcast, peers=Peers(peers), readers=readers, token=token)


def folders_beside(words: Sequence[str], ids: Collection[str]) -> dict[str, Path]:
    """Folders of runs that were reduced again, by instrument, from ``ID=DIR``; they may come into being later.

    Raises
    ------
    OperatorError
        It is not of this form, or the page has no instrument of this id.
    """
    found = {}
    for word in words:
        name, _, folder = word.partition("=")
        if name not in ids or not folder:
            raise OperatorError(f"--beside {word}: expected ID=DIR with the id of an instrument: {', '.join(ids)}")
        found[name] = Path(folder).absolute()
    return found


def our_names(host: str, names: Sequence[str]) -> frozenset[str]:
    """Names that a Host header may have, in lower case."""
    return frozenset(name.lower() for name in (host, socket.gethostname(), socket.getfqdn(), *names) if name)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; ``::`` (all addresses) includes IPv4 if the host supports it.

    Raises
    ------
    OperatorError
        The address is taken, or does not belong to this host.
    """
    if not 0 <= port < 1 << 16:
        raise OperatorError(f"--port {port}: expected a number from 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        both = family == socket.AF_INET6 and is_everywhere(host) and socket.has_dualstack_ipv6()
        listening = socket.create_server((host, port), family=family, backlog=512, dualstack_ipv6=both)
    except (OSError, UnicodeError) as error:
        raise OperatorError(
            f"cannot listen on {host} port {port}: {getattr(error, 'strerror', None) or error}"
        ) from None
    listening.setblocking(False)
    return listening


def address_of(listening: socket.socket, host: str) -> str:
    """The address of the page for a browser."""
    shown = socket.gethostname() if is_everywhere(host) else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}/"


def is_everywhere(host: str) -> bool:
    """True if this host means all addresses: ``0.0.0.0``, or ``::`` in any of its spellings."""
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _without_ipv4(listening: socket.socket, host: str) -> str:
    """Warning if people would expect IPv4 to work and it does not; otherwise empty."""
    only_ipv6 = (
        listening.family == socket.AF_INET6
        and is_everywhere(host)
        and listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    )
    return (
        f"--host {host} listens on IPv6 only on this host; for IPv4 start it with --host 0.0.0.0" if only_ipv6 else ""
    )


def _take_a_back_seat() -> None:
    """Lower our CPU priority below the reduction's, and raise the limit of open files for many watchers."""
    with suppress(OSError):
        os.nice(NICE)
    keep_nice_in_session()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MAX_CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


class _Server(uvicorn.Server):
    """uvicorn's server, but it disconnects all watchers (their streams never end by themselves) and exits with 0."""

    def __init__(self, config: uvicorn.Config, broadcast: Broadcast) -> None:
        super().__init__(config)
        self._broadcast = broadcast
        self._reaping: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; uvicorn's own way ends by sending itself the signal once more."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and closing idle connections."""
        await super().startup(sockets)
        self._reaping = asyncio.create_task(reap(lambda: list(self.server_state.connections)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open and stop."""
        self._broadcast.close()
        if self._reaping:
            self._reaping.cancel()
        await super().shutdown(sockets)
