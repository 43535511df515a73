"""Products of all shapes as the page gets them, also those that were made to hurt."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import write_product
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.web.render import reading
from livereduce.web.render.download import csv_lines, file_pieces
from livereduce.web.render.encode import numbers, shown_body, to_json
from livereduce.web.render.reading import Unshowable, read_shown

Floats = NDArray[np.float64]


def write(
    path: Path, signal: Floats, *, edges: bool = True, errors: Floats | None = None, title: str = "a title"
) -> Path:
    axes = tuple(
        Axis(name=f"axis{n}", values=np.linspace(0, 1, length + edges), units="m")
        for n, length in enumerate(signal.shape)
    )
    facts: dict[str, float | int | str] = {"events": 12, "nan": float("nan")}
    product = Product(
        pipeline="live", run=7, name="result", signal=signal, axes=axes, errors=errors, title=title, attributes=facts
    )
    write_product(path, product)
    return path


def test_a_spectrum_as_it_is(tmp_path: Path) -> None:
    signal = np.arange(10.0)
    shown = read_shown(write(tmp_path / "a.nxs", signal, errors=np.sqrt(signal)), 100)
    body = json.loads(to_json(shown_body(shown, 7, "result", "v")))
    assert (body["kind"], body["rows"], body["thinned"], body["note"], body["title"]) == ("1d", 1, "", "", "a title")
    assert body["signal"] == list(range(10))
    assert body["errors"][4] == 2
    assert body["axes"][0]["name"] == "axis0"
    assert len(body["axes"][0]["values"]) == 11
    assert body["attributes"] == {"events": 12, "nan": None}


def test_a_long_spectrum_is_thinned_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(1).random(10_007)
    path = write(tmp_path / "a.nxs", signal, errors=np.ones_like(signal))
    whole = read_shown(path, 100)
    monkeypatch.setattr(reading, "PIECE_CELLS", 500)
    shown = read_shown(path, 100)
    assert shown.signal.tolist() == pytest.approx(whole.signal.tolist())
    assert shown.thinned == "each point is the mean of 101 neighbouring ones"
    assert shown.signal[0] == pytest.approx(signal[:101].mean())
    assert shown.signal[-1] == pytest.approx(signal[99 * 101 :].mean())
    assert shown.errors is not None
    assert shown.errors[0] == pytest.approx(1 / np.sqrt(101))
    assert len(shown.axes[0].values) == len(shown.signal) + 1


def test_an_image_is_thinned_in_both_directions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(1).random((90, 70))
    path = write(tmp_path / "a.nxs", signal, errors=np.ones_like(signal))
    monkeypatch.setattr(reading, "PIECE_CELLS", 200)
    shown = read_shown(path, 100)
    assert (shown.kind, shown.rows, shown.signal.shape) == ("2d", 90, (10, 10))
    assert shown.signal[0, 0] == pytest.approx(signal[:9, :7].mean())
    assert [len(axis.values) for axis in shown.axes] == [11, 11]
    assert read_shown(path, 90 * 70).signal.tolist() == signal.tolist()


def test_rows_of_an_image_are_spectra(tmp_path: Path) -> None:
    signal = np.arange(12.0).reshape(3, 4)
    path = write(tmp_path / "a.nxs", signal, errors=signal)
    one, two = read_shown(path, 100, [1]), read_shown(path, 100, [2, 0])
    assert (one.kind, one.signal.tolist(), one.note) == ("1d", [4, 5, 6, 7], "row 1 of 3")
    assert (two.signal.tolist(), two.row_numbers) == ([[8, 9, 10, 11], [0, 1, 2, 3]], (2, 0))
    assert [axis.name for axis in two.axes] == ["axis1"]
    with pytest.raises(IndexError, match="row 3: the product has 3"):
        read_shown(path, 100, [3])


def test_a_number_alone(tmp_path: Path) -> None:
    shown = read_shown(write(tmp_path / "a.nxs", np.array(42.0)), 100)
    body = shown_body(shown, 7, "result", "v")
    assert (body["kind"], body["signal"], body["axes"]) == ("scalar", 42.0, [])


def test_of_more_dimensions_the_last_two_are_shown_and_that_is_said(tmp_path: Path) -> None:
    signal = np.arange(24.0).reshape(2, 3, 4)
    shown = read_shown(write(tmp_path / "a.nxs", signal), 100)
    assert (shown.kind, shown.signal.tolist()) == ("2d", signal[0].tolist())
    assert shown.note == "of 3 dimensions the last two are shown, at 0 of the others"


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0)])
def test_no_points_at_all(tmp_path: Path, shape: tuple[int, ...]) -> None:
    shown = read_shown(write(tmp_path / "a.nxs", np.zeros(shape)), 100)
    assert shown.signal.size == 0
    to_json(shown_body(shown, 7, "result", "v"))


def test_what_is_too_large_is_refused_and_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.zeros((3, 4)))
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        del data["signal"]
        data.create_dataset("signal", shape=(1 << 22, 1 << 20), dtype="f8", chunks=(1, 1 << 10))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(Unshowable, match="is too large to be shown; download it as NeXus"):
        read_shown(path, 100)
    with pytest.raises(Unshowable, match="too large"):
        next(csv_lines(path, ()))
    assert read_shown(path, 100, [1 << 21]).signal.shape == (100,)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unshowable, match=r"shape \(2, 3, 4\) cannot be shown as a table"):
        next(csv_lines(write(tmp_path / "a.nxs", np.zeros((2, 3, 4))), ()))


def test_texts_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.zeros(3))
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        del data["signal"]
        data["signal"] = ["a", "b", "c"]
    with pytest.raises(Unshowable, match="not of numbers"):
        read_shown(path, 100)


def test_an_axis_that_does_not_fit_gives_way_to_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.zeros(3))
    with h5py.File(path, "a") as file:
        del file["entry/result/axis0"]
        file["entry/result/axis0"] = np.zeros((2, 2))
    axis = read_shown(path, 100).axes[0]
    assert (axis.name, axis.values.tolist()) == ("axis0", [0, 1, 2])


def test_numbers_keep_their_digits_and_nothing_that_json_does_not_know() -> None:
    values = np.array([1 / 3, 1e-300, 1.23456789e300, -2.0, 0.0, np.nan, np.inf, 5e-324, -1.7e308])
    assert numbers(values, 7)[:8] == [0.3333333, 1e-300, 1.234568e300, -2.0, 0.0, None, None, 5e-324]
    assert numbers(values, 7)[8] == pytest.approx(-1.7e308)
    assert numbers(np.array(7.0), 7) == 7
    assert numbers(np.array(np.nan), 7) is None


def lines_of(path: Path, *rows: int) -> list[str]:
    return b"".join(csv_lines(path, rows)).decode().splitlines()


def test_a_spectrum_as_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.array([5.0, 7.0]), errors=np.array([1.0, 2.0]))
    assert lines_of(path) == ["axis0 (m) from,axis0 (m) to,signal (counts),error", "0.0,0.5,5.0,1.0", "0.5,1.0,7.0,2.0"]


def test_an_image_as_a_table_says_where_each_cell_lies(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.arange(6.0).reshape(2, 3), edges=False)
    lines = lines_of(path)
    assert lines[0] == "axis0 (m),axis1 (m),signal (counts),error"
    assert lines[1:3] == ["0.0,0.0,0.0,", "0.0,0.5,1.0,"]
    assert len(lines) == 7
    assert lines_of(path, 1)[1:] == lines[4:]


def test_a_number_alone_as_a_table(tmp_path: Path) -> None:
    assert lines_of(write(tmp_path / "a.nxs", np.array(42.0))) == ["signal (counts),error", "42.0,"]


def test_a_file_that_is_replaced_while_it_is_read_is_still_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nxs", np.zeros(100_000))
    before = path.read_bytes()
    size, pieces = file_pieces(path)
    first = next(pieces)
    write(path, np.ones(5))
    assert size == len(before)
    assert first + b"".join(pieces) == before


def table(path: Path, signal: Floats, labels: tuple[str, ...] = (), errors: Floats | None = None) -> Path:
    axes = tuple(Axis(name=f"axis{n}", values=np.arange(float(length))) for n, length in enumerate(signal.shape))
    display = Display(kind=DisplayKind.TABLE)
    made = Product(
        pipeline="live", run=7, name="t", signal=signal, axes=axes, errors=errors, display=display, labels=labels
    )
    write_product(path, made)
    return path


def test_a_table_is_shown_from_its_beginning_never_as_means(tmp_path: Path) -> None:
    path = table(tmp_path / "a.nxs", np.arange(40.0).reshape(10, 4), ("a", "b", "c", "d"))
    body = shown_body(read_shown(path, 12), 7, "t", "v")
    assert (body["kind"], body["signal"], body["labels"]) == (
        "2d",
        np.arange(12.0).reshape(3, 4).tolist(),
        list("abcd"),
    )
    assert body["thinned"] == "the first 3 × 4 of 10 × 4"
    assert body["display"] == {"kind": "table", "x_log": False, "y_log": False, "x_range": None}
    assert [axis["values"] for axis in body["axes"]] == [[0, 1, 2], [0, 1, 2, 3]]
    narrow = shown_body(read_shown(path, 2), 7, "t", "v")
    assert (narrow["signal"], narrow["labels"]) == ([[0, 1]], ["a", "b"])
    alone = shown_body(read_shown(table(tmp_path / "b.nxs", np.arange(5.0)), 100), 7, "t", "v")
    assert (alone["kind"], alone["thinned"], alone["labels"]) == ("1d", "", [])


def test_a_table_as_csv_has_its_names(tmp_path: Path) -> None:
    path = table(tmp_path / "a.nxs", np.arange(6.0).reshape(3, 2), ("=a", "b"))
    assert b"".join(csv_lines(path, ())).decode().splitlines() == ["row,a,b", "0,0.0,1.0", "1,2.0,3.0", "2,4.0,5.0"]
    path = table(tmp_path / "b.nxs", np.array([1.0, 2.0]), ("a", "b"), np.array([np.nan, 0.5]))
    assert b"".join(csv_lines(path, ())).decode().splitlines() == ["name,value,error", "a,1.0,", "b,2.0,0.5"]
