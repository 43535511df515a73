"""FakeEventDataListener and FileEventDataListener."""

import json
import time
from pathlib import Path

import numpy as np

from mantid._double.stream import Chunk, Dimensions, Item, Plan, parse_plan
from mantid._live.listener import LiveListener, NotYet, Status
from mantid._live.wire import PIECES, Wire
from mantid.api.events import EventWorkspace
from mantid.kernel import ConfigService, FloatTimeSeriesProperty, Logger

_logger = Logger("FileEventDataListener")
FAKE = Dimensions(spectra=2, tof_us=(40000.0, 60000.0), edges_us=(40000.0, 60000.0))


class _Chunks(LiveListener):
    """Events without a network: one chunk an extraction, from the stream's description."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 1
        self.edge: Status | None = None

    def extract(self) -> EventWorkspace:
        item = self.wire.peek()
        chunk = Chunk(pulses=0)
        if item is not None and item.kind in PIECES:
            self.wire.pop()
            if item.kind == "not_yet":
                raise NotYet("nothing yet")
            chunk = item.value if item.kind in ("chunk", "forever") else chunk
        given = self._workspace(chunk)
        self._read_edges()
        return given

    def _workspace(self, chunk: Chunk) -> EventWorkspace:
        dimensions = self.wire.dimensions
        given = EventWorkspace(dimensions.spectra, np.array(dimensions.edges_us))
        given.extend(*self.wire.events(chunk, dimensions))
        given.run().addProperty("run_number", self.number, True)
        charge = FloatTimeSeriesProperty("proton_charge", "picoCoulomb")
        for at, pc in self.wire.pulses(chunk):
            charge.addValue(at, pc)
        given.run().addProperty("proton_charge", charge, True)
        return given

    def _read_edges(self) -> None:
        """What comes between two chunks: the end of a run counts, its beginning is never reported."""
        while (item := self.wire.peek()) is not None and item.kind not in PIECES:
            self._between(self.wire.pop())

    def _between(self, item: Item) -> None:
        if item.kind == "end_run":
            self.edge = Status.END_RUN
        elif item.kind == "new_run":
            self.number = item.value
        elif item.kind == "error":
            raise RuntimeError(item.value)
        else:
            raise RuntimeError(f"{self.name()} cannot be sent {item.kind!r}")

    def take_status(self) -> Status:
        """EndRun once after the end; asking counts the run number on."""
        seen, self.edge = self.edge or Status.RUNNING, None
        if seen is Status.END_RUN:
            self.number += 1
        return seen

    def run_number(self) -> int:
        return self.number


class FakeEventDataListener(_Chunks):
    """Two spectra, no instrument. Without a description: events at ``fakeeventdatalistener.datarate`` a second."""

    NEEDS_STREAM = False

    def connected(self, plan: Plan) -> None:
        self.paced = not plan.items
        if plan.dimensions == Dimensions():
            self.wire.dimensions = FAKE
        self.not_yet = int(ConfigService["fakeeventdatalistener.notyettimes"])
        self.last = self.began = time.monotonic()

    def extract(self) -> EventWorkspace:
        if self.not_yet > 0:
            self.not_yet -= 1
            raise NotYet("FakeEventDataListener: not yet")
        if not self.paced:
            return super().extract()
        now = time.monotonic()
        events = int((now - self.last) * float(ConfigService["fakeeventdatalistener.datarate"]))
        self.last = now
        return self._workspace(Chunk(events=events))

    def take_status(self) -> Status:
        every = float(ConfigService["fakeeventdatalistener.endrunevery"])
        if self.paced and every > 0 and time.monotonic() - self.began > every:
            self.began, self.edge = time.monotonic(), Status.END_RUN
        return super().take_status()


class FileEventDataListener(_Chunks):
    """A file in so many chunks; here the file holds the description of a stream, of which only chunks are read."""

    NEEDS_STREAM = False

    def connected(self, plan: Plan) -> None:
        name, chunks = ConfigService["fileeventdatalistener.filename"], ConfigService["fileeventdatalistener.chunks"]
        if not name or not chunks:
            _logger.error("fileeventdatalistener.filename and .chunks must be set")
        self.left = int(chunks or 0)
        if name:
            self.wire = Wire(parse_plan(json.loads(Path(name).read_text())))

    def extract(self) -> EventWorkspace:
        if self.left <= 0:
            raise RuntimeError("The whole file has been read!")
        self.left -= 1
        given = super().extract()
        if self.left == 0:
            self.edge = Status.END_RUN
        return given
