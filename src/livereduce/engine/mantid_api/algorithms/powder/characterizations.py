"""Algorithms that say which runs and ranges belong to the settings of a powder instrument."""

import logging
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.calling.values import integers, numbers
from livereduce.engine.mantid_api.modules.kernel.property_managers import PropertyManager, PropertyManagerDataService
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.powder.characterization_files import (
    Characterization,
    FocusPositions,
    is_close,
    read_containers,
    read_experiment,
    read_first,
    version_of,
)
from livereduce.engine.workspaces.runlogs import RunLogs

logger = logging.getLogger("livereduce.engine")
TYPES = {float: "double", int: "int", str: "str"}
RUNS = {
    "vanadium": "NormRun",
    "vanadium_background": "NormBackRun",
    "container": "BackRun",
    "empty_environment": "EmptyEnv",
    "empty_instrument": "EmptyInstr",
}
"""Keys of the property manager that hold run numbers, and the arguments that override them."""
DEFAULTS: dict[str, Any] = {
    "frequency": 0.0,
    "wavelength": 0.0,
    "bank": 1,
    **{key: [0] for key in RUNS},
    "d_min": [],
    "d_max": [],
    "tof_min": 0.0,
    "tof_max": 0.0,
    "wavelength_min": 0.0,
    "wavelength_max": 0.0,
}


@implements("PDLoadCharacterizations")
def pd_load_characterizations(
    *, filename: Sequence[str], exp_ini_filename: str
) -> tuple[TableWorkspace, str, float, list[int], list[float], list[float], list[float]]:
    """The table, and where the focussed spectra are to be."""
    if len(filename) > 2:
        raise ValueError(f"Filename: at most two characterization files can be given, not {len(filename)}")
    positions, rows = FocusPositions(), list[Characterization]()
    containers: tuple[str, ...] = ()
    texts = sorted(((path, _text(path)) for path in filename), key=lambda one: version_of(one[1]))
    for path, text in texts:
        try:
            if version_of(text) == 0:
                positions, rows = read_first(text)
            else:
                rows, containers = read_containers(text, rows)
        except ValueError as error:
            raise ValueError(f"Filename: {path}: {error}") from None
    if exp_ini_filename:
        if not rows:
            raise RuntimeError("the characterization files have no rows that ExpIniFilename could change")
        rows = read_experiment(_text(exp_ini_filename), rows)
    return (
        _table(rows, containers),
        positions.parameter_file,
        positions.l1,
        list(positions.spectra),
        list(positions.l2),
        list(positions.polar),
        list(positions.azimuthal),
    )


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace")


def _table(rows: Sequence[Characterization], containers: Sequence[str]) -> TableWorkspace:
    columns: dict[tuple[str, str], Any] = {
        (TYPES[one.type], one.name): [getattr(row, one.name) for row in rows]  # type: ignore[index]
        for one in fields(Characterization)
        if one.name != "containers"
    }
    columns |= {("str", name): [row.containers.get(name, "0") for row in rows] for name in containers}
    return TableWorkspace.of_columns(columns)


@implements("PDDetermineCharacterizations")
def pd_determine_characterizations(
    *,
    input_workspace: Matrix | None,
    characterizations: Any,
    reduction_properties: str,
    back_run: Sequence[int],
    norm_run: Sequence[int],
    norm_back_run: Sequence[int],
    empty_env: Sequence[int],
    empty_instr: Sequence[int],
    frequency_log_names: Sequence[str],
    wave_length_log_names: Sequence[str],
) -> tuple[()]:
    """Leave the values in the property manager of this name, which is made if there is none."""
    values: dict[str, Any] = {}
    if characterizations is not None and characterizations.rowCount() and input_workspace is not None:
        logs = input_workspace.logs
        frequency = _log_value(logs, frequency_log_names, "frequency", ("hz",))
        wavelength = _log_value(logs, wave_length_log_names, "wavelength", ("angstrom", "a"))
        if frequency is not None and wavelength is not None:
            values = _of_row(characterizations.toDict(), frequency, wavelength, _container(logs))
    given = (norm_run, norm_back_run, back_run, empty_env, empty_instr)
    for key, runs in zip(RUNS, given, strict=True):
        if runs and runs[0] != 0:
            values[key] = list(runs) if runs[0] > 0 else [0]
    known = PropertyManagerDataService.doesExist(reduction_properties)
    manager = PropertyManagerDataService.retrieve(reduction_properties) if known else PropertyManager()
    for key, value in DEFAULTS.items():
        if key in values or not manager.existsProperty(key):
            manager[key] = values.get(key, value)
    PropertyManagerDataService.addOrReplace(reduction_properties, manager)
    return ()


def _log_value(logs: RunLogs, names: Sequence[str], what: str, units: Sequence[str]) -> float | None:
    """The first of some logs that has a value and the right unit; names in any case."""
    known = {name.casefold(): name for name in logs}
    for wanted in names:
        name = wanted if wanted in logs else known.get(wanted.casefold())
        if name is None:
            continue
        log = logs[name]
        if log.units.casefold() not in units:
            logger.warning(
                "PDDetermineCharacterizations: log %s has the unit %r, not one of a %s", name, log.units, what
            )
            continue
        value = float(log.timeAverageValue())
        if value != 0:
            return value
    logger.warning("PDDetermineCharacterizations: no log gives the %s (%s): defaults are used", what, ", ".join(names))
    return None


def _container(logs: RunLogs) -> str:
    return str(logs["SampleContainer"].firstValue()).replace(" ", "") if "SampleContainer" in logs else ""


def _of_row(table: dict[str, list[Any]], frequency: float, wavelength: float, container: str) -> dict[str, Any]:
    missing = [key for key in DEFAULTS if key not in table]
    if missing:
        raise ValueError(f"Characterizations has no column {missing[0]!r}")
    for place, (one, two) in enumerate(zip(table["frequency"], table["wavelength"], strict=True)):
        if is_close(frequency, one) and is_close(wavelength, two):
            row: dict[str, Any] = {key: table[key][place] for key in DEFAULTS}
            if container in table:
                row["container"] = table[container][place]
            row |= {key: list(integers(row[key])) or [0] for key in RUNS}
            row |= {key: list(numbers(row[key])) for key in ("d_min", "d_max")}
            return row | {"frequency": frequency, "wavelength": wavelength}
    logger.warning(
        "PDDetermineCharacterizations: no row is for %g Hz and %g Angstrom: defaults are used", frequency, wavelength
    )
    return {}
