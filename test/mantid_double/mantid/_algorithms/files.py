"""LoadEventNexus, SavePlot1D."""

import re

import h5py
import numpy as np
import plotly.graph_objects as go
from plotly.offline import plot

from mantid.api.algorithm import Algorithm
from mantid.api.events import Events, EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.geometry import read_geometry
from mantid.api.properties import OUT, Property
from mantid.api.workspaces import Instrument
from mantid.kernel import DateAndTime, FloatTimeSeriesProperty


@subscribe
class LoadEventNexus(Algorithm):
    """Banks, logs that are numbers, and the definition of an SNS event file."""

    def declare(self) -> list[Property]:
        return [
            Property("Filename", "file", mandatory=True),
            Property("OutputWorkspace", "workspace", direction=OUT, mandatory=True),
        ]

    def exec(self) -> None:
        with h5py.File(self.getProperty("Filename").value) as file:
            entry = file["entry"]
            geometry = read_geometry(entry["instrument/instrument_xml/data"][0].decode())
            banks = [entry[name] for name in entry if re.fullmatch(r"bank\d+_events", name)]
            columns = [(bank["event_time_offset"][()].astype(float), bank["event_id"][()]) for bank in banks]
            tof, pixel = (np.concatenate(column) for column in zip(*columns, strict=True))
            made = EventWorkspace(len(geometry.ids), np.array([tof.min(), tof.max() + 1]))
            made.events, made.has_times = Events.raw(tof, geometry.index(pixel.astype(np.int64))), False
            made._instrument = Instrument(geometry.name, geometry)
            made._groups = [np.array([one]) for one in geometry.ids]
            for name, log in entry["DASlogs"].items():
                made.run().addProperty(name, _series(name, log), True)
        self.getProperty("OutputWorkspace").held = made


def _series(name: str, log: h5py.Group) -> FloatTimeSeriesProperty:
    made = FloatTimeSeriesProperty(name, log["value"].attrs["units"])
    start_ns = DateAndTime(log["time"].attrs["start"]).totalNanoseconds()
    for time_s, value in zip(log["time"][()], log["value"][()], strict=True):
        made.addValue(DateAndTime(start_ns + round(float(time_s) * 1e9)), float(value))
    return made


@subscribe
class SavePlot1D(Algorithm):
    """The spectra as curves; the text of a plotly figure."""

    def declare(self) -> list[Property]:
        return [
            Property("InputWorkspace", "workspace", mandatory=True),
            Property("OutputType", allowed=["plotly"], mandatory=True),
            Property("SpectraNames", "strings", []),
            Property("Result", direction=OUT),
        ]

    def exec(self) -> None:
        given, names = self.getProperty("InputWorkspace").value, self.getProperty("SpectraNames").value
        rows = range(given.getNumberHistograms())
        figure = go.Figure([go.Scatter(x=given.readX(k)[:-1], y=given.readY(k), name=names[k]) for k in rows])
        made = self.getProperty("Result")
        made.held, made.given = plot(figure, output_type="div", include_plotlyjs=False), True
