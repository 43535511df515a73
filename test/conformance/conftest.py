"""The same scenarios on both engines: the shipped worker or daemon, the simulated server or Mantid's double."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.ahead import Ahead, begun, call
from helpers.engines import ENGINES, bench_of
from helpers.reduced import environ_of


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    environ = environ_of(tmp_path_factory)
    # several workers that compile at once would take longer than anybody waits for one
    subprocess.run([sys.executable, "-c", "import livereduce.engine.builtin.engine"], env=environ, check=True)
    return environ


@pytest.fixture(params=ENGINES)
def bench(request: pytest.FixtureRequest) -> str:
    """In its place a test gets the `Bench` of the engine, made in the thread that runs it."""
    return str(request.param)


@pytest.fixture(scope="session")
def ahead(
    request: pytest.FixtureRequest, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ahead]:
    @contextmanager
    def given(item: pytest.Function) -> Iterator[dict[str, Any]]:
        with bench_of(str(item.callspec.params["bench"]), tmp_path_factory.mktemp("bench"), environ) as made:
            yield {"bench": made}

    with begun(request.session, str(Path(__file__).parent), "bench", given) as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    return call(pyfuncitem, "bench")
