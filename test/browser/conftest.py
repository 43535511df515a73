"""A browser for the whole session, a fresh window for every test; no test passes over a complaint of the browser."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from helpers.browsing import ARGUMENTS, CHROMIUM, Visit, Visiting, Windows, must_not_skip
from helpers.reduced import environ_of
from helpers.tools import not_installed

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these tests last: as long as playwright lives, this process has an event loop and a child of its."""
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM}: {not_installed(['chromium'])}"
        if must_not_skip():
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return environ_of(tmp_path_factory)


@pytest.fixture(scope="session")
def windows(chromium: Browser) -> Iterator[Windows]:
    kinds: dict[str, BrowserContext] = {}

    def of_kind(**kind: Any) -> BrowserContext:
        name = repr(sorted(kind.items()))
        if name not in kinds:
            kinds[name] = chromium.new_context(**{"timezone_id": "Europe/Paris"} | kind)
        return kinds[name]

    yield of_kind
    for context in kinds.values():
        context.close()


@pytest.fixture
def visiting(windows: Windows) -> Iterator[Visiting]:
    visits: list[Visit] = []

    def visit(url: str, *, width: int = 1280, height: int = 800, expected: tuple[str, ...] = (), **kind: Any) -> Visit:
        page = windows(**kind).new_page()
        page.set_viewport_size({"width": width, "height": height})
        visits.append(Visit(page, url, expected=expected))
        return visits[-1]

    yield visit
    for one in visits:
        one.page.close()
    assert [text for one in visits for text in one.unexpected()] == []
