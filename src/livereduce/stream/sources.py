"""Find the source class for the URL of a stream."""

from urllib.parse import urlsplit

from livereduce.base.errors import OperatorError
from livereduce.messages.marks import Marker, Suspect
from livereduce.stream.items import Source


def source_of(url: str, marker: Marker | None = None, suspects: tuple[Suspect, ...] = ()) -> Source:
    """Create the source for a URL; it is not opened yet.

    Parameters
    ----------
    marker
        Is told which data are being decoded.
    suspects
        Data that an earlier worker died on while decoding them.

    Raises
    ------
    OperatorError
        livereduce has no source for such a URL.
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
