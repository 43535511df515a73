import math

from hypothesis import given
from hypothesis import strategies as st

from livereduce.commands.terminal.text_plot import columns, curve


def test_a_peak_narrower_than_a_column_is_drawn() -> None:
    values = [1.0] * 1000
    values[503] = 50.0
    squeezed = columns(values, 70)
    assert len(squeezed) == 70
    assert max(squeezed) == 50.0


def test_the_highest_bar_reaches_the_top_and_the_axis_has_its_ends() -> None:
    lines = curve([0.5, 1.0, 1.5], [1.0, 4.0, 2.0], height=4, label="d (Å)")
    assert lines[0].startswith("        4 │")
    assert "█" in lines[0]
    assert lines[-1].split() == ["0.5", "d", "(Å)", "1.5"]
    assert len(lines) == 4 + 2


def test_nothing_to_draw_says_so() -> None:
    assert curve([0.0, 1.0], [0.0, 0.0], label="counts") == ["(no data to plot yet: counts)"]
    assert curve([], [], label="counts") == ["(no data to plot yet: counts)"]


@given(st.lists(st.floats(), min_size=1, max_size=300), st.integers(1, 100), st.integers(1, 20))
def test_any_curve_fits_its_frame(values: list[float], width: int, height: int) -> None:
    lines = curve([float(k) for k in range(len(values))], values, width=width, height=height)
    assert len(lines) in (1, height + 2)
    bars = [line[11:] for line in lines[:-1]] if len(lines) > 1 else []
    assert all(len(line) <= width for line in bars)
    assert any(math.isfinite(value) and value > 0 for value in values) == (len(lines) > 1)
