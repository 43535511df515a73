"""Results of the service, read to compare with; and why there are none, in words that say what to look at."""

import json
import os
from pathlib import Path

import pytest

from helpers.fabricated import pattern
from livereduce.publish.products.file import write_product
from livereduce.workbench.results import read_results, why_none


def published(state_dir: Path, *paths: str, run: int = 7) -> Path:
    """An index that lists these files; its folder."""
    folder = state_dir / "products"
    (folder / str(run)).mkdir(parents=True)
    listed = [{"run": run, "products": [{"path": path} for path in paths]}]
    (folder / "index.json").write_text(json.dumps({"runs": listed}))
    return folder


def test_the_results_of_a_run_in_their_order(tmp_path: Path) -> None:
    folder = published(tmp_path, "7/a.nxs", "7/b.nxs")
    for name in ("a", "b"):
        write_product(folder / "7" / f"{name}.nxs", pattern(7, 1000, name))
    assert [one.product.name for one in read_results(tmp_path, 7)] == ["a", "b"]
    assert read_results(tmp_path, 8) == ()
    (folder / "7" / "a.nxs").write_text("no product")
    assert [one.product.name for one in read_results(tmp_path, 7)] == ["b"]


def test_where_no_service_has_published_that_is_said(tmp_path: Path) -> None:
    assert read_results(tmp_path, 7) == ()
    assert why_none(tmp_path, 7) == f"there is no {tmp_path}/products/index.json, so no service has published there"


def test_another_run_is_no_result_of_this_one(tmp_path: Path) -> None:
    published(tmp_path, run=8)
    assert why_none(tmp_path, 7) == f"{tmp_path}/products/index.json has no result of run 7"
    assert why_none(tmp_path, 8) == f"{tmp_path}/products/index.json has no result of run 8"


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"runs": 7}', '{"runs": [{"run": 7}]}', '{"runs": [null]}'])
def test_an_index_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    folder = published(tmp_path)
    (folder / "index.json").write_text(text)
    assert read_results(tmp_path, 7) == ()
    assert why_none(tmp_path, 7).startswith(f"{folder}/index.json cannot be read: ")


def test_a_product_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    folder = published(tmp_path, "7/result.nxs")
    path = folder / "7" / "result.nxs"
    assert why_none(tmp_path, 7) == f"{path} cannot be read: No such file or directory"
    path.write_text("no product")
    assert why_none(tmp_path, 7) == f"{path} cannot be read: the file is damaged or not an HDF5 file"
    write_product(path, pattern(7, 1000))
    assert why_none(tmp_path, 7, most_bytes=100) == (
        f"{path} cannot be read: it has {path.stat().st_size:,} bytes, more than the 100 that are read"
    )
    assert why_none(tmp_path, 7) == "the result of run 7 has just been replaced; try again"


def test_a_fifo_in_the_place_of_the_index_holds_nobody_up(tmp_path: Path) -> None:
    folder = published(tmp_path)
    (folder / "index.json").unlink()
    os.mkfifo(folder / "index.json")
    assert why_none(tmp_path, 7) == f"{folder}/index.json cannot be read: not a regular file"
