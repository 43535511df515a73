"""Event files of SNS, read by scripts."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from helpers.event_files import PER_PULSE, PULSES, event_file, put


def with_monitor(entry: h5py.Group) -> None:
    put(entry, "monitor1/event_index", np.arange(PULSES, dtype=np.uint64))
    put(entry, "monitor1/event_time_offset", np.arange(PULSES, dtype=np.float32) * 100, units="microsecond")
    put(entry, "monitor1/event_time_zero", np.arange(PULSES) / 60, offset="2024-03-01T12:00:00-05:00", units="second")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return event_file(tmp_path / "TEST_4711.nxs.h5", with_monitor)


def test_events_logs_and_charge(simpleapi: Any, path: Path) -> None:
    data = simpleapi.LoadEventNexus(str(path))
    assert (data.name(), data.getRunNumber(), data.getTitle()) == ("data", 4711, "plain")
    assert data.getNumberEvents() == 2 * PULSES * PER_PULSE
    assert data.matrix.spectra.ids.tolist() == list(range(8, 24))
    assert data.extractY().sum() == 2 * PULSES * PER_PULSE
    assert (data.blocksize(), data.readX(0)[0], data.readX(0)[-1]) == (500, 0.0, 473.0)
    run = data.run()
    assert run.getProtonCharge() == pytest.approx(PULSES * 1000.0 / 3.6e9)
    assert run["temp"].value.tolist() == [10.0, 20.0]
    assert str(run["start_time"].value).startswith("2024-03-01T17:00:00")
    assert data.matrix.events.events.nbytes < 2 * PULSES * PER_PULSE * 8 + 3000


def test_limits_of_time_of_flight_time_and_banks(simpleapi: Any, path: Path) -> None:
    name = str(path)
    assert (
        simpleapi.LoadEventNexus(name, FilterByTofMin=101, FilterByTofMax=111, OutputWorkspace="a").getNumberEvents()
        == 3
    )
    part = simpleapi.LoadEventNexus(name, FilterByTimeStart=1 / 60, FilterByTimeStop=3 / 60)
    assert part.getNumberEvents() == 2 * 2 * PER_PULSE
    assert part.run()["proton_charge"].size() == 2
    bank = simpleapi.LoadEventNexus(name, BankName="bank2")
    assert (bank.getNumberEvents(), bank.getNumberHistograms()) == (PULSES * PER_PULSE, 8)
    with pytest.raises(ValueError, match=r"LoadEventNexus: BankName: .* has no bank bank9"):
        simpleapi.LoadEventNexus(name, BankName="bank9", OutputWorkspace="x")


def test_meta_data_alone_and_chosen_logs(simpleapi: Any, path: Path) -> None:
    data = simpleapi.LoadEventNexus(str(path), MetaDataOnly=True)
    assert (data.getNumberEvents(), "temp" in data.run()) == (0, True)
    without = simpleapi.LoadEventNexus(str(path), BlockList="temp other")
    assert "temp" not in without.run()


def test_monitors_have_a_workspace_of_their_own(simpleapi: Any, path: Path) -> None:
    data = simpleapi.LoadEventNexus(str(path), LoadMonitors=True)
    monitors = data.getMonitorWorkspace()
    assert (monitors.name(), monitors.getNumberEvents(), monitors.getNumberHistograms()) == ("data_monitors", PULSES, 1)
    alone = simpleapi.LoadNexusMonitors(str(path))
    assert (alone.getNumberEvents(), alone.matrix.spectra.ids.tolist()) == (PULSES, [-1])


def test_compressed_while_loading(simpleapi: Any, path: Path) -> None:
    data = simpleapi.LoadEventNexus(str(path), CompressTolerance=1000)
    assert data.getNumberEvents() == 16
    assert data.extractY().sum() == 2 * PULSES * PER_PULSE


def test_load_knows_files_by_their_contents(simpleapi: Any, path: Path, tmp_path: Path) -> None:
    events = simpleapi.Load(str(path))
    simpleapi.SaveNexus(events, str(tmp_path / "processed.dat"))
    assert simpleapi.Load(str(tmp_path / "processed.dat"), OutputWorkspace="b").getNumberEvents() == 96
    (tmp_path / "text.nxs").write_text("1 2\n2 3\n")
    assert simpleapi.Load(str(tmp_path / "text.nxs"), OutputWorkspace="c").readY(0).tolist() == [2, 3]
    both = simpleapi.Load(f"{path}+{path}")
    assert both.getNumberEvents() == 2 * 96
    assert both.run().getProtonCharge() == pytest.approx(2 * PULSES * 1000.0 / 3.6e9)
    assert simpleapi.LoadNexus(str(path), OutputWorkspace="d").getNumberEvents() == 96


def test_logs_alone_are_read_into_a_workspace(simpleapi: Any, path: Path) -> None:
    made = simpleapi.CreateWorkspace([1, 2], [3])
    simpleapi.LoadNexusLogs(made, str(path))
    assert made.run()["temp"].lastValue() == 20.0


def test_a_run_is_found_by_its_number_and_a_broken_file_is_told(
    simpleapi: Any, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert simpleapi.LoadEventNexus("TEST_4711", OutputWorkspace="a").getNumberEvents() == 96
    with pytest.raises(RuntimeError, match="LoadEventNexus: TEST_4712: no such file in"):
        simpleapi.LoadEventNexus("TEST_4712", OutputWorkspace="a")
    event_file(tmp_path / "bad.nxs.h5", lambda entry: put(entry, "bank1_events/event_index", [[1, 2]]))
    with pytest.raises(RuntimeError, match=r"LoadEventNexus: .*bad\.nxs\.h5.*event_index"):
        simpleapi.LoadEventNexus("bad", OutputWorkspace="a")


def test_monitors_may_be_histograms(simpleapi: Any, tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        for number, counts in ((1, [4, 9]), (2, [1, 16])):
            put(entry, f"monitor{number}/data", np.array(counts, np.uint32).reshape(1, 1, 2))
            put(entry, f"monitor{number}/time_of_flight", [0.0, 10.0, 20.0], units="microsecond")

    path = str(event_file(tmp_path / "TEST_1.nxs.h5", spoil))
    monitors = simpleapi.LoadNexusMonitors(path)
    assert (monitors.extractY().tolist(), monitors.readE(1).tolist()) == ([[4, 9], [1, 16]], [1, 4])
    assert monitors.matrix.spectra.ids.tolist() == [-1, -2]
    data = simpleapi.LoadEventNexus(path, LoadMonitors=True)
    assert data.getMonitorWorkspace().readX(0).tolist() == [0, 10, 20]
    with pytest.raises(RuntimeError, match=r"LoadNexusMonitors: .* has no monitors as Events"):
        simpleapi.LoadNexusMonitors(path, LoadOnly="Events", OutputWorkspace="x")
