"""Workspaces of sparse counts: what works part by part gives what an array gives; the rest is refused."""

from typing import Any

import numpy as np
import pytest

from helpers.items import event_batch
from livereduce.engine.builtin.accumulate import Accumulation
from livereduce.engine.builtin.results import products_of
from livereduce.engine.counting import counts as counts_module
from livereduce.engine.counting import histogram
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.counting.sparse.cells import SparseCounts
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.spectra import reading
from livereduce.engine.matrix import sparse_histograms
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.workspace import Binned

BINS = Binning(np.arange(0, 200_001, 1000, dtype=np.int64))
ROWS = 700
RNG = np.random.default_rng(3)
EVENTS = Events((event_batch(1, RNG.integers(0, 200_000, 5000), RNG.integers(0, ROWS, 5000)),))


def counted(monkeypatch: pytest.MonkeyPatch, most_cells: int) -> Counts:
    monkeypatch.setattr(histogram, "MOST_DENSE_CELLS", most_cells)
    counts = Histogram(BINS, PixelTable(np.arange(ROWS, dtype=np.int32)))
    counts.add(EVENTS)
    return counts.counts()


def workspace(counts: Counts, name: str = "ws") -> MatrixWorkspace:
    return MatrixWorkspace(name, counts, binned=Binned(BINS, PixelTable(counts.pixels)))


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> tuple[MatrixWorkspace, MatrixWorkspace]:
    """The same counts in an array, and sparse with too little memory for all of them."""
    dense = workspace(counted(monkeypatch, 1 << 20))
    sparse = workspace(counted(monkeypatch, 1000))
    assert isinstance(sparse.counts().counts, SparseCounts)
    monkeypatch.setattr(counts_module, "usable_memory_bytes", lambda: 2_000_000)
    monkeypatch.setattr(sparse_histograms, "PART_CELLS", 10_000)
    monkeypatch.setattr(reading, "BLOCK_BYTES", 200_000)
    return dense, sparse


def test_what_scripts_read_is_the_same(both: tuple[MatrixWorkspace, MatrixWorkspace]) -> None:
    dense, sparse = both
    for row in (0, 5, ROWS - 1):
        assert np.array_equal(sparse.readX(row), dense.readX(row))
        assert np.array_equal(sparse.readY(row), dense.readY(row))
        assert np.array_equal(sparse.readE(row), dense.readE(row))
    for name in (
        "getNumberHistograms",
        "blocksize",
        "size",
        "getNumberEvents",
        "getSpectrumNumbers",
        "getTofMax",
        "id",
    ):
        assert getattr(sparse, name)() == getattr(dense, name)(), name
    assert sparse.getSpectrum(3).getDetectorIDs() == dense.getSpectrum(3).getDetectorIDs()
    assert sparse.getMemorySize() < 60_000
    sparse.setYUnit("Counts per microAmp.hour")
    assert np.array_equal(sparse.readY(5), dense.readY(5))
    assert np.array_equal(sparse.clone().readY(5), dense.readY(5))


@pytest.mark.parametrize(
    ("algorithm", "arguments"),
    [
        ("SumSpectra", {}),
        ("SumSpectra", {"StartWorkspaceIndex": 3, "EndWorkspaceIndex": 20}),
        ("Rebin", {"Params": "0,50,200"}),
        ("Rebin", {"Params": "10,37,190"}),
        ("Integration", {"RangeLower": 20.0, "RangeUpper": 120.0}),
        ("ExtractSingleSpectrum", {"WorkspaceIndex": 5}),
        ("ExtractSpectra", {"WorkspaceIndexList": [7, 3]}),
        ("CropWorkspace", {"StartWorkspaceIndex": 2, "EndWorkspaceIndex": 30, "XMin": 20.0}),
    ],
)
def test_algorithms_that_take_spectra_one_by_one_or_make_few(
    simpleapi: Any, both: tuple[MatrixWorkspace, MatrixWorkspace], algorithm: str, arguments: dict[str, Any]
) -> None:
    one, two = (getattr(simpleapi, algorithm)(ws, OutputWorkspace="out", **arguments).clone() for ws in both)
    for read in ("extractX", "extractY", "extractE"):
        np.testing.assert_allclose(getattr(two, read)(), getattr(one, read)(), rtol=1e-12)


def test_what_needs_all_cells_is_refused_with_their_size(
    simpleapi: Any, both: tuple[MatrixWorkspace, MatrixWorkspace]
) -> None:
    _, sparse = both
    sentence = "700 spectra × 200 bins written out in full take .* GB, more than half"
    with pytest.raises((RuntimeError, ValueError), match=sentence):
        simpleapi.ConvertUnits(sparse, Target="Wavelength", OutputWorkspace="out")
    with pytest.raises((RuntimeError, ValueError), match=sentence):
        sparse * 2
    with pytest.raises(ValueError, match=sentence):
        _ = sparse.data


def test_a_product_is_their_sum_and_says_so(both: tuple[MatrixWorkspace, MatrixWorkspace], monkeypatch: Any) -> None:
    dense, sparse = both
    monkeypatch.setattr("livereduce.engine.builtin.results.MAX_CELLS", 1000)
    for said in (lambda _: None, lambda ws: ws.setYUnit("Counts")):
        said(sparse)
        (made,) = products_of(sparse, pipeline="main", run=1, name="result", incomplete="")
        assert np.array_equal(made.signal, dense.counts().total().table()[0])
        assert made.attributes["thinned"] == "sum over 700 spectra"


@pytest.mark.parametrize("method", ["Add", "Replace", "Append"])
def test_chunks_of_them_are_accumulated(method: str, both: tuple[MatrixWorkspace, MatrixWorkspace]) -> None:
    dense, sparse = both
    values = []
    for ws in (dense, sparse):
        total = Accumulation("total", method, preserve_events=False)
        total.add(ws)
        total.add(ws)
        other = Accumulation("other", method, preserve_events=False)
        other.add(ws)
        total.merge(other)
        value = total.value()
        assert value is not None
        values.append(value)
        assert total.held_bytes > 0
    one, two = values
    assert isinstance(two.counts().counts, SparseCounts)
    assert two.getNumberHistograms() == one.getNumberHistograms() == (2100 if method == "Append" else 700)
    for row in range(0, one.getNumberHistograms(), 97):
        assert np.array_equal(two.readY(row), one.readY(row))


def test_events_are_counted_into_sparse_ones_when_they_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histogram, "MOST_DENSE_CELLS", 1000)
    total = Accumulation("total", "Add", preserve_events=False)
    for _ in range(2):
        total.add(MatrixWorkspace("c", EVENTS, binned=Binned(BINS, PixelTable())))
    value = total.value()
    assert value is not None
    assert isinstance(value.counts().counts, SparseCounts)
    assert value.getNumberEvents() == 10_000
    assert value.extractY().sum() == 10_000
