"""The API against a fuzzer that knows its description: never a 5xx, never an answer that is not described."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from helpers.fabricated import Fabricated, image, pattern
from helpers.watching import Web, web
from livereduce.web.http.openapi import description

ENDLESS = "/api/events"
OPERATIONS = [
    (path, method) for path, methods in description()["paths"].items() if path != ENDLESS for method in methods
]
WITH_REGION = ("/region", "/region.csv", "/regions", "/over")
"""They take a region, of which a schema cannot say all that makes it one."""
REAL = {"id": "powder", "run": 41, "name": "detector"}
EXAMPLES = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("fuzzed")
    powder = Fabricated(folder / "powder", "POWDER")
    powder.publish(pattern(41, 2000))
    powder.publish(image(41))
    powder.beside(pattern(41, 2000, height=2.0), image(41))
    token = folder / "token"
    token.write_text("correct-horse-battery")
    token.chmod(0o600)
    with web(folder, [powder.conf], "--token-file", str(token)) as server:
        # the first picture takes its time: matplotlib looks for fonts
        urllib.request.urlopen(f"{server.url}/api/instruments/powder/products/41/result.png", timeout=50).close()
        yield server
        code, errors = server.stop()
        assert (code, errors) == (0, ""), "it has not even complained"


@pytest.fixture(scope="module")
def api(server: Web) -> Any:
    return schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_it_can_think_of_is_answered_wrongly(api: Any, server: Web, path: str, method: str) -> None:
    @EXAMPLES
    @given(case=api[path][method].as_strategy(), real=st.sets(st.sampled_from(sorted(REAL))))
    def asked(case: Any, real: set[str]) -> None:
        for name in real & set(case.path_parameters or {}):  # else hardly anything would get beyond "there is no"
            case.path_parameters[name] = REAL[name]
        case.call_and_validate(excluded_checks=[positive_data_acceptance] if path.endswith(WITH_REGION) else [])

    asked()
    assert psutil.Process(server.process.pid).memory_info().rss < 600 << 20


def test_what_is_wrong_on_purpose_is_refused(api: Any) -> None:
    product = api["/api/instruments/{id}/products/{run}/{name}"]["get"]
    strategy = product.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @EXAMPLES
    @given(case=strategy)
    def asked(case: Any) -> None:
        case.path_parameters = dict(REAL)
        response = case.call()
        assert response.status_code in (200, 404, 405, 411, 413, 414, 422), response.text

    asked()
