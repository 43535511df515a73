from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from livereduce.engine.mantid import results
from livereduce.engine.mantid.results import products_of
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.publish.product import MAX_OWN_AXES, Product

BOOK = RunLedger(run=7, run_events=30, run_pulses=3, charge_pc=6.0, run_chunks=2, first_ns=10**18, last_ns=2 * 10**18)


@dataclass
class Unit:
    """As Mantid's: unitID, caption and symbol of an axis."""

    id: str = "TOF"
    name: str = "Time-of-flight"
    sign: str = "microsecond"

    def unitID(self) -> str:  # noqa: N802
        return self.id

    def caption(self) -> str:
        return self.name

    def symbol(self) -> "Unit":
        return self

    def ascii(self) -> str:
        return self.sign


@dataclass
class Axis:
    unit: Unit = field(default_factory=Unit)
    values: Any = None

    def getUnit(self) -> Unit:  # noqa: N802
        return self.unit

    def isNumeric(self) -> bool:  # noqa: N802
        return self.values is not None

    def isSpectra(self) -> bool:  # noqa: N802
        return self.values is None

    def extractValues(self) -> Any:  # noqa: N802
        return self.values


@dataclass
class Grid:
    """A workspace of given rows: x, y and e of each spectrum."""

    rows: list[tuple[Any, Any, Any]]
    vertical: Axis = field(default_factory=Axis)
    unit: Unit = field(default_factory=Unit)

    def getNumberHistograms(self) -> int:  # noqa: N802
        return len(self.rows)

    def readX(self, k: int) -> Any:  # noqa: N802
        return self.rows[k][0]

    def readY(self, k: int) -> Any:  # noqa: N802
        return self.rows[k][1]

    def readE(self, k: int) -> Any:  # noqa: N802
        return self.rows[k][2]

    def extractY(self) -> Any:  # noqa: N802
        return np.array([row[1] for row in self.rows])

    def extractE(self) -> Any:  # noqa: N802
        return np.array([row[2] for row in self.rows])

    def isCommonBins(self) -> bool:  # noqa: N802
        return all(np.array_equal(row[0], self.rows[0][0]) for row in self.rows)

    def getAxis(self, k: int) -> Axis:  # noqa: N802
        return self.vertical if k else Axis(self.unit)

    def getSpectrum(self, k: int) -> "Numbered":  # noqa: N802
        return Numbered(k + 1)

    def YUnit(self) -> str:  # noqa: N802
        return "Counts"

    def YUnitLabel(self) -> str:  # noqa: N802
        return self.YUnit()

    def getTitle(self) -> str:  # noqa: N802
        return "Vanadium "


@dataclass
class Numbered:
    number: int

    def getSpectrumNo(self) -> int:  # noqa: N802
        return self.number


@dataclass
class Group:
    parts: list[Grid]

    def getNumberOfEntries(self) -> int:  # noqa: N802
        return len(self.parts)

    def getItem(self, k: int) -> Grid:  # noqa: N802
        return self.parts[k]


def grid(rows: int, bins: int = 2, *, shift: float = 0.0) -> Grid:
    edges = np.arange(bins + 1.0)
    return Grid([(edges + shift * k, np.full(bins, 1.0 + k), np.full(bins, 2.0)) for k in range(rows)])


def only(result: Any) -> Product:
    (product,) = products_of(result, pipeline="live", name="result", book=BOOK)
    return product


def test_a_result_is_published_with_axes_errors_units_and_title() -> None:
    product = only(grid(3))
    assert (product.pipeline, product.run, product.name, product.title) == ("live", 7, "result", "Vanadium")
    assert product.signal.tolist() == [[1, 1], [2, 2], [3, 3]]
    assert product.errors is not None
    assert product.errors.tolist() == [[2, 2]] * 3
    assert product.units == "counts"
    assert [(axis.name, axis.units, len(axis.values)) for axis in product.axes] == [
        ("spectrum", "", 3),
        ("tof", "µs", 3),
    ]


def test_its_facts_are_those_of_the_run() -> None:
    attributes = only(grid(1)).attributes
    assert (attributes["events"], attributes["pulses"], attributes["proton_charge_pc"]) == (30, 3, 6.0)
    assert attributes["first_pulse"] == "2001-09-09T01:46:40.000000000Z"
    assert attributes["incomplete"] == ""


def test_one_spectrum_has_one_axis() -> None:
    product = only(grid(1))
    assert product.signal.shape == (2,)
    assert [axis.name for axis in product.axes] == ["tof"]


def test_other_units_keep_their_names() -> None:
    result = grid(2)
    result.unit = Unit("dSpacing", "d-Spacing", "Angstrom")
    result.vertical = Axis(Unit("MomentumTransfer", "q", "Angstrom^-1"), values=np.array([0.5, 1.5]))
    rows, x = only(result).axes
    assert (rows.name, rows.units, rows.values.tolist()) == ("q", "Angstrom^-1", [0.5, 1.5])
    assert (x.name, x.units) == ("d-Spacing", "Angstrom")


def test_what_values_are_divided_by_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    result = grid(1)
    assert only(result).units == "counts"
    monkeypatch.setattr(result, "YUnitLabel", lambda: "Counts per microAmp.hour")
    assert only(result).units == "Counts per microAmp.hour"


def test_a_group_has_a_product_for_each_period() -> None:
    products = products_of(Group([grid(1), grid(2)]), pipeline="live", name="result", book=BOOK)
    assert [product.name for product in products] == ["result_1", "result_2"]


def test_a_group_of_one_is_a_group() -> None:
    assert only(Group([grid(1)])).name == "result_1"


def test_a_large_result_is_thinned_to_its_sum_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MAX_CELLS", 5)
    product = only(grid(3))
    assert product.signal.tolist() == [6, 6]
    assert product.errors is not None
    assert product.errors.tolist() == [np.sqrt(12)] * 2
    assert product.attributes["thinned"] == "sum over 3 spectra"


def test_few_spectra_with_bins_of_their_own_are_products_of_their_own() -> None:
    products = products_of(grid(2, shift=0.5), pipeline="live", name="result", book=BOOK)
    assert [product.name for product in products] == ["result_spectrum_1", "result_spectrum_2"]
    assert products[1].axes[0].values.tolist() == [0.5, 1.5, 2.5]


def test_many_spectra_with_bins_of_their_own_are_integrated() -> None:
    product = only(grid(MAX_OWN_AXES + 1, shift=0.5))
    assert product.signal.tolist() == [2.0 * (k + 1) for k in range(MAX_OWN_AXES + 1)]
    assert "bins differ" in str(product.attributes["thinned"])


def test_spectra_of_different_lengths_are_no_table() -> None:
    ragged = Grid([*grid(1).rows, *grid(1, bins=3).rows])
    assert len(products_of(ragged, pipeline="live", name="result", book=BOOK)) == 2


def test_what_has_no_spectra_is_refused_by_its_kind() -> None:
    with pytest.raises(TypeError, match="a result of type Unit has no spectra"):
        only(Unit())
