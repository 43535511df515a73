"""The provenance of a product in its file, and files of others that have something else there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from livereduce.messages.job import Job, ModuleCopy, NamedFileSeen, ParametersCopy, ScriptCopy
from livereduce.publish import provenance as provenance_module
from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file import amend_product, read_product, write_product
from livereduce.publish.products.provenance import read_provenance
from livereduce.publish.provenance import NO_TEXTS, Cuts, Origin, Provenance, StreamPosition, origin_of
from livereduce.scripting.files import md5_of

SCRIPT = "# café\r\nimport time\nnow = time.time()\n".encode("latin-1")


def job(folder: Path) -> Job:
    """With a script in an old encoding, a module, and parameters."""
    texts = {"reduce_PG3_live_proc.py": SCRIPT, "helper.py": b"x = 1\n", "parameters.json": b"{}"}
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    md5s = {name: md5_of(text) for name, text in texts.items()}
    copies = {name: str(folder / name) for name in texts}
    proc, helper, parameters = texts
    return Job(
        generation=3,
        engine="builtin",
        instrument="POWGEN",
        short_name="PG3",
        source="adara://daq:1",
        update_every_s=30.0,
        preserve_events=True,
        accum_method="Add",
        periods=(),
        spectra=(1, 2),
        tof_bins_us=(0.0, 100.0, 17_000.0),
        proc=ScriptCopy(path="/s/" + proc, copy=copies[proc], md5=md5s[proc]),
        post_proc=None,
        script_dir="/s",
        state_dir="/state",
        runtime_dir="/run",
        modules=(ModuleCopy(path="/s/helper.py", copy=copies[helper], md5=md5s[helper], is_package=False),),
        parameters=ParametersCopy(
            path="/s/parameters.json",
            copy=copies[parameters],
            md5=md5s[parameters],
            files=(NamedFileSeen(text="cal.h5", path="/s/cal.h5", md5="feed"),),
        ),
    )


def product(provenance: Provenance | None) -> Product:
    return Product(
        pipeline="live",
        run=7,
        name="result",
        signal=np.arange(3.0),
        axes=(Axis(name="x", values=np.arange(4.0)),),
        provenance=provenance,
    )


def made(folder: Path) -> Provenance:
    cuts = Cuts(
        chunks=np.array([[2, 30, 5], [1, 0, 6]]),
        counts=np.array([[0, 0, 3], [1, 1, 1]], np.int32),
        names=("log a", "b"),
    )
    position = StreamPosition(run=7, events=30, pulses=3, from_start=False, first_ns=4, last_ns=6)
    return Provenance(origin=origin_of(job(folder)), position=position, cuts=cuts, notes=("proc has failed",))


def test_all_of_it_comes_back_to_the_byte(tmp_path: Path) -> None:
    written = made(tmp_path)
    write_product(tmp_path / "result.nxs", product(written))
    read = read_provenance(tmp_path / "result.nxs")
    assert read is not None
    assert read.cuts is not None
    assert read.origin.files == written.origin.files
    assert [file.role for file in read.origin.files] == ["proc", "module", "parameters"]
    assert read.origin.files[0].text == SCRIPT
    assert read.origin.named_files == {"/s/cal.h5": "feed"}
    assert read.position == written.position
    assert read.cuts.chunks.tolist() == [[2, 30, 5], [1, 0, 6]]
    assert (read.cuts.counts.tolist(), read.cuts.names) == ([[0, 0, 3], [1, 1, 1]], ("log a", "b"))
    note = "reduce_PG3_live_proc.py:3 takes the clock into account (time.time)"
    assert read.notes == (note, "proc has failed")
    assert read.origin.settings["spectra"] == [1, 2]
    assert {"livereduce", "python", "numpy", "machine"} <= read.origin.versions.keys()


def test_the_product_reads_as_before(tmp_path: Path) -> None:
    write_product(tmp_path / "result.nxs", product(made(tmp_path)))
    read = read_product(tmp_path / "result.nxs")
    assert read.signal.tolist() == [0, 1, 2]
    assert "provenance" not in read.attributes
    amend_product(tmp_path / "result.nxs", {"ended": 1})
    assert read_provenance(tmp_path / "result.nxs") is not None


def test_a_product_of_this_name_keeps_its_provenance(tmp_path: Path) -> None:
    write_product(tmp_path / "p.nxs", replace(product(made(tmp_path)), name="provenance"))
    assert read_product(tmp_path / "p.nxs").name == "provenance"
    assert read_provenance(tmp_path / "p.nxs") is not None


def test_an_old_file_has_none(tmp_path: Path) -> None:
    write_product(tmp_path / "result.nxs", product(None))
    assert read_provenance(tmp_path / "result.nxs") is None


def test_of_a_result_with_too_many_chunks_the_rest_is_kept(tmp_path: Path) -> None:
    write_product(tmp_path / "result.nxs", product(replace(made(tmp_path), cuts=None)))
    read = read_provenance(tmp_path / "result.nxs")
    assert read is not None
    assert read.cuts is None


def test_texts_that_are_too_long_are_left_out_and_this_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance_module, "MAX_TEXT_BYTES", 10)
    origin: Origin = origin_of(job(tmp_path))
    assert NO_TEXTS in origin.notes
    assert [file.text for file in origin.files] == [b"", b"", b""]
    assert all(file.md5 for file in origin.files)


def spoil(name: str, value: object) -> Callable[[h5py.Group], None]:
    def act(group: h5py.Group) -> None:
        del group[name]
        if value is not None:
            group[name] = value

    return act


@pytest.mark.parametrize(
    "act",
    [
        spoil("origin", "{"),
        spoil("origin", json.dumps({"settings": 1, "versions": {}, "named_files": {}, "files": []})),
        spoil("origin", json.dumps({"settings": {}, "versions": {}, "named_files": {}, "files": []})),
        spoil("origin", None),
        spoil("result", json.dumps({"position": {"run": "seven"}, "notes": [], "names": []})),
        spoil("result", json.dumps({"position": {"run": 7, "events": 1, "pulses": 1}, "notes": 3, "names": []})),
        spoil("chunks", [[1, 2]]),
        spoil("chunks", [[1, 2, -3]]),
        spoil("counts", [[9, 0, 1]]),
        spoil("result", 3),
        spoil("file_texts", ["a"]),
        spoil("file_texts", [1.5, 2.5, 3.5]),
    ],
)
def test_what_is_damaged_is_said(tmp_path: Path, act: Callable[[h5py.Group], None]) -> None:
    path = tmp_path / "result.nxs"
    write_product(path, product(made(tmp_path)))
    with h5py.File(path, "r+") as file:
        act(file["entry/provenance"])
    with pytest.raises(ValueError, match=r"."):
        read_provenance(path)
    assert read_product(path).signal.tolist() == [0, 1, 2]
