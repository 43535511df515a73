"""The table of sources: the schemes that a source's URL can have, and the one check of such a URL.

A URL names a stream server (``adara://HOST:PORT``), or a file or folder of this host (``file:///PATH``, RFC 8089).
`livereduce.stream.sources` opens them, by scheme. A scheme added here needs its function there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of stream.

    Attributes
    ----------
    name
        The part of the URL before ``://``.
    place
        What follows that, as messages describe it.
    engines
        The engines that can read it.
    default_port
        Where the URL names no port; 0 if it can have none.
    mantid_listener
        Mantid's class for it; empty if it has none.
    ends
        Its data are there already: they come as fast as they can be read, they end, and can be read again.
    """

    name: str
    engines: frozenset[str]
    place: str = "HOST:PORT"
    default_port: int = 0
    mantid_listener: str = ""
    ends: bool = False

    @property
    def form(self) -> str:
        """The URL as messages describe it."""
        return f"{self.name}://{self.place}"


ADARA = Scheme(
    name="adara",
    default_port=31415,
    engines=frozenset({"builtin", "mantid"}),
    mantid_listener="SNSLiveEventDataListener",
)
FILE = Scheme(name="file", engines=frozenset({"builtin"}), place="/PATH", ends=True)
SCHEMES: Mapping[str, Scheme] = {scheme.name: scheme for scheme in (ADARA, FILE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUrl:
    """A checked URL; as text, that of a server always has a port.

    Attributes
    ----------
    host, port
        Of a server; empty and 0 for a file.
    path
        Of a file or folder, absolute; empty for a server.
    """

    scheme: Scheme
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def address(self) -> str:
        """Host and port, an IPv6 host in brackets; or the path."""
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        place = quote(self.path, errors="surrogateescape") if self.path else self.address
        return f"{self.scheme.name}://{place}"


def file_url(path: str) -> str:
    """The URL of a file or folder by its absolute path."""
    return str(SourceUrl(scheme=FILE, path=path))


def scheme_of(url: str) -> Scheme | None:
    """The scheme that a URL begins with; None if the table does not have it. The rest is not checked."""
    return SCHEMES.get(url.partition(":")[0].lower())


def forms(engine: str | None = None) -> str:
    """The URLs that are possible, or that one engine can read, as messages describe them."""
    return " or ".join(scheme.form for scheme in SCHEMES.values() if engine is None or engine in scheme.engines)


def parse_source_url(text: str) -> SourceUrl:
    """Check the URL of a source.

    Raises
    ------
    ValueError
        It is not a URL of this table; the text says what was expected.
    """
    scheme = scheme_of(text)
    if scheme is None:
        raise ValueError(f"expected {forms()}")
    return _file(text) if scheme is FILE else _server(scheme, text)


def _file(text: str) -> SourceUrl:
    _, _, rest = text.partition(":")
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", rest[:1], rest[1:])
    path = unquote(slash + path, errors="surrogateescape")
    if slash != "/" or host not in ("", "localhost") or not path.strip("/") or "\0" in path:
        raise ValueError(f"expected {FILE.form}, the absolute path of a file or folder on this host")
    return SourceUrl(scheme=FILE, path=path)


def _server(scheme: Scheme, text: str) -> SourceUrl:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{error}; expected {scheme.form}") from None
    surplus = url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc or " " in url.netloc
    if not url.hostname or port == 0 or surplus:
        raise ValueError(f"expected {scheme.form}")
    return SourceUrl(scheme=scheme, host=url.hostname, port=port or scheme.default_port)
