"""Whether a client has an answer already."""

import pytest

from livereduce.web.http.etags import etag_of, is_known


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ('"b","a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ('"a', False),
        ("", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("etag", ['"a"', 'W/"a"'])
def test_a_tag_is_known_strong_or_weak_alone_or_among_others(asked: str | None, known: bool, etag: str) -> None:
    assert is_known(asked, etag) is known


def test_the_tag_of_an_answer_is_that_of_its_content() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert is_known(etag_of(b"a"), etag_of(b"a"))
