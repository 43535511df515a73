"""The page behind nginx, below a path of another server, with the configuration that the docs give."""

import html.parser
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from helpers.fabricated import Fabricated, pattern
from helpers.proxied import NGINX, ROOT_PATH, proxied
from helpers.tools import MUST_RUN, not_installed
from helpers.watching import PATIENCE_S, web

pytestmark = pytest.mark.skipif(NGINX is None and not MUST_RUN, reason=not_installed(["nginx"]))
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module", params=["path passed on", "path cut off"])
def page(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("proxied")
    one = Fabricated(folder / "i", "REF_L")
    one.publish(pattern(41, 2000))
    one.say()
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    cut_off = request.param == "path cut off"
    words = [] if cut_off else ["--root-path", ROOT_PATH]
    with (
        web(folder, [one.conf], "--token-file", str(token), *words) as server,
        proxied(folder / "nginx", server.address[1], cut_off=cut_off) as url,
    ):
        yield url


def get(url: str, **headers: str) -> tuple[int, Message, bytes]:
    asked = urllib.request.Request(url, headers={name.replace("_", "-"): text for name, text in headers.items()})
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


class Links(html.parser.HTMLParser):
    """What a page loads and leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [text for name, text in attrs if name in ("href", "src") and text and not text.startswith("#")]


@pytest.mark.parametrize("path", ["/", "/instrument/ref_l", "/instrument/ref_l/runs", "/instrument/ref_l/detector"])
def test_all_that_a_page_names_is_there_below_its_path(page: str, path: str) -> None:
    status, _, body = get(page + path)
    assert status == 200
    links = Links()
    links.feed(body.decode())
    assert len(links.found) >= 4
    for link in links.found:
        where = urljoin(page + path, link)
        assert urlsplit(where).path.startswith(f"{ROOT_PATH}/"), link
        assert get(where)[0] == 200, link


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "/"),
        ("/instrument/REF_L", "/instrument/ref_l"),
        ("/instrument/Ref_L/runs?x=1", "/instrument/ref_l/runs?x=1"),
        ("/instrument/REF_L/detector", "/instrument/ref_l/detector"),
    ],
)
def test_it_sends_browsers_to_the_right_place_below_its_path(page: str, asked: str, found: str) -> None:
    with urllib.request.urlopen(page + asked, timeout=PATIENCE_S) as response:
        assert (response.status, response.url) == (200, page + found)


def test_the_api_answers_and_says_where_it_is(page: str) -> None:
    body = json.loads(get(f"{page}/api/instruments/REF_L")[2])
    assert body["card"]["id"] == "ref_l"
    description: dict[str, Any] = json.loads(get(f"{page}/api/openapi.json")[2])
    if description["servers"] != [{"url": "/"}]:  # it does not know a path that was cut off
        assert description["servers"] == [{"url": ROOT_PATH}]


def test_what_is_known_is_not_sent_again_although_the_proxy_packs_it(page: str) -> None:
    where = f"{page}/api/openapi.json"
    status, headers, _ = get(where, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["etag"].startswith("W/"), "nginx makes the tag of what it packs weak"
    status, _, body = get(where, Accept_Encoding="gzip", If_None_Match=headers["etag"])
    assert (status, body) == (304, b"")


def test_news_come_at_once(page: str) -> None:
    with urllib.request.urlopen(f"{page}/api/events?id=REF_L", timeout=PATIENCE_S) as news:
        lines = [news.readline() for _ in range(5)]
    assert b"event: hello\n" in lines
    assert b"event: status\n" in lines


def test_the_pages_own_orders_pass_and_others_do_not(page: str) -> None:
    def restart(origin: str) -> int:
        asked = urllib.request.Request(
            f"{page}/api/instruments/ref_l/restart",
            method="POST",
            headers={"Origin": origin, "Authorization": f"Bearer {TOKEN}"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=PATIENCE_S)
        with refused.value as error:
            return error.code

    own = "{0.scheme}://{0.netloc}".format(urlsplit(page))
    assert restart(own) == 409, "it came through, but there is no daemon"
    assert restart("http://evil.example") == 403
