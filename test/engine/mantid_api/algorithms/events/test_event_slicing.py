"""Events in slices of time; workspace and figures of Mantid's FilterEventsTest."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.splitters import SplittersWorkspace
from livereduce.engine.matrix.events.event_pass import carried_out, numbers
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.selecting.splitting import split_by_pulse, split_by_time
from livereduce.engine.selecting.time_splitter import splitter_of
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

MS = 1_000_000
START = 20_000 * MS
SPANS = [(0, 35, 0), (35, 195, 1), (200, 265, 2), (300, 365, 2), (400, 465, 2)]


def pulses() -> MatrixWorkspace:
    """Ten pixels, five pulses 100 ms apart, an event every 10 ms of each pulse in each pixel."""
    tof_ns = np.repeat(np.arange(10) * 10 * MS, 10)
    pixel = np.tile(np.arange(10), 10)
    pieces = [
        event_batch(
            1,
            np.tile(tof_ns, len(part)),
            np.tile(pixel, len(part)),
            per_pulse=[100] * len(part),
            pulse_ns=START + np.array(part) * 100 * MS,
        )
        for part in ([0, 1], [2, 3, 4])
    ]
    logs = RunLogs()
    logs.add_series("proton_charge", "", START + np.arange(5) * 100 * MS, np.ones(5))
    logs.set_plain("run_start", "1990-01-01T00:00:20")
    logs.set_plain("run_end", "1990-01-01T00:00:20.5")
    bins = Binned(Binning(np.array([0, 100 * MS], np.int64)), PixelTable())
    return MatrixWorkspace("data", Events(tuple(pieces)), binned=bins, logs=logs, run=1)


def splitters() -> SplittersWorkspace:
    return SplittersWorkspace.of_spans([(START + a * MS, START + b * MS, one) for a, b, one in SPANS], "Splitters")


def counts(group: Any) -> dict[str, int]:
    return {one.name(): one.readY(1)[0] for one in group}


def test_events_go_where_their_own_time_says(simpleapi: Any) -> None:
    made = simpleapi.FilterEvents(
        pulses(), splitters(), OutputWorkspaceBaseName="out", GroupWorkspaces=True, OutputUnfilteredEvents=True
    )
    assert made[1] == 4
    assert made[2] == ["out_unfiltered", "out_0", "out_1", "out_2"]
    assert [ws.name() for ws in made[-1]] == made[2]
    assert counts(made[-1]) == {"out_0": 4, "out_1": 16, "out_2": 21, "out_unfiltered": 9}
    out = simpleapi.mtd["out_2"]
    assert isinstance(out.matrix.content, PendingEvents)
    assert [simpleapi.mtd[name].run().getProtonCharge() for name in made[2]] == [0, 1, 1, 3]
    assert out.run()["duration"].value == pytest.approx(0.195)


def test_by_the_time_of_the_pulse_alone(simpleapi: Any) -> None:
    made = simpleapi.FilterEvents(pulses(), splitters(), FilterByPulseTime=True, OutputWorkspaceIndexedFrom1=True)
    assert (made.OutputWorkspace_0.getNumberEvents(), made.OutputWorkspace_1.getNumberEvents()) == (100, 100)
    assert made[2] == ["OutputWorkspace_1", "OutputWorkspace_2", "OutputWorkspace_3"]
    assert made.OutputWorkspace_2.getNumberEvents() == 300


def test_a_table_of_names_in_seconds_of_the_run(simpleapi: Any) -> None:
    """As a reflectometer splits the states of its polarization."""
    table = simpleapi.CreateEmptyTableWorkspace()
    for kind, name in (("double", "start"), ("double", "stop"), ("str", "target")):
        table.addColumn(kind, name)
    for row in ([0.0, 0.035, "Off_Off"], [0.2, 0.265, "On_Off"], [0.4, 0.465, "On_Off"]):
        table.addRow(row)
    data = pulses()
    simpleapi.FilterEvents(
        InputWorkspace=data,
        SplitterWorkspace=table,
        GroupWorkspaces=True,
        FilterByPulseTime=False,
        OutputWorkspaceIndexedFrom1=False,
        CorrectionToSample="None",
        SpectrumWithoutDetector="Skip",
        SplitSampleLogs=True,
        RelativeTime=True,
        ExcludeSpecifiedLogs=True,
        OutputTOFCorrectionWorkspace="__correction",
        OutputWorkspaceBaseName="raw",
    )
    assert counts(simpleapi.mtd["raw"]) == {"raw_Off_Off": 4, "raw_On_Off": 14}
    assert simpleapi.mtd["__correction"].readY(0).tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="numbered, not named"):
        simpleapi.FilterEvents(data, table, RelativeTime=True, OutputWorkspaceIndexedFrom1=True)


def test_a_histogram_of_slices(simpleapi: Any) -> None:
    edges = simpleapi.CreateWorkspace([0, 0.035, 0.195, 0.2, 0.265], [3, 1, -1, 2])
    made = simpleapi.FilterEvents(pulses(), edges, RelativeTime=True, DescriptiveOutputNames=True)
    assert made.OutputWorkspaceNames == [
        "OutputWorkspace_0.035_0.195",
        "OutputWorkspace_0.2_0.265",
        "OutputWorkspace_0_0.035",
    ]
    assert [ws.readY(1)[0] for ws in made[3:]] == [16, 7, 4]


def test_times_at_the_sample_are_scaled_and_shifted(simpleapi: Any) -> None:
    """A slice from 20 to 40 ms of each pulse, one from 60 to 80 ms, and a factor of 0.75, as in Mantid's test."""
    spans = [
        (START + (at + begin) * MS, START + (at + begin + 20) * MS, one)
        for at in range(0, 500, 100)
        for one, begin in enumerate((20, 60))
    ]
    table = simpleapi.CreateEmptyTableWorkspace()
    for kind, name in (("int", "DetectorID"), ("double", "Correction")):
        table.addColumn(kind, name)
    for pixel in range(10):
        table.addRow([pixel, 0.75])
    made = simpleapi.FilterEvents(
        pulses(),
        SplittersWorkspace.of_spans(spans, ""),
        CorrectionToSample="Customized",
        DetectorTOFCorrectionWorkspace=table,
        OutputUnfilteredEvents=True,
    )
    assert [ws.readY(0)[0] for ws in made[3:]] == [25, 15, 10]
    assert made[0].readY(0).tolist() == [0.75, 0]


def test_what_cannot_be_split_says_why(simpleapi: Any) -> None:
    data = pulses()
    empty = simpleapi.CreateEmptyTableWorkspace()
    for splitter, text in ((empty, "must have rows"), (data, "one spectrum")):
        with pytest.raises(ValueError, match=text):
            simpleapi.FilterEvents(data, splitter)
    squeezed = simpleapi.CompressEvents(data)
    with pytest.raises(ValueError, match="no pulse times"):
        simpleapi.FilterEvents(squeezed, splitters())
    with pytest.raises(RuntimeError, match="no instrument definition"):
        simpleapi.FilterEvents(data, splitters(), CorrectionToSample="Direct")


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 300), st.integers(-1, 3)), max_size=12),
    st.booleans(),
)
def test_every_event_is_in_one_slice_pending_or_not(spans: list[tuple[int, int, int]], by_pulse: bool) -> None:
    splitter = splitter_of([(START + a * MS, START + (a + size) * MS, one) for a, size, one in spans])
    content = pulses().matrix.content
    assert isinstance(content, PendingEvents)
    slices = [-1, *splitter.slices]
    if by_pulse:
        parts, lists = (split_by_pulse(one, splitter, slices) for one in (content, carried_out(content)))
    else:
        parts, lists = (split_by_time(one, splitter, slices, None) for one in (content, carried_out(content)))
    total = np.sum([numbers(part) for part in parts.values()], axis=0)
    assert total.tolist() == numbers(content).tolist()
    for one in slices:
        assert numbers(parts[one]).tolist() == numbers(lists[one]).tolist()


def test_splitters_are_those_that_were_kept_before(simpleapi: Any) -> None:
    """A slice of a slice."""
    first = simpleapi.FilterByTime(pulses(), StopTime=0.25)
    made = simpleapi.FilterEvents(first, splitters())
    assert [ws.readY(0)[0] for ws in made[3:]] == [4, 16, 7]
    assert isinstance(first.matrix.content, PendingEvents)
