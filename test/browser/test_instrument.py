"""The page of an instrument on fabricated files: every kind of product, every control, and hostile texts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.browsing import Scheme, Visit, Visiting, Windows, web
from helpers.fabricated import AHEAD, EDGES, Fabricated, axis, image, pattern, product
from livereduce.messages.status import Restart, iso
from livereduce.publish.livedata.figure import figure_div
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>&amp;'
RUN = 41


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Iterator[tuple[Fabricated, str]]:
    folder = tmp_path_factory.mktemp("instrument")
    one = Fabricated(folder / "powder", "PG3")
    one.say()
    for run in (39, 40, RUN):
        one.publish(pattern(run, 100_000 * run, seed=run))
    one.shelf.ended(39)
    one.shelf.ended(40)
    one.publish(image(RUN))
    one.publish(pattern(RUN, 20_000, name="vanadium", seed=9))
    one.publish(product(RUN, "ratio", np.array(1.2345), (), np.array(0.0123)))
    banks = np.arange(12.0)[:, None] * 100 + np.arange(50.0)
    one.publish(product(RUN, "banks", banks, (axis("bank", np.arange(12.0)), axis("tof", np.linspace(0, 5, 50), "us"))))
    long = np.random.default_rng(1).poisson(50, 20_000).astype(float)
    one.publish(product(RUN, "fine", long, (axis("tof", np.arange(20_001.0), "us"),), np.sqrt(long)))
    one.publish(product(RUN, HOSTILE, np.ones(3), (axis(HOSTILE, np.arange(3.0), HOSTILE),)))
    (folder / "token").write_text("right-token-of-the-beamline")
    (folder / "token").chmod(0o600)
    with web(folder, environ, [one.conf], "--token-file", str(folder / "token")) as url:
        yield one, url


@pytest.fixture
def one(built: tuple[Fabricated, str]) -> Fabricated:
    built[0].say()
    return built[0]


@pytest.fixture
def url(built: tuple[Fabricated, str], one: Fabricated) -> str:
    return built[1]


@pytest.fixture(scope="module")
def opened(built: tuple[Fabricated, str], windows: Windows) -> Iterator[Visit]:
    page = windows().new_page()
    seen = Visit(page, built[1])
    seen.go("/instrument/pg3")
    yield seen
    page.close()


@pytest.fixture
def seen(opened: Visit, one: Fabricated) -> Iterator[Visit]:
    """The page as it is when it has just been opened, for what is chosen and told on it without another visit."""
    opened.look(1280, "light")
    opened.expected = ()
    opened.complaints.clear()
    opened.choose("")
    opened.drawn(run=RUN, name="result")
    opened.until_plot("traces.length === 1")
    yield opened
    assert opened.unexpected() == []


def test_a_curve_has_error_bars_and_axes_in_words(seen: Visit) -> None:
    page = seen.page
    assert seen.plot("traces[0].x.length") == 360
    assert seen.plot("traces[0].x[0]") == pytest.approx((EDGES[0] + EDGES[1]) / 2)
    assert seen.plot("traces[0].error_y.array[0]") == pytest.approx(np.sqrt(seen.plot("traces[0].y[0]")), rel=1e-3)
    assert page.locator("#plot .errorbar").count() > 300
    assert "d (Å)" in (page.text_content("#plot .xtitle") or "")
    assert "result (counts)" in (page.text_content("#plot .ytitle") or "")
    label = page.get_attribute("#plot", "aria-label") or ""
    assert label.startswith("Curve of result of run 41 over d (Å) from 0.5025 to 2.297, highest")
    page.uncheck("#bars")
    seen.until("!document.querySelector('#plot .errorbar')")


def test_axes_can_be_logarithmic_and_the_choice_stands_in_the_address(seen: Visit) -> None:
    page = seen.page
    page.check("#logy")
    page.check("#logx")
    seen.until_plot("layout.xaxis.type === 'log'")
    assert seen.plot("layout.yaxis.type") == "log"
    assert "logx=1" in page.url
    assert "logy=1" in page.url
    page.reload()
    seen.drawn(run=RUN, name="result")
    assert seen.plot("[layout.xaxis.type, layout.yaxis.type]") == ["log", "log"]
    assert page.is_checked("#logy")


def test_an_image_has_a_colour_scale_also_a_logarithmic_one(seen: Visit) -> None:
    page = seen.page
    seen.open_tab("detector")
    seen.drawn(run=RUN, name="detector")
    assert seen.plot("[traces[0].type, traces[0].z.length, traces[0].z[0].length]") == ["heatmap", 120, 200]
    assert page.locator("#plot .colorbar, #plot .cbbg").count() >= 1
    highest = seen.plot("Math.max(...traces[0].z.flat())")
    assert highest > 10_000
    page.check("#logy")
    seen.until_plot("Math.max(...traces[0].z.flat()) < 6")
    assert seen.plot("Math.max(...traces[0].z.flat())") == pytest.approx(np.log10(highest))
    assert "10⁴" in (page.text_content("#plot .colorbar") or "")


def test_several_spectra_of_a_product_are_overlaid(seen: Visit) -> None:
    page = seen.page
    seen.choose("product=banks&view=spectra")
    seen.drawn(run=RUN, name="banks")
    assert page.input_value("#rows") == "0, 3, 6, 9"
    page.fill("#rows", "1, 4-6, 99")
    page.press("#rows", "Enter")
    seen.until_plot("traces[0].y[0] === 100")
    assert seen.plot("traces.map(trace => trace.y[1])") == [101, 401, 501, 601]
    assert seen.plot("traces.map(trace => trace.name)") == [f"banks, row {row}" for row in (1, 4, 5, 6)]


def test_other_curves_and_the_previous_run_are_overlaid_on_request(seen: Visit) -> None:
    page = seen.page
    alone = seen.total()
    page.check("#previous")
    seen.until_plot("traces.length === 2")
    assert seen.plot("traces.map(trace => trace.name)") == ["run 40", "run 41"]
    assert seen.total() == alone
    page.get_by_role("checkbox", name="vanadium").check()
    seen.until_plot("traces.length === 3")
    assert seen.plot("new Set(traces.map(trace => trace.line.color)).size") == 3


def test_the_results_of_earlier_runs_can_be_opened(seen: Visit) -> None:
    page = seen.page
    runs = page.locator("#run option").all_inner_texts()
    assert [text.partition(",")[0] for text in runs] == ["newest (41)", "run 41", "run 40", "run 39"]
    page.select_option("#run", "39")
    seen.drawn(run=39, name="result")
    assert "Run 39 · 360 points · 3 900 000 events" in seen.text("#caption")


def test_what_was_thinned_is_said_on_the_plot_and_errors_of_many_points_are_a_band(seen: Visit) -> None:
    seen.choose("product=fine")
    seen.drawn(run=RUN, name="fine")
    assert seen.plot("traces.at(-1).x.length") <= 3000
    assert "each point is the mean of 7 neighbouring ones" in seen.text("#caption")
    assert seen.plot("traces.map(trace => trace.fill ?? 'none')") == ["none", "tonexty", "none"]


def test_a_scalar_is_a_number(seen: Visit) -> None:
    seen.choose("product=ratio")
    seen.drawn(name="ratio")
    assert seen.text("#scalar") == "1.234 ± 0.012 counts"


def test_products_can_be_taken_away_as_nexus_csv_and_png(seen: Visit, tmp_path: Path) -> None:
    page = seen.page
    seen.choose("run=40")
    seen.drawn(run=40, name="result")
    files = {}
    for kind in ("nxs", "csv", "png"):
        with page.expect_download() as download:
            page.click(f"#{kind}")
        files[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[kind])
    with h5py.File(files["nxs"]) as file:
        assert int(np.asarray(file["entry/run_number"])) == 40
    assert len(files["csv"].read_text().splitlines()) >= 360
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_a_scripts_figure_is_drawn_in_a_sandbox_of_its_own(one: Fabricated, seen: Visit, windows: Windows) -> None:
    assert not seen.page.locator("#figure").is_visible()
    hostile = (
        "try { document.title = document.cookie + localStorage.length } catch (error) { document.title = 'shut in' }"
    )
    div = figure_div("mine", {"data": [{"type": "scatter", "y": [1, 3, 2]}], "layout": {"height": 300}})
    one.shelf.figure(RUN, f"{div}<script>{hostile}</script>")
    one.publish(pattern(RUN, 100_000 * RUN, seed=RUN))
    link = seen.page.locator("#figure")
    link.wait_for(state="visible")
    address = link.evaluate("node => node.href")
    page = windows().new_page()
    page.goto(address)
    page.locator("#mine .scatterlayer .trace").wait_for()
    assert page.title() == "shut in"
    page.close()


def test_hostile_names_and_texts_are_shown_as_they_are(one: Fabricated, seen: Visit) -> None:
    one.say(why=HOSTILE, progress={"last_errors": {"reported": HOSTILE}})
    page = seen.page
    seen.open_tab(HOSTILE)
    seen.drawn(run=RUN)
    seen.until("document.getElementById('plot').dataset.name.startsWith('<img')")
    seen.wait_text("#why", HOSTILE)
    seen.wait_text("#reported", HOSTILE)
    assert HOSTILE in page.locator("#tabs").inner_text()
    assert "<img src=x" in (page.text_content("#plot .xtitle") or "")
    assert page.evaluate("window.hit ?? 0") == 0
    assert page.locator("main img, main script").count() == 0


def test_trends_have_statistics_and_say_when_a_wanted_error_is_reached(one: Fabricated, seen: Visit) -> None:
    trends = Trends(run=RUN, began_unix_s=1_700_000_000.0, scripts=("a", "b"))
    for step in range(1, 40):
        at = Exposure(time_unix_s=1_700_000_000.0 + 10 * step, events=1000 * step, charge_pc=1e9 * step)
        value, error = 500.0 + step % 3, 50.0 / np.sqrt(step)
        trends = add_reported(trends, [ReportedMetric(name="peak_area", value=value, error=error, units="counts")], at)
    (one.path / "state" / "products" / str(RUN) / "trends.json").write_text(encode_trends(trends, 1_700_000_400.0))
    page = seen.page
    one.publish(pattern(RUN, 100_000 * RUN, seed=RUN))  # trends come with a product
    page.locator("#trends .trend").scroll_into_view_if_needed()
    page.wait_for_selector("#trends .js-plotly-plot")
    assert seen.text("#trends h3") == "peak_area (counts)"
    assert seen.text("[data-figure='newest']") == "500.0 ± 8.0"
    assert seen.text("[data-figure='relative error']") == "1.6 %"
    page.fill("#target", "0.8")
    page.click("text=When?")
    seen.wait_text(".reaches", "0.8 %")
    assert "target=0.8" in page.url


def test_the_time_line_shows_what_flowed_and_marks_what_happened(one: Fabricated, seen: Visit) -> None:
    later = datetime.now().astimezone() + AHEAD + timedelta(minutes=1)  # than the newest numbers
    restart = Restart(at=iso(later), reason="crashed: SIGSEGV", generation=2)
    one.say(last_restarts=(restart,), progress={"run": {"proton_charge_pc": 1e9}})
    page = seen.page
    page.locator("#timeline-title").scroll_into_view_if_needed()
    seen.until("document.getElementById('timeline')._fullLayout?.shapes.length >= 1")
    names = ["events/s", "proton charge", "proc", "post_proc", "memory"]
    assert seen.plot("traces.map(trace => trace.name)", of="timeline") == names
    assert max(seen.plot("traces.at(-1).y", of="timeline")) == 812  # MB
    assert seen.plot("layout.xaxis.title.text", of="timeline") in ("time, CET", "time, CEST")
    page.click("#marks-title")
    seen.wait_text("#marks", "generation 2 ended: crashed: SIGSEGV")


def test_runs_that_were_missed_are_shown_and_an_incomplete_one_says_so(one: Fabricated, seen: Visit) -> None:
    older = pattern(RUN - 1, 1000)
    one.publish(replace(older, attributes=older.attributes | {"incomplete": "the end of the run was not seen"}))
    one.shelf.ended(RUN - 1)
    one.publish(pattern(RUN, 100_000 * RUN, seed=RUN))
    one.say(progress={"incomplete_runs": (f"run {RUN - 1}: the end of the run was not seen", "run 12: <b>it passed")})
    seen.wait_text("#readings", "2 incomplete")
    seen.wait_text("#readings", f"run {RUN - 1}: the end of the run was not seen; run 12: <b>it passed")
    seen.until(f"[...document.querySelectorAll('#run option')].some(one => /run {RUN - 1}.*incomplete/.test(one.text))")
    other = pattern(39, 1000)
    one.publish(replace(other, attributes=other.attributes | {"incomplete": "it is not the run that is drawn"}))
    seen.until("[...document.querySelectorAll('#run option')].some(one => /run 39.*incomplete/.test(one.text))")


def test_events_that_are_not_in_the_plot_and_what_is_missing_are_shown(one: Fabricated, seen: Visit) -> None:
    missing = "the connection was down (missing 14:02:05 to 14:02:09)"
    strays = {"unmapped": 3, "unknown_pixel": 1, "outside_tof": 7, "incomplete": missing}
    one.say(why="reducing run 41; some events are not in the plot", progress={"run": strays})
    seen.wait_text("#facts", "4 events had no pixel; 7 events lay outside the time-of-flight bins")
    seen.wait_text("#facts", missing)


def test_an_instrument_that_is_not_there_is_said_so(url: str, visiting: Visiting) -> None:
    seen = visiting(url, expected=("404",))
    seen.go("/instrument/nowhere")
    seen.wait_text("#blank", "there is no instrument 'nowhere'")


def test_a_restart_with_a_wrong_token_is_refused(seen: Visit) -> None:
    seen.expected = ("401",)
    page = seen.page
    seen.drawn(run=RUN)
    page.click("text=Restart the reduction")
    page.fill("#token", "wrong")
    page.press("#token", "Enter")
    seen.wait_text("#restart-answer", "Not restarted: the token is wrong")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1920, "light"), (360, "light"), (1920, "dark")])
def test_it_fits_a_phone_and_a_display_on_the_wall_in_both_themes(seen: Visit, width: int, scheme: Scheme) -> None:
    seen.look(width, scheme)
    seen.until("document.querySelector('#plot .main-svg').clientWidth > given.least", least=0.6 * width - 100)
    seen.until("document.querySelector('#plot .main-svg').clientWidth < given.width", width=width)
    assert seen.overflow() <= 0
    ink = seen.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
    seen.until_plot(f"layout.font.color === '{ink}'")  # the plot has the theme's colours too


def test_products_are_shown_as_they_ask_as_tabs_or_side_by_side(one: Fabricated, seen: Visit) -> None:
    wide = pattern(RUN, 20_000, name="low_d", seed=9)
    one.publish(replace(wide, display=Display(x_log=True, y_log=True, x_range=(0.6, 1.0))))
    names = ("d <b>Å</b>", "height")
    peaks = product(
        RUN, "peaks", np.arange(6.0).reshape(3, 2), (axis("row", np.arange(3.0)), axis("c", np.arange(2.0)))
    )
    one.publish(replace(peaks, display=Display(kind=DisplayKind.TABLE), labels=names))
    page = seen.page
    seen.open_tab("low_d")
    seen.drawn(run=RUN, name="low_d")
    assert seen.plot("[layout.xaxis.type, layout.yaxis.type]") == ["log", "log"]
    assert seen.plot("layout.xaxis.range") == pytest.approx(np.log10([0.6, 1.0]))
    assert page.is_checked("#logx")
    page.uncheck("#logx")
    seen.until_plot("layout.xaxis.type === 'linear'")
    assert "logx=0" in page.url
    page.press("#tabs [aria-selected=true]", "End")
    seen.drawn(run=RUN, name="peaks")
    assert seen.text("#table").split("\n") == ["\td <b>Å</b>\theight", "0\t0\t1", "1\t2\t3", "2\t4\t5"]
    assert page.get_by_role("checkbox", name="peaks").count() == 0
    assert not page.locator("#png").is_visible()
    page.select_option("#layout", "grid")
    seen.until("document.querySelectorAll('.cell[data-mark]').length === document.querySelectorAll('.cell').length")
    assert page.locator(".cell").count() == page.locator("#tabs [role=tab]").count()
    assert page.locator(".cell .js-plotly-plot").count() >= 5
    page.reload()
    page.wait_for_selector(".cell[data-mark]")
    page.click(".cell[data-key=detector] h3 button")
    seen.drawn(run=RUN, name="detector")
    assert page.input_value("#layout") == "tabs"
