"""For those who see little, hear the page, or have no mouse: names, landmarks, contrast, focus, motion."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from helpers.browsing import Scheme, Visit, Visiting, Windows, web
from helpers.drawing import plotted
from helpers.fabricated import Fabricated, image, pattern
from helpers.viewed import ASKED, Viewed
from livereduce.messages.status import StateWord

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

PATHS = ("/", "/instrument/pg3", "/instrument/pg3/runs", "/instrument/pg3/detector")
CONTROLS = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "checkbox",
    "spinbutton",
    "meter",
    "img",
    "image",
    "list",
}

REGION = {"name": "ring", "kind": "ellipse", "projection": "cylinder", "points": [[-90, -0.2], [90, 0.2]]}

# Every text on the page against what lies behind it, by the formula of WCAG 2; large text needs less.
CONTRASTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const behind = (node) => {
    if (!node) return [255, 255, 255, 1];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(node.parentElement));
  };
  const light = (colour) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const shown = node.checkVisibility({ visibilityProperty: true }) && !node.closest(".unseen, option, noscript");
    if (!text || !shown) continue;
    const style = getComputedStyle(node);
    const drawn = node instanceof SVGElement ? style.fill : style.color;
    const back = behind(node.closest("svg") ? node.closest("svg").parentElement : node);
    const [one, two] = [light(over(rgba(drawn), back)), light(back)].sort((a, b) => b - a);
    found.push([(one + 0.05) / (two + 0.05), parseFloat(style.fontSize), text.slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pages(
    tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str], windows: Windows
) -> Iterator[tuple[list[Fabricated], dict[str, Visit]]]:
    """Both pages, open."""
    folder = tmp_path_factory.mktemp("accessibility")
    words = [word for word in StateWord if word is not StateWord.STOPPED]
    hall = [Fabricated(folder / f"i{n}", "PG3" if n == 1 else f"INST{n}") for n in range(len(words))]
    for one, word in zip(hall, words, strict=True):
        one.say(state=word, why=f"why it is {word}")
    hall[1].publish(pattern(40, 900_000))
    hall[1].publish(pattern(41, 1_000_000))
    hall[1].publish(image(41))
    token = folder / "token"
    token.write_text("right-token-of-the-beamline")
    token.chmod(0o600)
    with web(folder, environ, [one.conf for one in hall], "--token-file", str(token)) as url:
        visits = {path: Visit(windows().new_page(), url) for path in PATHS}
        for path, seen in visits.items():
            seen.look(1280, "light")
            if path.endswith("/detector"):
                seen.page.route(ASKED, Viewed(saved=[REGION]).route)
            seen.go(path)
        visits["/"].wait_card("inst8", "stopping")
        visits[PATHS[1]].drawn(run=41, name="result")
        visits[PATHS[2]].choose("over=41")
        visits[PATHS[2]].drawn(runs="41", name="result")
        plotted(visits[PATHS[3]], ["ring"])
        yield hall, visits
        for seen in visits.values():
            seen.page.close()


@pytest.fixture(params=PATHS)
def seen(pages: tuple[list[Fabricated], dict[str, Visit]], request: pytest.FixtureRequest) -> Iterator[Visit]:
    hall, visits = pages
    for one in hall:
        one.say()
    seen = visits[request.param]
    seen.look(1280, "light")
    seen.page.bring_to_front()
    yield seen
    assert seen.unexpected() == []


def test_everything_that_can_be_used_has_a_name(seen: Visit) -> None:
    tree = seen.page.context.new_cdp_session(seen.page).send("Accessibility.getFullAXTree")["nodes"]
    roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]
    used = [(role, name) for role, name in roles if role in CONTROLS]
    assert len(used) >= 10
    unnamed = [role for role, name in used if not name.strip() and role != "list"]
    assert unnamed == []


def test_there_are_landmarks_one_headline_and_no_level_is_left_out(seen: Visit) -> None:
    page = seen.page
    assert page.locator("main").count() == page.locator("body > header").count() == page.locator("h1").count() == 1
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.get_attribute("html", "lang") == "en"
    assert page.title()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(seen: Visit, scheme: Scheme) -> None:
    seen.look(1280, scheme)
    ink = seen.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
    for plot in ("plot", "spectra", "over"):
        if seen.page.locator(f"#{plot}").count():
            seen.page.evaluate("plot => document.getElementById(plot).closest('section').scrollIntoView()", plot)
            seen.until(f"document.getElementById('{plot}')._fullLayout?.font.color === given.ink", ink=ink)
    contrasts = seen.page.evaluate(CONTRASTS)
    assert len(contrasts) > 40
    poor = [one for one in contrasts if one[0] < (3.0 if one[1] >= 24 else 4.5)]
    assert poor == []


def test_focus_is_seen_wherever_the_keyboard_leads(seen: Visit) -> None:
    page = seen.page
    page.evaluate("document.activeElement.blur()")
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate("""() => {
              const node = document.activeElement;
              const outlines = [getComputedStyle(node), getComputedStyle(node, "::after")];
              const outlined = outlines.some((one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2);
              return [node.tagName + node.id, outlined];
            }""")
        )
    assert [stop for stop, outlined in stops if not outlined and stop != "BODY"] == []
    assert len({stop for stop, _ in stops}) >= (7 if page.locator("#plot").count() else 1)


def test_nothing_moves_for_those_who_asked_for_that(seen: Visit) -> None:
    moving = "all => all.filter(one => getComputedStyle(one).transitionDuration !== '0s').length"
    seen.page.emulate_media(reduced_motion="reduce")
    assert seen.page.locator(".fill, .run-plot, .region-plot").count() > 0
    assert seen.page.locator("*").evaluate_all(moving) == 0
    seen.page.emulate_media(reduced_motion="no-preference")


def test_a_change_of_state_is_told_and_numbers_are_not(
    pages: tuple[list[Fabricated], dict[str, Visit]], visiting: Visiting
) -> None:
    hall, visits = pages
    seen = visits[PATHS[1]]
    assert seen.page.get_attribute("#said", "aria-live") == "polite"
    hall[1].say(state=StateWord.DEGRADED, why="a script fails")
    seen.wait_text("#said", "PG3 is degraded: a script fails")
    hall[1].say(state=StateWord.RUNNING, why="why it is running")
    seen.wait_text("#said", "PG3 is running")
    live = seen.page.locator("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")
    assert set(live.evaluate_all("all => all.map(one => one.id)")) == {
        "said",
        "lost",
        "restart-answer",
        "promote-answer",
    }
