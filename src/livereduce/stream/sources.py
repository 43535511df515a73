"""From the URL of a stream to the source that reads it."""

from urllib.parse import urlsplit

from livereduce.base.errors import OperatorError
from livereduce.messages.marks import Marker, Suspect
from livereduce.stream.items import Source


def source_of(url: str, marker: Marker | None = None, suspects: tuple[Suspect, ...] = ()) -> Source:
    """The source that a URL names, not opened yet.

    Parameters
    ----------
    marker
        Is told what is being decoded.
    suspects
        Data that an earlier worker died on while it decoded them.

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
        from livereduce.stream.adara.caution import Caution
        from livereduce.stream.adara.client import AdaraSource
        from livereduce.stream.adara.link.connection import DEFAULT_PORT

        caution = Caution(marker or Marker(), suspects)
        return AdaraSource(parts.hostname, port or DEFAULT_PORT, caution=caution)
    raise OperatorError(f"source {url!r}: expected adara://HOST:PORT")
