"""What is known of Mantid without Mantid: names, what is left out, and the sentences on them."""

import pytest

from livereduce.catalog.declared import declared, of_families
from livereduce.catalog.left_out import reason_left_out, reason_of_library
from livereduce.catalog.mantid_names import algorithms, modules, names_in
from livereduce.catalog.wording import no_such_algorithm, not_implemented

LEFT_OUT = {
    "DgsReduction": "direct-geometry",
    "SofQW3": "direct-geometry",
    "SofQWNormalisedPolygon": "direct-geometry",
    "BinMD": "multi-dimensional",
    "ConvertToMD": "multi-dimensional",
    "MDNormSCD": "multi-dimensional",
    "FindPeaksMD": "multi-dimensional",
    "IndexPeaks": "peaks",
    "FindUBUsingFFT": "peaks",
    "LRAutoReduction": "reflectometer",
    "MagnetismReflectometryReduction": "reflectometer",
    "StartLiveData": "livereduce itself",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_has_a_reason_which_the_sentence_says(name: str) -> None:
    assert name in algorithms()
    assert LEFT_OUT[name] in reason_left_out(name)
    assert reason_left_out(name) in not_implemented(name, declared())


def test_only_what_will_not_come_has_a_reason() -> None:
    names = ("Rebin", "StripVanadiumPeaks", "Integration", "CropWorkspace", "Load", "SmoothData", "LoadSESANS")
    assert [name for name in names if reason_left_out(name)] == []
    assert reason_of_library("drtsans.mono")
    assert not reason_of_library("reduce_REF_M")


def test_every_declared_algorithm_is_one_of_mantids() -> None:
    assert set(declared()) - algorithms() - (names_in("mantid.simpleapi") or frozenset()) == set()


def test_names_are_listed_by_module() -> None:
    assert {"Rebin", "mtd", "RenameWorkspace"} <= (names_in("mantid.simpleapi") or set())
    assert {"simpleapi", "logger", "AlgorithmManager"} <= (names_in("mantid") or set())
    assert "FloatTimeSeriesProperty" in (names_in("mantid.kernel") or set())
    assert "AnalysisDataService" in (names_in("mantid.api") or set())
    assert names_in("mantid.fixtures") is None
    assert {"MantidAxes", "utility"} <= (names_in("mantid.plots") or set())
    assert {"mantid", "mantid.plots", "mantid.geometry"} <= modules()


def test_the_nearest_is_named() -> None:
    assert "did you mean 'Rebin'" in no_such_algorithm("Rebinn", declared())
    assert "did you mean 'Rebin'" in not_implemented("Rebin2D", declared())


def test_no_algorithm_is_declared_twice() -> None:
    named = [one.name for one in of_families()]
    assert len(named) == len(set(named)), sorted(name for name in set(named) if named.count(name) > 1)
