"""What ``livereduce status`` says of the results of the shadow."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

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
    rows = [line for line in out.getvalue().splitlines() if line.startswith("  result ")]
    assert [row.split()[1] for row in rows] == ["result", "own", "of"]
    assert "result of run 41: 360 of 360 values differ; most by +" in rows[0]
    assert rows[1].endswith("own of run 41: those in use have none")
    assert rows[2].endswith("of run 41 it has no table")
    out = io.StringIO()
    show_status(one.conf, True, out)
    assert json.loads(out.getvalue())["shadow"]["directory"] == "/SNS/shadow"


def test_what_cannot_be_compared_says_why(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MAX_COMPARED", 100)
    said = differences(one.status)[0]
    assert said == (
        "result of run 41: it cannot be compared: in the shadow, /entry/result/signal has 360 values, more than 100"
    )
    earlier = pattern(41, 2000)
    one.beside(replace(earlier, attributes=earlier.attributes | {FACT: encode_scripts([("p.py", "e" * 32)])}))
    assert "that of run 41 was made by scripts that it does not run any more" in differences(one.status)
    (one.path / "state/shadow/products/41/result.nxs").write_bytes(b"no HDF5 at all")
    assert any(said.startswith("result of run 41: it cannot be compared: ") for said in differences(one.status))
    (one.path / "state/shadow/products/index.json").unlink()
    assert differences(one.status) == ("no result yet",)
    assert differences(replace(one.status, shadow=None)) == ()


def test_a_python_that_cannot_read_results_says_so(one: Fabricated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livereduce.web.state.index", None)
    (said,) = differences(one.status)
    assert said.startswith("its results are not compared: this Python has no ")
