"""The example scripts, unchanged on both engines: one simulated server, the same numbers in every bin."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from helpers.engines import ENGINES, Reducing
from helpers.examples import INSTRUMENTS, reduced
from livereduce.publish.product import Product

pytestmark = pytest.mark.timeout(120)

EXACT = 1e-10
"""Relative: two ways to the same sum of doubles; most where smoothed vanadium, which is divided by, is nearly 0."""
PRODUCTS = {
    "area_detector": ("result",),
    "log_filter": ("result_1", "result_2"),
    "powder_vanadium": ("result",),
    "reflectometer": ("result_1", "result_2"),
    "workspace_names": ("result_1", "result_2"),
}

Pairs = Mapping[str, tuple[Future[Reducing], ...]]


@pytest.fixture(scope="module")
def pairs(
    request: pytest.FixtureRequest, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pairs]:
    """Each example on both engines, two at once: they mostly wait."""
    here = (item for item in request.session.items if isinstance(item, pytest.Function) and item.path == Path(__file__))
    asked = {str(item.callspec.params["example"]) for item in here if "pairs" in item.fixturenames}
    with ThreadPoolExecutor(2) as pool:
        yield {
            example: tuple(
                pool.submit(reduced, example, engine, tmp_path_factory.mktemp("example") / "made", environ)
                for engine in ENGINES
            )
            for example in sorted(asked)
        }


@pytest.mark.parametrize("example", INSTRUMENTS)
def test_conformance_of_examples(pairs: Pairs, example: str) -> None:
    builtin, mantid = (future.result() for future in pairs[example])
    run = max(mantid.index())
    assert max(builtin.index()) == run
    for name in PRODUCTS[example]:
        here, there = builtin.product(run, name), mantid.product(run, name)
        assert np.nansum(here.signal) > 0
        _assert_same(here, there)


def _assert_same(here: Product, there: Product) -> None:
    """Counts, errors and bins; which bins are not numbers; units of the axes."""
    for one, two in ((here.signal, there.signal), (here.errors, there.errors)):
        assert one is not None
        assert two is not None
        most = float(np.nanmax(np.abs(np.where(np.isfinite(two), two, 0))))
        np.testing.assert_allclose(np.squeeze(one), np.squeeze(two), rtol=EXACT, atol=EXACT * most)
    assert here.units == there.units
    for mine, its in zip(here.axes, there.axes, strict=True):
        np.testing.assert_allclose(mine.values, its.values, rtol=EXACT)
        assert (mine.name, mine.units) == (its.name, its.units)
