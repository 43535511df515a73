"""The addresses of the run table, and products as arrays."""

import csv
import io
import json
import time
from collections.abc import Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient

from helpers.fabricated import EDGES, Fabricated, axis, image, pattern, product
from helpers.watching import PATIENCE_S
from livereduce.base.errors import OperatorError
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.web.app import make_app
from livereduce.web.server import folders_beside, make_context
from livereduce.web.state import products

ONE = "/api/instruments/powder"


@pytest.fixture(scope="module")
def powder(tmp_path_factory: pytest.TempPathFactory) -> Fabricated:
    one = Fabricated(tmp_path_factory.mktemp("runs") / "powder", "POWDER")
    for run in (40, 41):
        one.publish(pattern(run, 1000 * run, seed=run))
    one.publish(image(41))
    one.publish(pattern(40, 1000, name="broken"))
    one.publish(product(41, "ratio", np.array(1.25), (), np.array(0.5)))
    one.publish(
        product(41, "ints", np.arange(6.0).reshape(2, 3), (axis("y", np.arange(2.0)), axis("x", np.arange(4.0))))
    )
    one.say()
    return one


@pytest.fixture(scope="module")
def client(powder: Fabricated) -> Iterator[TestClient]:
    context = make_context([powder.conf], [], None, {}, powder.path)
    context.beside = folders_beside([f"powder={powder.path}/reduced"], context.facility.watched)
    with TestClient(make_app(context, frozenset()), base_url="http://localhost") as client:
        deadline = time.monotonic() + PATIENCE_S
        while not client.get(ONE).json()["runs"]:  # on a busy machine a page answers before it has looked at the files
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield client


def arrays(client: TestClient, run: int, name: str) -> dict[str, np.ndarray]:
    answer = client.get(f"{ONE}/products/{run}/{name}.npz")
    assert answer.status_code == 200, answer.text
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as found:
        return dict(found)


def test_the_table_is_made_anew_when_a_metric_comes_and_an_etag_spares_the_rest(
    client: TestClient, powder: Fabricated
) -> None:
    first = client.get(f"{ONE}/runs", headers={"accept-encoding": "identity"})
    assert [(row["run"], row["metrics"]) for row in first.json()["runs"]] == [(41, {}), (40, {})]
    same = {"if-none-match": first.headers["etag"], "accept-encoding": "identity"}
    assert client.get(f"{ONE}/runs", headers=same).status_code == 304
    at = Exposure(time_unix_s=10.0, events=1, charge_pc=1.0)
    reported = [ReportedMetric(name="area", value=2.0, error=0.5, units="mm")]
    trends = add_reported(Trends(run=40, began_unix_s=1.0), reported, at)
    (powder.path / "state" / "products" / "40" / FILE_NAME).write_text(encode_trends(trends, 20.0))
    body = client.get(f"{ONE}/runs", headers=same).json()
    assert body["columns"] == [{"key": "area", "name": "area", "units": "mm", "scripts": ""}]
    assert body["runs"][1]["metrics"]["area"] == {"value": 2.0, "error": 0.5, "units": "mm", "spark": [2.0]}


def test_what_is_reduced_again_fills_in_beside(client: TestClient, powder: Fabricated) -> None:
    assert [one["scripts"] for one in client.get(f"{ONE}/runs").json()["columns"] if one["scripts"]] == []
    folder = powder.path / "reduced" / "PG3_41"
    folder.mkdir(parents=True)
    at = Exposure(time_unix_s=10.0, events=1, charge_pc=1.0)
    reported = [ReportedMetric(name="width", value=3.0, error=None, units="mm")]
    trends = add_reported(Trends(run=41, began_unix_s=1.0, scripts=("abc", "")), reported, at)
    (folder / FILE_NAME).write_text(encode_trends(trends, 20.0))
    body = client.get(f"{ONE}/runs").json()
    (again,) = (one for one in body["columns"] if one["scripts"])
    assert again["key"] == f"width@{again['scripts']}"
    assert [row["metrics"].get(again["key"], {}).get("value") for row in body["runs"]] == [3.0, None]


@pytest.mark.parametrize("word", ["powder", "powder=", "other=/x", "=/x"])
def test_a_folder_beside_belongs_to_an_instrument_of_the_page(word: str) -> None:
    with pytest.raises(OperatorError, match="expected ID=DIR with the id of an instrument: powder"):
        folders_beside([word], ["powder"])


def test_as_many_runs_as_are_wanted_also_as_csv(client: TestClient) -> None:
    assert [row["run"] for row in client.get(f"{ONE}/runs?max_runs=1").json()["runs"]] == [41]
    answer = client.get(f"{ONE}/runs.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="powder_runs.csv"'
    assert [row["run"] for row in csv.DictReader(io.StringIO(answer.text))] == ["41", "40"]
    wrong = client.get(f"{ONE}/runs?max_runs=0")
    assert (wrong.status_code, wrong.json()["error"][:9]) == (422, "max_runs:")
    assert client.get("/api/instruments/nowhere/runs").status_code == 404


def test_arrays_are_the_product_in_every_bit(client: TestClient) -> None:
    wanted = pattern(41, 41_000, seed=41)
    found = arrays(client, 41, "result")
    assert np.array_equal(found["signal"], wanted.signal)
    assert wanted.errors is not None
    assert np.array_equal(found["errors"], wanted.errors)
    assert np.array_equal(found["axis_0"], EDGES)
    facts = json.loads(bytes(found["facts.json"]))
    assert facts["axes"] == [{"name": "d", "units": "angstrom"}]
    assert (facts["run"], facts["name"], facts["units"], facts["attributes"]["events"]) == (
        41,
        "result",
        "counts",
        41_000,
    )


def test_arrays_of_any_shape_also_when_they_are_sent_while_they_are_made(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most in (products.MAX_CELLS_AT_ONCE, 0):
        monkeypatch.setattr(products, "MAX_CELLS_AT_ONCE", most)
        assert np.array_equal(arrays(client, 41, "detector")["signal"], image(41).signal)
    assert [float(arrays(client, 41, "ratio")[name]) for name in ("signal", "errors")] == [1.25, 0.5]
    ints = arrays(client, 41, "ints")
    assert (ints["signal"].tolist(), "errors" in ints) == ([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], False)


def test_arrays_of_a_file_that_is_none_are_refused_with_the_reason(client: TestClient, powder: Fabricated) -> None:
    (powder.path / "state" / "products" / "40" / "broken.nxs").write_bytes(b"not HDF5")
    answer = client.get(f"{ONE}/products/40/broken.npz")
    assert (answer.status_code, answer.json()["error"]) == (
        404,
        "it cannot be read: the file is damaged or not an HDF5 file",
    )
