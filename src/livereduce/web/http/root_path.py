"""The path under which a proxy shows the pages, such as ``/livereduce/bl11a``. Pure.

Pages and scripts use relative addresses only, so the path matters for two things: to find the address that is meant
where the proxy passes its path on with it, and to describe the API.
"""

import re

from livereduce.base.errors import OperatorError

OURS = frozenset({"api", "favicon.ico", "healthz", "instrument", "metrics", "static"})
"""What our own addresses begin with."""
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def root_of(text: str) -> str:
    """The path without a slash at its end; empty for the root of a server.

    Raises
    ------
    OperatorError
        It is not such a path.
    """
    path = text.rstrip("/")
    if not path:
        return ""
    if not _PATH.fullmatch(path):
        raise OperatorError(
            f"--root-path {text}: expected the path of the page behind a proxy, such as /livereduce/bl11a"
        )
    if path.split("/")[1] in OURS:
        raise OperatorError(f"--root-path {text}: the page's own addresses begin like that; choose another path")
    return path


def home_of(path: str, root: str) -> str:
    """Where to send a browser that leaves out the slash at the end, relative to it; empty for all others."""
    return f"{root.rpartition('/')[2]}/" if root and path == root else ""


def page_of(wanted: str, below: str) -> str:
    """The page ``/instrument/wanted/below``, as an address relative to the same page of another id."""
    return f"../{wanted}/{below}" if below else wanted
