"""A rectangle on the image of a product: a region of the detector where it can be one, else a sum, and said so."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from helpers.browsing import Visit, Visiting, web
from helpers.fabricated import Fabricated, axis, image, product

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

RUN = 41
PIXELS, TIMES_US = np.arange(100.0, 140.0), np.linspace(0.0, 16_000.0, 81)
COUNTS = np.random.default_rng(3).poisson(20, (40, 80)).astype(float)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mark")
    one = Fabricated(folder / "powder", "PG3")
    one.say()
    one.publish(image(RUN))
    for name, rows in (("by_pixel", "pixel"), ("by_spectrum", "spectrum")):
        axes = (axis(rows, PIXELS), axis("tof", TIMES_US, "us"))
        one.publish(replace(product(RUN, name, COUNTS, axes, np.sqrt(COUNTS)), units="counts"))
    one.publish(product(RUN, "line", np.arange(6.0), (axis("x", np.arange(6.0)),)))
    with web(folder, environ, [one.conf]) as url:
        yield url


@pytest.fixture
def seen(visiting: Visiting, url: str) -> Visit:
    seen: Visit = visiting(url)
    return seen


def open_image(seen: Visit, name: str, choices: str = "") -> None:
    seen.go(f"/instrument/pg3#product={name}{choices}")
    seen.drawn(run=RUN, name=name)


def mark(seen: Visit, first: tuple[float, float], second: tuple[float, float]) -> list[float]:
    """Drag from corner to corner, in parts of the plot from its lower left; the rectangle in the address."""
    seen.page.click("#mark")
    seen.until_plot("layout.dragmode === 'drawrect'")
    box = seen.page.locator("#plot .nsewdrag").bounding_box()
    assert box
    corners = [(box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]) for x, y in (first, second)]
    seen.page.mouse.move(*corners[0])
    seen.page.mouse.down()
    seen.page.mouse.move(*corners[1], steps=8)
    seen.page.mouse.up()
    seen.until("location.hash.includes('mark=')")
    x0, y0, x1, y1 = map(float, parse_qs(urlsplit(seen.page.url).fragment)["mark"][0].split(","))
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]


def test_a_rectangle_of_pixels_and_times_is_a_region_of_the_detector(seen: Visit) -> None:
    open_image(seen, "by_pixel")
    x0, y0, x1, y1 = mark(seen, (0.2, 0.3), (0.6, 0.8))
    seen.page.wait_for_selector("#marked-region:not([hidden])")
    link = seen.page.get_attribute("#marked-region", "href") or ""
    (region,) = json.loads(parse_qs(urlsplit(link).fragment)["draw"][0])
    assert region["kind"] == "pixels"
    assert region["pixels"] == f"{int(np.ceil(y0))}-{int(np.floor(y1))}"
    assert [region["tof_min_us"], region["tof_max_us"]] == pytest.approx([x0, x1])
    assert urlsplit(link).path.endswith("pg3/detector")


@pytest.mark.parametrize("name", ["by_spectrum", "by_pixel"])
def test_the_sum_over_the_rectangle_is_told(seen: Visit, name: str) -> None:
    open_image(seen, name)
    x0, y0, x1, y1 = mark(seen, (0.1, 0.9), (0.5, 0.4))
    pixels, middles = PIXELS, (TIMES_US[1:] + TIMES_US[:-1]) / 2
    rows, columns = (pixels >= y0) & (pixels <= y1), (middles >= x0) & (middles <= x1)
    expected = COUNTS[rows][:, columns].sum()
    error = np.sqrt(expected)
    text = f"image itself, {rows.sum()} × {columns.sum()} values: {expected:.0f} ± {error:.0f} counts."
    seen.wait_text("#marked-text", text)
    assert seen.page.locator("#marked-region").is_visible() == (name == "by_pixel")
    seen.page.reload()
    seen.wait_text("#marked-text", text)  # it stands in the address
    assert seen.plot("layout.shapes.length") == 1
    assert seen.text("#mark") == "Unmark"
    seen.page.click("#mark")
    seen.until("document.getElementById('marked').hidden")
    assert "mark=" not in seen.page.url


def test_what_is_no_image_cannot_be_marked(seen: Visit) -> None:
    open_image(seen, "detector", "&mark=-0.5,-0.3,0.5,0.3")
    seen.wait_text("#marked-text", "Sum over the marked rectangle of the image itself")
    seen.open_tab("line")
    seen.drawn(run=RUN, name="line")
    assert not seen.page.is_visible("#mark")
    assert not seen.page.is_visible("#marked")


def test_nonsense_in_the_address_marks_nothing(seen: Visit) -> None:
    open_image(seen, "by_pixel", "&mark=1,2,x,4")
    assert seen.text("#mark") == "Mark"
    assert not seen.page.is_visible("#marked")
