"""Text from outside made safe to show: scripts, stream servers and process variables may say anything.

A log with NUL in it is binary to grep, ESC steers the terminal of whoever reads it, a line feed forges a line, and the
marks of right-to-left writing let a line read other than it is. Such characters are shown by their escapes.
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
    """The text with its control characters as escapes; tabulators stay, and with `lines` line feeds too."""
    if text.isprintable():
        return text
    return text.translate(_LINES if lines else _ESCAPED)


def take_any_text(*streams: TextIO, encoding: str | None = None) -> None:
    """Let nothing that is printed fail for its characters, which a locale may not have: those become escapes.

    Parameters
    ----------
    encoding
        In place of the one of the locale; None keeps that.
    """
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=encoding or stream.encoding, errors="backslashreplace")
