from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.reduced import Shelf, job_of
from livereduce.publish.product import Product
from livereduce.publish.publisher import Outlet, outlet_of
from livereduce.publish.trends.trends import read_trends
from livereduce.scripting.metric import ReportedMetric


def peak(error: float | None = None) -> tuple[ReportedMetric, ...]:
    return (ReportedMetric(name="peak", value=2.0, error=error, units=""),)


def product(**facts: Any) -> Product:
    attributes: dict[str, Any] = {
        "events": 100,
        "proton_charge_pc": 5e6,
        "first_pulse": "2026-11-26T10:00:00.123456789Z",
        "last_pulse": "2026-11-26T10:00:30.000000000Z",
    }
    return Product(
        pipeline="live", run=7, name="result", signal=np.array(1.0), axes=(), attributes={**attributes, **facts}
    )


def outlet(folder: Path, shelf: Shelf) -> Outlet:
    return outlet_of(job_of(folder, "adara://nowhere:1", proc="pass"), shelf)


def test_what_was_reported_is_kept_with_the_product(tmp_path: Path) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    made.publish(product(), peak(0.5))
    trends = read_trends(tmp_path / "state" / "products" / "7" / "trends.json")
    assert trends is not None
    (point,) = trends.metrics["peak"].points
    assert (point.value, point.error, point.at.events, point.at.charge_pc) == (2.0, 0.5, 100, 5e6)
    assert point.at.time_unix_s - trends.began_unix_s == pytest.approx(29.876544, abs=1e-3)
    assert (len(trends.scripts[0]), trends.scripts[1]) == (32, "")
    assert (made.problems, len(shelf.published)) == ({}, 1)


@pytest.mark.parametrize("facts", [{"proton_charge_pc": float("nan")}, {"events": "many"}])
def test_facts_that_make_no_sense_keep_no_product_back(tmp_path: Path, facts: dict[str, Any]) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    made.publish(product(**facts), peak())
    assert list(made.problems) == ["trends"]
    assert len(shelf.published) == 1
    made.publish(product())
    assert made.problems == {}


def test_a_full_disk_keeps_no_product_back_and_is_said(tmp_path: Path) -> None:
    shelf = Shelf()
    made = outlet(tmp_path, shelf)
    (tmp_path / "state").write_text("in the way")
    made.publish(product(), peak())
    assert "Not a directory" in made.problems["trends"]
    assert len(shelf.published) == 1
    made.ended(7)
    assert shelf.ended_runs == [7]


def test_plots_are_offered_though_the_product_cannot_be_written(tmp_path: Path) -> None:
    class Full(Shelf):
        def publish(self, product: Product) -> None:
            raise OSError("no space left")

    job = replace(job_of(tmp_path, "adara://nowhere:1"), publish_config=str(tmp_path / "absent.conf"))
    made = outlet_of(job, Full())
    assert not made.publish(product())
    assert "no space left" in made.problems["publish"]
    assert made._plots is not None
    assert list(made._plots._products) == [7]
    made.close()
