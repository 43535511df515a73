"""What Mantid's algorithms do, written with scipp on a table of events, as a script would that has no Mantid."""

from typing import Any

import numpy as np
import scipp as sc

from livereduce.engine.values.date_and_time import times64
from livereduce.engine.workspaces.convert import events_to_scipp
from livereduce.stream.items import F8, I8
from powder_beam import GROUPS, L1_M, US_PER_A_M, PowderBeam


def table_of(beam: PowderBeam) -> Any:
    """The events with pixel, time of flight and pulse time, made once, before anything is measured."""
    return events_to_scipp(beam.events, pulse_time=True)


def tof_us(table: Any) -> Any:
    """Time of flight as numbers that formulas take."""
    return table.coords["tof"].to(unit="us", dtype="float64")


def aligned_and_focused(table: Any, beam: PowderBeam, d_edges: F8) -> F8:
    """Counts of each group and bin of d: transform, group, hist."""
    pixel = table.coords["pixel"].values
    rest = tof_us(table).values - beam.tzero[pixel]
    difc, difa = beam.difc[pixel], beam.difa[pixel]
    d = 2 * rest / (difc + np.sqrt(difc * difc + 4 * difa * rest))
    focused = sc.DataArray(
        table.data,
        coords={
            "d": sc.array(dims=table.dims, values=d, unit="angstrom"),
            "group": sc.array(dims=table.dims, values=beam.group[pixel]),
        },
    )
    groups = sc.arange("group", 1, GROUPS + 1, dtype="int32")
    edges = sc.array(dims=["d"], values=d_edges, unit="angstrom")
    counts: F8 = focused.group(groups).hist(d=edges).values
    return counts


def summed(table: Any, edges_us: F8) -> F8:
    """Counts of all pixels in bins of time of flight."""
    alone = sc.DataArray(table.data, coords={"tof": tof_us(table)})
    counts: F8 = alone.hist(tof=sc.array(dims=["tof"], values=edges_us, unit="us")).values
    return counts


def of_times(table: Any, spans: I8) -> Any:
    """The events whose pulse lies in one of some spans of time."""
    time = table.coords["pulse_time"].values
    keep = np.zeros(len(time), np.bool_)
    for start, end in times64(spans):
        keep |= (time >= start) & (time < end)
    return table[sc.array(dims=table.dims, values=keep)]


def normalised(table: Any, charge_uah: float) -> Any:
    """Weights over the charge."""
    return table / sc.scalar(charge_uah)


def in_d_spacing(table: Any, beam: PowderBeam) -> Any:
    """The table with d of each event, by its pixel's position."""
    pixel = table.coords["pixel"].values
    difc = US_PER_A_M * (L1_M + beam.geometry.l2) * 2 * np.sin(beam.geometry.two_theta / 2)
    d = tof_us(table) / sc.array(dims=table.dims, values=difc[pixel], unit="us/angstrom")
    return table.assign_coords(d=d)


def grouped_and_sorted(table: Any) -> Any:
    """The events pixel by pixel in the order of their times: what must be done before any of them can be joined."""
    return sc.sort(table, "tof").group("pixel")
