import dataclasses
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import read_display, read_facts, read_product, write_product
from livereduce.scripting.reporting.display import Display, DisplayKind


def spectrum(**changes: Any) -> Product:
    counts = np.arange(5.0)
    product = Product(
        pipeline="main",
        run=4844,
        name="result",
        signal=counts,
        errors=np.sqrt(counts),
        axes=(Axis(name="tof", values=np.linspace(0.0, 16667.0, 6), units="us"),),
        title="Härteprüfung",
        attributes={"events": 10, "proton_charge_pc": 1.5e9, "incomplete": "", "start_time": "2024-01-01T00:00:00Z"},
    )
    return dataclasses.replace(product, **changes)


def same(one: Product, other: Product) -> bool:
    plain = [
        (p.pipeline, p.run, p.name, p.units, p.title, p.attributes, [(a.name, a.units) for a in p.axes])
        for p in (one, other)
    ]
    pairs = [(one.signal, other.signal), *((a.values, b.values) for a, b in zip(one.axes, other.axes, strict=True))]
    if (one.errors is None) != (other.errors is None):
        return False
    if one.errors is not None and other.errors is not None:
        pairs.append((one.errors, other.errors))
    return plain[0] == plain[1] and all(
        a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True) for a, b in pairs
    )


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NAMES = TEXTS.filter(lambda name: name.strip(".") != "" and "/" not in name)
AXIS_NAMES = NAMES.filter(lambda name: name not in ("signal", "signal_errors"))
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def products(draw: st.DrawFn) -> Product:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5))
    names = draw(st.lists(AXIS_NAMES, min_size=len(shape), max_size=len(shape), unique=True))
    values = [draw(hnp.arrays(np.float64, n + draw(st.integers(0, 1)), elements=NUMBERS)) for n in shape]
    data = hnp.arrays(np.float64, shape, elements=NUMBERS)
    return Product(
        pipeline=draw(TEXTS),
        run=draw(st.integers(0, 2**32)),
        name=draw(NAMES),
        signal=draw(data),
        errors=draw(st.none() | data),
        axes=tuple(Axis(name=n, values=v, units=draw(TEXTS)) for n, v in zip(names, values, strict=True)),
        units=draw(TEXTS),
        title=draw(TEXTS),
        attributes={
            "events": draw(st.integers(0, 2**62)),
            "proton_charge_pc": draw(st.floats(allow_nan=False)),
            "incomplete": draw(TEXTS),
        },
    )


@settings(max_examples=60, deadline=None)
@given(product=products())
def test_a_product_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, product: Product) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.nxs"
    write_product(path, product)
    assert same(read_product(path), product)


def test_the_file_follows_nxdata(tmp_path: Path) -> None:
    counts = np.arange(6.0).reshape(2, 3)
    axes = (
        Axis(name="spectrum", values=np.array([1.0, 2.0])),
        Axis(name="tof", values=np.arange(4.0), units="us"),
    )
    path = tmp_path / "result.nxs"
    write_product(path, spectrum(signal=counts, errors=np.sqrt(counts), axes=axes))
    with h5py.File(path) as file:
        entry = file[file.attrs["default"]]
        data = entry[entry.attrs["default"]]
        assert (entry.name, data.name) == ("/entry", "/entry/result")
        assert (entry.attrs["NX_class"], data.attrs["NX_class"]) == ("NXentry", "NXdata")
        signal = data[data.attrs["signal"]]
        assert list(data.attrs["axes"]) == ["spectrum", "tof"]
        for name, length in zip(data.attrs["axes"], signal.shape, strict=True):
            assert data[name].shape[0] - length in (0, 1)
        assert data[f"{data.attrs['signal']}_errors"].shape == signal.shape
        assert (signal.attrs["units"], signal.attrs["long_name"]) == ("counts", "result (counts)")
        assert (data["tof"].attrs["units"], data["tof"].attrs["long_name"]) == ("us", "tof (us)")
        assert data["spectrum"].attrs["long_name"] == "spectrum"
        assert entry["run_number"][()] == 4844
        assert entry["title"].asstr()[()] == "Härteprüfung"
        assert (entry["proton_charge_pc"][()], entry["proton_charge_pc"].attrs["units"]) == (1.5e9, "pC")
        assert entry["events"][()] == 10
        assert entry["start_time"].asstr()[()] == "2024-01-01T00:00:00Z"


def test_facts_are_read_without_the_arrays(tmp_path: Path) -> None:
    write_product(tmp_path / "result.nxs", spectrum())
    facts = read_facts(tmp_path / "result.nxs")
    assert facts["run_number"] == 4844
    assert facts["name"] == "result"
    assert facts["events"] == 10


def test_arrays_that_are_not_contiguous_are_written_right(tmp_path: Path) -> None:
    counts = np.arange(12.0).reshape(3, 4).T[::2]
    axes = (Axis(name="y", values=np.arange(8.0)[::4]), Axis(name="x", values=np.arange(3.0)))
    product = spectrum(signal=counts, errors=None, axes=axes)
    write_product(tmp_path / "result.nxs", product)
    assert same(read_product(tmp_path / "result.nxs"), product)


def test_names_and_texts_that_hdf5_does_not_take_are_changed_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.nxs"
    axis = Axis(name="d/spacing", values=np.arange(5.0), units="Å")
    write_product(path, spectrum(name="..", axes=(axis,), title="half\0a\udc80character"))
    product = read_product(path)
    assert product.name == ".."
    assert product.axes[0].name == "d_spacing"
    assert product.title == "halfa?character"
    for name in ("title", "run_number", "a/b"):
        write_product(path, spectrum(name=name))
        assert read_product(path).name == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": ()}, "result: 1 dimensions, but 0 axes"),
        ({"axes": (Axis(name="tof", values=np.arange(4.0)),)}, r"'tof' has shape \(4,\), but 5 points or 6 edges"),
        ({"errors": np.arange(4.0)}, r"errors have shape \(4,\), but the signal \(5,\)"),
        ({"attributes": {"title": "x"}}, "'title' has the name of another field"),
    ],
)
def test_what_does_not_fit_together_is_named_and_leaves_the_old_file(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "result.nxs"
    write_product(path, spectrum())
    with pytest.raises(ValueError, match=message):
        write_product(path, spectrum(**changes))
    assert same(read_product(path), spectrum())
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_keeps_the_file_it_opened_while_the_next_is_written(tmp_path: Path) -> None:
    path = tmp_path / "result.nxs"
    write_product(path, spectrum())
    with h5py.File(path) as old:
        write_product(path, spectrum(run=4845))
        assert old["entry/run_number"][()] == 4844
    assert read_product(path).run == 4845


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        write_product(tmp_path / "gone" / "result.nxs", spectrum())


@pytest.mark.parametrize("name", ["signal", "signal_errors", "a/b", "", ".", "..", "title", "errors", "\x1b[31m", "µ"])
def test_a_dimension_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "result.nxs"
    product = spectrum(axes=(Axis(name=name, values=np.arange(5.0), units="mm"),))
    write_product(path, product)
    read = read_product(path)
    assert np.array_equal(read.signal, product.signal)
    assert np.array_equal(read.axes[0].values, np.arange(5.0))
    with h5py.File(path) as file:
        assert file["entry/result"].attrs["signal"] == "signal"
        (axis,) = file["entry/result"].attrs["axes"]
        assert file["entry/result"][axis].attrs["long_name"] == f"{name} (mm)"


def test_names_that_are_alike_as_fields_stay_apart_and_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.nxs"
    names = ("signal", "signal_", "a/b", "a_b")
    axes = tuple(Axis(name=name, values=np.full(2, float(k))) for k, name in enumerate(names))
    write_product(path, spectrum(signal=np.zeros((2, 2, 2, 2)), errors=None, axes=axes))
    read = read_product(path)
    assert [axis.values[0] for axis in read.axes] == [0.0, 1.0, 2.0, 3.0]
    assert len({axis.name for axis in read.axes}) == 4
    twice = (Axis(name="x", values=np.zeros(2)), Axis(name="x", values=np.zeros(2)))
    with pytest.raises(ValueError, match="two dimensions have the same name: 'x', 'x'"):
        write_product(path, spectrum(signal=np.zeros((2, 2)), errors=None, axes=twice))


def test_everybody_may_read_a_product_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_product(tmp_path / "result.nxs", spectrum())
    finally:
        os.umask(before)
    assert (tmp_path / "result.nxs").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("display", "labels"),
    [
        (Display(), ()),
        (Display(kind=DisplayKind.LINE, x_log=True, x_range=(0.5, 2.0)), ()),
        (Display(kind=DisplayKind.TABLE, y_log=True), ("a", "µ/1\0", "c")),
    ],
)
def test_how_a_product_wants_to_be_shown_is_in_its_file(
    tmp_path: Path, display: Display, labels: tuple[str, ...]
) -> None:
    axis = Axis(name="labels", values=np.arange(3.0))
    made = Product(pipeline="live", run=1, name="p", signal=np.zeros(3), axes=(axis,), display=display, labels=labels)
    path = tmp_path / "p.nxs"
    write_product(path, made)
    seen = read_product(path)
    assert (seen.display, read_display(path)) == (display, display)
    assert seen.labels == tuple(one.replace("\0", "") for one in labels)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "pie"),
        ("kind", 5),
        ("kind", np.zeros(1000)),
        ("x_log", "yes"),
        ("x_range", [1.0]),
        ("x_range", [2.0, 1.0]),
        ("x_range", "ab"),
        ("x_range", np.nan),
        ("x_range", np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")])),
    ],
)
def test_what_a_file_asks_for_is_used_only_if_it_can_be(tmp_path: Path, name: str, value: Any) -> None:
    path = tmp_path / "p.nxs"
    write_product(path, Product(pipeline="live", run=1, name="p", signal=np.array(1.0), axes=()))
    with h5py.File(path, "r+") as file:
        file["entry/p"].attrs[name] = value
        file["entry/p/labels"] = np.zeros(3)
    seen = read_product(path)
    assert seen.labels == ()
    assert seen.display in (Display(), Display(x_log=True))
