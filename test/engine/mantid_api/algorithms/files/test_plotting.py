"""SavePlot1D: a figure for the live data server, an image, a page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest


def spectra(simpleapi: Any) -> Any:
    return simpleapi.CreateWorkspace(
        DataX=[1, 2, 3, 1, 2, 3], DataY=[1, 2, 3, 4], NSpec=2, UnitX="dSpacing", OutputWorkspace="two"
    )


def traces(div: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = re.search(r"Plotly\.newPlot\((.*)\)</script>", div)
    assert found
    _, data, layout, _ = json.loads(f"[{found[1]}]")
    return data, layout


def test_the_value_is_the_div_as_scripts_publish_it(simpleapi: Any) -> None:
    div = simpleapi.SavePlot1D(
        InputWorkspace=spectra(simpleapi),
        OutputType="plotly",
        SpectraList=[2],
        SpectraNames=["bank 1", "bank 2 - 31 deg"],
    )
    assert div.startswith("<div")
    (one, two), layout = traces(div)
    assert (one["name"], two["name"], one["visible"], "visible" in two) == (
        "bank 1",
        "bank 2 - 31 deg",
        "legendonly",
        False,
    )
    assert (two["x"], two["y"]) == ([1.5, 2.5], [3, 4])
    assert layout["xaxis"]["title"]["text"] == "d-Spacing (Å)"


def test_labels_can_be_given_and_names_are_those_of_spectra(simpleapi: Any) -> None:
    (one, _), layout = traces(
        simpleapi.SavePlot1D("two" if spectra(simpleapi) else "", OutputType="plotly", XLabel="mine")
    )
    assert (one["name"], layout["xaxis"]["title"]["text"]) == ("sp-1", "mine")


def test_an_image_and_a_page_are_written(simpleapi: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    data = spectra(simpleapi)
    simpleapi.SavePlot1D(data, str(tmp_path / "plot.png"))
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
    page = simpleapi.SavePlot1D(data, str(tmp_path / "plot.html"), OutputType="plotly-full")
    assert (page, "Plotly.newPlot" in (tmp_path / "plot.html").read_text()) == (str(tmp_path / "plot.html"), True)
    with pytest.raises(ValueError, match="SavePlot1D: OutputFilename is missing"):
        simpleapi.SavePlot1D(data)
