"""Modules that scripts publish with, where they are not installed."""

import importlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from livereduce.engine.builtin.figures import MAX_PRODUCTS, published_figures
from livereduce.engine.mantid_api.helpers import finder
from livereduce.engine.mantid_api.helpers.plotly_shim import tolerant
from livereduce.engine.mantid_api.helpers.publishing import publish_plot
from livereduce.publish.product import Product
from livereduce.scripting.reporting.figures import MAX_CHARACTERS
from livereduce.scripting.reporting.report import CycleReport, reporting_to


@pytest.fixture(autouse=True)
def report() -> Iterator[CycleReport]:
    made = CycleReport()
    finder.install()
    with reporting_to(made):
        yield made
    finder.uninstall()


def result() -> Product:
    return Product(pipeline="live", run=7, name="result", signal=np.zeros(3), axes=(), attributes={"events": 5})


def run(script: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(script, names)
    return names


@pytest.mark.parametrize(
    "how",
    [
        "from finddata import publish_plot",
        "from finddata.publish_plot import publish_plot",
        "from postprocessing.publish_plot import publish_plot",
        "from plot_publisher import publish_plot",
        "import finddata; publish_plot = finddata.publish_plot",
        "import finddata; publish_plot = finddata.publish_plot.publish_plot",
    ],
)
def test_publish_plot_as_scripts_call_it(report: CycleReport, how: str) -> None:
    names = run(f"{how}\nrequest = publish_plot('NOM', 12, files={{'file': '<div>x</div>'}}, config='any')")
    assert names["request"].status_code == 200  # scripts print it with %d
    assert str(names["request"].text) == ""
    ((number, text),) = [(one.run, one.text) for one in report.figures]
    assert (number, text) == (12, "<div>x</div>")


def test_curves_are_products_with_errors_and_a_figure(report: CycleReport) -> None:
    script = "from plot_publisher import plot1d\n"
    script += "plot1d('7', [[[1, 2], [3, float('nan')], [1, 1], [0, 0]], [[1, 2, 3], [3, 4]]], ['a', 'b'], 'Q', 'R')"
    run(script)
    (figure,) = published_figures(report.figures, result())
    one, two = figure.data
    assert (one.name, two.name, one.run, one.attributes) == ("plot1d a", "plot1d b", 7, {"events": 5})
    assert (one.axes[0].name, one.axes[0].values.tolist(), two.axes[0].values.tolist()) == ("Q", [1, 2], [1, 2, 3])
    assert one.errors is not None
    assert (one.errors.tolist(), two.errors) == ([1, 1], None)
    assert figure.text.startswith("<div><div id=")
    assert '"y": [3.0, null]' in figure.text
    assert re.search(r'plotly-graph-div" plotlyjs-version="\d', figure.text)


def test_a_map_is_a_product_with_axes(report: CycleReport) -> None:
    run("from plot_publisher import plot_heatmap\nplot_heatmap(7, range(3), [0, 1], [[1, 2, 3], [4, 5, 6]], 'x', 'y')")
    run("from finddata.publish_plot import plot_heatmap\nplot_heatmap(7, [1], [2], [[3]])")
    one, two = (figure.data[0] for figure in published_figures(report.figures, result()))
    assert (one.name, two.name, one.signal.shape) == ("heatmap", "heatmap 2", (2, 3))
    assert [axis.name for axis in one.axes] == ["y", "x"]


def test_what_is_not_to_be_published_is_returned(report: CycleReport) -> None:
    names = run(
        "from finddata.publish_plot import plot1d, _determine_config_file\ndiv = plot1d(7, [[[1], [2]]], publish=False)"
    )
    assert "Plotly.newPlot(" in names["div"]
    assert report.figures == ()


def test_data_that_fit_no_axes_cost_the_product_alone(report: CycleReport) -> None:
    run("from plot_publisher import plot1d\nplot1d(7, [[[1, 2, 3], [1]]])")
    (figure,) = published_figures(report.figures, result())
    assert (figure.data, "newPlot" in figure.text) == ((), True)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("publish_plot('NOM', 'x', {'file': 'a'})", "the number of a run was expected, not 'x'"),
        ("publish_plot('NOM', 1, {})", "files must be a dictionary"),
        ("publish_plot('NOM', 1, {'file': 5})", "the text of a figure was expected, not a int"),
        ("plot1d(1, [[1]])", "should be a list with at least"),
    ],
)
def test_wrong_arguments_are_told(call: str, says: str) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError), match=re.escape(says)):
        run(f"from plot_publisher import *\n{call}")


def test_what_is_installed_comes_first(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "finddata.py").write_text("publish_plot = 'theirs'\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert importlib.import_module("finddata").publish_plot == "theirs"
    finally:
        sys.modules.pop("finddata", None)


def test_a_library_that_is_missing_is_told_with_its_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'plotly' in .*pip install 'plotly>="):
        finder.HelperFinder().find_spec("plotly")


def test_plotlys_plot_takes_old_arguments_and_writes_lists() -> None:
    go = pytest.importorskip("plotly.graph_objs")
    sys.modules.pop("plotly.offline", None)
    from plotly.offline import plot

    figure = go.Figure(data=[go.Heatmap(z=np.array([[1.0, np.nan], [3.0, 4.0]]), x=np.arange(2), y=range(2))])
    div = plot(figure, output_type="div", include_plotlyjs=False, show_link=False)
    assert "bdata" not in div
    assert re.search(r'"y": ?\[0, ?1\]', div)
    assert re.search(r'"z": ?\[\[1\.0, ?null\], ?\[3\.0, ?4\.0\]\]', div)
    from finddata import publish_plot  # type: ignore[import-not-found,unused-ignore]

    assert isinstance(publish_plot, ModuleType)


def test_only_unknown_arguments_are_dropped() -> None:
    seen: dict[str, Any] = {}

    def old(figure: Any, show_link: bool = True, output_type: str = "file") -> str:
        seen.update(figure=figure, show_link=show_link, output_type=output_type)
        return "div"

    assert tolerant(old)([1], show_link=False, output_type="div", gone=1) == "div"
    assert seen == {"figure": [1], "show_link": False, "output_type": "div"}


def test_matplotlib_draws_without_a_screen() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    sys.modules.pop("matplotlib.pyplot", None)
    import os

    assert os.environ["MPLBACKEND"] == "Agg"
    assert matplotlib.get_backend().lower() == "agg"


def test_not_any_number_of_curves_becomes_products(report: CycleReport) -> None:
    run("from plot_publisher import plot1d\nplot1d(7, [[[1], [2]]] * 50, [str(k) for k in range(50)])")
    (figure,) = published_figures(report.figures, result())
    assert len(figure.data) == MAX_PRODUCTS
    assert figure.text.count('"type": "scatter"') == 50


def test_a_figure_that_is_too_large_is_refused_as_a_server_would(report: CycleReport) -> None:
    names = run(
        f"from finddata import publish_plot\nanswer = publish_plot('NOM', 7, {{'file': 'x' * {MAX_CHARACTERS + 1}}})"
    )
    assert (names["answer"].status_code, names["answer"].ok, report.figures) == (413, False, ())
    names["answer"].raise_for_status()


def test_what_a_plotly_figure_shows_becomes_products(report: CycleReport) -> None:
    go = pytest.importorskip("plotly.graph_objs")
    from plotly.offline import plot

    figure = go.Figure(
        data=[
            go.Scatter(x=[1, 2], y=[3.0, np.nan], name="a <b>b</b>", error_y={"type": "data", "array": [1, 1]}),
            go.Heatmap(z=[[1.0, 2.0], [3.0, 4.0]]),
            go.Scatter(x=["Monday", "Tuesday"], y=[3, 4]),
            go.Scatter(y=[3, 4], visible="legendonly"),
        ],
        layout={"title": "two", "xaxis": {"type": "log", "title": "Q (Å<sup>-1</sup>)"}},
    )
    text = tolerant(plot)(figure, output_type="div", include_plotlyjs=False)
    publish_plot("PG3", 7, files={"file": f"<p>{text}</p>{text}"})
    (published,) = published_figures(report.figures, result())
    assert [one.name for one in published.data] == ["figure a  b", "figure", "figure a  b 2", "figure 2"]
    curve, image = published.data[:2]
    assert curve.errors is not None
    assert (curve.title, curve.axes[0].name, curve.display.x_log) == ("two", "Q (Å -1 )", True)
    assert (curve.axes[0].values.tolist(), curve.errors.tolist()) == ([1.0, 2.0], [1.0, 1.0])
    assert (curve.signal[0], np.isnan(curve.signal[1]), image.signal.shape) == (3.0, True, (2, 2))


@pytest.mark.parametrize(
    "text",
    [
        "<div>Plotly.newPlot(</div>",
        'Plotly.newPlot("a", [1, 2], {})',
        'Plotly.newPlot("a", {"x": 1}, [])',
        "Plotly.newPlot(" + "[" * 100_000,
        '{"data": 5}',
        '{"data": [{"y": 5}, {"type": "heatmap", "z": [1]}]}',
        "{",
        "<p>text</p>",
    ],
)
def test_what_is_no_such_figure_has_no_products(report: CycleReport, text: str) -> None:
    publish_plot("PG3", 7, files={"file": text})
    (published,) = published_figures(report.figures, result())
    assert published.data == ()
