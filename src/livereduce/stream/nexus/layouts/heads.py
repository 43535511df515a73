"""What several layouts have in common: the number of the run, and the proton charge of its pulses."""

import re

import h5py
import numpy as np

from livereduce.stream.items import F8, I8
from livereduce.stream.nexus.clock import Clock, pulse_times_ns
from livereduce.stream.nexus.fields import Notes, Numbers, bad, child, dataset, numbers, text

MAX_RUN = 2**32 - 1
MAX_CHARGE_PC = 10.0 * (2**32 - 1)
"""A pulse's charge has 32 bits in the stream, in units of 10 pC."""
CHARGES = Numbers(
    units={
        **dict.fromkeys(("", "pc", "picocoulomb", "picocoulombs"), 1.0),
        **dict.fromkeys(("uah", "µah", "microamphour", "microamphours", "uamphour", "uamp.hour", "uamphr"), 3.6e9),
        **dict.fromkeys(("c", "coulomb", "coulombs"), 1e12),
    }
)


def run_number(entry: h5py.Group, notes: Notes, name: str = "run_number") -> int:
    """Number of the run; 1 if the file does not say.

    Raises
    ------
    OperatorError
        What it says is none.
    """
    words = text(entry, name)
    if not words:
        notes.add(f"no {name}; played as run 1", entry.name)
        return 1
    if not re.fullmatch(r"\d{1,10}", words) or not 1 <= int(words) <= MAX_RUN:
        raise bad(entry, f"a run number from 1 to {MAX_RUN}", repr(words), name=name)
    return int(words)


def charge_log(entry: h5py.Group, path: str, notes: Notes) -> h5py.Group | None:
    """The log of the proton charge, if there is a usable one; else a note says so."""
    log = child(entry, path)
    if isinstance(log, h5py.Group) and "time" in log and "value" in log:
        return log
    notes.add("no proton charge; every pulse has 0 pC", path)
    return None


def charges(log: h5py.Group | None, clock: Clock, notes: Notes) -> tuple[I8, F8]:
    """Times and charges of pulses; none without a log.

    Raises
    ------
    OperatorError
        They are no charges, or not one for each time.
    """
    if log is None:
        return np.zeros(0, np.int64), np.zeros(0)
    time_ns = pulse_times_ns(dataset(log, "time"), clock, notes)
    charge_pc: F8 = numbers(dataset(log, "value"), CHARGES)
    if time_ns.size != charge_pc.size:
        raise bad(log, f"{time_ns.size} values, one per time", charge_pc.size, name="value")
    return time_ns, _possible(charge_pc, log, notes)


def _possible(charge_pc: F8, log: h5py.Group, notes: Notes) -> F8:
    """Clip charges to the range that the stream can carry; NaN becomes 0. A note names the impossible ones."""
    clipped = np.clip(np.nan_to_num(charge_pc, nan=0.0, posinf=MAX_CHARGE_PC, neginf=0.0), 0.0, MAX_CHARGE_PC)
    wrong = np.flatnonzero(clipped != charge_pc)
    if wrong.size:
        first = int(wrong[0])
        notes.add(
            f"{wrong.size} impossible charges (the first is {charge_pc[first]:g} pC at index {first}) "
            f"are clipped to 0 to {MAX_CHARGE_PC:g} pC, NaN to 0",
            log.name,
        )
    return clipped
