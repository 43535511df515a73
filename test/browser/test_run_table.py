"""The page of the run table on fabricated files: sort, filter, columns, both plots, and hostile texts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from helpers.browsing import Visit, Windows, web
from helpers.fabricated import Fabricated, pattern
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>&amp;'
RUNS = range(40, 53)
AREAS = {run: float(1000 + (run * 37) % 101) for run in RUNS}
CHANGED = 46
ENDED_BADLY = 47


def reported(one: Fabricated, run: int) -> None:
    trends = Trends(run=run, began_unix_s=1.7e9)
    for step in range(1, 4):
        at = Exposure(time_unix_s=1.7e9 + step, events=step, charge_pc=1e9 * step)
        values = [ReportedMetric(name="peak_area", value=AREAS[run] - 3 + step, error=2.0, units="counts")]
        trends = add_reported(trends, [*values, ReportedMetric(name="d_peak", value=1.09, error=None, units="mm")], at)
    folder = one.path / "state" / "products" / str(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trends.json").write_text(encode_trends(trends, 1.7e9))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Iterator[tuple[Fabricated, str]]:
    """Thirteen runs, of which the products of ten are kept."""
    folder = tmp_path_factory.mktemp("run_table")
    one = Fabricated(folder / "powder", "PG3")
    for run in RUNS:
        reported(one, run)
        product = pattern(run, 1000 * run, seed=run)
        scripts = f"reduce_PG3_live_proc.py:{'a' * 32 if run < CHANGED else 'b' * 32}"
        title = HOSTILE if run == CHANGED else f"sample {run}"
        one.publish(replace(product, title=title, attributes=product.attributes | {"scripts": scripts}))
        if run != RUNS[-1]:
            one.shelf.ended(run, "the end of the run was not seen" if run == ENDED_BADLY else "")
    one.say(progress={"run": {"number": RUNS[-1]}})
    with web(folder, environ, [one.conf]) as url:
        yield one, url


@pytest.fixture(scope="module")
def opened(built: tuple[Fabricated, str], windows: Windows) -> Iterator[Visit]:
    page = windows().new_page()
    seen = Visit(page, built[1])
    seen.go("/instrument/pg3")
    page.click("#runs-page")
    page.wait_for_selector("#rows tr")
    yield seen
    page.close()


@pytest.fixture
def seen(opened: Visit, built: tuple[Fabricated, str]) -> Iterator[Visit]:
    built[0].say()
    opened.look(1280, "light")
    opened.expected = ()
    opened.complaints.clear()
    opened.choose("")
    wait_rows(opened, list(reversed(RUNS)))
    yield opened
    assert opened.unexpected() == []


def wait_rows(seen: Visit, runs: list[int]) -> None:
    """Wait until the table has these runs in this order."""
    keys = "[...document.querySelectorAll('#rows tr')].map((row) => Number(row.dataset.key))"
    seen.until(f"JSON.stringify({keys}) === JSON.stringify(given.runs)", runs=runs)


def test_a_run_is_a_row_with_state_scripts_and_what_was_reported(seen: Visit) -> None:
    heads = seen.page.locator("#heads th").all_inner_texts()
    assert heads[1:4] == ["run", "title", "state"]
    assert heads[-3:] == ["peak_area (counts)", "d_peak (mm)", "scripts"]
    newest, worse = (seen.text(f'#rows tr[data-key="{run}"]') for run in (RUNS[-1], ENDED_BADLY))
    assert newest.split("\t")[1:4] == [str(RUNS[-1]), f"sample {RUNS[-1]}", "running"]
    assert f"{AREAS[RUNS[-1]]:.1f} ± 2.0" in newest
    assert "the end of the run was not seen" in worse
    assert seen.page.locator("#rows tr[data-changed]").count() == 1
    assert "changed: reduce_PG3_live_proc.py" in seen.text(f'#rows tr[data-key="{CHANGED}"]')
    assert seen.page.locator("#rows .spark path").first.get_attribute("d") == "M0.0 15.0L29.0 8.0L58.0 1.0"


def test_a_title_is_shown_as_it_is(seen: Visit) -> None:
    assert HOSTILE in seen.text(f'#rows tr[data-key="{CHANGED}"]')
    assert seen.page.evaluate("window.hit ?? 0") == 0


def test_a_head_sorts_and_the_order_stands_in_the_address(seen: Visit) -> None:
    seen.page.get_by_role("button", name="peak_area (counts)").click()
    by_area = sorted(RUNS, key=lambda run: -AREAS[run])
    wait_rows(seen, by_area)
    assert seen.page.locator('[aria-sort="descending"]').inner_text() == "peak_area (counts)"
    seen.page.get_by_role("button", name="peak_area (counts)").click()
    wait_rows(seen, by_area[::-1])
    assert "sort=m%3Apeak_area" in seen.page.url


def test_a_filter_leaves_the_runs_for_which_all_its_words_hold(seen: Visit) -> None:
    seen.page.fill("#filter", f"42-51 peak_area>1030 {HOSTILE[:8].split()[0]}")
    wait_rows(seen, [run for run in reversed(RUNS) if 42 <= run <= 51 and AREAS[run] > 1030 and run == CHANGED])
    seen.page.fill("#filter", "incomplete")
    wait_rows(seen, [ENDED_BADLY])
    assert seen.text("#count") == f"1 of {len(RUNS)} runs"
    seen.page.fill("#filter", "sample peak_area<=1030")
    wait_rows(seen, [run for run in reversed(RUNS) if AREAS[run] <= 1030 and run != CHANGED])
    seen.page.fill("#filter", "")


def test_a_column_is_drawn_against_another_with_a_colour_for_each_set_of_scripts(seen: Visit) -> None:
    seen.page.wait_for_selector(f'#against[data-points="{len(RUNS)}"].js-plotly-plot')
    assert seen.plot("traces.map((trace) => trace.x.length)", of="against") == [6, 7]
    assert sorted(seen.plot("traces.flatMap((trace) => trace.y)", of="against")) == sorted(AREAS.values())
    assert seen.plot("traces[0].error_y.array[0]", of="against") == 2.0
    seen.page.select_option("#draw-x", label="events")
    seen.until("document.getElementById('against')._fullLayout.xaxis.title.text === 'events'")
    assert max(seen.plot("traces.flatMap((trace) => trace.x)", of="against")) == 1000 * RUNS[-1]


def test_the_results_of_ticked_runs_are_drawn_over_each_other_and_lost_ones_cannot_be_ticked(seen: Visit) -> None:
    box = "Overlay the result of run {}"
    for run in (52, 45):
        seen.page.get_by_role("checkbox", name=box.format(run)).check()
    seen.drawn(runs="45 52", name="result")
    assert seen.plot("traces.map((trace) => trace.name)") == ["run 45", "run 52"]
    seen.page.check("#logy")
    seen.until_plot("layout.yaxis.type === 'log'")
    assert seen.page.get_by_role("checkbox", name=box.format(40)).is_disabled()
    seen.expected = ("429",)
    seen.page.route("**/products/50/**", lambda route: route.fulfill(status=429, json={"error": "it is busy"}))
    seen.page.get_by_role("checkbox", name=box.format(50)).check()
    seen.wait_text("#left", "Cannot be shown now: 50 (it is busy).")
    assert "Without" not in seen.text("#left")
    seen.page.unroute_all()
    seen.page.uncheck("#logy")  # draws them again
    seen.drawn(runs="45 50 52", name="result")
    seen.page.click("#none")
    seen.page.wait_for_selector("#no-overlay", state="visible")


def test_columns_can_be_left_out(seen: Visit) -> None:
    seen.page.click("#columns-box summary")
    for name in ("title", "events", "d_peak (mm)"):
        seen.page.locator("#columns").get_by_role("checkbox", name=name).uncheck()
    seen.until("document.querySelectorAll('#heads th').length === 8")
    assert "d_peak" not in seen.text("#heads")
    seen.page.click("#columns-box summary")


def test_it_fits_a_phone(seen: Visit) -> None:
    seen.look(360, "dark")
    seen.until("document.querySelector('#against .main-svg').clientWidth < 360")
    assert seen.overflow() <= 0


def test_a_new_run_comes_by_itself(seen: Visit, built: tuple[Fabricated, str]) -> None:
    one, _ = built
    one.shelf.ended(RUNS[-1])
    one.publish(pattern(60, 4000))
    one.say(progress={"run": {"number": 60}})
    wait_rows(seen, [60, *reversed(RUNS)])
    seen.until("document.querySelector('#rows tr').dataset.state === 'running'")
