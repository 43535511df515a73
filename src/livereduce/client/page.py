"""The requests to a page: answers, or errors in our words; and its news, over a connection that is made again."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2 as httpx

from livereduce.client.errors import NotOnPage, PageRefused, PageUnreachable
from livereduce.client.news import NewProduct, OtherNews, news_of

PATIENCE_S = 30.0
"""How long one answer may take: a large product is read and sent."""
SILENCE_S = 25.0
"""The page sends a beat every 8 s: after this long without one the connection is dead."""
RETRY_S = 1.0
GIVE_UP_S = 60.0
"""How long a page that has answered before may be gone: it was restarted, or the network was down."""
BUSY_TRIES = 5
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _BUSY = 200, 401, 403, 404, 429


class Page:
    """A status page.

    Parameters
    ----------
    url
        Such as ``http://bl11a-live:8090``; behind a proxy that asks for a password
        ``https://user:password@host/``.

    Attributes
    ----------
    url
        Its address for people, without the password.

    Raises
    ------
    PageUnreachable
        That is no address.
    """

    def __init__(self, url: str) -> None:
        try:
            address = httpx.URL(url)
        except (httpx.InvalidURL, TypeError, ValueError):
            address = httpx.URL("")
        if address.scheme not in ("http", "https") or not address.host:
            raise PageUnreachable(f"expected the address of a page, such as http://bl11a-live:8090, got {url!r:.200}")
        self.url = str(address.copy_with(username=None, password=None)).rstrip("/")
        self._client = httpx.Client(base_url=address, timeout=PATIENCE_S)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def json(self, path: str, **query: int) -> Any:
        """The answer at an address as plain values; raises as `content`."""
        response = self._get(path, query)
        try:
            return response.json()
        except ValueError:
            raise PageUnreachable(f"{self.url} answers, but is no status page of livereduce") from None

    def content(self, path: str) -> bytes:
        """The answer at an address.

        Raises
        ------
        PageUnreachable, NotOnPage, PageRefused
            See there.
        """
        return self._get(path, {}).content

    def _get(self, path: str, query: Mapping[str, int]) -> httpx.Response:
        for busy in range(BUSY_TRIES):
            try:
                response = self._client.get(path, params=dict(query))
            except httpx.HTTPError as error:
                raise PageUnreachable(self._why(error)) from None
            if response.status_code != _BUSY or busy == BUSY_TRIES - 1:
                break
            time.sleep(RETRY_S)
        self._require_ok(response)
        return response

    def _why(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self.url} does not answer within {PATIENCE_S:g} s"
        return f"{self.url} cannot be reached: {str(error) or type(error).__name__}"

    def _require_ok(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == _OK:
            return
        said = _sentence(response)
        if status == _NOT_FOUND and said:
            raise NotOnPage(f"{self.url}: {said}")
        if status in (_UNAUTHORIZED, _FORBIDDEN) and not said:
            how = "expected an address such as https://user:password@host"
            raise PageRefused(f"a proxy in front of {self.url} asks for a password (HTTP status {status}); {how}")
        if said:
            raise PageRefused(f"{self.url}: {said}")
        raise PageUnreachable(f"{self.url} answers with HTTP status {status}; expected a status page of livereduce")

    def news(self, instrument: str) -> Iterator[NewProduct | OtherNews]:
        """The news of an instrument, without end; on connecting, the newest results are told.

        Raises
        ------
        PageUnreachable
            It has been gone for `GIVE_UP_S`, or was never there.
        NotOnPage, PageRefused
            As `content`.
        """
        heard_s: float | None = None
        while True:
            why = "it has ended the connection"
            try:
                for one in self._connected(instrument):
                    heard_s = time.monotonic()
                    yield one
            except httpx.HTTPError as error:
                why = self._why(error)
            if heard_s is None or time.monotonic() - heard_s > GIVE_UP_S:
                raise PageUnreachable(f"no news from {self.url}: {why}")
            time.sleep(RETRY_S)

    def _connected(self, instrument: str) -> Iterator[NewProduct | OtherNews]:
        silence = httpx.Timeout(PATIENCE_S, read=SILENCE_S)
        with self._client.stream("GET", "/api/events", params={"id": instrument}, timeout=silence) as response:
            if response.status_code != _OK:
                response.read()
            self._require_ok(response)
            yield from news_of(response.iter_lines())


def _sentence(response: httpx.Response) -> str:
    """What a page says is wrong; empty if the answer is not that of a page."""
    try:
        return str(response.json()["error"])[:500]
    except (ValueError, KeyError, TypeError):
        return ""
