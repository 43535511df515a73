"""The overview on a wall: pictures, titles, what is still to be counted, one instrument on the whole page."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from helpers.browsing import Scheme, Visit, Visiting, web
from helpers.fabricated import Fabricated, image, pattern, product
from livereduce.messages.status import StateWord
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

TITLE = "Si NIST 640f <b>at</b> 300 K"


def reported(one: Fabricated, run: int) -> None:
    """A metric with a relative error of 10 %."""
    trends = Trends(run=run, began_unix_s=1_700_000_000.0)
    for step in range(1, 10):
        at = Exposure(time_unix_s=1_700_000_000.0 + 10 * step, events=100 * step, charge_pc=1e9 * step)
        metric = ReportedMetric(name="peak_area", value=500.0, error=150 / step**0.5, units="counts")
        trends = add_reported(trends, [metric], at)
    (one.path / "state" / "products" / str(run) / FILE_NAME).write_text(encode_trends(trends, 1_700_000_100.0))


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]
) -> Iterator[tuple[list[Fabricated], str]]:
    folder = tmp_path_factory.mktemp("wall")
    hall = [Fabricated(folder / name.lower(), name) for name in ("CURVE", "IMAGE", "NUMBER", "NOTHING")]
    hall[0].publish(replace(pattern(41, 100_000), title=TITLE))
    reported(hall[0], 41)
    hall[1].publish(image(41, name="result"))
    hall[2].publish(product(41, "result", np.array(1.25), (), np.array(0.05)))
    for one in hall:
        one.say()
    with web(folder, environ, [one.conf for one in hall]) as url:
        yield hall, url


@pytest.fixture
def hall(built: tuple[list[Fabricated], str]) -> list[Fabricated]:
    for one in built[0]:
        one.say(state=StateWord.RUNNING, why="reducing run 41", progress={"run": {"number": 41}})
    return built[0]


@pytest.fixture
def seen(built: tuple[list[Fabricated], str], hall: list[Fabricated], visiting: Visiting) -> Visit:
    visit: Visit = visiting(built[1])
    visit.go("/")
    for one in hall:
        visit.wait_card(one.name.lower(), "running")
    return visit


def card(name: str, part: str = "") -> str:
    return f"article.card[data-id={name}] {part}"


def test_cards_have_the_newest_result_as_a_picture(hall: list[Fabricated], seen: Visit) -> None:
    page = seen.page
    page.wait_for_selector(card("curve", ".drawing[data-kind=curve] path.line"))
    page.wait_for_selector(card("image", ".drawing[data-kind=image] canvas"))
    seen.wait_text(card("number", ".drawing"), "1.250 ± 0.050")
    label = page.get_attribute(card("curve", ".drawing"), "aria-label") or ""
    assert label.startswith("Curve of result of run 41, highest ")
    assert seen.text(card("curve", "figcaption")).split("\n") == ["0.502", "d (Å)", "2.3"]
    drawn = page.get_attribute(card("curve", "path.line"), "d")
    assert drawn
    assert drawn.count("L") > 200
    painted = page.locator(card("image", "canvas")).evaluate(
        "node => new Set(node.getContext('2d').getImageData(0, 0, node.width, node.height).data).size"
    )
    assert painted > 20
    hall[0].publish(replace(pattern(41, 5000, seed=3), title=TITLE))
    seen.until(
        "document.querySelector(given.path).getAttribute('d') !== given.drawn",
        path=card("curve", "path.line"),
        drawn=drawn,
    )
    assert seen.text(card("nothing", ".drawing")) == ""


def test_the_run_is_in_large_print_and_the_state_is_a_band_of_colour(hall: list[Fabricated], seen: Visit) -> None:
    page = seen.page
    seen.wait_text(card("curve", ".what"), TITLE)
    assert seen.text(card("curve", ".what")) == f"run 41 {TITLE}"
    sizes = page.evaluate(
        "['.what', '.foot'].map(part => parseFloat(getComputedStyle(document.querySelector(`.card ${part}`)).fontSize))"
    )
    assert sizes[0] >= 1.5 * sizes[1]
    hall[0].say(state=StateWord.PARKED, why="a script cannot be read")
    seen.wait_card("curve", "parked")
    bands = page.locator("article.card header").evaluate_all(
        "all => all.map(one => [getComputedStyle(one).backgroundColor, one.clientWidth / one.parentNode.clientWidth])"
    )
    assert bands[0][0] != bands[1][0]
    assert min(width for _, width in bands) == 1
    assert bands[0][0] not in ("rgba(0, 0, 0, 0)", "transparent")


def test_it_shows_how_much_of_the_wanted_statistics_is_counted(seen: Visit) -> None:
    page = seen.page
    seen.wait_text(card("curve", ".metric"), "peak_area (counts): 500 ± 50, 10 %")
    assert page.locator(card("curve", ".statistics .bar")).is_hidden()
    page.fill("#target", "5")
    page.press("#target", "Tab")
    bar = page.locator(card("curve", ".statistics .bar"))
    bar.wait_for(state="visible")
    assert bar.get_attribute("aria-valuenow") == "25"
    assert bar.get_attribute("aria-valuetext") == "25 % of what 5 % takes"
    seen.wait_text(card("curve", ".reaches"), "5 % takes")
    assert "target=5" in page.url
    page.reload()
    seen.wait_text(card("curve", ".reaches"), "5 % takes")
    assert page.input_value("#target") == "5"
    assert page.locator(card("image", ".statistics")).is_hidden()


def test_a_run_without_a_result_shows_the_last_one_greyed(hall: list[Fabricated], seen: Visit) -> None:
    seen.page.wait_for_selector(card("curve", ".drawing[data-run='41']"))
    hall[0].say(progress={"run": {"number": 42}}, why="reducing run 42")
    seen.page.wait_for_selector(card("curve", ".sketch[data-instead]"))
    assert seen.text(card("curve", ".across")) == "run 41: run 42 has no result yet"
    look = seen.page.locator(card("curve", ".drawing")).evaluate("node => getComputedStyle(node).filter")
    assert look == "grayscale(1)"
    hall[0].say(progress={"run": {"number": 0}}, why="between runs")
    seen.until("document.querySelector(given.at).innerText === 'run 41, d (Å)'", at=card("curve", ".across"))
    hall[0].say(progress={"run": {"number": 42}}, why="reducing run 42")
    hall[0].publish(pattern(42, 1000))
    seen.page.wait_for_selector(card("curve", ".drawing[data-run='42']"))
    seen.page.wait_for_selector(card("curve", ".sketch:not([data-instead])"))
    hall[0].shelf.ended(42)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_instrument_alone_fills_the_page(seen: Visit, scheme: Scheme) -> None:
    page = seen.page
    seen.look(1920, scheme)
    page.click(card("image", ".alone"))
    seen.until("document.querySelectorAll('article.card').length === 1")
    assert "alone=image" in page.url
    box = page.locator(card("image")).bounding_box()
    assert box
    assert box["width"] > 1800
    assert box["height"] > 650
    assert seen.overflow() <= 0
    page.reload()
    page.wait_for_selector(card("image", "canvas"))
    seen.until("document.querySelectorAll('article.card').length === 1")
    button = page.get_by_role("button", name="Show all instruments")
    assert button.get_attribute("aria-pressed") == "true"
    button.press("Enter")
    seen.until("document.querySelectorAll('article.card').length === 4")
    assert "alone" not in page.url


def test_a_single_instrument_fills_the_page_of_itself(
    hall: list[Fabricated], environ: Mapping[str, str], visiting: Visiting
) -> None:
    with web(hall[0].path, environ, [hall[0].conf]) as url:
        seen: Visit = visiting(url, width=1920, height=1000)
        page = seen.go("/")
        page.wait_for_selector(card("curve", ".drawing[data-kind=curve]"))
        box = page.locator(card("curve")).bounding_box()
        assert box
        assert box["height"] > 0.8 * 1000
        assert page.locator(".alone").is_hidden()
        seen.look(360, "light")
        assert seen.overflow() <= 0
        page.close()


def test_the_instruments_of_other_pages_have_pictures_and_lead_there(
    hall: list[Fabricated], built: tuple[list[Fabricated], str], environ: Mapping[str, str], visiting: Visiting
) -> None:
    other = built[1].rstrip("/")
    with web(hall[0].path, environ, [], "--peer", other) as url:
        seen: Visit = visiting(url)
        page = seen.go("/#target=5")
        page.wait_for_selector(card("curve", ".drawing[data-kind=curve]"))
        page.wait_for_selector(card("image", ".drawing[data-kind=image]"))
        seen.wait_text(card("curve", ".reaches"), "5 % takes")
        assert page.get_attribute(card("curve", "h2 a"), "href") == f"{other}/instrument/curve"
        page.close()
