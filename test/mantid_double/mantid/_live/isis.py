"""The ISIS listeners: cumulative histograms, events; Kafka only by its property."""

import time

import numpy as np

from mantid._double.stream import Chunk, Dimensions, Item, Plan, time_scale
from mantid._live import waiting
from mantid._live.listener import LiveListener, NotYet
from mantid._live.reader import Reader
from mantid._live.wire import PIECES
from mantid.api.events import EventWorkspace
from mantid.api.properties import Property
from mantid.api.workspaces import Instrument, Workspace, Workspace2D, WorkspaceGroup
from mantid.kernel import FloatTimeSeriesProperty


class ISISHistoDataListener(LiveListener):
    """Each extraction reads the DAE's cumulative histograms, so Replace is right. Runs do not exist here."""

    BUFFERS_EVENTS = False

    @staticmethod
    def own_properties() -> list[Property]:
        return [
            Property("SpectraList", "ints", [], group="ListenerProperties"),
            Property("PeriodList", "ints", [], group="ListenerProperties"),
        ]

    def connected(self, plan: Plan) -> None:
        shape = plan.dimensions
        self.edges = np.linspace(*shape.tof_us, shape.bins + 1)
        self.counts = np.zeros((shape.periods, shape.spectra, shape.bins))
        self.charge_uah = 0.0

    def extract(self) -> Workspace:
        self._read()
        members = [self._histogram(period) for period in self._chosen("PeriodList", self.counts.shape[0])]
        if members:
            members[0].run().addProperty("gd_prtn_chrg", self.charge_uah, True)
        return members[0] if len(members) == 1 else WorkspaceGroup(list(members))

    def _read(self) -> None:
        """One piece; nothing is read ahead here, so what fails behind it is the next extraction's."""
        taken = False
        while (item := self.wire.peek()) is not None and not taken:
            taken = item.kind in PIECES
            self._handle(self.wire.pop())

    def _handle(self, item: Item) -> None:
        if item.kind in ("chunk", "forever"):
            self._count(item.value)
        elif item.kind == "not_yet":
            raise NotYet("not yet")
        elif item.kind == "dimensions" and item.value != self.wire.dimensions:
            raise RuntimeError("Data dimensions changed")
        elif item.kind == "error":
            raise RuntimeError(item.value)
        elif item.kind != "silence":
            raise RuntimeError(f"the ISIS histogram listener cannot be sent {item.kind!r}")

    def _count(self, chunk: Chunk) -> None:
        for period in range(len(self.counts)):
            if chunk.period in (None, period):
                tof, index = self.wire.events(chunk, self.wire.dimensions)
                np.add.at(
                    self.counts[period], (index, np.clip(np.searchsorted(self.edges, tof, "right") - 1, 0, None)), 1
                )
        self.charge_uah += chunk.pulses * chunk.charge_pc * 1.0e-6 / 3600.0

    def _chosen(self, name: str, number: int) -> list[int]:
        """Indices from a list of numbers that begin at 1; an empty list is all."""
        asked = self.settings[name].value
        if wrong := [value for value in asked if not 1 <= value <= number]:
            raise RuntimeError(f"{name}: {wrong} not within 1 to {number}")
        return [value - 1 for value in asked] or list(range(number))

    def _histogram(self, period: int) -> Workspace2D:
        y = self.counts[period][self._chosen("SpectraList", self.counts.shape[1])]
        given = Workspace2D(np.tile(self.edges, (len(y), 1)), y, np.sqrt(y))
        given._instrument = Instrument(self.instrument)
        return given


class ISISLiveEventDataListener(LiveListener):
    """Events in periods. Thirty seconds of silence, or a second Setup packet, end its thread for good."""

    def connected(self, plan: Plan) -> None:
        self.buffers = self._new_buffers(plan.dimensions)
        self.not_yet = False
        self.last_data = time.monotonic()
        self.reader = Reader("ISISLiveEventDataListener", self._fill)

    def _new_buffers(self, shape: Dimensions) -> list[EventWorkspace]:
        buffers = [EventWorkspace(shape.spectra, np.array(shape.edges_us)) for _ in range(shape.periods)]
        for buffer in buffers:
            buffer._instrument = Instrument(self.instrument)
        buffers[0].run().addProperty("proton_charge", FloatTimeSeriesProperty("proton_charge", "uAh"), True)
        return buffers

    def _fill(self) -> None:
        taken, self.not_yet = False, False
        while (item := self.wire.peek()) is not None and not (taken and item.kind in PIECES):
            taken = taken or item.kind in PIECES
            self._handle(self.wire.pop())
        if taken:
            self.last_data = time.monotonic()
        elif time.monotonic() - self.last_data > waiting.ISIS_SILENCE_S * time_scale():
            raise RuntimeError("no header for 30 s")

    def _handle(self, item: Item) -> None:
        if item.kind in ("chunk", "forever"):
            self._take(item.value)
        elif item.kind == "not_yet":
            self.not_yet = True
        elif item.kind in ("error", "setup"):
            raise RuntimeError("an unexpected packet" if item.kind == "setup" else item.value)
        elif item.kind != "silence":
            raise RuntimeError(f"the ISIS event listener cannot be sent {item.kind!r}")

    def _take(self, chunk: Chunk) -> None:
        for period, buffer in enumerate(self.buffers):
            if chunk.period in (None, period):
                buffer.extend(*self.wire.events(chunk, self.wire.dimensions))
        charge = self.buffers[0].run()["proton_charge"]
        assert isinstance(charge, FloatTimeSeriesProperty)
        for at, pc in self.wire.pulses(chunk):
            charge.addValue(at, pc * 1.0e-6 / 3600.0)

    def extract(self) -> Workspace:
        if self.reader.error is not None:
            raise RuntimeError("Background thread stopped.")
        self.reader.read()
        if self.not_yet:
            raise NotYet("not yet")
        given, self.buffers = self.buffers, self._new_buffers(self.wire.dimensions)
        return given[0] if len(given) == 1 else WorkspaceGroup(list(given))

    def close(self) -> None:
        self.reader.stop(receive_blocks=True)
        super().close()


class KafkaEventListener(LiveListener):
    """Known by name and property only: the double has no Kafka broker to connect to."""

    @staticmethod
    def own_properties() -> list[Property]:
        return [Property("BufferThreshold", "int", 1_000_000, group="ListenerProperties")]

    def connect(self, address: str) -> None:
        raise RuntimeError(self._unable(address, "the double has no Kafka"))
