"""Access rules."""

from pathlib import Path

import pytest

from livereduce.base.errors import OperatorError
from livereduce.web.http.access import client_of, host_is_ours, origin_is_ours, read_token, token_is_right

NAMES = frozenset({"bl11a-live", "bl11a-live.facility.example"})
TOKEN = "correct-horse-battery"


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "LOCALHOST:8090",
        "127.0.0.1:1",
        "[::1]:8090",
        "10.1.2.3",
        "bl11a-live:80",
        "bl11a-live.facility.example.",
    ],
)
def test_our_own_names_and_bare_addresses_are_answered(header: str) -> None:
    assert host_is_ours(header, NAMES)


@pytest.mark.parametrize(
    "header",
    [
        "evil.example",
        "localhost.evil.example",
        "",
        ":80",
        "a b",
        "localhost:80:80",
        "x@localhost",
        "127.0.0.1.evil",
        "é",
    ],
)
def test_other_names_are_not(header: str) -> None:
    assert not host_is_ours(header, NAMES)


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        (None, "localhost:1", True),
        ("http://localhost:1", "localhost:1", True),
        ("https://LOCALHOST:1", "localhost:1", True),
        ("http://localhost:2", "localhost:1", False),
        ("http://evil.example", "localhost:1", False),
        ("null", "localhost:1", False),
        ("file://", "localhost:1", False),
        ("http://[", "localhost:1", False),
    ],
)
def test_a_post_comes_from_our_own_page(origin: str | None, host: str, ours: bool) -> None:
    assert origin_is_ours(origin, host) is ours


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Bearer é\udcff", False),
        (None, False),
    ],
)
def test_the_token_must_be_the_token(header: str | None, right: bool) -> None:
    assert token_is_right(header, TOKEN) is right


def test_a_token_is_read_from_a_file_that_not_everybody_may_read(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o640)
    assert read_token(file) == TOKEN
    file.chmod(0o644)
    with pytest.raises(OperatorError, match=r"everybody may read the token \(mode 644\)"):
        read_token(file)


@pytest.mark.parametrize("text", ["", "short", "two words that are long", "ö" * 20])
def test_a_token_that_is_no_secret_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(OperatorError, match="16 characters"):
        read_token(file)


def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="token: the token cannot be read: No such file"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_a_client_is_known_by_what_it_cannot_choose(address: str, client: str) -> None:
    assert client_of(address) == client
