import json
import os
import shutil
import string
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import amend_product, read_product
from livereduce.publish.products.folder import Products, safe_name
from livereduce.publish.products.index import END_UNSEEN, NOT_REPLACED


def result(run: int, events: int = 1, name: str = "result", incomplete: str = "") -> Product:
    return Product(
        pipeline="main",
        run=run,
        name=name,
        signal=np.array([float(events)]),
        axes=(Axis(name="tof", values=np.array([0.0, 1.0]), units="us"),),
        attributes={"events": events, "incomplete": incomplete},
    )


def index(state_dir: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((state_dir / "products" / "index.json").read_text())
    return body


def runs(state_dir: Path) -> list[int]:
    return [run["run"] for run in index(state_dir)["runs"]]


def folders(state_dir: Path) -> set[str]:
    return {path.name for path in (state_dir / "products").iterdir() if path.is_dir()}


def test_a_product_lies_where_the_index_says(tmp_path: Path) -> None:
    path = Products(tmp_path).publish(result(7, 42, incomplete="a gap of 3 s"))
    assert path == tmp_path / "products" / "7" / "result.nxs"
    body = index(tmp_path)
    (run,) = body["runs"]
    (entry,) = run["products"]
    assert (body["current"], run["run"], run["ended"]) == (7, 7, False)
    assert tmp_path / "products" / entry["path"] == path
    assert (entry["name"], entry["pipeline"], entry["events"]) == ("result", "main", 42)
    assert entry["incomplete"] == "a gap of 3 s"
    assert entry["written_unix_s"] == path.stat().st_mtime
    assert read_product(path).signal.tolist() == [42.0]


def test_nothing_published_is_an_index_too(tmp_path: Path) -> None:
    Products(tmp_path / "new" / "state")
    body = index(tmp_path / "new" / "state")
    assert (body["current"], body["runs"], body["missed"]) == (None, [], [])


def test_the_last_result_of_a_run_stays_when_the_next_begins(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.publish(result(7, 1))
    last = products.publish(result(7, 2))
    products.ended(7)
    products.publish(result(8, 3))
    assert index(tmp_path)["current"] == 8
    assert [(run["run"], run["ended"]) for run in index(tmp_path)["runs"]] == [(7, True), (8, False)]
    assert read_product(last).signal.tolist() == [2.0]


def test_only_the_last_runs_are_kept_and_never_the_current_one_dropped(tmp_path: Path) -> None:
    products = Products(tmp_path, keep_runs=3)
    for run in (1, 0, 2, 0, 3, 0, 4):
        products.publish(result(run))
    assert runs(tmp_path) == [3, 0, 4]
    assert folders(tmp_path) == {"3", "0", "4"}
    alone = Products(tmp_path, keep_runs=0)
    alone.publish(result(0))
    assert runs(tmp_path) == [0]


def test_a_run_that_ended_without_products_is_no_news(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.ended(5)
    assert runs(tmp_path) == []


def test_after_a_restart_everything_is_there_and_a_run_that_comes_again_is_replaced(tmp_path: Path) -> None:
    before = Products(tmp_path)
    before.publish(result(7, 10))
    before.publish(result(7, 5, name="sample (1/2)"))
    before.ended(7)
    before.publish(result(8, 20))
    at_the_end = index(tmp_path)
    after = Products(tmp_path)
    assert index(tmp_path) == at_the_end
    path = after.publish(result(7, 1))
    (_, run) = index(tmp_path)["runs"]
    assert (run["run"], run["ended"], index(tmp_path)["current"]) == (7, False, 7)
    assert [(entry["name"], entry["events"]) for entry in run["products"]] == [("result", 1), ("sample (1/2)", 5)]
    assert read_product(path).signal.tolist() == [1.0]


@pytest.mark.parametrize(
    "broken", [None, b"", b"{", b"[]", b"\xff", b'{"runs": 5}', b'{"runs": [5]}', b'{"runs": [{"run": []}]}']
)
def test_a_broken_index_is_built_again_from_the_folders(tmp_path: Path, broken: bytes | None) -> None:
    products = Products(tmp_path)
    for written_s, run in enumerate((9, 7, 8)):
        os.utime(products.publish(result(run, run)), (1e9 + written_s, 1e9 + written_s))
    index_file = tmp_path / "products" / "index.json"
    if broken is None:
        index_file.unlink()
    else:
        index_file.write_bytes(broken)
    Products(tmp_path)
    assert runs(tmp_path) == [9, 7, 8]
    assert [run["products"][0]["events"] for run in index(tmp_path)["runs"]] == [9, 7, 8]


def test_damaged_and_foreign_files_are_left_out_and_old_ones_go_in_the_end(tmp_path: Path) -> None:
    products = tmp_path / "products"
    for folder in ("3", "007", "notes"):
        (products / folder).mkdir(parents=True)
        (products / folder / "result.nxs").write_bytes(b"not HDF5")
    again = Products(tmp_path, keep_runs=2)
    (run,) = index(tmp_path)["runs"]
    assert (index(tmp_path)["current"], run["run"], run["ended"], run["products"]) == (3, 3, False, [])
    again.publish(result(4))
    again.publish(result(5))
    assert folders(tmp_path) == {"4", "5", "007", "notes"}


def test_a_product_that_cannot_be_written_leaves_the_old_one_and_the_index(tmp_path: Path) -> None:
    products = Products(tmp_path)
    path = products.publish(result(7, 10))
    before = index(tmp_path)
    with pytest.raises(ValueError, match="axes"):
        products.publish(Product(pipeline="main", run=7, name="result", signal=np.zeros(1), axes=()))
    assert read_product(path).signal.tolist() == [10.0]
    assert index(tmp_path) == before


@given(st.text(max_size=300), st.text(max_size=300))
def test_safe_names_are_plain_short_and_never_shared(one: str, other: str) -> None:
    allowed = set(string.ascii_letters + string.digits + "_.+-")
    for name in (safe_name(one), safe_name(other)):
        assert set(name) <= allowed
        assert 0 < len(name) <= 100
        assert not name.startswith(".")
        assert not name.endswith(".")
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize("name", ["result", "PG3_12345", "d-spacing", "v1.2"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "../../etc/passwd", "a/b", "a\0b", "x" * 500, "Härte"])
def test_any_name_can_be_published(tmp_path: Path, name: str) -> None:
    path = Products(tmp_path).publish(result(1, name=name))
    assert path.parent == tmp_path / "products" / "1"
    assert path.is_file()


def final(run: int, events: int = 1, name: str = "result") -> Product:
    made = result(run, events, name)
    times = {"start_time": "2026-11-29T10:00:00Z", "end_time": "2026-11-29T10:05:00Z"}
    return replace(made, attributes={**made.attributes, "ended": 1, **times})


def facts(state_dir: Path, run: int, name: str = "result") -> tuple[Any, ...]:
    """Whether run and file have ended and what is missing: as the index says, and as the file says."""
    (listed,) = (one for one in index(state_dir)["runs"] if one["run"] == run)
    (entry,) = (one for one in listed["products"] if one["name"] == name)
    file = read_product(state_dir / "products" / entry["path"]).attributes
    assert (entry["ended"], entry["incomplete"]) == (bool(file["ended"]), file["incomplete"])
    return listed["ended"], entry["ended"], entry["incomplete"]


def test_a_file_says_whether_its_run_has_ended_and_when(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.publish(result(7, 1))
    assert facts(tmp_path, 7) == (False, False, "")
    path = products.publish(final(7, 2))
    products.ended(7)
    assert facts(tmp_path, 7) == (True, True, "")
    (run,) = index(tmp_path)["runs"]
    assert (run["start_time"], run["end_time"]) == ("2026-11-29T10:00:00Z", "2026-11-29T10:05:00Z")
    assert read_product(path).attributes["end_time"] == "2026-11-29T10:05:00Z"


def test_a_run_that_ends_without_another_result_ends_in_the_file_too(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.publish(result(7, 1))
    products.ended(7, "its last result holds 1 of 2 events")
    assert facts(tmp_path, 7) == (True, True, "its last result holds 1 of 2 events")
    assert read_product(tmp_path / "products" / "7" / "result.nxs").signal.tolist() == [1.0]


@pytest.mark.parametrize("stream_in", [0, 8, 9])
@pytest.mark.parametrize("with_index", [True, False])
def test_what_a_worker_left_without_an_end_is_flagged_when_the_stream_is_elsewhere(
    tmp_path: Path, stream_in: int, *, with_index: bool
) -> None:
    before = Products(tmp_path)
    before.in_run(6, joined=True)
    before.publish(final(6, 10))
    before.in_run(7, joined=False)
    before.publish(result(7, 10, incomplete="a gap of 3 s"))
    if not with_index:
        (tmp_path / "products" / "index.json").unlink()
    after = Products(tmp_path)
    assert facts(tmp_path, 7) == (False, False, "a gap of 3 s")
    after.in_run(stream_in, joined=True)
    assert facts(tmp_path, 7) == (True, True, f"a gap of 3 s; {END_UNSEEN}")
    assert facts(tmp_path, 6) == (True, True, "")
    assert f"run 7: {END_UNSEEN}" in after.notes
    assert any("run 8" in note for note in after.notes) == (with_index and stream_in == 9)
    assert Products(tmp_path).notes == after.notes


def test_a_run_that_is_replayed_is_not_flagged(tmp_path: Path) -> None:
    Products(tmp_path).publish(result(7, 10))
    after = Products(tmp_path)
    after.in_run(7, joined=True)
    assert facts(tmp_path, 7) == (False, False, "")
    after.publish(final(7, 20))
    after.in_run(0, joined=False)
    after.ended(7)
    assert facts(tmp_path, 7) == (True, True, "")


def test_a_run_that_is_replayed_without_a_result_is_flagged_at_its_end(tmp_path: Path) -> None:
    Products(tmp_path).publish(result(7, 10))
    after = Products(tmp_path)
    after.in_run(7, joined=True)
    after.ended(7)
    assert facts(tmp_path, 7) == (True, True, NOT_REPLACED)


def test_a_worker_killed_between_the_last_result_and_the_index_has_lost_nothing(tmp_path: Path) -> None:
    before = Products(tmp_path)
    before.in_run(7, joined=True)
    before.publish(final(7, 10))
    after = Products(tmp_path)
    after.in_run(8, joined=True)
    assert facts(tmp_path, 7) == (True, True, "")
    assert after.notes == ()


def test_files_of_earlier_versions_are_read_and_flagged_as_their_index_says(tmp_path: Path) -> None:
    paths = {run: Products(tmp_path).publish(result(run, 10)) for run in (6, 7)}
    for path in paths.values():
        with h5py.File(path, "r+") as file:
            entry = file["entry"]
            del entry["ended"]
            entry.move("events", "total_counts")
            entry["proton_charge"] = 5.0
    earlier = [{"run": 6, "ended": True, "products": []}, {"run": 7, "ended": False, "products": []}]
    (tmp_path / "products" / "index.json").write_text(json.dumps({"current": 7, "runs": earlier}))
    after = Products(tmp_path)
    after.in_run(8, joined=True)
    entries = [run["products"][0] for run in index(tmp_path)["runs"]]
    assert [(one["events"], one["proton_charge_pc"]) for one in entries] == [(10, 5.0), (10, 5.0)]
    assert [one["incomplete"] for one in entries] == ["", END_UNSEEN]


def test_a_product_that_cannot_be_changed_is_flagged_in_the_index(tmp_path: Path) -> None:
    path = Products(tmp_path).publish(result(7, 10))
    after = Products(tmp_path)
    path.write_bytes(b"broken meanwhile")
    after.in_run(8, joined=True)
    (run,) = index(tmp_path)["runs"]
    assert (run["ended"], run["products"][0]["incomplete"]) == (True, END_UNSEEN)


@pytest.mark.parametrize("fact", ["events", "proton_charge_pc", "ended"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), "many", ""])
def test_facts_that_make_no_sense_stop_nobody(tmp_path: Path, fact: str, value: float | str) -> None:
    path = Products(tmp_path).publish(result(7, 10))
    amend_product(path, {fact: value})
    after = Products(tmp_path)
    after.in_run(8, joined=True)
    after.publish(result(8))
    assert index(tmp_path)["current"] == 8


def test_a_late_result_leaves_the_current_run_current(tmp_path: Path) -> None:
    products = Products(tmp_path)
    for run in (7, 8):
        products.in_run(run, joined=False)
    products.publish(result(8))
    products.publish(final(7))
    products.ended(7)
    assert (runs(tmp_path), index(tmp_path)["current"]) == ([7, 8], 8)
    Products(tmp_path)
    assert (runs(tmp_path), index(tmp_path)["current"]) == ([7, 8], 8)


def test_a_directory_that_was_removed_is_made_again(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.publish(result(7))
    shutil.rmtree(tmp_path / "products")
    products.ended(7)
    assert index(tmp_path)["runs"][0]["ended"]
    shutil.rmtree(tmp_path)
    products.publish(result(7))
    assert facts(tmp_path, 7) == (False, False, "")


def test_a_disk_that_fails_at_the_start_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "products").write_text("in the way")
    products = Products(tmp_path)
    with pytest.raises(OSError, match=r"exists|directory"):
        products.publish(result(7))
    (tmp_path / "products").unlink()
    products.publish(result(7))
    assert runs(tmp_path) == [7]


def test_unfinished_files_of_killed_writers_are_swept(tmp_path: Path) -> None:
    path = Products(tmp_path).publish(result(7))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    swept = [
        path.with_name(f".result.nxs.{dead.pid}"),
        path.with_name(".result.nxs.tmp"),
        tmp_path / "products" / f".index.json.{dead.pid}",
    ]
    kept = [path.with_name(f".result.nxs.{os.getppid()}"), path.with_name("notes.5"), path]
    for one in (*swept, *kept[:2]):
        one.write_bytes(b"half")
    Products(tmp_path)
    assert not any(one.exists() for one in swept)
    assert all(one.exists() for one in kept)


def test_a_figure_stands_in_the_index_and_is_found_again(tmp_path: Path) -> None:
    products = Products(tmp_path)
    products.publish(result(7))
    path = products.figure(7, "<div>one</div>")
    assert (path.read_text(), path.name) == ("<div>one</div>", "figure.html")
    for _ in range(2):
        (run,) = json.loads((tmp_path / "products" / "index.json").read_text())["runs"]
        assert run["figure_unix_s"] == path.stat().st_mtime
        Products(tmp_path)
    products.publish(result(7))
    (run,) = json.loads((tmp_path / "products" / "index.json").read_text())["runs"]
    assert run["figure_unix_s"] > 0
