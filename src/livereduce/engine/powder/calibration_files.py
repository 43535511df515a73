"""Calibration files: SaveDiffCal's HDF5, and the older text with an offset a line.

Source: Mantid docs/source/algorithms/SaveDiffCal-v1.rst, docs/source/concepts/CalFile.rst.
"""

from pathlib import Path

import h5py
import numpy as np

from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.powder.calibration import NOTHING, CalibrationFile, difc_of
from livereduce.stream.items import B1, F8, I4

TEXT_COLUMNS = 5
"""Number, detector, offset, selected, group."""


def read_hdf5(path: str) -> CalibrationFile:
    """The constants, groups and mask of a file of SaveDiffCal.

    Raises
    ------
    ValueError
        The file has no such contents; the text says which.
    OSError
        It cannot be read.
    """
    with h5py.File(path, "r") as file:
        if not isinstance(folder := file.get("calibration"), h5py.Group):
            raise ValueError(f"{path} has no group /calibration, as SaveDiffCal writes it")
        detector, difc = (_column(folder, name, path) for name in ("detid", "difc"))
        if detector is None or difc is None:
            raise ValueError(f"{path}: /calibration needs detid and difc")
        size = len(detector)
        difa, tzero = (_column(folder, name, path, size) for name in ("difa", "tzero"))
        group, use = (_column(folder, name, path, size) for name in ("group", "use"))
    if len(difc) != size:
        raise ValueError(f"{path}: /calibration/difc has {len(difc)} values for {size} detectors")
    constants = Calibration(
        detector=detector.astype(np.int32),
        difc=_without_dust(difc),
        difa=_without_dust(difa) if difa is not None else np.zeros(size),
        tzero=_without_dust(tzero) if tzero is not None else np.zeros(size),
    )
    return CalibrationFile(
        constants=constants,
        group=None if group is None else group.astype(np.int32),
        is_used=None if use is None else use > 0,
    )


def _column(folder: h5py.Group, name: str, path: str, size: int | None = None) -> F8 | None:
    dataset = folder.get(name)
    if not isinstance(dataset, h5py.Dataset):
        return None
    values: F8 = np.asarray(dataset[()], np.float64).ravel()
    if size is not None and len(values) != size:
        raise ValueError(f"{path}: /calibration/{name} has {len(values)} values for {size} detectors")
    return values


def _without_dust(values: F8) -> F8:
    return np.where(np.isfinite(values) & (np.abs(values) >= NOTHING), values, 0.0)


def write_hdf5(path: str, contents: CalibrationFile, instrument: str) -> None:
    """Write a file as SaveDiffCal does; what is not known of groups and mask is 1 for all."""
    constants = contents.constants
    size = len(constants.detector)
    group = np.ones(size, np.int32) if contents.group is None else contents.group
    used: B1 = np.ones(size, np.bool_) if contents.is_used is None else contents.is_used
    with h5py.File(path, "w") as file:
        folder = file.create_group("calibration")
        folder.attrs["NX_class"] = "NXentry"
        folder["detid"] = constants.detector.astype(np.int32)
        for name, values in (("difc", constants.difc), ("difa", constants.difa), ("tzero", constants.tzero)):
            folder[name] = values
        folder["group"], folder["use"] = group.astype(np.int32), used.astype(np.int32)
        place = folder.create_group("instrument")
        place.attrs["NX_class"] = "NXinstrument"
        place["name"], place["instrument_source"] = instrument, ""


def read_text(path: str, instrument: InstrumentGeometry) -> CalibrationFile:
    """The older text, whose offsets are relative to the DIFC of the positions: DIFC = DIFC(position) / (1 + offset).

    Raises
    ------
    ValueError
        A line is not number, detector, offset, selected, group.
    """
    detector, offset, selected, group = read_text_columns(path)
    at = instrument.index_of(detector)
    difc = np.where(at >= 0, difc_of(instrument)[np.maximum(at, 0)] / (1 + offset), 0.0)
    zeros = np.zeros(len(detector))
    constants = Calibration(detector=detector, difc=difc, difa=zeros, tzero=zeros)
    return CalibrationFile(constants=constants, group=group, is_used=selected)


def read_text_columns(path: str) -> tuple[I4, F8, B1, I4]:
    """Detector, offset, selected and group of each line of the older text.

    Raises
    ------
    ValueError
        A line is not number, detector, offset, selected, group.
    """
    rows: list[list[float]] = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            rows.append([float(word) for word in words[:TEXT_COLUMNS]])
            if len(words) < TEXT_COLUMNS:
                raise ValueError
        except ValueError:
            raise ValueError(
                f"{path}, line {number}: number, detector, offset, selected and group were expected, "
                f"{line.strip()!r} is there"
            ) from None
    table = np.array(rows, np.float64).reshape(-1, TEXT_COLUMNS)
    return (
        table[:, 1].astype(np.int32),
        table[:, 2],
        table[:, 3] > 0,
        table[:, 4].astype(np.int32),
    )
