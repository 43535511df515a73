"""Characterization files: which runs and ranges belong to a chopper frequency and wavelength. Text in, rows out.

Source: Mantid docs/source/algorithms/PDLoadCharacterizations-v1.rst,
Framework/DataHandling/src/PDLoadCharacterizations.cpp.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

PARAMETER_FILE = "Instrument parameter file:"
VERSION = re.compile(r"version=(\d+)")
CONTAINERS = re.compile(r"freq\S*\s+w\S*l\S*\s+van\s+van_back\s+mt_env\s+mt_instr\s*(.*)")
FIXED_COLUMNS = 6
"""Columns before those of the containers in a file of version 1."""
CLOSE = 0.05
"""Relative: frequencies and wavelengths that agree to this are the same."""
EXPERIMENT_KEYS = {"Vana": "vanadium", "VanaBg": "vanadium_background", "MTc": "container"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Characterization:
    """One row; runs and ranges of d are texts, since they may be lists. 0 means none.

    Attributes
    ----------
    containers
        Runs of the empty container by its name.
    """

    frequency: float
    wavelength: float
    bank: int = 1
    vanadium: str = "0"
    vanadium_background: str = "0"
    container: str = "0"
    empty_environment: str = "0"
    empty_instrument: str = "0"
    d_min: str = "0"
    d_max: str = "0"
    tof_min: float = 0.0
    tof_max: float = 0.0
    wavelength_min: float = 0.0
    wavelength_max: float = 0.0
    containers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusPositions:
    """Where the focussed spectra are to be: L1 and L2 in m, angles in degrees."""

    parameter_file: str = ""
    l1: float = 0.0
    spectra: tuple[int, ...] = ()
    l2: tuple[float, ...] = ()
    polar: tuple[float, ...] = ()
    azimuthal: tuple[float, ...] = ()


def version_of(text: str) -> int:
    """The version that the first line names; 0 without one."""
    lines = _lines(text)
    found = VERSION.match(lines[0]) if lines else None
    return int(found[1]) if found else 0


def _lines(text: str) -> list[str]:
    """Lines that are neither blank nor comments."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def read_first(text: str) -> tuple[FocusPositions, list[Characterization]]:
    """A file of the first kind: positions, if it begins with them, and rows.

    Raises
    ------
    ValueError
        A line cannot be read.
    """
    lines = _lines(text)
    positions = FocusPositions()
    if lines and lines[0].startswith(PARAMETER_FILE):
        head = lines.pop(0).removeprefix(PARAMETER_FILE).strip()
        end = next((place for place, line in enumerate(lines) if line.split()[0] == "L1"), None)
        if end is not None:
            positions = _positions(head, lines[: end + 1])
            lines = lines[end + 1 :]
        else:
            positions = FocusPositions(parameter_file=head)
    return positions, [_row(line) for line in lines]


def _positions(head: str, lines: Sequence[str]) -> FocusPositions:
    table = [line.split() for line in lines[:-1]]
    table = [words for words in table if len(words) >= 3]
    try:
        return FocusPositions(
            parameter_file=head,
            l1=float(lines[-1].split()[1]),
            spectra=tuple(int(words[0]) for words in table),
            l2=tuple(float(words[1]) for words in table),
            polar=tuple(float(words[2]) for words in table),
            azimuthal=tuple(float(words[3]) if len(words) > 3 else 0.0 for words in table),
        )
    except (ValueError, IndexError) as error:
        raise ValueError(f"the focus positions cannot be read: {error}") from None


def _row(line: str) -> Characterization:
    words = line.split()
    words += ["0."] * (12 - len(words))
    try:
        return Characterization(
            frequency=float(words[0]),
            wavelength=float(words[1]),
            bank=int(words[2]),
            vanadium=words[3],
            container=words[4],
            vanadium_background=words[5],
            d_min=words[6],
            d_max=words[7],
            tof_min=float(words[8]),
            tof_max=float(words[9]),
            wavelength_min=float(words[10]),
            wavelength_max=float(words[11]),
        )
    except ValueError as error:
        raise ValueError(f"the line {line!r} cannot be read: {error}") from None


def read_containers(text: str, rows: Sequence[Characterization]) -> tuple[list[Characterization], tuple[str, ...]]:
    """Rows with what a file of version 1 says of them; and the names of its containers, sorted.

    Raises
    ------
    ValueError
        A line cannot be read.
    """
    names: list[str] = []
    found = list(rows)
    for line in _lines(text)[1:]:
        header = CONTAINERS.match(line)
        if header:
            names += header[1].split()
            continue
        words = line.split()
        if not names and len(words) > FIXED_COLUMNS:
            raise ValueError(f"no line names the columns before {line!r}")
        if len(words) < FIXED_COLUMNS + len(names):
            raise ValueError(f"the line {line!r} has {len(words)} columns, {FIXED_COLUMNS + len(names)} are named")
        found = _updated(found, words, dict(zip(names, words[FIXED_COLUMNS:], strict=False)))
    return found, tuple(sorted(set(names)))


def _updated(rows: list[Characterization], words: list[str], containers: dict[str, str]) -> list[Characterization]:
    frequency, wavelength = float(words[0]), float(words[1])
    runs = {
        "vanadium": words[2],
        "vanadium_background": words[3],
        "empty_environment": words[4],
        "empty_instrument": words[5],
        "containers": containers,
    }
    place = matching(rows, frequency, wavelength)
    if place is None:
        return [*rows, Characterization(frequency=frequency, wavelength=wavelength, **runs)]  # type: ignore[arg-type]
    return [*rows[:place], replace(rows[place], **runs), *rows[place + 1 :]]  # type: ignore[arg-type]


def matching(rows: Sequence[Characterization], frequency: float, wavelength: float) -> int | None:
    """The first row of this frequency and wavelength; None if there is none."""
    for place, row in enumerate(rows):
        if is_close(frequency, row.frequency) and is_close(wavelength, row.wavelength):
            return place
    return None


def is_close(one: float, two: float) -> bool:
    """True if two numbers differ by less than 5 % of their mean."""
    return one == two or (one + two != 0 and abs(one - two) * 2 / (one + two) < CLOSE)


def read_experiment(text: str, rows: Sequence[Characterization]) -> list[Characterization]:
    """Rows with the runs that NOMAD's ``exp.ini`` names."""
    runs: dict[str, str] = {}
    for line in _lines(text):
        words = line.split()
        if len(words) >= 2 and words[0] in EXPERIMENT_KEYS:
            runs[EXPERIMENT_KEYS[words[0]]] = words[1]
    return [replace(row, **runs) for row in rows]  # type: ignore[arg-type]
