"""The path of a page behind a proxy."""

import pytest

from livereduce.base.errors import OperatorError
from livereduce.web.app import _routes
from livereduce.web.http.root_path import OURS, home_of, page_of, root_of


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("", ""),
        ("/", ""),
        ("/live", "/live"),
        ("/livereduce/bl11a/", "/livereduce/bl11a"),
        ("/a.b/~c-d_e", "/a.b/~c-d_e"),
    ],
)
def test_a_path_has_no_slash_at_its_end(given: str, root: str) -> None:
    assert root_of(given) == root


@pytest.mark.parametrize(
    "given", ["live", "//live", "/a//b", "/a b", "/..", "/a/../b", "/./a", "/a?b", "/a#b", "/ä", "/%61"]
)
def test_what_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(OperatorError, match="expected the path of the page behind a proxy"):
        root_of(given)


@pytest.mark.parametrize("given", ["/api", "/static/x", "/instrument/a"])
def test_a_path_that_is_one_of_our_own_is_refused(given: str) -> None:
    with pytest.raises(OperatorError, match="own addresses begin like that"):
        root_of(given)


def test_our_own_addresses_are_all_known() -> None:
    assert {route.path.split("/")[1] for route in _routes()} - {""} == OURS


def test_only_the_bare_path_is_sent_home() -> None:
    assert home_of("/livereduce/bl11a", "/livereduce/bl11a") == "bl11a/"
    for path in ("/livereduce/bl11a/", "/livereduce/bl11", "/", ""):
        assert home_of(path, "/livereduce/bl11a") == ""
    assert home_of("", "") == ""


def test_the_page_of_another_id_is_named_from_where_the_browser_is() -> None:
    assert page_of("ref_l", "") == "ref_l"
    assert page_of("ref_l", "runs") == "../ref_l/runs"
