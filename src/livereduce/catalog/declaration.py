"""The declaration of an algorithm: Mantid's name, its arguments in Mantid's order, and the source of its rule.

An algorithm is declared once, in a file of `families/`. The function that computes it, in the file of the same name in
`engine/mantid_api/algorithms`, takes an argument for each that is read, named in snake_case (`snake`), and returns what
it makes: see `engine/mantid_api/calling/registry.py`.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class ArgumentKind(Enum):
    """The type of an argument: what a script may give, in the words of an error message."""

    READS = "a workspace of spectra, or the name of one"
    """Input workspace; the function is given a `Matrix`, and is called for each member of a group."""
    READS_ANY = "a workspace of any kind, or the name of one"
    """Input workspace; the function is given the object of the script as it is."""
    READS_MANY = "a list of workspaces or of their names"
    CHANGES = "a workspace of spectra that is changed, or the name of one"
    """Input workspace that is changed; the function is given a `Matrix` and returns the new one."""
    CHANGES_ANY = "a workspace of any kind that is changed, or the name of one"
    MAKES = "a name, or a workspace whose name is taken"
    """Output workspace; the function returns it."""
    RESULT = "not an input"
    """A value that is returned behind the workspaces."""
    TEXT = "a text"
    TEXTS = "a text, or a list of texts"
    NUMBER = "a number"
    INTEGER = "an integer"
    FLAG = "True or False"
    NUMBERS = "a number, a list of numbers, or a text of them with commas between"
    INTEGERS = "an integer, a list of integers, or a text such as '0-3, 10-13'"
    FILE = "the path of a file"
    ANYTHING = "any value"


class _Required:
    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Any = _Required()
"""Default of an argument that must be given."""
STORE_IN_ADS = "storeinads"
OF_EVERY_ALGORITHM = frozenset(
    {STORE_IN_ADS, "enablelogging", "version", "startprogress", "endprogress", "rethrow", "logginglevel"}
)
"""Keywords that Mantid takes for all algorithms, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument.

    Attributes
    ----------
    default
        `REQUIRED`, or the value if it is not given; None means "not given" (Mantid's EMPTY).
    choices
        The only texts that are accepted, in any case; empty: all.
    ignored
        Accepted since scripts give it; it has no effect here.
    """

    name: str
    kind: ArgumentKind
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    ignored: bool = False

    @property
    def is_input(self) -> bool:
        """True if a value is read from the script."""
        return self.kind not in (ArgumentKind.MAKES, ArgumentKind.RESULT)

    @property
    def is_output(self) -> bool:
        """True if the call returns it."""
        return self.kind in (ArgumentKind.MAKES, ArgumentKind.RESULT, ArgumentKind.CHANGES, ArgumentKind.CHANGES_ANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One algorithm.

    Attributes
    ----------
    summary
        What it does, in a line.
    source
        Where its rule was read.
    family
        Room and file of its function in `engine/mantid_api/algorithms`: ``spectra.rebinning``.
    differs
        What is not as in Mantid, in a sentence; empty: nothing known.
    """

    name: str
    summary: str
    source: str
    family: str
    arguments: tuple[Argument, ...]
    differs: str = ""

    def argument(self, name: str) -> Argument | None:
        """The argument of this name in any case (``params`` finds `Params`); None if the algorithm does not have it."""
        wanted = name.casefold()
        return next((one for one in self.arguments if one.name.casefold() == wanted), None)

    @property
    def parameters(self) -> tuple[Argument, ...]:
        """Arguments whose values the function is given."""
        return tuple(one for one in self.arguments if one.is_input and not one.ignored)

    @property
    def places(self) -> tuple[Argument, ...]:
        """Arguments by place, as in Mantid's simpleapi: inputs alone, those first that must be given."""
        inputs = [one for one in self.arguments if one.is_input]
        if self.name == "RenameWorkspace":  # written by hand in Mantid: the new name has the second place
            inputs = [one for one in self.arguments if one.kind is not ArgumentKind.RESULT]
        return tuple(sorted(inputs, key=lambda one: one.default is not REQUIRED))

    @property
    def returned(self) -> tuple[Argument, ...]:
        """Arguments that a call returns to the script, in this order: not those that it changes, as in Mantid."""
        return tuple(one for one in self.arguments if one.kind in (ArgumentKind.MAKES, ArgumentKind.RESULT))

    @property
    def outputs(self) -> tuple[Argument, ...]:
        """Arguments that the function returns, in this order."""
        changed_or_made = [one for one in self.arguments if one.is_output and one.kind is not ArgumentKind.RESULT]
        return (*changed_or_made, *(one for one in self.arguments if one.kind is ArgumentKind.RESULT))


_WORD = re.compile(r"IDs|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def snake(name: str) -> str:
    """The name of an argument as a parameter of the function: ``FullBinsOnly`` is ``full_bins_only``."""
    return "_".join(_WORD.findall(name)).lower()


def reads(name: str = "InputWorkspace", default: Any = REQUIRED) -> Argument:
    """An input workspace."""
    return Argument(name=name, kind=ArgumentKind.READS, default=default)


def reads_any(name: str = "InputWorkspace", default: Any = REQUIRED) -> Argument:
    """An input workspace of any kind."""
    return Argument(name=name, kind=ArgumentKind.READS_ANY, default=default)


def reads_many(name: str = "InputWorkspaces", default: Any = REQUIRED) -> Argument:
    """A list of input workspaces of any kind."""
    return Argument(name=name, kind=ArgumentKind.READS_MANY, default=default)


def changes(name: str = "Workspace", default: Any = REQUIRED) -> Argument:
    """An input workspace that is changed."""
    return Argument(name=name, kind=ArgumentKind.CHANGES, default=default)


def changes_any(name: str = "Workspace") -> Argument:
    """An input workspace of any kind that is changed."""
    return Argument(name=name, kind=ArgumentKind.CHANGES_ANY)


def makes(name: str = "OutputWorkspace", default: Any = REQUIRED) -> Argument:
    """An output workspace; a default is the name it gets if the call gives none."""
    return Argument(name=name, kind=ArgumentKind.MAKES, default=default)


def returns(name: str) -> Argument:
    """A value that is returned behind the workspaces."""
    return Argument(name=name, kind=ArgumentKind.RESULT, default=None)


def flag(name: str, default: bool) -> Argument:
    """True or False."""
    return Argument(name=name, kind=ArgumentKind.FLAG, default=default)


def number(name: str, default: Any = None) -> Argument:
    """A float; None if not given."""
    return Argument(name=name, kind=ArgumentKind.NUMBER, default=default)


def integer(name: str, default: Any = None) -> Argument:
    """An int; None if not given."""
    return Argument(name=name, kind=ArgumentKind.INTEGER, default=default)


def numbers(name: str, default: Any = ()) -> Argument:
    """A tuple of floats."""
    return Argument(name=name, kind=ArgumentKind.NUMBERS, default=default)


def integers(name: str, default: Any = ()) -> Argument:
    """A tuple of ints."""
    return Argument(name=name, kind=ArgumentKind.INTEGERS, default=default)


def text(name: str, default: Any = "", choices: tuple[str, ...] = ()) -> Argument:
    """A text, perhaps one of some."""
    return Argument(name=name, kind=ArgumentKind.TEXT, default=default, choices=choices)


def texts(name: str, default: Any = ()) -> Argument:
    """A tuple of texts."""
    return Argument(name=name, kind=ArgumentKind.TEXTS, default=default)


def file(name: str = "Filename", default: Any = REQUIRED) -> Argument:
    """The path of a file."""
    return Argument(name=name, kind=ArgumentKind.FILE, default=default)


def ignored(argument: Argument) -> Argument:
    """The argument, accepted without effect."""
    return replace(argument, ignored=True)
