import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects
import pytest

from livereduce.publish.livedata.figure import MAX_CELLS_A_SIDE, MAX_POINTS, PLOTLY_JS_VERSION, div_of, figure_of
from livereduce.publish.product import Axis, Product
from livereduce.scripting.reporting.display import Display, DisplayKind


def product(shape: tuple[int, ...], *, edges: bool = True, with_errors: bool = True, **more: Any) -> Product:
    signal = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    axes = tuple(
        Axis(name=name, values=np.arange(n + edges, dtype=float), units="µs")
        for name, n in zip(["pixel", "tof", "time"][3 - len(shape) :], shape, strict=True)
    )
    fields: dict[str, Any] = {"pipeline": "live", "run": 7, "name": "result", "signal": signal, "axes": axes}
    fields["errors"] = np.sqrt(signal) if with_errors else None
    return Product(**(fields | more))


def called(div: str) -> list[Any]:
    """The arguments of the call, as WebMon finds them."""
    found = re.search(r"newPlot\((.*)\)</script>", div)
    assert found
    arguments: list[Any] = json.loads(f"[{found[1]}]")
    return arguments


PRODUCTS = [
    product((5,)),
    product((5,), edges=False, with_errors=False),
    product((MAX_POINTS * 3 + 1,)),
    product((3, 4)),
    product((1, 4)),
    product((MAX_CELLS_A_SIDE + 1, 4), edges=False),
    product((2, 3, 4)),
    product((0,)),
    product((4,), signal=np.array([1.0, np.nan, np.inf, 4.0])),
]


@pytest.mark.parametrize("shown", PRODUCTS, ids=lambda shown: str(shown.signal.shape))
def test_plotly_takes_the_figure(shown: Product) -> None:
    """Its own library checks every property; ours would be drawn without a complaint, or not at all."""
    figure = figure_of(shown, "REF_M")
    plotly.graph_objects.Figure(data=figure["data"], layout=figure["layout"])


@pytest.mark.parametrize("shown", PRODUCTS, ids=lambda shown: str(shown.signal.shape))
def test_the_div_is_what_webmon_asks_for(shown: Product) -> None:
    div = div_of([shown], "REF_M")
    assert div.startswith("<div")
    assert "\n" not in div
    first = re.search(r'<div[^>]*class="plotly-graph-div"[^>]*>', div)
    assert first
    assert f'plotlyjs-version="{PLOTLY_JS_VERSION}"' in first[0]
    name, data, layout, config = called(div)
    assert f'id="{name}"' in first[0]
    assert (len(data), config) == (1, {})
    assert "REF_M run 7" in layout["title"]["text"]


def test_a_curve_is_one_scatter_trace_with_plain_lists() -> None:
    _, (trace,), layout, _ = called(div_of([product((3,), units="counts")], "REF_M"))
    assert trace["type"] == "scatter"
    assert trace["x"] == [0.5, 1.5, 2.5]
    assert trace["y"] == [0.0, 1.0, 2.0]
    assert trace["error_y"]["array"] == [0.0, 1.0, 1.41]
    assert layout["yaxis"]["title"]["text"] == "result (counts)"


def test_what_is_not_finite_is_a_gap() -> None:
    _, (trace,), _, _ = called(div_of([PRODUCTS[-1]], "REF_M"))
    assert trace["y"] == [1.0, None, None, 4.0]


def test_a_long_curve_is_thinned_by_means_and_says_so() -> None:
    n = MAX_POINTS * 2
    signal = np.tile([1.0, 3.0], MAX_POINTS)
    signal[:2] = [np.nan, 5.0]
    shown = product((n,), signal=signal, errors=np.full(n, 3.0))
    _, (trace,), layout, _ = called(div_of([shown], "REF_M"))
    assert len(trace["x"]) == MAX_POINTS
    assert trace["x"][:2] == [1.0, 3.0]
    assert trace["y"][:2] == [5.0, 2.0]
    assert trace["error_y"]["array"][:2] == [3.0, 2.12]
    assert "each point the mean of 2 along time" in layout["title"]["text"]


def test_a_large_image_is_thinned_in_both_directions() -> None:
    n = MAX_CELLS_A_SIDE * 4
    _, (trace,), layout, _ = called(div_of([product((n, n), with_errors=False)], "REF_M"))
    assert trace["type"] == "heatmap"
    assert (len(trace["z"]), len(trace["z"][0])) == (MAX_CELLS_A_SIDE, MAX_CELLS_A_SIDE)
    assert trace["z"][0][0] == pytest.approx(np.arange(n * n).reshape(n, n)[:4, :4].mean(), rel=1e-3)
    assert (len(trace["x"]), trace["x"][:2], trace["x"][-1]) == (MAX_CELLS_A_SIDE + 1, [0.0, 4.0], float(n))
    assert layout["title"]["text"].count("the mean of 4") == 2


def test_a_cube_is_summed() -> None:
    _, (trace,), layout, _ = called(div_of([product((2, 3, 4))], "REF_M"))
    assert trace["z"][0] == [12.0, 14.0, 16.0, 18.0]
    assert "summed over pixel" in layout["title"]["text"]


def test_a_single_number_is_text() -> None:
    single = product((), signal=np.array(3.5), errors=np.array(0.25), units="Å<b>")
    assert div_of([single], "REF_M") == "<div><p>REF_M run 7, result: 3.5 ± 0.25 Å&lt;b&gt;</p></div>"


def test_nothing_of_a_title_is_code() -> None:
    evil = '</script><script>alert("1")</script><!-- &amp; \u2028'
    attributes = {"incomplete": evil, "last_pulse": "2026-11-26T10:00:00.123456789Z"}
    div = div_of([product((3,), title=evil, name=evil, units=evil, attributes=attributes)], "REF_M")
    assert div.count("<script") == div.count("</script>") == 1
    assert "<!--" not in div
    assert "alert" not in re.sub(r"<script.*</script>", "", div).replace("alert(&quot;1&quot;)", "")
    name, _, layout, _ = called(div)
    assert name.endswith(evil)
    assert "&lt;/script&gt;" in layout["title"]["text"]
    assert "live, up to 2026-11-26 10:00:00 UTC; incomplete: " in layout["title"]["text"]


def test_several_products_are_in_one_div() -> None:
    div = div_of([product((3,), name="a"), product((4,), name="b")], "REF_M")
    assert div.startswith("<div><div><div id=")
    assert div.count("Plotly.newPlot(") == 2


def test_axes_are_as_the_product_asks_for() -> None:
    axis = Axis(name="q", values=np.geomspace(0.01, 10, 4))
    made = Product(pipeline="live", run=7, name="r", signal=np.ones(3), axes=(axis,))
    wanted = replace(made, display=Display(x_log=True, y_log=True, x_range=(0.1, 10.0)))
    layout = figure_of(wanted, "PG3")["layout"]
    assert (layout["xaxis"]["type"], layout["yaxis"]["type"], layout["xaxis"]["range"]) == ("log", "log", [-1.0, 1.0])
    assert {"type", "range"}.isdisjoint(figure_of(made, "PG3")["layout"]["xaxis"])


def test_a_table_is_a_table() -> None:
    table = Display(kind=DisplayKind.TABLE)
    axis = Axis(name="column", values=np.arange(2.0))
    made = Product(pipeline="live", run=7, name="<t>", signal=np.array([1.0, 2.5]), axes=(axis,), display=table)
    named = replace(made, labels=("a", "<b>"), errors=np.array([np.nan, 0.25]), units="")
    div = div_of([named], "PG3")
    assert div.startswith("<div><div><p>PG3 run 7, &lt;t&gt;</p><table>")
    assert "<tr><td>a</td><td>1</td></tr><tr><td>&lt;b&gt;</td><td>2.5 ± 0.25</td></tr>" in div
    rows = replace(made, signal=np.ones((200, 2)), axes=(Axis(name="row", values=np.arange(200.0)), axis))
    assert div_of([rows], "PG3").count("<tr>") == 101
    assert "the first 100 of 200 rows" in div_of([rows], "PG3")
