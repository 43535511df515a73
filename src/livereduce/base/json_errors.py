"""Find the mistake in a JSON text, with its line and column, in words for people.

Python's parser names the place where it gave up, which may be lines after the mistake: for a trailing comma the brace
below it, for a missing brace the end of the file. So the text before that place is examined again.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN_WIDTH = 80
"""Most characters of a line that is shown."""
MAX_REPEATED = 20
"""Most names that are reported; more of them are the same mistake again."""

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\],:"]|[^\s{}\[\],:"]+')
_COMMENTS = ("//", "/*", "#", "--", "<!--")
_QUOTES = "'`´“”‘’„‚«»"
_PYTHONS_WORDS = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false", "NULL": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake and its place.

    Attributes
    ----------
    line, column
        Counted from 1.
    what
        In words, without any text from the file: it may be a password.
    shown
        The line itself, shortened.
    """

    line: int
    column: int
    what: str
    shown: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A name that is repeated in the same object, with its line and that of the first one."""

    name: str
    line: int
    first_line: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    begin: int

    @property
    def end(self) -> int:
        return self.begin + len(self.text)


def find_mistake(error: json.JSONDecodeError) -> Mistake:
    """Find the mistake behind an error of Python's parser, which holds the text as well."""
    at, what = _culprit(error)
    line = _line_of(error.doc, at)
    begin = error.doc.rfind("\n", 0, at) + 1
    return Mistake(line=line, column=at - begin + 1, what=what, shown=_shown(error.doc, begin, at))


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _shown(text: str, begin: int, at: int) -> str:
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)]
    first = max(0, at - begin - SHOWN_WIDTH // 2)
    cut = line[first : first + SHOWN_WIDTH].strip()
    return "".join(sign if sign.isprintable() else " " for sign in cut)


def _tokens(text: str) -> Iterator[_Token]:
    return (_Token(found.group(), found.start()) for found in _TOKEN.finditer(text))


def _culprit(error: json.JSONDecodeError) -> tuple[int, str]:
    """Place of the mistake, as an offset, and a description."""
    text, at, message = error.doc, error.pos, error.msg
    before = [token for token in _tokens(text) if token.begin < at]
    if "string" in message or "control character" in message:
        return _broken_string(text, at, before)
    if "escape" in message:
        return at, "a backslash in a string; write \\\\ for a single backslash"
    at += len(text[at:]) - len(text[at:].lstrip())
    here = text[at:]
    if here.startswith(_COMMENTS):
        return at, "a comment; JSON has no comments, remove it"
    if here[:1] and here[0] in _QUOTES:
        return at, f'the quote {here[0]}; use plain double quotes (") around names and strings'
    if message.startswith("Extra data"):
        return _after_the_end(text, at, before)
    if not here:
        return _never_closed(text)
    if not before:
        return at, "the file must begin with {"
    if here[0] in "}],":
        return _before_punctuation(text, at, message, before)
    return _by_message(text, at, message, before[-1])


def _broken_string(text: str, at: int, before: list[_Token]) -> tuple[int, str]:
    if text[at : at + 1] == "\t":
        return at, "a tab inside a string; write \\t"
    begin = next((token.begin for token in before if token.text == '"'), at)
    return begin, "the string that begins here has no closing quote on this line"


def _after_the_end(text: str, at: int, before: list[_Token]) -> tuple[int, str]:
    if text[at] in "}]":
        return at, f"one {text[at]} too many: there is nothing left to close"
    if before and before[-1].text == "}":
        line = _line_of(text, at)
        return before[
            -1
        ].begin, f"this }} ends the file's object, but there is more on line {line}; is it one too many?"
    return at, "the file must begin with { and end with }"


def _never_closed(text: str) -> tuple[int, str]:
    """The bracket that is open at the end; judged by indentation, an inner one whose } was taken by an outer one."""
    opened: list[_Token] = []
    suspect: _Token | None = None
    for token in _tokens(text):
        if token.text in ("{", "["):
            opened.append(token)
        elif token.text in ("}", "]") and opened:
            begin = opened.pop()
            outdented = _indent(text, token.begin) < _indent(text, begin.begin)
            if suspect is None and outdented and _is_first(text, token.begin):
                suspect = begin
    culprit = suspect or (opened[-1] if opened else None)
    return (culprit.begin, f"this {culprit.text} is never closed") if culprit else (0, "the file must begin with {")


def _indent(text: str, at: int) -> int:
    line = text[text.rfind("\n", 0, at) + 1 :]
    return len(line) - len(line.lstrip())


def _is_first(text: str, at: int) -> bool:
    """True if only spaces precede it in its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _before_punctuation(text: str, at: int, message: str, before: list[_Token]) -> tuple[int, str]:
    sign, last = text[at], before[-1]
    if message.startswith("Illegal trailing comma"):  # Python 3.13 names the comma itself
        follows = text[at + 1 :].lstrip()[:1]
        return at, f"a comma too many: {follows} follows, not another entry"
    if last.text == ",":
        return last.begin, f"a comma too many: {sign} follows, not another entry"
    if last.text == ":" or "':'" in message:
        same_line = _line_of(text, last.begin) == _line_of(text, at)
        return (at if same_line else last.begin), "the value is missing"
    if sign == ",":
        return at, "a comma with nothing before it"
    opening = "[" if sign == "}" else "{"
    return at, f"{sign} while a {opening} is still open; close it first"


def _by_message(text: str, at: int, message: str, last: _Token) -> tuple[int, str]:
    """Two tokens follow each other that must not; `last` is the first of them."""
    word = re.split(r"[\s{}\[\],:]", text[at:], maxsplit=1)[0]
    if "property name" in message:
        return at, 'a name needs double quotes (")'
    if "':'" in message:
        if ":" in last.text:
            return last.begin, "this string seems to have no closing quote"
        return at, "a colon (:) is missing between name and value"
    if "','" in message:
        return _without_comma(text, at, last)
    if word in _PYTHONS_WORDS:
        return at, f"JSON writes {_PYTHONS_WORDS[word]}"
    if word.lstrip("+-.")[:1].isdigit():
        return at, "not a valid JSON number (write 0.5, -5, 1e3)"
    return at, 'a string needs double quotes (")'


def _without_comma(text: str, at: int, last: _Token) -> tuple[int, str]:
    if text[at] == ":":
        return at, "a colon after a value; a comma or a quote is missing before it"
    if text[at] in ";.":
        return at, "entries are separated by commas"
    if last.text[0] not in '"}]' and last.begin < at <= last.end:
        return last.begin, "not a valid JSON number (write 60, 0.5, 1e3, without units)"
    return last.end - 1, "a comma is missing after this"


def repeated_names(text: str) -> list[Repeated]:
    """Names that are repeated in one object of a valid JSON text, in the order of the lines.

    ``{"a": {"b": 1}, "a.b": 2}`` repeats ``a.b``: a configuration may use both forms.
    """
    first: dict[tuple[str, ...], int] = {}
    repeated: list[Repeated] = []
    path: list[str] = []  # of the open brackets, with the offset of an entry for a list
    name, line, counted = "", 1, 0
    tokens = list(_tokens(text))
    for token, follows in zip(tokens, [*tokens[1:], _Token("", len(text))], strict=True):
        line, counted = line + text.count("\n", counted, token.begin), token.begin
        if token.text in ("{", "["):
            path.append(name or f"{token.begin}")
            name = ""
        elif token.text in ("}", "]"):
            path.pop()
        elif token.text == ",":
            name = ""
        elif follows.text == ":":
            name = str(json.loads(token.text))
            key = (*path[1:], *name.split("."))
            if key in first:
                repeated.append(Repeated(name=".".join(key), line=line, first_line=first[key]))
            first.setdefault(key, line)
    return repeated[:MAX_REPEATED]
