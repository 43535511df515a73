"""One upload to the live data server, with a time-out for the whole.

The server (live_data_server 4ebbeee): POST of multipart/form-data with ``username``, ``password`` and a part named
``file``, whose type it takes from the first characters: ``<div`` is HTML. Without credentials it answers 401, without
the part 400. Each upload replaces what the server has of that instrument and run.
"""

import http.client
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from livereduce.publication import Publication

_MEANS = {
    400: "the server found no file in it",
    401: "user name and password are refused",
    403: "it is forbidden",
    404: "there is no such address on the server",
    413: "it is too large for the server",
}


class UploadFailed(Exception):
    """The server has not taken it.

    Attributes
    ----------
    ours
        The request is refused (4xx) or cannot be made: the same again soon will not do better, and somebody must act.
    """

    def __init__(self, text: str, *, ours: bool = False) -> None:
        super().__init__(text)
        self.ours = ours


def upload(publication: Publication, instrument: str, run: int, div: str, timeout_s: float) -> None:
    """Put the plot of a run on the server, in the place of what is there.

    Raises
    ------
    UploadFailed
        It is not there, in words that have neither user name nor password.
    """
    url = urlsplit(publication.url(instrument, run))
    where = f"{url.scheme}://{url.netloc}{url.path}"
    boundary = uuid.uuid4().hex
    body = _form(boundary, publication, div)
    target = url.path + (f"?{url.query}" if url.query else "")
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Connection": "close"}
    expired = threading.Event()
    try:
        connection = _connection(url.scheme, url.hostname or "", url.port, publication, timeout_s)
        with _within(connection, timeout_s, expired):
            connection.request("POST", target or "/", body, headers)
            status = connection.getresponse().status
            if expired.is_set():  # cut while it was reading: a piece of an answer is none
                raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        if expired.is_set() or isinstance(error, TimeoutError):
            raise UploadFailed(f"{where}: no answer within {timeout_s:g} s") from None
        what = str(error) if isinstance(error, OSError) else f"{type(error).__name__} {error}"
        raise UploadFailed(f"{where}: {what.strip() or type(error).__name__}") from None
    if status != http.client.OK:
        text = _MEANS.get(status) or http.client.responses.get(status, "no answer of HTTP")
        raise UploadFailed(f"{where}: HTTP status {status}: {text}", ours=300 <= status < 500)


def _form(boundary: str, publication: Publication, div: str) -> bytes:
    disposition = "Content-Disposition: form-data; name="
    fields = [
        f'{disposition}"{name}"\r\n\r\n{value}'
        for name, value in (("username", publication.username), ("password", publication.password))
    ]
    file = f'{disposition}"file"; filename="live.html"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{div}'
    parts = "".join(f"--{boundary}\r\n{part}\r\n" for part in (*fields, file))
    return f"{parts}--{boundary}--\r\n".encode("utf-8", "replace")


def _connection(
    scheme: str, host: str, port: int | None, publication: Publication, timeout_s: float
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.create_default_context()
    if not publication.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if publication.certificate:
        try:
            context.load_cert_chain(publication.certificate)
        except OSError as error:
            raise UploadFailed(f"certificate {publication.certificate}: {error}", ours=True) from None
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


@contextmanager
def _within(connection: http.client.HTTPConnection, timeout_s: float, expired: threading.Event) -> Iterator[None]:
    """Cut the connection when the time is up: a socket's own time-out begins anew with every byte."""

    def cut() -> None:
        expired.set()
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
