"""The scripts beside those in use on the page of an instrument: their results, and the form that promotes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Route

from helpers.browsing import Visit, Windows, web
from helpers.fabricated import Fabricated, axis, image, pattern, product
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.publish.runs.scripts import FACT, encode_scripts

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

RUN = 41


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str], windows: Windows
) -> Iterator[tuple[Fabricated, Visit]]:
    folder = tmp_path_factory.mktemp("beside")
    one = Fabricated(folder / "powder", "PG3")
    one.say()
    for run in (40, RUN):
        one.publish(pattern(run, 100_000 * run, seed=run))
    one.shelf.ended(40)
    one.publish(image(RUN))
    one.publish(pattern(RUN, 20_000, name="vanadium", seed=9))
    one.publish(product(RUN, "ratio", np.array(1.2345), (), np.array(0.0123)))
    banks = np.arange(12.0)[:, None] * 100 + np.arange(50.0)
    one.publish(product(RUN, "banks", banks, (axis("bank", np.arange(12.0)), axis("tof", np.linspace(0, 5, 50), "us"))))
    (folder / "token").write_text("right-token-of-the-beamline")
    (folder / "token").chmod(0o600)
    with web(folder, environ, [one.conf], "--token-file", str(folder / "token")) as url:
        seen = Visit(windows().new_page(), url)
        seen.look(1280, "light")
        seen.go("/instrument/pg3")
        seen.drawn(run=RUN, name="result")  # before it, chromium may complain that a busy machine is slow
        yield one, seen
        seen.page.close()


@pytest.fixture
def one(opened: tuple[Fabricated, Visit]) -> Fabricated:
    opened[0].say()
    return opened[0]


@pytest.fixture
def seen(opened: tuple[Fabricated, Visit], one: Fabricated) -> Iterator[Visit]:
    """The page as it is when it has just been opened."""
    seen = opened[1]
    seen.expected = ()
    seen.complaints.clear()
    seen.choose("")
    seen.drawn(run=RUN, name="result")
    yield seen
    assert seen.unexpected() == []


def test_the_shadow_is_shown_alone_beside_and_as_a_difference(one: Fabricated, seen: Visit) -> None:
    live = pattern(RUN, 100_000 * RUN, seed=RUN)
    bump = np.where(np.abs(live.axes[0].values[:-1] - 1.3) < 0.05, 400.0, 0.0)
    other = product(RUN, "vanadium", np.ones(4), (axis("d", np.arange(4.0)),), events=3)
    spots = image(RUN)
    one.beside(
        replace(live, signal=live.signal + bump),
        replace(spots, signal=spots.signal + np.where(spots.signal > 1000, 30.0, -3.0)),
        replace(product(RUN, "ratio", np.array(1.5), (), np.array(0.02)), attributes={"events": 5}),
        other,
    )
    seen.page.wait_for_selector("#beside-label:not([hidden])")
    seen.choose("product=result&beside=shadow")
    seen.drawn(name="result", beside="shadow")
    assert seen.total() == live.signal.sum() + bump.sum()
    assert seen.page.get_attribute("#nxs", "href") == f"/api/instruments/pg3/shadow/{RUN}/result.nxs"
    seen.page.select_option("#beside", "both")
    seen.drawn(name="result", beside="both")
    assert seen.plot("traces.map((one) => one.name)") == ["result, in use", "result, shadow"]
    said = seen.text("#compared")
    assert said.startswith("The shadow against the scripts in use: 20 of 360 values differ; most by +")
    assert "sigma at d 1." in said
    assert "chi2/n" in said
    seen.page.select_option("#beside", "difference")
    seen.drawn(name="result", beside="difference")
    assert seen.plot("layout.yaxis.title.text") == "deviation (sigma)"
    assert seen.plot("Math.max(...traces[0].y)") > 1
    seen.choose("product=detector&beside=difference")
    seen.drawn(name="detector", beside="difference")
    assert seen.plot("[traces[0].type, traces[0].zmid]") == ["heatmap", 0]
    seen.choose("product=detector&beside=both")
    seen.drawn(name="detector", beside="both")
    assert seen.plot("traces.length") == 8
    seen.choose("product=ratio&beside=both")
    seen.drawn(name="ratio", beside="both")
    assert seen.text("#scalar") == "1.234 ± 0.012 counts in use, 1.500 ± 0.020 counts in the shadow"
    seen.choose("product=vanadium&beside=difference")
    seen.drawn(name="vanadium", beside="difference")
    assert seen.text("#blank") == "Both cannot be compared."
    assert "cannot be compared: shape 4 in the shadow, 360 in use" in seen.text("#compared")
    assert "They have not had the same events yet" in seen.text("#compared")
    seen.choose("product=banks&beside=difference")
    seen.wait_text("#compared", f"The shadow has no banks of run {RUN} yet.")
    one.beside(pid=None, files={}, products_dir="", why="it does not run now: the shadow was killed by SIGKILL")
    seen.choose("product=result&beside=both")
    seen.wait_text("#compared", "Shadow: it does not run now: the shadow was killed by SIGKILL. The shadow against")
    seen.choose("product=result&run=40&beside=shadow")
    seen.wait_text("#compared", "The shadow has no result of run 40 yet.")


def test_what_could_not_be_fetched_is_asked_for_again_and_outdated_results_are_told(
    one: Fabricated, seen: Visit
) -> None:
    seen.expected = ("429",)
    refused: list[str] = []

    def busy(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=429, json={"error": "the page is busy"})

    live = pattern(RUN, 100_000 * RUN, seed=RUN)
    one.publish(replace(live, attributes=live.attributes | {FACT: encode_scripts([("p.py", "e" * 32)])}))
    one.beside(replace(live, signal=live.signal + 1))
    one.say(files={"/SNS/p.py": "e" * 32}, why="reducing run 41 beside a shadow")
    seen.page.route(re.compile("/difference/|/products/41/low"), busy)
    seen.choose("product=result&beside=difference")
    seen.wait_text("#compared", "The difference is not known: the page is busy.")
    seen.wait_text("#blank", "The difference is not known.")
    one.publish(pattern(RUN, 20_000, name="low", seed=9))
    seen.choose('product=result&also=["low"]')
    seen.drawn(name="result", beside="")
    seen.until("[...document.querySelectorAll('#others input')].some((one) => one.checked && one.value === 'low')")
    seen.until_plot("traces.length === 1")
    assert {url.split("?")[0].rpartition("/")[2] for url in refused} == {"result", "low"}
    seen.page.unroute_all()
    one.say(why="reducing run 41 as before")  # news that are not about the result
    seen.until_plot("traces.length > 1")
    seen.choose("product=result&beside=difference")
    seen.drawn(name="result", beside="difference")
    assert "made by scripts" not in seen.text("#compared")
    one.say(files={"/SNS/p.py": "f" * 32}, why="reducing run 41 with other scripts")
    seen.wait_text("#compared", "The result in use was made by scripts that do not run any more.")
    one.say(files={})


def test_promoting_says_what_it_would_put_in_use_and_what_the_daemon_says(one: Fabricated, seen: Visit) -> None:
    path = f"/SNS/shadow/reduce_{one.name}_live_proc.py"
    post_proc = f"reduce_{one.name}_live_post_proc.py"
    one.say(files={f"/SNS/reduce_{one.name}_live_proc.py": "e" * 32, f"/SNS/{post_proc}": "d" * 32})
    files = {path: "f" * 32, "/SNS/shadow/new/__init__.py": "a" * 32, "/SNS/shadow/too/__init__.py": "b" * 32}
    its = Progress(total=TotalProgress(results=3))
    one.beside(pattern(RUN, 10), files=files | {"/SNS/cal.h5": "c" * 32}, progress=its)
    seen.page.locator("#promote-box summary").click()
    seen.wait_text("#promote-files", "new/__init__.py (md5 aaaaaaa), new")
    assert "too/__init__.py (md5 bbbbbbb), new" in seen.text("#promote-files")
    assert "cal.h5" not in seen.text("#promote-files"), "it stays where it is"
    assert "reduce_PG3_live_proc.py (md5 fffffff), changed" in seen.text("#promote-files")
    assert f"{post_proc}, removed" in seen.text("#promote-files")
    seen.page.fill("#promote-token", "right-token-of-the-beamline")
    held: list[Route] = []
    seen.page.route(re.compile(r"/promote\?"), lambda route: held.append(route))
    seen.page.dblclick("#promote-now")
    seen.page.wait_for_selector("#promote-now:disabled")
    assert seen.page.is_disabled("#take-back")
    while not held:
        seen.page.wait_for_timeout(20)
    held[0].continue_()
    seen.wait_text("#promote-answer", "Not promoted: ")
    seen.page.wait_for_selector("#promote-now:enabled")
    assert len(held) == 1, "the second click asks for nothing"
    seen.page.unroute_all()
    for button, undone in (("#promote-now", "Not promoted"), ("#take-back", "Not taken back")):
        seen.page.click(button)
        seen.wait_text("#promote-answer", f"{undone}: {one.path / 'run' / 'orders'}: there is no such socket")
    seen.complaints[:] = [text for text in seen.complaints if "409" not in text]
    one.beside(pid=None, files={}, products_dir="")
    seen.page.wait_for_selector("#promote-now:disabled", state="attached")
