"""The pages below a path of another server: nothing is asked for above it."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest

from helpers.browsing import Visit, Visiting, web
from helpers.fabricated import Fabricated, pattern
from helpers.proxied import NGINX, ROOT_PATH, proxied
from helpers.tools import MUST_RUN, not_installed
from helpers.viewed import ASKED, Viewed

pytestmark = [
    pytest.mark.timeout(180),  # a browser on a busy machine
    pytest.mark.skipif(NGINX is None and not MUST_RUN, reason=not_installed(["nginx"])),
]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    made = Fabricated(tmp_path_factory.mktemp("below") / "i", "REF_L")
    made.publish(pattern(41, 100_000))
    made.say()
    return made


@pytest.fixture(scope="module")
def url(one: Fabricated, environ: Mapping[str, str]) -> Iterator[str]:
    with web(one.path, environ, [one.conf], "--root-path", ROOT_PATH) as page:
        port = urlsplit(page).port
        assert port
        with proxied(one.path / "nginx", port) as url:
            yield url


def test_pages_plots_links_and_news_work_below_a_path(one: Fabricated, url: str, visiting: Visiting) -> None:
    seen: Visit = visiting(url)
    asked: list[str] = []
    seen.page.on("request", lambda request: asked.append(request.url))
    seen.page.route(ASKED, Viewed().route)
    page = seen.go("")
    seen.wait_card("ref_l", "running")
    page.wait_for_selector(".drawing[data-kind=curve]")
    page.click("article.card h2 a")
    page.wait_for_url(f"{url}/instrument/ref_l")
    seen.drawn(run=41, name="result")
    version = page.get_attribute("#plot", "data-version")
    one.publish(pattern(41, 200_000))
    seen.until("document.getElementById('plot').dataset.version !== given.version", version=version)
    with page.expect_download() as download:
        page.click("#csv")
    assert download.value.suggested_filename == "41_result.csv"
    page.click("#runs-page")
    page.wait_for_selector("#rows tr")
    page.click("#rows a >> text=41")
    page.wait_for_url(f"{url}/instrument/ref_l#run=41")
    seen.drawn(run=41, name="result")
    page.click("#detector-page")
    page.wait_for_selector("#picture[data-painted]")
    page.click("#live")
    page.wait_for_url(f"{url}/instrument/ref_l")
    page.click("nav a >> text=Instruments")
    page.wait_for_url(f"{url}/")
    strange = [one for one in asked if not one.startswith((f"{url}/", "blob:", "data:")) and one != url]
    assert strange == []
