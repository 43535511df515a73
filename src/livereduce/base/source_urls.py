"""The table of sources: the schemes that a source's URL can have, and the one check of such a URL.

`livereduce.stream.sources` opens them, by scheme. A scheme added here needs its function there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of stream.

    Attributes
    ----------
    name
        The part of the URL before ``://``.
    default_port
        Where the URL names no port.
    engines
        The engines that can read it.
    mantid_listener
        Mantid's class for it.
    """

    name: str
    default_port: int
    engines: frozenset[str]
    mantid_listener: str

    @property
    def form(self) -> str:
        """The URL as messages describe it."""
        return f"{self.name}://HOST:PORT"


ADARA = Scheme(
    name="adara",
    default_port=31415,
    engines=frozenset({"builtin", "mantid"}),
    mantid_listener="SNSLiveEventDataListener",
)
SCHEMES: Mapping[str, Scheme] = {scheme.name: scheme for scheme in (ADARA,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUrl:
    """A checked URL; as text it always has a port."""

    scheme: Scheme
    host: str
    port: int

    @property
    def address(self) -> str:
        """Host and port; an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme.name}://{self.address}"


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
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{error}; expected {scheme.form}") from None
    surplus = url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc or " " in url.netloc
    if not url.hostname or port == 0 or surplus:
        raise ValueError(f"expected {scheme.form}")
    return SourceUrl(scheme=scheme, host=url.hostname, port=port or scheme.default_port)
