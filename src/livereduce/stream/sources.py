"""From the URL of a stream to the source that reads it."""

from urllib.parse import urlsplit

from livereduce.errors import OperatorError
from livereduce.stream.model import Source


def source_of(url: str) -> Source:
    """The source that a URL names, not opened yet.

    Raises
    ------
    OperatorError
        No source of ours reads such a URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OperatorError(f"source {url!r}: {error}") from None
    if parts.scheme == "adara" and parts.hostname:
        from livereduce.stream.adara.client import AdaraSource
        from livereduce.stream.adara.connection import DEFAULT_PORT

        return AdaraSource(parts.hostname, port or DEFAULT_PORT)
    raise OperatorError(f"source {url!r}: expected adara://HOST:PORT")
