"""Product files that were made to lead elsewhere: to the bytes of other files, or to more memory than there is."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import read_facts, read_product, write_product
from livereduce.publish.products.inside import NotAProduct, NotPlain, member, opened

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "result.nxs"
    axis = Axis(name="d", values=np.arange(4.0))
    write_product(path, Product(pipeline="live", run=7, name="result", signal=np.arange(3.0), axes=(axis,)))
    return path


def other(folder: Path) -> Path:
    """Somebody else's array, and a FIFO that holds whoever opens it."""
    path = folder / "secret.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.full(3, 42.0)
    os.mkfifo(folder / "fifo.h5")
    return path


def external_link(data: h5py.Group, name: str, source: Path) -> None:
    data[name] = h5py.ExternalLink(source, "numbers")


def external_link_behind_a_soft_one(data: h5py.Group, name: str, source: Path) -> None:
    data["detour"] = h5py.ExternalLink(source, "/")
    data[name] = h5py.SoftLink("detour/numbers")


def virtual(data: h5py.Group, name: str, source: Path) -> None:
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource(source, "numbers", shape=(3,))
    data.create_virtual_dataset(name, layout)


def external_storage(data: h5py.Group, name: str, source: Path) -> None:
    data.create_dataset(name, shape=(3,), dtype="f8", external=[(str(source), 0, 24)])


def external_link_to_a_fifo(data: h5py.Group, name: str, source: Path) -> None:
    data[name] = h5py.ExternalLink(source.with_name("fifo.h5"), "numbers")


def links_in_a_circle(data: h5py.Group, name: str, _: Path) -> None:
    data[name] = h5py.SoftLink(name)


def a_chunk_of_gigabytes(data: h5py.Group, name: str, _: Path) -> None:
    data.create_dataset(name, shape=(1 << 28,), dtype="f8", chunks=(1 << 28,), compression="gzip")


def a_value_of_gigabytes(data: h5py.Group, name: str, _: Path) -> None:
    data.create_dataset(name, shape=(3,), dtype=h5py.string_dtype("ascii", 1 << 30))


Replace = Callable[[h5py.Group, str, Path], None]
ELSEWHERE: tuple[Replace, ...] = (
    external_link,
    external_link_behind_a_soft_one,
    external_link_to_a_fifo,
    virtual,
    external_storage,
    links_in_a_circle,
    a_chunk_of_gigabytes,
    a_value_of_gigabytes,
)


@pytest.mark.parametrize("field", ["signal", "signal_errors", "d"])
@pytest.mark.parametrize("how", ELSEWHERE)
def test_what_leads_elsewhere_is_refused(path: Path, tmp_path: Path, how: Replace, field: str) -> None:
    source = other(tmp_path)
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        if field != "signal_errors":
            del data[field]
        how(data, field, source)
    with pytest.raises(NotPlain):
        read_product(path)


@pytest.mark.parametrize("how", ELSEWHERE)
def test_a_fact_that_lies_elsewhere_is_none(path: Path, tmp_path: Path, how: Replace) -> None:
    source = other(tmp_path)
    with h5py.File(path, "a") as file:
        how(file["entry"], "events", source)
        file["entry"].create_dataset("many", shape=(400_000_000,), dtype="f8")
    facts = read_facts(path)
    assert facts["name"] == "result"
    assert not {"events", "many"} & set(facts)


def test_links_within_the_file_are_followed(path: Path) -> None:
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        file["elsewhere/numbers"] = np.full(3, 5.0)
        file["elsewhere/numbers"].attrs["units"] = "m"
        del data["signal"], data["d"]
        data["signal"] = h5py.SoftLink("/elsewhere/numbers")
        data["d"] = file["elsewhere/numbers"]
    product = read_product(path)
    assert product.signal.tolist() == product.axes[0].values.tolist() == [5, 5, 5]


def test_a_whole_group_in_another_file_is_refused(path: Path, tmp_path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["entry"]
        file["entry"] = h5py.ExternalLink(other(tmp_path), "/")
    with pytest.raises(NotPlain, match="'entry' is a link into another file"):
        read_facts(path)


def test_a_file_that_is_a_link_or_a_fifo_is_not_opened(path: Path, tmp_path: Path) -> None:
    other(tmp_path)
    (tmp_path / "link.nxs").symlink_to(path)
    for name in ("link.nxs", "fifo.h5"):
        with pytest.raises(OSError, match="not a regular file"):
            read_facts(tmp_path / name)


def group_for_signal(file: h5py.File) -> None:
    del file["entry/result/signal"]
    file["entry/result"].create_group("signal")


def no_default(file: h5py.File) -> None:
    del file.attrs["default"]


def nothing_in_it(file: h5py.File) -> None:
    del file["entry/result/signal"]
    file["entry/result/signal"] = h5py.Empty("f8")


def run_without_end(file: h5py.File) -> None:
    del file["entry/run_number"]
    file["entry/run_number"] = np.inf


def numbers_for_axes(file: h5py.File) -> None:
    file["entry/result"].attrs["axes"] = [1, 2]


WILD: tuple[Callable[[h5py.File], None], ...] = (
    group_for_signal,
    no_default,
    nothing_in_it,
    run_without_end,
    numbers_for_axes,
)


@pytest.mark.parametrize("how", WILD)
def test_whatever_is_wrong_with_a_file_is_one_error(path: Path, how: Callable[[h5py.File], None]) -> None:
    with h5py.File(path, "a") as file:
        how(file)
    with pytest.raises(NotAProduct, match=r"^the file does not have the layout of a product$|is a group"):
        read_product(path)


def test_a_file_that_is_none_and_one_that_is_not_there(path: Path) -> None:
    path.write_bytes(b"no HDF5 at all")
    with pytest.raises(NotAProduct, match="the file is damaged or not an HDF5 file"):
        read_facts(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_facts(path)


def test_more_values_than_a_product_has_are_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livereduce.publish.products.file.MAX_BYTES", 24)
    with pytest.raises(NotPlain, match="/entry/result/d has 32 bytes, more than 24"):
        read_product(path)


def test_what_is_missing_is_named(path: Path) -> None:
    with opened(path) as file:
        for place in ("nothing", "entry/nothing", "entry/title/nothing", "/entry/./result/x"):
            with pytest.raises(KeyError, match=r"nothing|'x'"):
                member(file, place)
