"""Algorithms that read the event files of SNS."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.base.files import in_bytes
from livereduce.base.times import NS_PER_S
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.algorithms.events.event_filters import (
    compress_events,
    filter_bad_pulses,
    filter_by_log_value,
)
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.files import finding
from livereduce.engine.mantid_api.files.event_nexus import (
    BankEvents,
    TofLimits,
    logs_of,
    matrix_of,
    monitors_of,
    ns_since_1990,
)
from livereduce.engine.mantid_api.files.monitor_histograms import histograms_of_monitors
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.selecting.pulses import in_spans
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.time_spans import FOREVER_NS
from livereduce.stream.nexus.contents import EventFile, FilePart
from livereduce.stream.nexus.event_file import read_event_file

logger = logging.getLogger("livereduce.engine")

LARGE_BYTES = 100 << 20
"""A file that takes more than a second: its reading is told in the log."""
TELL_EVERY_S = 5.0


@implements("LoadEventNexus")
def load_event_nexus(
    *,
    filename: str,
    context: CallContext,
    filter_by_tof_min: float | None,
    filter_by_tof_max: float | None,
    load_monitors: bool,
    chunk_number: int | None,
    n_xentry_name: str,
    bank_name: Sequence[str],
    meta_data_only: bool,
    filter_mon_by_tof_min: float | None,
    filter_mon_by_tof_max: float | None,
    **options: Any,
) -> MatrixWorkspace:
    """The events as a workspace; monitors beside it, in a workspace ``<name>_monitors``."""
    if chunk_number is not None:
        raise ValueError("ChunkNumber: a file is read as a whole here; leave it out")
    path = finding.found(filename)
    banks = BankEvents(TofLimits(least_us=filter_by_tof_min, most_us=filter_by_tof_max))
    file = _read(path, n_xentry_name, _wanted(bank_name, meta_data_only), banks)
    if bank_name and not banks.banks and not meta_data_only:
        raise ValueError(f"BankName: {path} has no bank {', '.join(bank_name)}")
    name = context.names["OutputWorkspace"]
    logs = _logs(file, options)
    bins = 1 if meta_data_only else options["number_of_bins"]
    only = banks.pixels if bank_name and options["single_bank_pixels_only"] else None
    made = matrix_of(file, banks, logs, bins, only, str(path))
    if not options["load_nexus_instrument_xml"]:
        made = replace(made, geometry=Definition(origin=str(path)))
    handle: MatrixWorkspace = wrapped(name, _filtered(made, file, options), None)
    limits = TofLimits(least_us=filter_mon_by_tof_min, most_us=filter_mon_by_tof_max)
    monitors = (
        _monitors(path, file, logs, limits, options | {"n_xentry_name": n_xentry_name}) if load_monitors else None
    )
    if monitors is not None:
        handle.monitors = wrapped(f"{name}_monitors", monitors, None)
        context.store[f"{name}_monitors"] = handle.monitors
    return handle


def _monitors(path: Path, file: EventFile, logs: RunLogs, limits: TofLimits, options: dict[str, Any]) -> Matrix | None:
    """Events of monitors, or their histograms; None if the file has none."""
    only, entry = options["monitors_load_only"], options.get("n_xentry_name") or "entry"
    if file.monitors and only != "Histogram":
        events = monitors_of(file, logs, limits, options["number_of_bins"], str(path))
        return _during(events, file, options["filter_mon_by_time_start"], options["filter_mon_by_time_stop"])
    if only == "Events":
        return None
    return histograms_of_monitors(path, entry, logs, Definition(file.definition_xml, str(path)))


def _wanted(names: Sequence[str], meta_data_only: bool) -> Callable[[int], bool]:
    """Banks by their names: ``bank12``, ``bank12_events``, ``12``."""
    numbers = {name.strip().removesuffix("_events").removeprefix("bank") for name in names}
    return lambda bank: not meta_data_only and (not numbers or str(bank) in numbers)


def _read(path: Path, entry: str, wants: Callable[[int], bool], banks: BankEvents) -> EventFile:
    """The file, with lines in the log while a large one is read.

    Raises
    ------
    RuntimeError
        It is no event file, or holds what makes no sense.
    """
    size, begun_s = path.stat().st_size, time.monotonic()
    told_s = begun_s

    def tell(at: int, banks: int) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= TELL_EVERY_S:
            told_s = time.monotonic()
            logger.info("LoadEventNexus: %s: %d of %d banks read", path, at, banks)

    if size > LARGE_BYTES:
        logger.info("LoadEventNexus: reading %s (%s)", path, in_bytes(size))
    try:
        file = read_event_file(path, FilePart(entry=entry or "entry", wants=wants, tell=tell, take=banks.take))
    except OperatorError as error:
        raise RuntimeError(str(error)) from None
    logger.info("LoadEventNexus: %s: %d banks in %.1f s", path, banks.banks, time.monotonic() - begun_s)
    for note in file.notes:
        logger.debug("%s: %s", path, note)
    return file


def _logs(file: EventFile, options: dict[str, Any]) -> RunLogs:
    if not options["load_logs"]:
        logs = RunLogs()
        logs.set_plain("run_number", str(file.run))
        return logs
    return logs_of(file, frozenset(_words(options["allow_list"])), frozenset(_words(options["block_list"])))


def _words(texts: Sequence[str]) -> list[str]:
    """Names of logs, separated by commas or spaces."""
    return [word for text in texts for word in text.split()]


def _filtered(matrix: Matrix, file: EventFile, options: dict[str, Any]) -> Matrix:
    """What the arguments say of time, bad pulses, pauses, spectra and compression, in Mantid's order."""
    if options["filter_bad_pulses_lower_cutoff"] is not None:
        matrix = filter_bad_pulses(input_workspace=matrix, lower_cutoff=options["filter_bad_pulses_lower_cutoff"])
    matrix = _during(matrix, file, options["filter_by_time_start"], options["filter_by_time_stop"])
    matrix = _unpaused(matrix)
    matrix = _spectra(matrix, options["spectrum_min"], options["spectrum_max"], options["spectrum_list"])
    if options["compress_tolerance"] is None:
        return matrix
    return compress_events(
        input_workspace=matrix,
        tolerance=options["compress_tolerance"],
        wall_clock_tolerance=None,
        start_time="",
        binning_mode=options["compress_binning_mode"],
        sort_first=True,
    )


def _during(matrix: Matrix, file: EventFile, start_s: float | None, stop_s: float | None) -> Matrix:
    if start_s is None and stop_s is None:
        return matrix
    begin_ns = ns_since_1990(file.start)
    start_ns = begin_ns + round((start_s or 0.0) * NS_PER_S)
    stop_ns = FOREVER_NS if stop_s is None else begin_ns + round(stop_s * NS_PER_S)
    if stop_ns <= start_ns:
        raise ValueError(f"the stop of the time filter must be after its start: {start_s}, {stop_s} s")
    return in_spans(matrix, np.array([[start_ns, stop_ns]]))


def _unpaused(matrix: Matrix) -> Matrix:
    """Without the events of pauses, if the log ``pause`` has changed."""
    logs = matrix.logs
    if "pause" not in logs or logs.getProperty("pause").size() < 2:
        return matrix
    return filter_by_log_value(
        input_workspace=matrix,
        log_name="pause",
        minimum_value=0.0,
        maximum_value=0.0,
        time_tolerance=0.0,
        log_boundary="Left",
        pulse_filter=False,
    )


def _spectra(matrix: Matrix, least: int | None, greatest: int | None, listed: Sequence[int]) -> Matrix:
    if least is None and greatest is None and not listed:
        return matrix
    numbers = matrix.spectra.number
    chosen = np.isin(numbers, np.array(listed, np.int64))
    if least is not None or greatest is not None:
        chosen |= (numbers >= (least or 1)) & (numbers <= (greatest or numbers.max(initial=0)))
    if not chosen.any():
        raise IndexError(f"no spectrum has one of the numbers asked for; there are 1 to {numbers.max(initial=0)}")
    return matrix.taken(np.flatnonzero(chosen))


@implements("LoadNexusMonitors")
def load_nexus_monitors(*, filename: str, n_xentry_name: str, load_only: str) -> Matrix:
    """The monitors alone."""
    path = finding.found(filename)
    file = _read(path, n_xentry_name, lambda _: False, BankEvents(TofLimits()))
    options = {
        "monitors_load_only": load_only,
        "n_xentry_name": n_xentry_name,
        "number_of_bins": 1,
        "filter_mon_by_time_start": None,
        "filter_mon_by_time_stop": None,
    }
    monitors = _monitors(path, file, logs_of(file, frozenset(), frozenset()), TofLimits(), options)
    if monitors is None:
        raise RuntimeError(f"{path} has no monitors{f' as {load_only}' if load_only else ''}")
    return monitors


@implements("LoadNexusLogs")
def load_nexus_logs(
    *,
    workspace: Matrix,
    filename: str,
    overwrite_logs: bool,
    n_xentry_name: str,
    allow_list: Sequence[str],
    block_list: Sequence[str],
) -> Matrix:
    """The logs of a file beside those that are there."""
    file = _read(finding.found(filename), n_xentry_name, lambda _: False, BankEvents(TofLimits()))
    keep, leave = frozenset(_words(allow_list)), frozenset(_words(block_list))
    read, logs = logs_of(file, keep, leave), workspace.logs.copy()
    for name in read.keys():  # noqa: SIM118 (the names, not a dictionary)
        if name in logs and not overwrite_logs:
            continue
        logs.addProperty(name, read.getProperty(name), replace=True)
    return replace(workspace, logs=logs)
