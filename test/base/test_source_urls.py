"""The table of sources: what is accepted, what is said of the rest, and that everything in it can be opened."""

import subprocess
import sys

import pytest

from livereduce.base.source_urls import ADARA, FILE, SCHEMES, file_url, forms, parse_source_url, scheme_of
from livereduce.stream.sources import OPEN


@pytest.mark.parametrize(
    ("text", "url", "address"),
    [
        ("adara://bl11a-daq1.sns.gov", "adara://bl11a-daq1.sns.gov:31415", "bl11a-daq1.sns.gov:31415"),
        ("ADARA://127.0.0.1:4000/", "adara://127.0.0.1:4000", "127.0.0.1:4000"),
        ("adara://[::1]", "adara://[::1]:31415", "[::1]:31415"),
    ],
)
def test_a_url_gets_the_port_of_its_scheme(text: str, url: str, address: str) -> None:
    parsed = parse_source_url(text)
    assert (str(parsed), parsed.address, parsed.scheme) == (url, address, ADARA)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "adara",
        "adara://",
        "adara://:1",
        "adara://host:0",
        "adara://host:65536",
        "adara://[::1",
        "adara://host/path",
        "adara://host?a=1",
        "adara://me@host",
        "adara://ho st",
        "kafka://host",
        "host:31415",
    ],
)
def test_a_url_that_cannot_be_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected adara://HOST:PORT"):
        parse_source_url(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///data/run 5.nxs", "/data/run 5.nxs"),
        ("FILE:///data/run%205.nxs.h5", "/data/run 5.nxs.h5"),
        ("file:/data/a", "/data/a"),
        ("file://localhost/data/", "/data/"),
        ("file:///a%23b#c?d%FF", "/a#b#c?d\udcff"),
    ],
)
def test_a_file_is_an_absolute_path(text: str, path: str) -> None:
    parsed = parse_source_url(text)
    assert (parsed.path, parsed.address, parsed.scheme) == (path, path, FILE)
    assert parse_source_url(str(parsed)) == parsed
    assert file_url(path) == str(parsed)


@pytest.mark.parametrize(
    "text", ["file:", "file://", "file:///", "file:a/b", "file://a/b", "file://./a", "file:////", "file:///a%00b"]
)
def test_a_file_that_cannot_be_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected file:///PATH, the absolute path of a file"):
        parse_source_url(text)


def test_a_scheme_is_known_by_its_beginning_alone() -> None:
    assert scheme_of("Adara:whatever") is ADARA
    assert scheme_of("/a/file") is None


def test_every_source_that_the_builtin_engine_reads_can_be_opened() -> None:
    assert set(OPEN) == {name for name, scheme in SCHEMES.items() if "builtin" in scheme.engines}
    assert forms("builtin") == " or ".join(SCHEMES[name].form for name in OPEN)


def test_the_table_needs_the_standard_library_alone() -> None:
    code = "import sys, livereduce.base.source_urls; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
