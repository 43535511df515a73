"""Made-up data."""

import logging
import time

import numpy as np

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.samples.curves import PRESETS
from livereduce.engine.samples.sample_data import HOUR_NS, SampleShape, sample_events, sample_histograms
from livereduce.engine.samples.sample_instrument import SampleInstrument
from livereduce.engine.values.date_and_time import DateAndTime, ns_of
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import F8, I4

logger = logging.getLogger(__name__)
START = "2010-01-01T00:00:00"


@implements("CreateSampleWorkspace")
def create_sample_workspace(
    *,
    workspace_type: str,
    function: str,
    user_defined_function: str,
    x_unit: str,
    x_min: float,
    x_max: float,
    bin_width: float,
    num_events: int,
    random: bool,
    num_scan_points: int,
    instrument_name: str,
    run_start: str,
    run_end: str,
    num_banks: int,
    num_monitors: int,
    bank_pixel_width: int,
    pixel_diameter: float,
    pixel_height: float,  # noqa: ARG001 (the shape of a pixel)
    pixel_spacing: float,
    bank_distance_from_sample: float,
    source_distance_from_sample: float,
) -> Matrix:
    """The same spectrum in every pixel of an instrument of square banks."""
    if num_scan_points > 1:
        raise ValueError("NumScanPoints above 1 is not available in livereduce")
    if pixel_spacing < pixel_diameter:
        raise ValueError(f"PixelSpacing {pixel_spacing} is less than PixelDiameter {pixel_diameter}")
    geometry = SampleInstrument(
        name=instrument_name,
        banks=num_banks,
        monitors=num_monitors,
        width=bank_pixel_width,
        spacing=pixel_spacing,
        bank_distance=bank_distance_from_sample,
        source_distance=source_distance_from_sample,
    )
    pixels = _pixels(geometry)
    shape = SampleShape(
        function=PRESETS.get(function, user_defined_function),
        edges=_edges(x_min, x_max, bin_width),
        spectra=len(pixels),
        generator=np.random.RandomState(int(time.time()) if random else 0),
        noise=1.0 if random else 0.0,
    )
    is_events = workspace_type == "Event"
    content = sample_events(shape, num_events, ns_of(START)) if is_events else sample_histograms(shape)
    return Matrix(
        content=content,
        spectra=SpectrumTable.of_pixels(pixels),
        logs=_logs(run_start, run_end),
        unit=x_unit,
        geometry=Definition(geometry.xml(), "CreateSampleWorkspace"),
        title="Test Workspace",
    )


def _edges(low: float, high: float, width: float) -> F8:
    if high <= low:
        raise ValueError(f"XMax {high} must be larger than XMin {low}")
    if not width > 0:
        raise ValueError(f"BinWidth {width} must be above 0")
    if width > high - low:
        width = high - low
        logger.warning("CreateSampleWorkspace: BinWidth is more than XMax - XMin: it is %g", width)
    return low + width * np.arange(int((high - low) / width) + 1, dtype=np.float64)


def _pixels(instrument: SampleInstrument) -> I4:
    """Ids of the spectra: the monitors, then the banks."""
    per_bank = instrument.width**2
    first = (instrument.banks + 1) * per_bank
    monitors = np.arange(first, first + instrument.monitors)
    return np.concatenate((monitors, np.arange(per_bank, first))).astype(np.int32)


def _logs(start: str, end: str) -> RunLogs:
    """Start and end of the run: an hour if only one is given."""
    start_ns = ns_of(start) if start else (ns_of(end) - HOUR_NS if end else ns_of(START))
    end_ns = ns_of(end) if end else start_ns + HOUR_NS
    logs = RunLogs()
    for name, moment in (("run_start", start_ns), ("run_end", end_ns), ("start_time", start_ns), ("end_time", end_ns)):
        logs.set_plain(name, DateAndTime(moment).toISO8601String())
    return logs
