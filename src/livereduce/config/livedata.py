"""The configuration file of the facility's live data server, to which plots are published.

The file is the one that the facility's other publishing programs read, JSON with the keys ``publish_url_template``,
``publisher_username``, ``publisher_password`` and optionally ``publisher_certificate`` and ``verify_ssl``
(plot_publisher 04db046, ``_configuration.py``). It is read again for each upload, and its password goes nowhere else.
"""

import json
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from livereduce.base.errors import OperatorError
from livereduce.base.files import read_regular
from livereduce.base.json_errors import find_mistake

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Address and credentials.

    Attributes
    ----------
    url_template
        With ``$instrument`` and ``$run_number``.
    certificate
        A file with a certificate and its key that the server asks of its clients; empty for none.
    """

    url_template: str
    username: str
    password: str = field(repr=False)
    certificate: str = ""
    verify_ssl: bool = True

    def url(self, instrument: str, run: int) -> str:
        """URL of a run's plot."""
        return string.Template(self.url_template).substitute(instrument=instrument, run_number=str(run))

    def without_password(self, text: str) -> str:
        """Remove the password from a text for people, such as the server's address, which may contain it."""
        for form in (self.password, quote(self.password), quote_plus(self.password)):
            text = text.replace(form, "***")
        return text


def read_publication(path: Path) -> Publication:
    """Read the configuration file; unknown keys are ignored.

    Raises
    ------
    OperatorError
        With all problems, each naming the file, the key and what was expected.
    """
    try:
        body = json.loads(read_regular(path, MAX_BYTES))
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        # do not show the line: it may hold a password
        raise OperatorError(f"{path}: not valid JSON, {find_mistake(error)}") from None
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise OperatorError(f"{path}: expected a JSON object of keys and values")
    if problems := [f"{path}: {problem}" for problem in _problems(body)]:
        raise OperatorError(*problems)
    return Publication(
        url_template=body["publish_url_template"],
        username=body["publisher_username"],
        password=body["publisher_password"],
        certificate=body.get("publisher_certificate") or "",
        verify_ssl=body.get("verify_ssl", True),
    )


def _problems(body: dict[str, Any]) -> list[str]:
    # never the value: it may be a password
    problems = [
        f'"{key}": expected a string'
        for key in ("publisher_username", "publisher_password")
        if not isinstance(body.get(key), str) or not body[key]
    ]
    if not isinstance(body.get("publisher_certificate") or "", str):
        problems.append('"publisher_certificate": expected the path of a file')
    if not isinstance(body.get("verify_ssl", True), bool):
        problems.append('"verify_ssl": expected true or false')
    if problem := _template_problem(body.get("publish_url_template")):
        problems.append(f'"publish_url_template": {problem}')
    return problems


def _template_problem(template: object) -> str:
    expected = 'expected a URL such as "https://livedata.sns.gov/plots/$instrument/$run_number/upload_plot_data/"'
    try:
        if not isinstance(template, str):
            raise ValueError
        filled = string.Template(template).substitute(instrument="INST", run_number="1")
        url = urlsplit(filled)
        _ = url.port
    except (KeyError, ValueError):
        return expected
    usable = url.scheme in ("http", "https") and url.hostname and not url.username
    plain = filled.isascii() and filled.isprintable() and " " not in filled
    return "" if usable and plain and "run_number" in template else expected
