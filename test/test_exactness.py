"""Results equal the measured data: files and captures through sockets, session, scripts and products."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from helpers.event_files import irregular_file
from helpers.paths import DATA, needs_data
from helpers.reduced import job_of, reduce_all, reducing
from helpers.served import Clock, T, serving, url_of
from livereduce.base.source_urls import file_url
from livereduce.messages.job import BEAM_TIME
from livereduce.publish.product import Product
from livereduce.publish.products.file import read_product
from livereduce.simulate.adara.capture import capture_play
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.stream.items import EventBatch, MonitorBatch

Array = NDArray[Any]
Bins = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a NeXus file holds, read here directly: every event, in ns by the rule of `simulate.beams.nexus`."""

    run: int
    tof_ns: Array
    pixel: Array
    pulses: int
    charge_pc: float


def truth_of(path: Path) -> Truth:
    with h5py.File(path) as file:
        entry = file["entry"]
        banks = [entry[name] for name in entry if name.startswith("bank") and name.endswith("_events")]
        charge_pc = entry["DASlogs/proton_charge/value"][:]
        return Truth(
            run=int(entry["run_number"][0]),
            tof_ns=100 * np.rint(10 * np.concatenate([bank["event_time_offset"][:].astype(float) for bank in banks])),
            pixel=np.concatenate([bank["event_id"][:] for bank in banks]).astype(np.int64),
            pulses=len(charge_pc),
            charge_pc=float(10 * np.rint(charge_pc / 10).sum()),  # the wire counts in 10 pC
        )


def read_small(folder: Path) -> Path:
    return irregular_file(folder / "small.nxs")


def shared(name: str) -> Callable[[Path], Path]:
    return lambda _: DATA / "nexus" / name


FILES = [
    pytest.param(read_small, (0.0, 1000.0, 17_000.0), id="small"),
    pytest.param(shared("EQSANS_1466_event.nxs"), (0.0, 1000.0, 16_000.0), id="EQSANS", marks=needs_data),
    pytest.param(shared("REF_L_70977_event.nxs"), (47_000.0, 2000.0, 63_000.0), id="REF_L", marks=needs_data),
]


def play_of(path: Path) -> Play:
    return Play(origin_ns=T, acts=perform(NexusBeam(read_nexus(path)), origin_ns=T, runs=1, gap_s=0.5))


def edges_us(bins: Bins) -> Array:
    return np.arange(bins[0], bins[2] + bins[1], bins[1])


def counts_of(truth: Truth, bins: Bins, wanted: Array | None = None) -> Array:
    """Counts per bin (rows, if there are several, as pixels ascend), with every bin open at its end."""
    tof_ns = truth.tof_ns if wanted is None else truth.tof_ns[wanted]
    edges_ns = 1000 * edges_us(bins)
    return np.histogram(tof_ns[tof_ns < edges_ns[-1]], edges_ns)[0]


def assert_totals(product: Product, truth: Truth) -> None:
    facts = product.attributes
    assert (facts["events"], facts["pulses"], facts["incomplete"]) == (len(truth.tof_ns), truth.pulses, "")
    assert facts["proton_charge_pc"] == truth.charge_pc
    assert (facts["unmapped"], facts["erroneous"]) == (0, 0)


def reduce_file(path: Path, folder: Path, bins: Bins, **options: Any) -> tuple[Truth, Product]:
    """The truth of a file, and the product of its replay as it lies on the disk."""
    truth = truth_of(path)
    with serving(play_of(path)) as url:
        last = reduce_all(job_of(folder, url, tof_bins_us=bins, **options), in_memory=False).said[-1]
    assert last.last_errors.keys() <= {"source"}
    return truth, read_product(folder / "state" / "products" / str(truth.run) / "result.nxs")


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize(("file", "bins"), FILES)
def test_a_file_that_is_passed_through(
    tmp_path: Path, file: Callable[[Path], Path], bins: Bins, preserve_events: bool
) -> None:
    truth, product = reduce_file(file(tmp_path), tmp_path, bins, proc="pass", preserve_events=preserve_events)
    assert_totals(product, truth)
    pixel, tof = product.axes
    assert tof.values.tolist() == edges_us(bins).tolist()
    assert product.signal.sum(axis=0).tolist() == counts_of(truth, bins).tolist()
    inside = (truth.tof_ns >= 1000 * bins[0]) & (truth.tof_ns < 1000 * bins[2])
    per_pixel = dict(zip(*(each.tolist() for each in np.unique(truth.pixel[inside], return_counts=True)), strict=True))
    found = dict(zip(pixel.values.tolist(), product.signal.sum(axis=1).tolist(), strict=True))
    assert {number: n for number, n in found.items() if n} == per_pixel


@pytest.mark.parametrize(("file", "bins"), FILES)
def test_a_file_that_is_read_itself_gives_what_it_gives_when_it_is_played(
    tmp_path: Path, file: Callable[[Path], Path], bins: Bins
) -> None:
    """As far as a product can tell: only the times are others, and what livereduce makes of them."""
    path, folders = file(tmp_path), (tmp_path / "played", tmp_path / "read")
    for folder in folders:
        folder.mkdir()
    truth, played = reduce_file(path, folders[0], bins, proc="pass")
    job = replace(job_of(folders[1], file_url(str(path)), tof_bins_us=bins, proc="pass"), cut_by=BEAM_TIME)
    last = reduce_all(replace(job, update_every_s=truth.pulses / 60 / 4), in_memory=False).said[-1]
    assert (last.last_errors, last.source.ended) == ({}, True)
    assert last.total.chunks > 1
    read = read_product(folders[1] / "state" / "products" / str(truth.run) / "result.nxs")
    assert_totals(read, truth)
    assert read.signal.tolist() == played.signal.tolist()
    assert [axis.values.tolist() for axis in read.axes] == [axis.values.tolist() for axis in played.axes]


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize(("file", "bins"), FILES)
def test_a_file_that_is_filtered(
    tmp_path: Path, file: Callable[[Path], Path], bins: Bins, preserve_events: bool
) -> None:
    proc = "input.data = input.events.where(lambda piece: piece.pixel % 2 == 0)"
    truth, product = reduce_file(file(tmp_path), tmp_path, bins, proc=proc, preserve_events=preserve_events)
    assert_totals(product, truth)
    assert product.signal.sum(axis=0).tolist() == counts_of(truth, bins, truth.pixel % 2 == 0).tolist()


@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize(("file", "bins"), FILES)
def test_a_file_that_is_rebinned(
    tmp_path: Path, file: Callable[[Path], Path], bins: Bins, preserve_events: bool
) -> None:
    proc = (
        "import scipp as sc\n"
        f"edges = sc.array(dims=['tof'], values={(1000 * edges_us(bins)).tolist()}, unit='ns')\n"
        "output = input.data.hist(tof=edges)\n"
    )
    truth, product = reduce_file(file(tmp_path), tmp_path, (0.0, 1.0, 10.0), proc=proc, preserve_events=preserve_events)
    assert_totals(product, truth)
    (tof,) = product.axes
    assert (tof.values.tolist(), tof.units) == ((1000 * edges_us(bins)).tolist(), "ns")
    assert product.signal.tolist() == counts_of(truth, bins).tolist()
    assert product.errors is not None
    np.testing.assert_allclose(product.errors**2, product.signal)


@needs_data
@pytest.mark.parametrize("preserve_events", [True, False])
def test_more_cells_than_are_published_come_as_their_sum(tmp_path: Path, preserve_events: bool) -> None:
    bins = (47_000.0, 100.0, 63_000.0)
    path = DATA / "nexus" / "REF_L_70977_event.nxs"
    truth, product = reduce_file(path, tmp_path, bins, preserve_events=preserve_events)
    assert_totals(product, truth)
    assert product.attributes["summed_over_spectra"] == 304 * 256
    assert product.signal.tolist() == counts_of(truth, bins).tolist()


@pytest.mark.parametrize("preserve_events", [True, False])
def test_chunk_by_chunk_it_is_the_same(tmp_path: Path, preserve_events: bool) -> None:
    """The beam and the engine go on by turns here, so that the run surely comes in many chunks."""
    path, bins, clock = read_small(tmp_path), (0.0, 1000.0, 17_000.0), Clock()
    server = Server(play_of(path), speed=1.0, clock=clock)
    job = job_of(
        tmp_path, url_of(server.address), tof_bins_us=bins, preserve_events=preserve_events, update_every_s=1e-9
    )
    with reducing(job) as reduction:
        while not server.finished:
            clock.now_s += 0.1
            server.step(0.0)
            reduction.poll()
        server.close()
        while not reduction.gone_through():
            reduction.poll(0.2)
    truth = truth_of(path)
    (product,) = [product for product in reduction.shelf.last_of_each() if product.run]
    assert_totals(product, truth)
    assert product.attributes["chunks"] > 5  # type: ignore[operator]
    assert product.signal.sum(axis=0).tolist() == counts_of(truth, bins).tolist()


# ---- captures of a real server

UNMAPPED, ERRONEOUS = "4294967295", "4294967294"
CAPTURES = sorted((DATA / "sms").glob("*.adara"))
JOINED_LATE = "the beginning of the run was not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run, or the time between two, as the truth has it: its segments between run status packets together.

    Files of paused time are left out: our hello is of the kind whose client is not sent them.
    """

    run: int
    joined_late: bool
    pulses: int
    events: int
    charge_pc: int
    banks: dict[str, int]
    monitors: dict[int, int]


def stretches_of(truth: Path) -> list[Stretch]:
    segments = [each for each in json.loads(truth.read_text())["segments"] if not each["paused_segment"]]
    found = []
    for run, group in groupby(segments, lambda segment: segment["run"]):
        parts = list(group)
        found.append(
            Stretch(
                run=run,
                joined_late=bool(run) and parts[0]["opened_by"] != "NEW_RUN",
                pulses=sum(part["pulses"] for part in parts),
                events=sum(part["events"] for part in parts),
                charge_pc=sum(part["charge_pC"] for part in parts),
                banks=_summed([part["banks"] for part in parts]),
                monitors={int(monitor): n for monitor, n in _summed([part["monitors"] for part in parts]).items()},
            )
        )
    return found


def _summed(parts: list[dict[str, int]]) -> dict[str, int]:
    return {key: sum(part.get(key, 0) for part in parts) for key in sorted({key for part in parts for key in part})}


@needs_data
@pytest.mark.parametrize("preserve_events", [True, False])
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_run_by_run(tmp_path: Path, capture: Path, preserve_events: bool) -> None:
    with serving(capture_play(capture)) as url:
        job = job_of(tmp_path, url, proc="pass", preserve_events=preserve_events, tof_bins_us=(0.0, 1e5, 1e6))
        reduction = reduce_all(job)
    stretches = stretches_of(capture.with_suffix(".truth.json"))
    products = reduction.shelf.last_of_each()
    assert [product.run for product in products] == [stretch.run for stretch in stretches]
    for product, stretch in zip(products, stretches, strict=True):
        facts, banks = product.attributes, dict(stretch.banks)
        assert (facts["pulses"], facts["proton_charge_pc"]) == (stretch.pulses, stretch.charge_pc)
        assert facts["events"] + facts["unmapped"] + facts["erroneous"] == stretch.events  # type: ignore[operator]
        assert facts["unmapped"] == banks.pop(UNMAPPED, 0)
        assert facts["erroneous"] == banks.pop(ERRONEOUS, 0)
        assert facts["incomplete"] == (JOINED_LATE if stretch.joined_late else "")
        assert _per_bank(product) == banks
    assert reduction.said[-1].total.gaps == reduction.said[-1].source.bad_packets == 0


def _per_bank(product: Product) -> dict[str, int]:
    """Counts of a product by bank: the instrument of the captures has 256 pixels a bank."""
    bank = product.axes[0].values // 256 + 1
    counts = product.signal.sum(axis=1)
    found = {str(int(number)): int(counts[bank == number].sum()) for number in np.unique(bank)}
    return {number: n for number, n in found.items() if n}


@needs_data
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_monitors_and_charge_of_a_capture_item_by_item(tmp_path: Path, capture: Path) -> None:
    with serving(capture_play(capture)) as url:
        items = reduce_all(job_of(tmp_path, url)).items
    data = [item for item in items if isinstance(item, EventBatch | MonitorBatch)]
    for (run, group), stretch in zip(
        groupby(data, lambda item: item.run), stretches_of(capture.with_suffix(".truth.json")), strict=True
    ):
        monitors = dict.fromkeys(stretch.monitors, 0)
        charge_pc = 0.0
        for item in group:
            if isinstance(item, MonitorBatch):
                monitors[item.monitor] += len(item.tof_ns)
            else:
                charge_pc += item.charge_pc.sum()
        assert (run, monitors, charge_pc) == (stretch.run, stretch.monitors, stretch.charge_pc)


@needs_data
def test_there_are_captures() -> None:
    assert len(CAPTURES) == 10
