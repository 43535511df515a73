"""Tests of the mantid engine on the double, a few at once: `bench` makes the bench before a stream."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.ahead import Ahead, begun, call
from helpers.engines import Bench, bench_of
from helpers.reduced import environ_of


@pytest.fixture
def bench() -> None:
    """In its place a test gets the function that makes a `Bench`, and what it has made is ended with the test."""


@pytest.fixture(scope="session")
def ahead(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ahead]:
    environ = environ_of(tmp_path_factory)

    @contextmanager
    def given(item: pytest.Function) -> Iterator[dict[str, Any]]:
        path = tmp_path_factory.mktemp("bench")
        with ExitStack() as stack:

            def make(*items: dict[str, Any], **options: Any) -> Bench:
                stream = {"items": list(items), **options.pop("shape", {})}
                return stack.enter_context(bench_of("mantid", path, environ, stream=stream, **options))

            yield {"bench": make}

    with begun(request.session, str(Path(__file__).parent), "bench", given) as running:
        yield running


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    return call(pyfuncitem, "bench")
