"""Decoding and histogramming in memory: bytes of a stream to columns, columns to counts."""

from collections.abc import Callable

import numpy as np
import scipp as sc

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.workspaces.events import Events
from livereduce.stream.adara import session
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.session import Deliver, Packets, SessionState
from livereduce.stream.adara.wire.arena import Arena, scratch
from livereduce.stream.adara.wire.frame import Framer
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.items import F8, U4, EventBatch, MakeColumns
from measure import Row, medians
from streams import FRAME_TICKS, stream

STREAM_BYTES = 256 * 1024 * 1024


class Pipe:
    """A stream in memory that goes through framing, session and decoder as in the client."""

    def __init__(self, words: U4, columns: MakeColumns = Arena) -> None:
        self.words = words
        self._framer, self._decoder = Framer(), Decoder(columns)

    def batches(self) -> list[EventBatch]:
        """All events decoded and kept."""
        found: list[EventBatch] = []
        self.run(found)
        return found

    def run(self, keep: list[EventBatch] | None = None, histogram: Histogram | None = None) -> int:
        """Decode everything; events are counted, kept or histogrammed, else their memory is used again."""
        events, state = 0, SessionState(run=1)
        for table in Walk(self._framer, self.words):
            rare = self._decoder.rare(table)
            state, outputs = session.step(state, Packets(table=table, rare=rare), 0.0)
            for output in outputs:
                assert isinstance(output, Deliver)
                for item in self._decoder.items(table, rare, output):
                    if isinstance(item, EventBatch):
                        events += len(item.tof_ns)
                        if keep is not None:
                            keep.append(item)
                        if histogram is not None:
                            histogram.add(Events((item,)))
        return events


def decode_row(events_per_pulse: int) -> Row:
    """Decode as the receiver does, into memory in the cache, against copying the same bytes into memory that is warm.

    `ratio_to_memory` is for events that go to blocks of 64 MiB in turn, as where a worker decodes and keeps them.
    """
    words, pulses = stream(events_per_pulse, 100_000, STREAM_BYTES)
    pipe, to_memory, copy = Pipe(words, scratch), Pipe(words), np.empty_like(words)
    assert pipe.run() == to_memory.run() == pulses * events_per_pulse
    decode_s, to_memory_s, copy_s = medians(pipe.run, to_memory.run, lambda: np.copyto(copy, words))
    events = pulses * events_per_pulse
    return Row(
        name="decode",
        events_per_pulse=events_per_pulse,
        events_per_s=events / decode_s,
        reference="np.copyto of the same bytes",
        ratio=copy_s / decode_s,
        more={
            "ratio_to_memory": copy_s / to_memory_s,
            "pulses_per_s": pulses / decode_s,
            "reference_GB_per_s": words.nbytes / copy_s / 1e9,
        },
    )


def histogram_row(pixels: int, bins: int = 100, events_per_pulse: int = 5000, *, by_bank: bool = False) -> Row:
    """Decode and histogram against scipp, which is given the columns decoded already."""
    words, pulses = stream(events_per_pulse, pixels, STREAM_BYTES, by_bank=by_bank)
    pipe = Pipe(words)
    binning = Binning(make_edges_ns(0.0, FRAME_TICKS / 10 / bins, FRAME_TICKS / 10))
    table = PixelTable(np.arange(pixels, dtype=np.int32))
    ours = Histogram(binning, table)
    pipe.run(histogram=ours)
    forms = _scipp_forms(pipe.batches(), pixels, binning.edges_ns.astype(np.float64))
    for name, form in forms.items():
        assert np.array_equal(form(), ours.counts().table()), f"scipp's {name} gives other counts"
    ours_s, *theirs_s = medians(lambda: pipe.run(histogram=Histogram(binning, table)), *forms.values())
    fastest = int(np.argmin(theirs_s))
    return Row(
        name=f"decode + histogram {pixels} pixels x {bins} bins{', bank by bank' if by_bank else ''}",
        events_per_pulse=events_per_pulse,
        events_per_s=pulses * events_per_pulse / ours_s,
        reference=f"scipp {list(forms)[fastest]} of decoded columns",
        ratio=theirs_s[fastest] / ours_s,
    )


def _scipp_forms(batches: list[EventBatch], pixels: int, edges_ns: F8) -> dict[str, Callable[[], F8]]:
    """The usual ways to counts per pixel and bin; what does not depend on the data is made before."""
    tof = sc.array(dims=["event"], values=np.concatenate([b.tof_ns for b in batches]), unit="ns", dtype="int32")
    pixel = sc.array(dims=["event"], values=np.concatenate([b.pixel for b in batches]), unit=None, dtype="int32")
    weights = sc.ones(dims=["event"], shape=tof.shape, unit="counts", dtype="float64")
    events = sc.DataArray(weights, coords={"tof": tof, "pixel": pixel})
    # Edges of the coordinate's own type: scipp would convert the events otherwise, which is slower.
    tof_edges = sc.array(dims=["tof"], values=edges_ns.astype(np.int32), unit="ns", dtype="int32")
    groups = sc.arange("pixel", pixels, unit=None, dtype="int32")
    pixel_edges = sc.arange("pixel", pixels + 1, unit=None, dtype="int32")
    return {
        "group.hist": lambda: events.group(groups).hist(tof=tof_edges).values,
        "bin.hist": lambda: events.bin(pixel=pixel_edges).hist(tof=tof_edges).values,
        "hist": lambda: events.hist(pixel=pixel_edges, tof=tof_edges).values,
    }
