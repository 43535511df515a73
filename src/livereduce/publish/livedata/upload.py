"""One upload to the live data server, with a timeout for the whole.

The server (live_data_server 4ebbeee): POST of multipart/form-data with ``username``, ``password`` and a part named
``file``, whose type it infers from the first characters: ``<div`` is HTML. It answers 401 without credentials and 400
without the part. Each upload replaces the stored plot of that instrument and run.
"""

import http.client
import ssl
import uuid
from urllib.parse import urlsplit

from livereduce.base.exchange import NoHttpAnswer, exchange
from livereduce.config.livedata import Publication

MAX_BYTES = 1 << 20
"""Most bytes read of an answer; only its status matters."""

_MEANS = {
    400: "the server found no file in it",
    401: "user name and password are refused",
    403: "it is forbidden",
    404: "there is no such address on the server",
    413: "it is too large for the server",
}


class UploadFailed(Exception):
    """The server did not accept the upload.

    Attributes
    ----------
    ours
        The request was refused (4xx) or cannot be made: repeating it soon will not help, and somebody must act.
    """

    def __init__(self, text: str, *, ours: bool = False) -> None:
        super().__init__(text)
        self.ours = ours


def upload(publication: Publication, instrument: str, run: int, div: str, timeout_s: float) -> None:
    """Upload the plot of a run; it replaces the stored one.

    Raises
    ------
    UploadFailed
        It was not stored; the text contains neither user name nor password, nor anything that the server sent.
    """
    url = publication.url(instrument, run)
    parts = urlsplit(url)
    where = publication.without_password(f"{parts.scheme}://{parts.netloc}{parts.path}")
    boundary = uuid.uuid4().hex
    try:
        status = exchange(
            url,
            method="POST",
            body=_form(boundary, publication, div),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            timeout_s=timeout_s,
            most_bytes=MAX_BYTES,
            context=_context(publication) if parts.scheme == "https" else None,
        ).status
    except NoHttpAnswer as error:
        raise UploadFailed(f"{where}: {error}") from None
    if status != http.client.OK:
        text = _MEANS.get(status) or http.client.responses.get(status, "not an HTTP answer")
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


def _context(publication: Publication) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not publication.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if publication.certificate:
        try:
            context.load_cert_chain(publication.certificate)
        except OSError as error:
            raise UploadFailed(f"certificate {publication.certificate}: {error}", ours=True) from None
    return context
