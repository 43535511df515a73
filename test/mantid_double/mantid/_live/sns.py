"""The SNS listener in its three states: A classic, B refactored, C sees the peer close."""

from dataclasses import replace

import numpy as np

from mantid._double.stream import Chunk, Dimensions, Item, Plan
from mantid._double.switches import is_on
from mantid._live import waiting
from mantid._live.adara import AdaraWire, Pulse, Variable
from mantid._live.listener import LiveListener, NotYet, Status
from mantid._live.reader import Reader
from mantid._live.wire import PIECES, Wire
from mantid.api.events import EventWorkspace
from mantid.api.geometry import Geometry, read_geometry
from mantid.api.run import Run
from mantid.api.workspaces import Instrument
from mantid.kernel import ConfigService, DateAndTime, FloatTimeSeriesProperty, Logger

_logger = Logger("SNSLiveEventDataListener")


class SNSLiveEventDataListener(LiveListener):
    """ADARA events. The era is that of the stream's description; each era is told apart where it differs."""

    SUPPORTS_HISTORY = True

    def make_wire(self, plan: Plan, address: str) -> Wire:
        """The description's items, or with its ``adara`` the server that really listens at the address."""
        if not plan.adara:
            return Wire(plan)
        try:
            return AdaraWire(plan, address)
        except OSError as error:
            raise RuntimeError(self._unable(address, str(error))) from None

    def connected(self, plan: Plan) -> None:
        self.era = plan.era
        self.initialised = False
        self.kept_uninitialised = self.wire.needs_geometry
        self.paused_reading = False
        self.paused_data = False
        self.server_closed = False
        self.status = Status.NO_RUN
        self.edge: Status | None = None
        self.pending: Item | None = None
        self.joining = False
        self.number = plan.run
        self.geometry: Geometry | None = None
        self.variables: dict[tuple[int, int], tuple[str, str]] = {}
        self._not_yet = False
        self.buffer = self._new_buffer(plan.dimensions)
        self.reader = Reader("SNSLiveEventDataListener", self._fill)

    def _new_buffer(self, dimensions: Dimensions) -> EventWorkspace:
        buffer = EventWorkspace(dimensions.spectra, np.array(dimensions.edges_us))
        buffer._instrument = Instrument(self.instrument, self.geometry)
        if self.geometry is not None:
            buffer._groups = [np.array([one]) for one in self.geometry.ids]
        self._describe_run(buffer.run())
        return buffer

    def _describe_run(self, run: Run) -> None:
        if self.number:
            run.addProperty("run_number", str(self.number), True)
            run.addProperty("run_start", str(DateAndTime.getCurrentTime()), True)
        for name in ("proton_charge", "scan_index"):
            if name not in run:
                run.addProperty(name, FloatTimeSeriesProperty(name, "picoCoulomb" if "charge" in name else ""), True)
        scans = run["scan_index"]
        if isinstance(scans, FloatTimeSeriesProperty) and not scans.size():
            scans.addValue(DateAndTime.getCurrentTime(), 0)

    # ------------------------------------------------------------- in the background thread

    def _fill(self) -> None:
        """Read what one extraction gives: at most one piece, everything behind it up to the next or to a run edge."""
        taken = False
        while not self.paused_reading and not self.server_closed:
            item = self.wire.peek()
            if item is None:
                self.initialised = self.initialised or not self.kept_uninitialised
                break
            if item.kind in PIECES and taken:
                break
            taken = taken or item.kind in PIECES
            self._handle(self.wire.pop())

    def _handle(self, item: Item) -> None:
        handler = getattr(self, f"_on_{item.kind}", None)
        if handler is None:
            raise RuntimeError(f"the SNS listener cannot be sent {item.kind!r}")
        handler(item)

    def _on_chunk(self, item: Item) -> None:
        chunk: Chunk = item.value
        self._initialise()
        tof, index = self.wire.events(chunk, self.wire.dimensions)
        run = self.buffer.run()
        keeps = ConfigService["livelistener.keeppausedevents"] not in ("0", "")
        if not self.paused_data or keeps:
            self.buffer.extend(tof, index)
        for time, charge in self.wire.pulses(chunk):
            if not self.paused_data or keeps:
                _series(run, "proton_charge").addValue(time, charge)
        for name, value in (chunk.logs or {}).items():
            _series(run, name).addValue(self.wire._last_pulse_ns, value)

    def _on_pulse(self, item: Item) -> None:
        """A real packet; pixels are spread over the spectra that there are."""
        pulse: Pulse = item.value
        if not self.initialised:
            _logger.error("events before the initialisation are dropped")
        elif not self.paused_data or ConfigService["livelistener.keeppausedevents"] not in ("0", ""):
            pixel = pulse.pixel.astype(np.int64)
            known = self.geometry
            index = pixel % self.wire.dimensions.spectra if known is None else known.index(pixel)
            self.buffer.extend(pulse.tof_us[index >= 0], index[index >= 0], pulse.time_ns)
            _series(self.buffer.run(), "proton_charge").addValue(pulse.time_ns, pulse.charge_pc)

    def _on_geometry(self, item: Item) -> None:
        if self.wire.plan.geometry:
            self.geometry = read_geometry(item.value)
            self.wire.dimensions = replace(self.wire.dimensions, spectra=len(self.geometry.ids))
        self._initialise()

    def _on_device(self, item: Item) -> None:
        """The names and units of the variables of a device."""
        device, variables = item.value
        self.variables |= {(device, number): known for number, known in variables.items()}

    def _on_variable(self, item: Item) -> None:
        value: Variable = item.value
        if (known := self.variables.get((value.device, value.number))) is not None:
            name, units = known
            series = _series(self.buffer.run(), name)
            series.units = units
            series.addValue(value.time_ns, value.value)

    def _on_forever(self, item: Item) -> None:
        self._on_chunk(item)

    def _on_silence(self, item: Item) -> None:
        self._initialise()

    def _on_not_yet(self, item: Item) -> None:
        self._not_yet = True

    def _on_uninitialised(self, item: Item) -> None:
        self.kept_uninitialised = True

    def _on_dimensions(self, item: Item) -> None:
        """A new geometry; it holds from the next initialisation on."""
        self.wire.dimensions = item.value

    def _on_state(self, item: Item) -> None:
        """STATE with a run number while none is known: the number is taken, the status stays NoRun."""
        if not self.number:
            self.number = item.value
            self._describe_run(self.buffer.run())

    def _on_pause(self, item: Item) -> None:
        self.paused_data = item.value
        _series(self.buffer.run(), "pause").addValue(DateAndTime.getCurrentTime(), float(item.value))

    def _on_scan(self, item: Item) -> None:
        _series(self.buffer.run(), "scan_index").addValue(DateAndTime.getCurrentTime(), float(item.value))

    def _on_error(self, item: Item) -> None:
        """A malformed packet, a reset: the thread dies."""
        _logger.fatal(item.value)
        raise RuntimeError(item.value)

    def _on_close(self, item: Item) -> None:
        """Orderly close: eras A and B do not notice."""
        self.server_closed = True

    def _on_new_run(self, item: Item) -> None:
        if not self.initialised:
            if self.joining:
                raise RuntimeError("back-pressure invariant violation: a second run while joining one")
            self.number, self.status = item.value, Status.RUNNING
            self.joining = self.era != "A"
            self._describe_run(self.buffer.run())
        else:
            self._pend(item, Status.BEGIN_RUN)

    def _on_end_run(self, item: Item) -> None:
        if self.status is Status.NO_RUN:
            _logger.warning("Unexpected end of run")
        self.number = self.number or item.value
        self.buffer.run().addProperty("run_end", str(DateAndTime.getCurrentTime()), True)
        self._pend(item, Status.END_RUN)

    def _pend(self, item: Item, edge: Status) -> None:
        """An edge waits to be consumed; until then nobody reads."""
        self.pending, self.paused_reading = item, True
        if self.era == "A":
            self.status = edge

    def _initialise(self) -> None:
        self.kept_uninitialised = False
        if self.initialised:
            return
        self.initialised = True
        if self.buffer.getNumberHistograms() != self.wire.dimensions.spectra:
            run = self.buffer.run()
            self.buffer = self._new_buffer(self.wire.dimensions)
            self.buffer._run = run

    # ------------------------------------------------------------- in the thread of the caller

    def extract(self) -> EventWorkspace:
        """The refactored listener's sequence at a run edge; era A has only its middle."""
        joined = False
        if self.era != "A":
            joined = self._before_extract()
        given = self._extract()
        if self.era != "A":
            self._after_extract(joined)
        return given

    def _extract(self) -> EventWorkspace:
        if self.server_closed and self._notices_close():
            self._raise_closed()
        self._not_yet = False
        self.reader.read()
        if self.reader.error is not None and not self.initialised:
            raise self.reader.error
        if self._not_yet or not self.initialised:
            waiting.wait_in_slices(waiting.INITIALISATION_S, waiting.INITIALISATION_SLICE_S, lambda: None)
            raise NotYet("The workspace has not yet been initialized.")
        given = self.buffer
        self.buffer = given.emptied()
        self.buffer._run = given.run().last_values() if is_on("carry_over") else self._bare(given.run())
        return given

    def _bare(self, run: Run) -> Run:
        bare = run.last_values()
        for name in bare.keys():  # noqa: SIM118 (Run is no dictionary)
            if isinstance(bare[name], FloatTimeSeriesProperty):
                bare.addProperty(name, FloatTimeSeriesProperty(name), True)
        return bare

    def _notices_close(self) -> bool:
        return self.era == "C" or not is_on("stall_after_close")

    def _raise_closed(self) -> None:
        before = "" if self.initialised else " before workspace initialization"
        raise RuntimeError(f"stream ended{before or ' after server disconnect'}.")

    def _before_extract(self) -> bool:
        """Commit a pending BeginRun: what was buffered is gone, this extract gives the new run's first data."""
        if self.pending is not None and self.pending.kind == "new_run":
            self._begin_run(self.pending.value)
            return True
        return self.joining

    def _after_extract(self, began: bool) -> None:
        """The edge that this extract committed can be seen until the next."""
        self.edge = Status.BEGIN_RUN if began else None
        self.joining = False
        if self.pending is not None and self.pending.kind == "end_run":
            self.edge = Status.END_RUN
            self._end_run()

    def take_status(self) -> Status:
        """Era A: with effects, so one caller after every extract. B, C: the edge, else the state."""
        if self.era != "A":
            return self.edge or self.status
        seen = self.status
        if seen is Status.BEGIN_RUN and self.pending is not None:
            self._begin_run(self.pending.value)
        elif seen is Status.END_RUN:
            self._end_run()
        self.paused_reading = False
        return seen

    def _begin_run(self, number: int) -> None:
        """Throw away buffer and initialisation, take on the run, read on."""
        self.number, self.status = number, Status.RUNNING
        self._start_over()

    def _end_run(self) -> None:
        self.status = Status.NO_RUN
        self._start_over()

    def _start_over(self) -> None:
        self.pending, self.paused_reading, self.initialised = None, False, False
        self.kept_uninitialised = self.wire.needs_geometry
        self.buffer = self._new_buffer(self.wire.dimensions)

    def run_number(self) -> int:
        """Keeps the old number between runs."""
        return self.number

    def close(self) -> None:
        self.reader.stop(receive_blocks=self.era != "C")
        super().close()


def _series(run: Run, name: str) -> FloatTimeSeriesProperty:
    """The time series of a name, made if it is not there."""
    if name not in run:
        run.addProperty(name, FloatTimeSeriesProperty(name), True)
    found = run[name]
    assert isinstance(found, FloatTimeSeriesProperty)
    return found
