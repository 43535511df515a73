"""From a URL to a source."""

import pytest

from livereduce.base.errors import OperatorError
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.sources import source_of


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("adara://bl99-daq1:31416", "bl99-daq1:31416"),
        ("adara://127.0.0.1", "127.0.0.1:31415"),
        ("ADARA://host:1/", "host:1"),
        ("adara://[::1]:5", "::1:5"),
    ],
)
def test_an_adara_url_is_a_source_that_is_not_connected(url: str, address: str) -> None:
    source = source_of(url)
    assert isinstance(source, AdaraSource)
    assert (source.state().address, source.state().connected) == (address, False)


@pytest.mark.parametrize(
    "url",
    ["", "adara", "adara:", "adara://", "adara://:31415", "kafka://host:9092", "host:31415", "http://host", "/a/file"],
)
def test_any_other_url_says_what_is_expected(url: str) -> None:
    with pytest.raises(OperatorError, match=r"expected adara://HOST:PORT") as caught:
        source_of(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("url", ["adara://host:port", "adara://host:65536", "adara://host:-1", "adara://[::1"])
def test_a_port_or_host_that_cannot_be(url: str) -> None:
    with pytest.raises(OperatorError) as caught:
        source_of(url)
    assert repr(url) in str(caught.value)
