"""The page's own files and plotly's JavaScript: a table made at start, so that no address is used as a path."""

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "static"
PLOTLY = "plotly.min.js"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".css", ".html", ".js", ".json", ".svg", ".webmanifest"})


@dataclass(slots=True)
class File:
    """A served file; read again when it has changed.

    Attributes
    ----------
    max_age_s
        How long a browser may use it without asking again.
    """

    path: Path
    max_age_s: int = 0
    etag: str = ""
    body: bytes = b""
    packed: bytes = b""
    _mark: tuple[int, int] = field(default=(-1, -1))

    @property
    def type(self) -> str:
        """Its content type."""
        return TYPES[self.path.suffix]

    def refresh(self) -> None:
        """Read it again if it has changed.

        Raises
        ------
        OSError
            It no longer exists.
        """
        found = self.path.stat()
        mark = (found.st_mtime_ns, found.st_size)
        if mark == self._mark:
            return
        self.body = self.path.read_bytes()
        self.packed = gzip.compress(self.body, 6, mtime=0) if self.path.suffix in _PACKED else b""
        self.etag = f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'
        self._mark = mark


def files(folder: Path = FOLDER) -> dict[str, File]:
    """All files, keyed by the part of the address after ``/static/``."""
    found = {
        str(path.relative_to(folder)): File(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES and path.is_file()
    }
    return {**found, PLOTLY: File(_plotly(), max_age_s=86_400)}


def _plotly() -> Path:
    import plotly

    return Path(plotly.__file__).parent / "package_data" / PLOTLY
