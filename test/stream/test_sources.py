"""From a URL to a source."""

from pathlib import Path

import pytest

from helpers.event_files import event_file
from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import file_url
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.nexus.source import NexusSource
from livereduce.stream.recording.source import RecordingSource
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


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    source = source_of(file_url(str(event_file(tmp_path / "named like nothing"))))
    assert isinstance(source, NexusSource)
    assert (source.state().address, source.state().connected) == (f"{tmp_path}/named like nothing", False)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.nxs"
    with pytest.raises(OperatorError, match=rf"source {absent} cannot be read: No such file"):
        source_of(file_url(str(absent)))


def test_what_is_no_nexus_file_is_a_recording(tmp_path: Path) -> None:
    (tmp_path / "capture.adara").write_bytes(b"")
    assert isinstance(source_of(file_url(str(tmp_path / "capture.adara"))), RecordingSource)
    with pytest.raises(OperatorError, match=str(tmp_path)):
        source_of(file_url(str(tmp_path)))
