"""One HTTP request, bounded in time and bytes as a whole, with errors in our own words only.

A server may send a byte a second forever, and it may echo what it was sent: a form with its password can come back in a
status line, a header or a redirect. So one time limit holds for everything together, and no error text contains
anything that the server sent; for a failed connection it is the operating system's.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit


class NoHttpAnswer(Exception):
    """There is no usable answer; the text says why, without anything from the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The answer of a server."""

    status: int
    body: bytes


def exchange(
    url: str,
    *,
    timeout_s: float,
    most_bytes: int,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """Send one request; redirects are not followed, and no proxy is used.

    Parameters
    ----------
    url
        ``http://…`` or ``https://…``.
    timeout_s
        For everything except the lookup of the host's name, which the system bounds.
    most_bytes
        Limit of the answer's body.
    context
        For https; None uses the system's certificates.

    Raises
    ------
    NoHttpAnswer
        See the class.
    """
    parts, expired = urlsplit(url), threading.Event()
    if parts.scheme == "https" and context is None:
        context = ssl.create_default_context()
    host = parts.hostname or ""
    port = parts.port or (443 if context else 80)
    try:
        with _connected(host, port, timeout_s, expired) as plain:
            sock = context.wrap_socket(plain, server_hostname=host) if context else plain
            with closing(http.client.HTTPConnection(parts.netloc)) as connection:
                connection.sock = sock
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request(method, target, body, dict(headers or {}) | {"Connection": "close"})
                with connection.getresponse() as response:
                    answer = HttpAnswer(status=response.status, body=response.read(most_bytes + 1))
                    if response.length and len(answer.body) <= most_bytes:
                        raise http.client.IncompleteRead(answer.body)
        if expired.is_set():  # cut off while reading: a partial answer does not count
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = _reason(TimeoutError() if expired.is_set() else error, timeout_s)
        raise NoHttpAnswer(reason) from None
    if len(answer.body) > most_bytes:
        raise NoHttpAnswer(f"its answer is longer than {most_bytes} bytes")
    return answer


def _reason(error: Exception, timeout_s: float) -> str:
    """Reason why there is no answer.

    The text of an exception of `http.client` may be what the server sent, so it is not used.
    """
    match error:
        case TimeoutError():
            return f"no answer within {timeout_s:g} s"
        case http.client.RemoteDisconnected():
            return "it closed the connection without an answer"
        case http.client.IncompleteRead():
            return "its answer was cut short"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS connection failed: {error.reason or type(error).__name__}"
        case OSError():
            said = error.strerror if error.errno is not None else None
            return said or type(error).__name__
        case UnicodeError():
            return "the host name cannot be resolved"
        case _:
            return "its answer is not HTTP"


@contextmanager
def _connected(host: str, port: int, timeout_s: float, expired: threading.Event) -> Iterator[socket.socket]:
    """A connection that is cut when the time is up: a socket's own timeout restarts with every byte."""
    until = time.monotonic() + timeout_s
    # a separate handle to cut it with: TLS takes over the connection's own during the handshake
    with _connect(host, port, until) as plain, plain.dup() as handle:

        def cut() -> None:
            expired.set()
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, until - time.monotonic()), cut)
        timer.daemon = True
        timer.start()
        try:
            yield plain
        finally:
            timer.cancel()
            timer.join()


def _connect(host: str, port: int, until: float) -> socket.socket:
    """Connect to the first address of a host that accepts."""
    failure: OSError = OSError()
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(max(0.001, until - time.monotonic()))
            plain.connect(address)
        except OSError as error:
            plain.close()
            failure = error
        else:
            return plain
    raise failure
