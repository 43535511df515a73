"""The notebook of the docs runs, cell by cell, against the page's own server; and it holds no outputs."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.fabricated import Fabricated, pattern
from helpers.paths import ROOT
from helpers.watching import PATIENCE_S, Web, web
from livereduce.client import Instrument
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("notebook")
    one = Fabricated(folder / "powder", "POWDER")
    for run in (40, 41):
        one.publish(pattern(run, 100_000, seed=run))
        at = Exposure(time_unix_s=1.7e9, events=1, charge_pc=1e9)
        reported = [ReportedMetric(name="peak_area", value=500.0 + run, error=2.0, units="counts")]
        trends = add_reported(Trends(run=run, began_unix_s=1.6e9), reported, at)
        (one.path / "state" / "products" / str(run) / FILE_NAME).write_text(encode_trends(trends, 1.7e9))
    one.say()
    with web(folder, [one.conf]) as server:
        with Instrument(server.url, "POWDER") as instrument:
            deadline = time.monotonic() + PATIENCE_S
            while not instrument.results() and time.monotonic() < deadline:
                time.sleep(0.05)
        yield server


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs(
    path: Path, server: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(one for one in cells(path) if one["cell_type"] == "code"):
        text = "".join(cell["source"]).replace("http://localhost:8090", server.url)
        exec(compile(text, f"{path.name}, code cell {number}", "exec"), names)
    labels = [pyplot.figure(number).axes[0].get_xlabel() for number in pyplot.get_fignums()]
    assert labels == ["d (Å)", "run"]
    pyplot.close("all")
    said = capsys.readouterr().out
    assert "POWDER is running: reducing run 41" in said
    assert "peak_area: 541 counts" in said
    assert "run 41: 1" in said
    names["instrument"].close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_holds_no_outputs(path: Path) -> None:
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells(path) if cell["cell_type"] == "code"] == [
        ([], None)
    ] * sum(cell["cell_type"] == "code" for cell in cells(path))
