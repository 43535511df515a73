"""Make text from outside safe to show: scripts, stream servers and process variables may send anything.

A log with NUL in it is binary to grep, ESC controls the reader's terminal, a line feed fakes a line, and marks of
right-to-left writing make a line read differently from what it is. Such characters are replaced by their escapes.
"""

from io import TextIOWrapper
from typing import TextIO

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ESCAPED = {
    code: ascii(chr(code))[1:-1]
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *map(ord, _BIDI))
    if chr(code) != "\t"
}
_LINES = {code: shown for code, shown in _ESCAPED.items() if chr(code) != "\n"}


def visible(text: str, *, lines: bool = False) -> str:
    """The text with control characters as escapes; tabs are kept, and with `lines` line feeds too."""
    if text.isprintable():
        return text
    return text.translate(_LINES if lines else _ESCAPED)


def take_any_text(*streams: TextIO, encoding: str | None = None) -> None:
    """Escape characters that a stream cannot encode, so that printing never fails because of the locale.

    Parameters
    ----------
    encoding
        Replaces the one of the locale; None keeps that.
    """
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=encoding or stream.encoding, errors="backslashreplace")
