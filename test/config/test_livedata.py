import json
from pathlib import Path
from typing import Any

import pytest

from livereduce.base.errors import OperatorError
from livereduce.config.livedata import Publication, read_publication

TEMPLATE = "https://livedata.sns.gov/plots/$instrument/$run_number/upload_plot_data/"
BODY = {"publish_url_template": TEMPLATE, "publisher_username": "u", "publisher_password": "p"}


def written(folder: Path, text: str) -> Path:
    path = folder / "post_processing.conf"
    path.write_text(text)
    return path


def test_what_other_programs_have_in_it_is_passed_over(tmp_path: Path) -> None:
    found = read_publication(written(tmp_path, json.dumps(BODY | {"amq_pwd": "x", "publisher_certificate": None})))
    assert found == Publication(url_template=TEMPLATE, username="u", password="p")
    assert found.url("REF_M", 123) == "https://livedata.sns.gov/plots/REF_M/123/upload_plot_data/"
    assert "'p'" not in repr(found)


def test_certificate_and_verification(tmp_path: Path) -> None:
    more = {"publisher_certificate": "/etc/cert.pem", "verify_ssl": False}
    found = read_publication(written(tmp_path, json.dumps(BODY | more)))
    assert (found.certificate, found.verify_ssl) == ("/etc/cert.pem", False)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("publisher_username", "", '"publisher_username": expected a string'),
        ("publisher_password", 12345, '"publisher_password": expected a string'),
        ("publisher_certificate", 5, '"publisher_certificate": expected the path'),
        ("verify_ssl", "no", '"verify_ssl": expected true or false'),
        ("publish_url_template", None, '"publish_url_template": expected a URL'),
        ("publish_url_template", "ftp://host/$instrument/$run_number/", "expected a URL"),
        ("publish_url_template", "https:///$instrument/$run_number/", "expected a URL"),
        ("publish_url_template", "https://host:port/$instrument/$run_number/", "expected a URL"),
        ("publish_url_template", "https://host/$instrument/", "expected a URL"),
        ("publish_url_template", "https://host/$beamline/$run_number/", "expected a URL"),
        ("publish_url_template", "https://host/$/$run_number/", "expected a URL"),
        ("publish_url_template", "https://host/a b/$run_number/", "expected a URL"),
        ("publish_url_template", "https://host/\r\nX: y/$run_number/", "expected a URL"),
        ("publish_url_template", "https://u:p@host/$run_number/", "expected a URL"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, key: str, value: Any, says: str) -> None:
    with pytest.raises(OperatorError) as raised:
        read_publication(written(tmp_path, json.dumps(BODY | {key: value})))
    (problem,) = raised.value.problems
    assert says in problem
    assert "post_processing.conf" in problem
    assert "12345" not in problem


@pytest.mark.parametrize(
    ("text", "says"), [("", "not valid JSON"), ("[]", "expected a JSON object"), ("[" * 100_000, "not valid JSON")]
)
def test_what_is_no_configuration(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        read_publication(written(tmp_path, text))
    with pytest.raises(OperatorError, match="cannot be read: No such file"):
        read_publication(tmp_path / "absent")
