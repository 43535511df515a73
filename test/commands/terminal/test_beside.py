"""What ``livereduce status`` says of the results of the shadow."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.fabricated import Fabricated, axis, pattern, product
from livereduce.commands.status import show_status
from livereduce.commands.terminal.beside import differences
from livereduce.publish.products import beside
from livereduce.publish.runs.scripts import FACT, encode_scripts


@pytest.fixture
def one(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "beam", "POWDER")
    live = pattern(41, 2000)
    for each in (live, product(41, "table", np.ones(3), (axis("x", np.arange(3.0)),)), pattern(40, 10)):
        made.publish(each)
    made.beside(replace(live, signal=live.signal + 1), product(41, "own", np.array(2.0), ()))
    return made


def test_each_result_of_the_newest_run_is_compared(one: Fabricated) -> None:
    out = io.StringIO()
    show_status(one.conf, False, out)
    rows = [line for line in out.getvalue().splitlines() if line.startswith("shadow result  ")]
    assert [row.split()[2] for row in rows] == ["result", "own", "of"]
    assert "result of run 41: 360 of 360 values differ; most by +" in rows[0]
    assert out.getvalue().splitlines()[-3:] == rows, "below the state, which does not wait for them"
    assert rows[1].endswith("own of run 41: those in use have none")
    assert rows[2].endswith("of run 41 it has no table")
    out = io.StringIO()
    show_status(one.conf, True, out)
    assert json.loads(out.getvalue())["shadow"]["directory"] == "/SNS/shadow"


def test_what_cannot_be_compared_says_why(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MAX_COMPARED", 100)
    said = next(differences(one.status))
    assert said == (
        "result of run 41: it cannot be compared: in the shadow, /entry/result/signal has 360 values, more than 100"
    )
    earlier = pattern(41, 2000)
    one.beside(replace(earlier, attributes=earlier.attributes | {FACT: encode_scripts([("p.py", "e" * 32)])}))
    assert "that of run 41 was made by scripts that it does not run any more" in differences(one.status)
    path = one.path / "state/shadow/products/41/result.nxs"
    path.write_bytes(b"no HDF5 at all")
    damaged = "result of run 41: it cannot be compared: in the shadow, the file is damaged or not an HDF5 file"
    assert damaged in differences(one.status)
    (one.path / "state/shadow/products/index.json").unlink()
    assert list(differences(one.status)) == ["no result yet"]
    assert not list(differences(replace(one.status, shadow=None)))


def test_a_product_of_a_wild_layout_ends_nothing(one: Fabricated) -> None:
    path = one.path / "state/shadow/products/41/result.nxs"
    with h5py.File(path, "a") as file:
        del file["entry/events"]
        file["entry/events"] = np.inf
    assert "360 of 360 values differ (0 events in the shadow" in next(differences(one.status))
    with h5py.File(path, "a") as file:
        del file["entry/result/signal"]
        file["entry/result"].create_group("signal")
    assert next(differences(one.status)) == (
        "result of run 41: it cannot be compared: in the shadow, the file does not have the layout of a product"
    )


def test_no_more_values_are_read_than_somebody_waits_for(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    one.publish(product(41, "own", np.array(2.0), ()))
    monkeypatch.setattr("livereduce.commands.terminal.beside.MOST_VALUES", 720)
    rest = "1 more of run 41 are not compared here; the page compares them"
    assert [said.partition(":")[0] for said in differences(one.status)][:2] == ["result of run 41", rest]
    monkeypatch.setattr("livereduce.commands.terminal.beside.MOST_VALUES", 722)
    assert rest not in differences(one.status)
    monkeypatch.setattr("livereduce.commands.terminal.beside.MOST", 1)
    assert rest in differences(one.status)


def test_a_python_that_cannot_read_results_says_so(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livereduce.seen.index", None)
    (said,) = differences(one.status)
    assert said.startswith("its results are not compared: this Python has no ")
