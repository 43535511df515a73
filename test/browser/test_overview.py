"""The overview: many instruments at a glance, in every theme and width, and what it says when somebody is missing."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from helpers.browsing import Visiting, web
from helpers.fabricated import Fabricated, pattern
from livereduce.messages.progress import RunState
from livereduce.messages.status import StateWord

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

GONE = 4_000_000
"""A pid beyond what Linux gives."""


WORDS = [*StateWord, StateWord.RUNNING, StateWord.RUNNING]


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]
) -> Iterator[tuple[list[Fabricated], str]]:
    folder = tmp_path_factory.mktemp("hall")
    hall = [Fabricated(folder / f"i{place}", f"INST{place}") for place in range(len(WORDS))]
    hall[1].publish(pattern(101, 1000))
    with web(folder, environ, [one.conf for one in hall]) as url:
        yield hall, url


@pytest.fixture
def hall(built: tuple[list[Fabricated], str]) -> list[Fabricated]:
    """Twelve instruments, one in each state that there is, and one whose daemon is gone."""
    hall, _ = built
    for place, (one, word) in enumerate(zip(hall, WORDS, strict=True)):
        facts = {"run": {"number": 100 + place, "state": RunState.RUNNING}}
        one.say(state=word, why=f"why it is {word}", progress=facts, events_per_s=123_456.0)
    hall[-1].say(pid=GONE)
    return hall


@pytest.fixture
def url(built: tuple[list[Fabricated], str], hall: list[Fabricated]) -> str:
    return built[1]


def test_every_instrument_has_a_card_with_its_state_in_words_shape_and_colour(
    hall: list[Fabricated], url: str, visiting: Visiting
) -> None:
    seen = visiting(url)
    page = seen.go("/")
    for place, word in enumerate(WORDS[:-1]):  # what was said before a slow start of the server may be shown first
        seen.wait_card(f"inst{place}", "down" if word is StateWord.STOPPED else str(word))
    seen.wait_card("inst11", "down")
    assert page.locator("article.card").count() == len(hall) == 12
    words = page.locator("article.card .state .word").all_inner_texts()
    alive = [str(word).replace("_", " ") for word in StateWord if word is not StateWord.STOPPED]
    assert words == [*alive, "down", "running", "down"]
    shapes = page.locator("article.card .state path").evaluate_all("all => all.map(one => one.getAttribute('d'))")
    assert len(set(shapes)) == len(set(words))
    colours = page.locator("article.card header").evaluate_all(
        "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert len(set(colours)) >= 5
    assert seen.text("article[data-id=inst1] .why") == "why it is running"
    assert re.fullmatch(r"\d+ s ago", seen.text("article[data-id=inst1] .result"))
    assert seen.text("article[data-id=inst1] .rate") == "123 k"
    assert seen.text("article[data-id=inst1] .run") == "101"
    assert seen.text("article[data-id=inst1] .held") == "812 MB of 16 GB allowed"
    assert "2 down" in seen.text("#summary")
    assert seen.text("#total") == "12 instruments:"
    assert page.title() == "(6) Live reduction"  # those that somebody should look at


def test_a_change_is_seen_without_reloading_and_told_to_those_who_listen(
    hall: list[Fabricated], url: str, visiting: Visiting
) -> None:
    seen = visiting(url)
    page = seen.go("/")
    seen.wait_card("inst1", "running")
    page.evaluate("window.mine = 1")
    hall[1].say(state=StateWord.PAUSED, why="run 101 is paused", progress={"run": {"state": RunState.PAUSED}})
    seen.wait_card("inst1", "paused")
    seen.wait_text("#said", "INST1 is paused")
    assert page.evaluate("window.mine") == 1


def test_a_daemon_that_is_gone_is_said_to_be_down_and_since_when(url: str, visiting: Visiting) -> None:
    seen = visiting(url)
    seen.go("/")
    seen.wait_card("inst11", "down")
    assert "gone, although nobody stopped it" in seen.text("article[data-id=inst11] .why")
    # with its zone, which is that of whoever looks
    assert re.fullmatch(r"since (.* )?\d\d:\d\d:\d\d (CET|CEST|GMT\+[12])", seen.text("article[data-id=inst11] .since"))


def test_the_page_says_when_it_has_lost_its_server_and_when_it_is_back(
    hall: list[Fabricated], tmp_path: Path, environ: Mapping[str, str], visiting: Visiting
) -> None:
    with web(tmp_path, environ, [hall[1].conf]) as url:
        seen = visiting(
            url, expected=("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET")
        )
        page = seen.go("/")
        seen.wait_card("inst1", "running")
        page.wait_for_selector(".drawing[data-kind=curve]")
        assert page.locator("#lost").is_hidden()
    page.wait_for_selector("#lost:not([hidden])")
    assert re.search(r"Connection lost at \d\d:\d\d:\d\d (CET|CEST|GMT)", seen.text("#lost"))
    port = int(url.rstrip("/").rpartition(":")[2])
    hall[1].say(state=StateWord.PAUSED)
    with web(tmp_path, environ, [hall[1].conf], port=port):
        page.wait_for_selector("#lost", state="hidden")
        seen.wait_card("inst1", "paused")
        page.close()


def test_the_keyboard_leads_to_an_instrument(url: str, visiting: Visiting) -> None:
    seen = visiting(url)
    page = seen.go("/")
    seen.wait_card("inst0", "starting")
    page.focus("#target")
    page.keyboard.press("Tab")
    focus = page.evaluate(
        "[document.activeElement.innerText, getComputedStyle(document.activeElement, '::after').outlineStyle]"
    )
    assert focus == ["INST0", "solid"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/instrument/inst0")
    seen.wait_state("starting")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1920])
def test_it_fits_a_phone_and_a_display_on_the_wall_in_both_themes(
    url: str, visiting: Visiting, scheme: str, width: int
) -> None:
    seen = visiting(url, width=width, color_scheme=scheme)
    page = seen.go("/")
    seen.wait_card("inst11", "down")
    assert seen.overflow() <= 0
    columns = page.locator("article.card").evaluate_all(
        "all => new Set(all.map(one => one.getBoundingClientRect().left)).size"
    )
    assert columns == (1 if width == 360 else 4)
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)")
    assert max(ground) < 60 if scheme == "dark" else min(ground) > 200


def test_a_page_in_the_background_gives_its_connection_back(url: str, visiting: Visiting) -> None:
    def hidden(yes: bool) -> str:
        return (
            f"Object.defineProperty(document, 'hidden', {{ value: {str(yes).lower()}, configurable: true }});"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )

    def watchers(there: str) -> None:
        seen.until(f"fetch('/healthz').then(answer => answer.json()).then(health => health.watchers {there})")

    seen = visiting(url)
    seen.page.clock.install()
    page = seen.go("/")
    seen.wait_card("inst1", "running")
    watchers("=== 1")
    page.evaluate(hidden(True))
    page.clock.fast_forward(61_000)
    watchers("=== 0")
    assert page.title().startswith("… ")
    page.evaluate(hidden(False))
    watchers("=== 1")
    page.wait_for_selector("#lost", state="hidden")
    seen.until("!document.title.startsWith('…')")
