"""The same scenarios on both engines: the shipped worker or daemon, the simulated server or Mantid's double."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.engines import ENGINES, Bench, bench_of
from helpers.reduced import environ_of


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environ_of(tmp_path_factory)


@pytest.fixture(params=ENGINES)
def bench(request: pytest.FixtureRequest, tmp_path: Path, environ: dict[str, str]) -> Iterator[Bench]:
    with bench_of(request.param, tmp_path, environ) as made:
        yield made
