"""The instrument definition that a NeXus file holds as XML: ``<entry>/instrument/instrument_xml/data``."""

from pathlib import Path

import h5py
import numpy as np

from livereduce.stream.nexus.fields import child


def definition_of(entry: h5py.Group) -> str:
    """The definition of an entry, unchanged: line breaks in it do not count as control characters. Empty if none."""
    found = child(entry, "instrument/instrument_xml/data")
    if not isinstance(found, h5py.Dataset) or found.shape is None or not found.size:
        return ""
    raw = np.asarray(found[()], dtype=object).ravel()[0]
    return (raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)).strip("\0 \t\r\n")


def definition_in(path: Path) -> str:
    """The definition of the first entry that has one; empty if none has.

    Raises
    ------
    OSError
        It is no HDF5 file.
    """
    with h5py.File(path) as file:
        found = (definition_of(entry) for entry in file.values() if isinstance(entry, h5py.Group))
        return next((xml for xml in found if xml), "")
