"""Who does the tasks: some processes on this host, or the workers of a Dask cluster. Results come as they are ready."""

import asyncio
import ipaddress
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from livereduce.base.errors import OperatorError
from livereduce.workbench.reducing.task import ReduceTask, RunReduced, reduce_run

if TYPE_CHECKING:
    from distributed.security import Security

CONNECT_S = 10.0

Outcomes = Iterator[tuple[str, RunReduced]]
"""Names of tasks, and what came of them."""


def here(tasks: Mapping[str, ReduceTask], jobs: int) -> Outcomes:
    """Do the tasks in this host's processes, so many at a time; leaving early ends all of them."""
    stop = threading.Event()
    with ThreadPoolExecutor(jobs, thread_name_prefix="reduce") as pool:
        left: dict[Future[RunReduced], str] = {
            pool.submit(reduce_run, task, stop): name for name, task in tasks.items()
        }
        try:
            while left:
                for done in wait(left, return_when=FIRST_COMPLETED).done:
                    yield left.pop(done), done.result()
        finally:
            stop.set()
            for one in left:
                one.cancel()


def scheduler_address(text: str) -> str:
    """The checked address of a Dask scheduler: what is not encrypted stays on this host.

    Raises
    ------
    OperatorError
        It is none, or would send data and scripts in clear over a network.
    """
    try:
        url = urlsplit(text)
        usable = url.scheme in ("tls", "tcp") and bool(url.hostname) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise OperatorError(f"Dask scheduler {text!r}: expected tls://HOST:PORT, or tcp:// on this host")
    if url.scheme == "tcp" and not _is_loopback(url.hostname or ""):
        raise OperatorError(
            f"Dask scheduler {text}: tcp:// beyond this host is refused: whoever reaches it can run code and "
            "read the data; use tls:// with certificates (distributed.comm.tls in Dask's configuration)"
        )
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def on_cluster(tasks: Mapping[str, ReduceTask], address: str) -> Outcomes:
    """Do the tasks on a Dask cluster; one whose worker dies is done by another.

    Each of its workers has livereduce with the same version and extra, and sees the files at the same paths.

    Raises
    ------
    OperatorError
        The scheduler cannot be reached.
    """
    from distributed import Client, as_completed

    address = scheduler_address(address)
    security = _security(address)
    asyncio.run(_greet(address, security))
    try:
        client = Client(address, security=security, set_as_default=False, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise OperatorError(f"Dask scheduler {address} cannot be reached: {error}") from None
    with client:
        names = {client.submit(reduce_run, task, pure=False): name for name, task in tasks.items()}
        try:
            for future in as_completed(names, loop=client.loop):
                yield names[future], _result_of(future)
        finally:
            client.cancel(list(names))


def _security(address: str) -> "Security":
    """The certificates that Dask's configuration names, for an address that needs them.

    Raises
    ------
    OperatorError
        They are not there, or cannot be used.
    """
    from distributed.security import Security

    if not address.startswith("tls:"):
        return Security(require_encryption=False)
    security = Security(require_encryption=True)
    files = {"ca-file": security.tls_ca_file, "client.cert": security.tls_client_cert}
    if absent := [f"distributed.comm.tls.{name}" for name, file in files.items() if not file]:
        raise OperatorError(f"Dask scheduler {address}: Dask's configuration names no {' and no '.join(absent)}")
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise OperatorError(
            f"Dask scheduler {address}: the certificates in Dask's configuration (distributed.comm.tls) cannot be "
            f"used: {error}"
        ) from None
    return security


async def _greet(address: str, security: "Security") -> None:
    """Ask the scheduler who it is: a client of Dask that has failed to connect is not left for half a minute.

    Raises
    ------
    OperatorError
        It cannot be reached, refuses these certificates, or is no scheduler.
    """
    from distributed.core import rpc

    try:
        await asyncio.wait_for(_knock(address, security), CONNECT_S)
        async with rpc(address, connection_args=security.get_connection_args("client"), timeout=CONNECT_S) as other:
            who = await asyncio.wait_for(other.identity(), 2 * CONNECT_S)  # if it connects and says nothing
    except (OSError, ValueError) as error:
        reason = str(error) or "it does not answer"
        raise OperatorError(f"Dask scheduler {address} cannot be reached: {reason}") from None
    if not isinstance(who, dict) or who.get("type") != "Scheduler":
        raise OperatorError(f"Dask scheduler {address}: somebody else answers there")


async def _knock(address: str, security: "Security") -> None:
    """Connect once, without Dask: it tries again and again, and then names a timeout, not the reason.

    Raises
    ------
    OSError
        Nobody listens there, or one of the two refuses the other's certificate.
    """
    url, context = urlsplit(address), security.get_connection_args("client").get("ssl_context")
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context)
    try:
        if not await reader.read(1):  # a certificate that it refuses is told only now
            raise ConnectionError("it closes the connection")
    finally:
        writer.close()


def _result_of(future: Any) -> RunReduced:
    """What a task gave, or why it gave nothing."""
    if future.status == "finished":
        reduced: RunReduced = future.result()
        return reduced
    error = future.exception() if future.status == "error" else None
    return RunReduced(failure=f"the cluster has not done it ({future.status}): {error or 'no reason given'}")
