"""The page of the detector on made-up events: drawing by mouse, finger and keyboard, all choices, what is refused."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pytest

from helpers.browsing import Visit, Visiting, web
from helpers.drawing import drag, open_detector, place, plotted, regions
from helpers.fabricated import Fabricated, pattern
from helpers.viewed import ASKED, TOF_STEP_US, TOF_STEPS, Viewed

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

TOKEN = "right-token-of-the-beamline"
PATH = "/instrument/pg3/detector"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("detector")
    one = Fabricated(folder / "powder", "PG3")
    one.say()
    one.publish(pattern(41, 100_000))
    with web(folder, environ, [one.conf]) as url:
        yield url


@pytest.fixture
def viewed() -> Viewed:
    return Viewed()


def open_page(visiting: Visiting, url: str, viewed: Viewed, choices: str = "", **kind: Any) -> Visit:
    seen: Visit = visiting(url, **kind)
    seen.page.route(ASKED, viewed.route)
    open_detector(seen, f"{PATH}{choices}")
    return seen


@pytest.fixture
def seen(visiting: Visiting, url: str, viewed: Viewed) -> Visit:
    return open_page(visiting, url, viewed)


SHAPES = {
    "rectangle": [(0.1, 0.2), (0.42, 0.83)],
    "ellipse": [(0.3, 0.1), (0.7, 0.9)],
    "lasso": [(0.2, 0.2), (0.8, 0.3), (0.55, 0.9), (0.4, 0.4), (0.2, 0.7)],
}


@pytest.mark.parametrize("tool", SHAPES)
def test_a_region_is_drawn_by_mouse_and_its_spectrum_has_numpys_counts(seen: Visit, viewed: Viewed, tool: str) -> None:
    drag(seen, tool, *SHAPES[tool])
    counts = plotted(seen, ["region 1"])
    (region,) = regions(seen)
    assert region["kind"] == tool
    assert region["projection"] == "cylinder"
    expected = viewed.counted(region)
    assert 0 < expected < len(viewed.place)
    assert counts == [expected]
    assert seen.page.locator("#overlay .outlines path.outline").count() == 1
    seen.wait_text("#spectra-text", "region 1: ")
    assert seen.page.get_attribute("#tools [data-tool='']", "aria-pressed") == "true"  # one at a time


def test_a_click_without_a_movement_and_escape_draw_nothing(seen: Visit) -> None:
    drag(seen, "rectangle", (0.3, 0.3), (0.3, 0.3))
    seen.page.mouse.move(*place(seen, 0.2, 0.2))
    seen.page.mouse.down()
    seen.page.mouse.move(*place(seen, 0.5, 0.5), steps=4)
    seen.page.wait_for_selector("#overlay .pending path.outline")
    seen.page.focus("#overlay")
    seen.page.keyboard.press("Escape")
    seen.page.mouse.up()
    assert seen.page.locator("#overlay .pending path").count() == 0
    assert regions(seen) == []


def test_a_region_is_drawn_by_keyboard(seen: Visit, viewed: Viewed) -> None:
    seen.page.focus("#tools [data-tool=rectangle]")
    seen.page.keyboard.press("Enter")
    seen.page.focus("#overlay")
    for key in ("ArrowLeft", "Shift+ArrowUp", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "ArrowDown"):
        seen.page.keyboard.press(key)
    seen.wait_text("#said", "pixel ")
    seen.page.keyboard.press("Enter")
    counts = plotted(seen, ["region 1"])
    assert counts == [viewed.counted(regions(seen)[0])]
    assert counts[0] > 0


def test_a_lasso_of_the_keyboard_closes_where_enter_comes_twice(seen: Visit, viewed: Viewed) -> None:
    seen.page.click("#tools [data-tool=lasso]")
    seen.page.focus("#overlay")
    for key in ("Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowUp", "Enter", "Enter"):
        seen.page.keyboard.press(key)
    counts = plotted(seen, ["region 1"])
    (region,) = regions(seen)
    assert [region["kind"], len(region["points"])] == ["lasso", 3]
    assert counts == [viewed.counted(region)]


def test_a_region_is_drawn_by_a_finger_on_a_phone(visiting: Visiting, url: str, viewed: Viewed) -> None:
    seen = open_page(visiting, url, viewed, width=390, height=844, has_touch=True, is_mobile=True)
    assert seen.overflow() <= 0
    seen.page.tap("#tools [data-tool=ellipse]")
    session = seen.page.context.new_cdp_session(seen.page)
    points = [place(seen, 0.2, 0.2), place(seen, 0.4, 0.5), place(seen, 0.6, 0.8)]
    for kind, at in zip(("touchStart", "touchMove", "touchMove"), points, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at[0], "y": at[1]}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    seen.page.locator("#spectra-title").scroll_into_view_if_needed()
    counts = plotted(seen, ["region 1"])
    assert counts == [viewed.counted(regions(seen)[0])]


def test_regions_are_written_as_pixels_and_as_coordinates(seen: Visit, viewed: Viewed) -> None:
    page = seen.page
    page.click("#write-box summary")
    page.fill("#write-pixels", "1-100, 205,")
    page.press("#write-pixels", "Enter")
    seen.wait_text("#write-answer", "Expected pixel numbers and ranges")
    page.fill("#write-pixels", "1-100, 205")
    page.press("#write-pixels", "Enter")
    assert plotted(seen, ["region 1"]) == [viewed.counted({"kind": "pixels", "pixels": "1-100, 205"})]
    page.select_option("#write-kind", "ellipse")
    seen.wait_text("#write-axes", "azimuth and y")
    for name, value in zip(("x0", "y0", "x1"), ("-90", "-0.2", "90"), strict=True):
        page.fill(f"#write-{name}", value)
    page.press("#write-x1", "Enter")
    seen.wait_text("#write-answer", "Expected four numbers")
    page.fill("#write-y1", "0.2")
    page.press("#write-y1", "Enter")
    counts = plotted(seen, ["region 1", "region 2"])
    assert counts[1] == viewed.counted({"kind": "ellipse", "points": [[-90, -0.2], [90, 0.2]]})


def test_regions_are_hidden_renamed_recolored_and_removed_and_a_link_carries_them(
    seen: Visit, viewed: Viewed, visiting: Visiting, url: str
) -> None:
    page = seen.page
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, ["region 1"])
    drag(seen, "ellipse", *SHAPES["ellipse"])
    plotted(seen, ["region 1", "region 2"])
    page.fill("input.region-name >> nth=0", "beam stop")
    page.press("input.region-name >> nth=0", "Enter")
    plotted(seen, ["beam stop", "region 2"])
    colour = seen.plot("traces[0].line.color", of="spectra")
    page.click(".swatch >> nth=0")
    seen.until("document.getElementById('spectra')._fullData[0].line.color !== given.colour", colour=colour)
    page.uncheck("#regions input[type=checkbox] >> nth=1")
    plotted(seen, ["beam stop"])
    assert page.locator("#overlay .outlines path.outline").count() == 1
    other = open_page(visiting, url, viewed, f"#{urlsplit(page.url).fragment}")
    assert plotted(other, ["beam stop"]) == [viewed.counted(regions(seen)[0])]
    assert other.plot("traces[0].line.color", of="spectra") == seen.plot("traces[0].line.color", of="spectra")
    page.click("#regions li:first-child [data-act=remove]")
    page.check("#regions input[type=checkbox]")
    plotted(seen, ["region 2"])
    assert [one["name"] for one in regions(seen)] == ["region 2"]


def test_a_name_that_is_none_or_taken_is_told(seen: Visit) -> None:
    drag(seen, "rectangle", *SHAPES["rectangle"])
    drag(seen, "ellipse", *SHAPES["ellipse"])
    plotted(seen, ["region 1", "region 2"])
    for name in ("region 2", "<b>", ""):
        seen.page.fill("input.region-name >> nth=0", name)
        seen.page.press("input.region-name >> nth=0", "Enter")
        assert seen.page.evaluate("document.querySelector('input.region-name').validationMessage")
    assert [one["name"] for one in regions(seen)] == ["region 1", "region 2"]


def test_regions_are_saved_renamed_and_removed_with_the_token(seen: Visit, viewed: Viewed) -> None:
    page = seen.page
    seen.expected = ("401",)
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, ["region 1"])
    page.click("#regions [data-act=save]")
    assert page.evaluate("document.activeElement.id") == "token"
    page.fill("#token", "wrong")
    page.press("#token", "Enter")
    seen.wait_text("#keep-answer", "Not saved: the token is wrong")
    page.fill("#keep-name", "ring")
    page.fill("#token", TOKEN)
    page.press("#token", "Enter")
    seen.wait_text("#keep-answer", ": region ring is kept.")
    assert page.input_value("#token") == ""
    plotted(seen, ["ring"])
    assert regions(seen) == []
    seen.wait_text("#regions", "counts · ")
    page.click("#regions [data-act=remove]")
    page.fill("#keep-name", "outer ring")
    page.fill("#token", TOKEN)
    page.click("#keep-save")
    plotted(seen, ["outer ring"])
    assert [one["name"] for one in viewed.saved] == ["outer ring"]
    assert not [one for one in viewed.asked if one.startswith("DELETE")]  # renamed in one request
    page.fill("#token", TOKEN)
    page.click("#keep-remove")
    seen.wait_text("#keep-answer", "region outer ring is removed.")
    seen.until("!document.getElementById('no-regions').hidden")
    assert viewed.saved == []


def test_the_range_of_times_of_flight_is_chosen_with_two_handles(seen: Visit, viewed: Viewed) -> None:
    page = seen.page
    everything = len(viewed.place)
    assert page.get_attribute("#picture", "data-total") == str(everything)
    page.focus("#tof-low")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.focus("#tof-high")
    page.keyboard.press("Home")  # it stops before the other one
    low, high = 4 * TOF_STEP_US, 5 * TOF_STEP_US
    expected = int(((viewed.tof_us >= low) & (viewed.tof_us < high)).sum())
    seen.until("document.getElementById('picture').dataset.total === given.total", total=str(expected))
    seen.wait_text("#tof-text", "2000 to 2500 µs")
    assert parse_qs(urlsplit(page.url).fragment)["tof"] == ["2000,2500"]
    page.check("#with-tof")
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, ["region 1"])
    (region,) = regions(seen)
    assert (region["tof_min_us"], region["tof_max_us"]) == (low, high)
    page.click("#tof-all")
    seen.until("document.getElementById('picture').dataset.total === given.total", total=str(everything))
    assert page.input_value("#tof-high") == str(TOF_STEPS)


def test_projection_and_colors_stand_in_the_address(seen: Visit) -> None:
    page = seen.page
    first = page.locator("#canvas").screenshot()
    page.uncheck("#log")
    assert page.locator("#canvas").screenshot() != first
    page.select_option("#projection", "sphere")
    seen.until("document.getElementById('picture').dataset.projection === 'sphere'")
    page.reload()
    seen.until("document.getElementById('picture').dataset.projection === 'sphere'")
    assert not page.is_checked("#log")


def test_the_pixel_under_the_pointer_is_told(seen: Visit, viewed: Viewed) -> None:
    seen.page.mouse.move(*place(seen, 0.5 / 126, 0.5 / 24))
    counts = int((viewed.place == 0).sum())
    seen.wait_text("#at", f"pixel 1 · bank1 · 2θ 125.00° · L2 2.000 m · {counts} counts")


def test_the_clock_is_that_of_the_server_though_the_newest_pulse_is_old(seen: Visit, viewed: Viewed) -> None:
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, ["region 1"])
    assert "GET findings" in viewed.asked
    seen.page.evaluate("document.getElementById('now').dateTime = ''")
    seen.until("document.getElementById('now').dateTime")
    assert seen.page.evaluate("Math.abs(Date.now() - Date.parse(document.getElementById('now').dateTime))") < 600_000


def test_a_saved_and_a_drawn_region_of_one_name_are_two(visiting: Visiting, url: str, viewed: Viewed) -> None:
    shape = {"name": "ring", "kind": "rectangle", "projection": "cylinder"}
    viewed.saved = [{**shape, "points": [[-100, -0.2], [-50, 0.1]]}]
    drawn = {**shape, "points": [[20, -0.1], [90, 0.2]]}
    seen = open_page(visiting, url, viewed, "#" + urlencode({"draw": json.dumps([drawn])}))
    expected = [viewed.counted(viewed.saved[0]), viewed.counted(drawn)]
    assert plotted(seen, ["ring", "ring"]) == expected
    painted = int(seen.page.get_attribute("#picture", "data-painted") or 0)
    for _ in range(3):
        seen.page.click("#log")
    seen.until("Number(document.getElementById('picture').dataset.painted) >= given.n", n=painted + 3)
    assert seen.page.locator("#overlay .outlines > g").count() == 2
    seen.wait_text("#over-of", "ring (saved)")
    for key, counts in zip(("saved ring", "drawn ring"), expected, strict=True):
        seen.page.select_option("#over-of", key)
        seen.until("document.getElementById('over')._fullData?.[0].y[0] === given.mean", mean=counts / 10)
        assert seen.page.input_value("#over-of") == key


def test_items_of_one_key_leave_nothing_behind(seen: Visit) -> None:
    left = seen.page.evaluate(
        """async () => {
          const { keep, element, put } = await import("../../static/js/dom.js");
          const list = element("ul");
          const told = [["a", "b", "a"], ["a", "a", "b"], ["a"], []].map((items) => {
            keep(list, items, (one) => one, () => element("li"), put);
            return [...list.children].map((node) => node.textContent).join("");
          });
          return told;
        }"""
    )
    assert left == ["aba", "aab", "a", ""]


def test_more_regions_than_are_counted_are_told(visiting: Visiting, url: str, viewed: Viewed) -> None:
    drawn = [{"name": f"r{k}", "kind": "pixels", "pixels": f"{k}"} for k in range(1, 15)]
    seen = open_page(visiting, url, viewed, "#" + urlencode({"draw": json.dumps(drawn)}))
    plotted(seen, [f"r{k}" for k in range(1, 13)])
    seen.wait_text("#too-many", "This link has 14: the last 2 of them are left out.")
    for _ in range(2):
        seen.page.click("#regions li:first-child [data-act=remove]")
    plotted(seen, [f"r{k}" for k in range(3, 15)])
    assert not seen.page.is_visible("#too-many")
    drag(seen, "rectangle", *SHAPES["rectangle"])
    seen.wait_text("#too-many", "The last one was not added")
    assert len(regions(seen)) == 12
    seen.page.click("#regions li:first-child [data-act=remove]")
    seen.page.wait_for_selector("#too-many", state="hidden")
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, [*(f"r{k}" for k in range(4, 15)), "region 1"])


def test_a_few_things_are_worked_on_at_once_and_their_order_stays(seen: Visit) -> None:
    most, made = seen.page.evaluate(
        """async () => {
          const { fewAtOnce } = await import("../../static/js/views/few_at_once.js");
          let [now, most] = [0, 0];
          const work = async (item) => {
            most = Math.max(most, ++now);
            for (let turn = 0; turn < 20 - item; turn++) await null;
            now--;
            return item;
          };
          return [most, await fewAtOnce([...Array(20).keys()], 6, work)].map((one, at) => (at ? one : most));
        }"""
    )
    assert (most, made) == (6, list(range(20)))


def test_an_expensive_question_waits_and_another_one_does_not(seen: Visit) -> None:
    asked = seen.page.evaluate(
        """async () => {
          const { patient, SHARE } = await import("../../static/js/views/patient.js");
          let clock = 0;
          const asked = [];
          const ask = patient((one) => one, async (one) => {
            asked.push([one, clock]);
            clock += 100;
            if (one === "bad") throw new Error("refused");
            return one;
          }, () => clock);
          const at = async (time, one) => {
            clock = time;
            await ask(one).catch(() => {});
          };
          await at(0, "a");
          for (const time of [100, 100 + 100 * SHARE - 1]) await at(time, "a");
          await at(100 + 100 * SHARE, "a");
          await at(601, "bad");
          await at(702, "bad");
          return asked;
        }"""
    )
    assert asked == [["a", 0], ["a", 500], ["bad", 601]]


def test_it_is_live(seen: Visit, viewed: Viewed) -> None:
    drag(seen, "rectangle", (-0.05, -0.05), (1.05, 1.05))
    before = plotted(seen, ["region 1"])
    assert before == [len(viewed.place)]
    viewed.add(np.arange(500))
    seen.until("document.getElementById('picture').dataset.total === given.total", total=str(len(viewed.place)))
    seen.until(
        "document.getElementById('spectra')._fullData[0].y.reduce((sum, value) => sum + value, 0) === given.total",
        total=len(viewed.place),
    )
    painted = seen.page.get_attribute("#picture", "data-painted")
    asked = len(viewed.asked)
    while len(viewed.asked) < asked + 12:
        seen.page.wait_for_timeout(50)
    assert seen.page.get_attribute("#picture", "data-painted") == painted  # nothing new, nothing painted


def test_findings_are_listed_marked_and_told_and_their_spectrum_is_a_click_away(
    visiting: Visiting, url: str, viewed: Viewed
) -> None:
    where = {"since": "2026-11-30T11:00:00+01:00"}
    viewed.findings = [
        {"kind": "hot", "what": "pixel", "bank": "bank1", "pixels": "7", **where, "text": "pixel 7 of bank1 is hot",
         "marks": [[-114, -0.24, -112, -0.22]]},
        {"kind": "dead", "what": "bank", "bank": "bank2", "pixels": "1441-2880", **where, "text": "bank2 is dead",
         "marks": [[6, -0.24, 126, 0.24]]},
    ]  # fmt: skip
    seen = open_page(visiting, url, viewed)
    seen.wait_text("#findings", "bank2 is dead")
    assert seen.page.locator("#overlay .mark").count() == 2
    sizes = seen.page.locator("#overlay .mark").evaluate_all("all => all.map(one => Number(one.getAttribute('width')))")
    assert min(sizes) >= 9 < max(sizes)
    label = seen.page.get_attribute("#canvas", "aria-label") or ""
    assert f"{len(viewed.place):,}".replace(",", " ") + " counts in 2 880 pixels" in label
    assert "brightest bank bank" in label
    assert label.endswith("2 findings")
    seen.page.click("#findings li:last-child button")
    assert plotted(seen, ["region 1"]) == [viewed.counted({"kind": "pixels", "pixels": "1441-2880"})]


def test_how_much_beam_was_looked_at_is_told(seen: Visit) -> None:
    seen.wait_text("#no-findings", "Nothing found in 34 s of beam.")


def test_a_curve_over_a_log_is_chosen_and_shared_by_its_address(seen: Visit, viewed: Viewed) -> None:
    page = seen.page
    page.locator("#over-title").scroll_into_view_if_needed()
    seen.until("document.getElementById('over').dataset.log === 'SampleTemp'")
    assert seen.plot("traces[0].x.length", of="over") == 10
    assert seen.plot("traces[0].error_y.array.length", of="over") == 10
    drag(seen, "rectangle", *SHAPES["rectangle"])
    plotted(seen, ["region 1"])
    page.select_option("#over-of", "drawn region 1")
    page.select_option("#over-bins", "20")
    page.select_option("#over-per", "pulse")
    seen.until("document.getElementById('over').dataset.bins === '20'")
    expected = viewed.counted(regions(seen)[0]) / 20
    seen.until("document.getElementById('over')._fullData[0].y[0] === given.expected", expected=expected)
    assert "region 1 (counts per pulse)" in (page.text_content("#over .ytitle") or "")
    assert "SampleTemp (K)" in (page.text_content("#over .xtitle") or "")
    page.reload()
    seen.until("document.getElementById('over').dataset.bins === '20'")
    assert page.input_value("#over-of") == "drawn region 1"
    assert page.locator("#over-of option").all_inner_texts() == ["all events", "region 1", "monitor 1"]


def test_what_is_refused_is_told(visiting: Visiting, url: str, viewed: Viewed) -> None:
    viewed.refused = (409, "the detector is not available with the Mantid engine: Mantid holds the events itself")
    seen: Visit = visiting(url, expected=("409",))
    seen.page.route(ASKED, viewed.route)
    seen.go(PATH)
    seen.wait_text("#blank", "The detector is not available with the Mantid engine")
    assert not seen.page.is_visible("#main")
    viewed.refused = None
    seen.page.wait_for_selector("#picture[data-painted]")
    assert not seen.page.is_visible("#blank")


def test_an_address_with_nonsense_is_a_page_without_regions(visiting: Visiting, url: str, viewed: Viewed) -> None:
    short = '{"name":"x","kind":"lasso","projection":"cylinder","points":[[1,2]]}'
    drawn = f'draw=[{{"name":"<b>","kind":"rectangle"}},null,7,{short}]'
    seen = open_page(visiting, url, viewed, f"#{drawn}&hide={{}}&colors=[1,[2]]&tof=a,b&projection=cylinder&bins=&of=")
    seen.wait_text("#no-regions", "None yet.")
    assert seen.page.locator("#regions li").count() == 0


def test_an_unknown_instrument_is_told(visiting: Visiting, url: str) -> None:
    seen: Visit = visiting(url, expected=("404",))
    seen.go("/instrument/nothing/detector")
    seen.wait_text("#blank", "here is no instrument 'nothing' here")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_right_in_both_themes(
    visiting: Visiting, url: str, viewed: Viewed, scheme: str, tmp_path: Path
) -> None:
    seen = open_page(visiting, url, viewed, color_scheme=scheme)
    drag(seen, "lasso", *SHAPES["lasso"])
    plotted(seen, ["region 1"])
    assert seen.overflow() <= 0
    seen.page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
