"""What differs from cycle to cycle; the files lie beside this module."""

from pathlib import Path

SHARED = Path(__file__).parent
CAL_FILE = str(SHARED / "PG3_calibration.h5")
CHAR_FILE = str(SHARED / "PG3_char.txt")


def event_file(run):
    return str(SHARED / ("%s.nxs.h5" % run))


STRIP_PEAKS = True
"""Subtract the Bragg peaks of vanadium before it is smoothed."""
