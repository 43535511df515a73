"""Access rules: names of the host, origin, token. Pure; `livereduce.web.http.middleware` applies them."""

import hmac
import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from livereduce.base.errors import OperatorError
from livereduce.base.secret_files import read_secret

SHORTEST_TOKEN = 16
_LONGEST_TOKEN_FILE = 4096
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


def host_of(header: str) -> str | None:
    """The name in a Host header in lower case, without the port; None if the header is invalid."""
    match = _HOST.fullmatch(header)
    return match[1].strip("[]").lower().rstrip(".") if match else None


def host_is_ours(header: str, names: frozenset[str]) -> bool:
    """True if a request was meant for this server.

    A web page elsewhere can make its own name resolve to our address (DNS rebinding) and then read our answers in the
    browser of somebody who can reach us. It cannot do so with a bare address, nor with one of our names.
    """
    host = host_of(header)
    if host is None:
        return False
    return _is_address(host) or host in _LOOPBACK_NAMES or host in names


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def client_of(address: str) -> str:
    """Key that identifies a client: its IPv4 address, or its IPv6 network, in which it may have any address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def origin_is_ours(origin: str | None, host: str) -> bool:
    """True if a POST comes from our own page; clients other than browsers send no origin, and need the token anyway."""
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower() and not parts.path


def token_is_right(header: str | None, token: str) -> bool:
    """True if an Authorization header carries the token; takes equally long for a wrong one."""
    scheme, _, given = (header or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())


def read_token(path: Path) -> str:
    """Read the token from a file.

    Raises
    ------
    OperatorError
        It cannot be read, everybody may read it, or it is too short to be a secret.
    """
    try:
        text = read_secret(path, "the token", _LONGEST_TOKEN_FILE).decode("ascii").strip()
    except UnicodeDecodeError:
        raise OperatorError(f"{path}: a token is ASCII text of at least {SHORTEST_TOKEN} characters") from None
    if len(text) < SHORTEST_TOKEN or not text.isprintable() or " " in text:
        raise OperatorError(f"{path}: a token is one word of at least {SHORTEST_TOKEN} characters, got {len(text)}")
    return text
