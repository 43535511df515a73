"""An instrument on a status page: its status, runs, results and metrics, and its results as they come."""

from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import scipp as sc

from livereduce.client.arrays import Arrived, metric_of, product_of
from livereduce.client.errors import NotOnPage, PageUnreachable
from livereduce.client.news import NewProduct
from livereduce.client.page import Page
from livereduce.client.values import (
    CardAnswer,
    ListedResult,
    PageStatus,
    RunSummary,
    cards_of,
    metrics_of,
    results_of,
    runs_of,
    status_of,
)

MAX_RUNS = 2000
"""Most runs that a page lists."""
T = TypeVar("T")


class Instrument:
    """An instrument, as the status page of its beamline shows it.

    Parameters
    ----------
    page
        Address of the page: ``http://bl11a-live:8090``.
    name
        The instrument's name, or its id in the addresses of the page.

    Raises
    ------
    PageUnreachable
        Nothing answers there.
    NotOnPage
        The page does not have this instrument: says which it has.
    PageRefused
        The page or a proxy in front of it does not answer.

    Examples
    --------
    >>> pg3 = Instrument("http://bl11a-live:8090", "PG3")  # doctest: +SKIP
    >>> pg3.result()  # doctest: +SKIP
    """

    def __init__(self, page: str, name: str) -> None:
        self._page = Page(page)
        try:
            card = _chosen(self._page, cards_of_page(self._page), name)
        except BaseException:
            self._page.close()
            raise
        self.name = card.name
        self._id = card.id
        self._base = f"/api/instruments/{quote(card.id, safe='')}"

    def __repr__(self) -> str:
        return f"Instrument({self._page.url!r}, {self.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the page; not needed in a notebook."""
        self._page.close()

    def status(self) -> PageStatus:
        """How the reduction stands now."""
        return self._read(self._base, status_of)

    def runs(self) -> list[RunSummary]:
        """All runs that the page knows, the newest first; of earlier ones only what the run table keeps."""
        return self._read(f"{self._base}/runs", runs_of, max_runs=MAX_RUNS)

    def results(self, run: int | None = None) -> list[ListedResult]:
        """The results that can be had, those of the newest run first.

        Parameters
        ----------
        run
            Only those of this run; None for all.
        """
        return [one for one in self._read(self._base, results_of) if run is None or one.run == run]

    def result(self, name: str = "result", run: int | None = None) -> sc.DataArray:
        """A result, with variances, units and bin edges, and its facts as coordinates that are not aligned.

        Parameters
        ----------
        run
            None for the newest run that has this result.

        Raises
        ------
        NotOnPage
            There is no such result: says which there are.
        """
        return self._fetched(self._run_with(name) if run is None else run, name).data

    def metrics(self, run: int | None = None) -> dict[str, sc.DataArray]:
        """What the scripts of a run reported with ``livereduce.metric``, over time; by name, empty if nothing.

        Parameters
        ----------
        run
            None for the newest run that has results.

        Raises
        ------
        NotOnPage
            The page has no results of this run.
        """
        run = self._run_with(None) if run is None else run
        found = self._read(f"{self._base}/trends/{run}", metrics_of)
        return {one.name: metric_of(one) for one in found}

    def follow(self, name: str = "result") -> Generator[sc.DataArray, None, None]:
        """The results of this name as they are written, without end: first the newest one, then each new one.

        Who is slow misses results, and gets the newest. A page that is restarted is waited for.

        Raises
        ------
        PageUnreachable
            The page has been gone for a minute.
        """
        shown: tuple[int, str] | None = None
        for news in self._page.news(self._id):
            if not isinstance(news, NewProduct) or news.name != name or (news.run, news.version) == shown:
                continue
            try:
                arrived = self._fetched(news.run, name)
            except (NotOnPage, PageUnreachable):
                continue  # its run has just gone, or the page: the news say so if it does not come back
            if (news.run, arrived.version) != shown:
                shown = (news.run, arrived.version)
                yield arrived.data

    def _run_with(self, name: str | None) -> int:
        """The newest run that has a result of this name, or any."""
        there = self.results()
        for one in there:
            if name is None or one.name == name:
                return one.run
        names = ", ".join(dict.fromkeys(repr(one.name) for one in there)) or "none yet"
        raise NotOnPage(f"{self.name} has no result {name or ''!r}; its results: {names}")

    def _fetched(self, run: int, name: str) -> Arrived:
        packed = self._page.content(f"{self._base}/products/{run}/{quote(name, safe='')}.npz")
        return self._understood(product_of, packed)

    def _read(self, path: str, read: Callable[[Any], T], **query: int) -> T:
        return self._understood(read, self._page.json(path, **query))

    def _understood(self, read: Callable[[Any], T], answer: Any) -> T:
        try:
            return read(answer)
        except ValueError as error:
            raise PageUnreachable(
                f"{self._page.url} gives an answer that this version of livereduce does not understand: {error}"
            ) from None


def cards_of_page(page: Page) -> tuple[CardAnswer, ...]:
    """The cards of all instruments on a page.

    Raises
    ------
    PageUnreachable
        It is not a page of livereduce.
    """
    try:
        return cards_of(page.json("/api/instruments"))
    except ValueError as error:
        raise PageUnreachable(f"{page.url} answers, but is no status page of livereduce: {error}") from None


def _chosen(page: Page, cards: tuple[CardAnswer, ...], name: str) -> CardAnswer:
    found = [card for card in cards if name.lower() in (card.id.lower(), card.name.lower())]
    own = [card for card in found if card.peer is None]
    if own:
        return own[0]
    if found:
        raise NotOnPage(f"{found[0].name} is on another page: {found[0].peer}")
    there = ", ".join(card.name for card in cards if card.peer is None) or "none"
    raise NotOnPage(f"{page.url} has no instrument {name!r}; it has: {there}")
