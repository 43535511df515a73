"""Axes and units of workspaces as scripts hold them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.matrix.conversion.units import UNITS
from livereduce.stream.items import F8

_SIGNS = {"Angstrom": "Å", "microsecond": "µs", "^-1": "⁻¹", "^-2": "⁻²"}
_LATEX = {"Angstrom": r"\AA", "microsecond": r"\mu s", "^-1": "^{-1}", "^-2": "^{-2}"}


class UnitLabel(str):
    """The symbol of a unit: a text, also with signs or for LaTeX."""

    __slots__ = ()

    def ascii(self) -> str:
        """In plain letters."""
        return str(self)

    def utf8(self) -> str:
        """With signs: Å, µs."""
        return _replaced(self, _SIGNS)

    def latex(self) -> str:
        """For LaTeX."""
        return _replaced(self, _LATEX)


def _replaced(text: str, signs: dict[str, str]) -> str:
    for word, sign in signs.items():
        text = text.replace(word, sign)
    return text


class AxisUnit:
    """Mantid's Unit: id, caption, symbol.

    Parameters
    ----------
    changed
        Told the caption and symbol that a script sets; only for the unit ``Label``.
    """

    def __init__(
        self, name: str, caption: str = "", symbol: str = "", changed: Callable[[str, str], None] | None = None
    ) -> None:
        known = UNITS.get(name)
        self._name = name or "Empty"
        self._caption = caption or (known.caption if known else name)
        self._symbol = symbol or (known.symbol if known else "")
        self._changed = changed

    def unitID(self) -> str:
        """Mantid's name of the unit."""
        return self._name

    def name(self) -> str:
        """The caption."""
        return self._caption

    def caption(self) -> str:
        """Name of the quantity: ``Time-of-flight``."""
        return self._caption

    def symbol(self) -> UnitLabel:
        """In what: ``microsecond``."""
        return UnitLabel(self._symbol)

    def label(self) -> str:
        """In what, as text."""
        return self._symbol

    def setLabel(self, caption: str, label: str = "") -> None:
        """Set both texts of a ``Label``.

        Raises
        ------
        RuntimeError
            It is another unit.
        """
        if self._name != "Label":
            raise RuntimeError(f"only the unit Label has a label that can be set, not {self._name}")
        self._caption, self._symbol = caption, label
        if self._changed is not None:
            self._changed(caption, label)

    def __repr__(self) -> str:
        return f"<Unit {self._name}: {self._caption} in {self._symbol or 'nothing'}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AxisContent:
    """The content of an axis: values (points or edges), or texts; None as unit stands for numbers of spectra."""

    values: F8
    unit: str | None = None
    caption: str = ""
    symbol: str = ""
    labels: tuple[str, ...] = ()


Set = Callable[[AxisContent], None]


class MantidAxis:
    """An axis of a workspace, or one that a script makes and gives to a workspace by `replaceAxis`."""

    def __init__(self, content: AxisContent, changed: Set | None = None) -> None:
        self.content = content
        self._changed = changed

    @classmethod
    def create(cls, length: int) -> Self:
        """An axis of zeros."""
        return cls(AxisContent(values=np.zeros(length), unit="Empty"))

    def isSpectra(self) -> bool:
        """True for numbers of spectra."""
        return self.content.unit is None

    def isText(self) -> bool:
        """True for texts."""
        return self.content.unit == "Text"

    def isNumeric(self) -> bool:
        """True for values."""
        return not (self.isSpectra() or self.isText())

    def length(self) -> int:
        """Number of values."""
        return len(self.content.labels) if self.isText() else len(self.content.values)

    def __len__(self) -> int:
        return self.length()

    def title(self) -> str:
        """Empty: axes have no titles here."""
        return ""

    def getUnit(self) -> AxisUnit:
        """The unit."""
        said = self.content
        if said.unit is None:
            return AxisUnit("Label", "Spectrum")
        return AxisUnit(said.unit, said.caption, said.symbol, self._set_label)

    def setUnit(self, name: str) -> AxisUnit:
        """Set the unit by Mantid's name.

        Raises
        ------
        RuntimeError
            There is no such unit.
        """
        if name not in UNITS:
            raise RuntimeError(missing("unit", name, UNITS))
        self._set(unit=name, caption="", symbol="")
        return self.getUnit()

    def getValue(self, index: int) -> Any:
        """A value by its place."""
        return self.label(index) if self.isText() else float(self.content.values[index])

    def indexOfValue(self, value: float) -> int:
        """Place of the value that is nearest."""
        return int(np.argmin(np.abs(self.content.values - value)))

    def label(self, index: int) -> str:
        """A value as text; of numbers of spectra ``sp-1``."""
        if self.isText():
            return self.content.labels[index]
        return f"sp-{int(self.content.values[index])}" if self.isSpectra() else f"{self.content.values[index]:g}"

    def setValue(self, index: int, value: float) -> None:
        """Set a value."""
        values = self.content.values.copy()
        values[index] = value
        self._set(values=values)

    def setLabel(self, index: int, label: str) -> None:
        """Set a text."""
        labels = list(self.content.labels) or [""] * len(self.content.values)
        labels[index] = label
        self._set(labels=tuple(labels), unit="Text")

    def extractValues(self) -> Any:
        """All values as an array; texts as a list."""
        return list(self.content.labels) if self.isText() else self.content.values.copy()

    def getMin(self) -> float:
        """The least value."""
        return float(self.content.values.min())

    def getMax(self) -> float:
        """The greatest value."""
        return float(self.content.values.max())

    def _set_label(self, caption: str, symbol: str) -> None:
        self._set(caption=caption, symbol=symbol)

    def _set(self, **said: Any) -> None:
        self.content = replace(self.content, **said)
        if self._changed is not None:
            self._changed(self.content)


class NumericAxis(MantidAxis):
    """An axis of values at points."""


class BinEdgeAxis(NumericAxis):
    """An axis of edges."""


class TextAxis(MantidAxis):
    """An axis of texts."""

    @classmethod
    def create(cls, length: int) -> Self:
        """An axis of empty texts."""
        return cls(AxisContent(values=np.zeros(length), unit="Text", labels=("",) * length))


class SpectraAxis(MantidAxis):
    """An axis of numbers of spectra."""

    @classmethod
    def create(cls, workspace: Any) -> Self:
        """The axis of a workspace's spectra."""
        return cls(AxisContent(values=np.array(workspace.getSpectrumNumbers(), np.float64)))


def axis_of(content: AxisContent, changed: Set | None = None, *, points: int = -1) -> MantidAxis:
    """The axis of its kind; with one value more than there are points it is one of edges."""
    if content.unit is None:
        return SpectraAxis(content, changed)
    if content.unit == "Text":
        return TextAxis(content, changed)
    return (BinEdgeAxis if len(content.values) == points + 1 else NumericAxis)(content, changed)
