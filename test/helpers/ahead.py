"""Tests that mostly wait, run a few at once: each is begun before pytest comes to it, which then waits for its end.

A folder's `conftest.py` says what such a test is given; its tests are plain functions of that and their parameters.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import pytest

AT_ONCE = 4

Given = Callable[[pytest.Function], AbstractContextManager[dict[str, Any]]]
"""The arguments of a test that are not among its parameters."""


class Ahead:
    """Test functions at work in threads, each once."""

    def __init__(self, items: Iterable[pytest.Function], given: Given) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._ends: dict[str, Future[None]] = {
            item.nodeid: self._pool.submit(_run, item, given(item)) for item in items
        }

    def wait(self, item: pytest.Function) -> None:
        """Wait for the end of a test; what it has raised is raised here."""
        self._ends[item.nodeid].result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def call(item: pytest.Function, fixture: str) -> bool | None:
    """For `pytest_pyfunc_call`: waits for a test that takes the fixture, in the place of calling it."""
    if fixture not in item.fixturenames:
        return None
    item._request.getfixturevalue("ahead").wait(item)
    return True


def _run(item: pytest.Function, given: AbstractContextManager[dict[str, Any]]) -> None:
    function = item.function
    with given as arguments:
        parameters = {name: value for name, value in _parameters(item).items() if name not in arguments}
        function(**arguments, **parameters)


def _parameters(item: pytest.Function) -> dict[str, Any]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}


def begun(session: pytest.Session, folder: str, fixture: str, given: Given) -> Ahead:
    """All tests of a folder that were asked for and take a fixture."""
    items = [item for item in session.items if isinstance(item, pytest.Function)]
    return Ahead((item for item in items if str(item.path).startswith(folder) and fixture in item.fixturenames), given)
