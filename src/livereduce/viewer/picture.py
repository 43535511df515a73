"""The picture of the detector as the answer has it, and what is known of one pixel."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.messages.regions import Projection
from livereduce.stream.items import I8
from livereduce.viewer.counted_run import ViewedStream
from livereduce.viewer.findings.facts import FoundIn
from livereduce.viewer.findings.wording import findings_body
from livereduce.viewer.instrument import Banks, ViewedInstrument
from livereduce.viewer.screen.layout import ScreenAxis, ScreenLayout
from livereduce.viewer.screen.projecting import AXES, AxisTold

Json = dict[str, Any]

MOST_NAMES = 4
MOST_MARKS = 50
"""Most boxes around the pixels of one finding."""


def detector_body(
    viewed: ViewedStream,
    projection: Projection,
    possible: Sequence[Projection],
    low_us: float | None,
    high_us: float | None,
) -> Json:
    """Counts per screen cell of a range of times of flight; all of them without one."""
    run, layout = viewed.run, viewed.instrument.layout(projection)
    first, behind = run.pixels.range_of(low_us, high_us)
    counts = run.pixels.counts(first, behind)
    edges, inner = run.pixels.binning.edges_ns, run.pixels.inner
    used = inner if low_us is None and high_us is None else (edges[first], edges[behind])
    return {
        "projection": projection,
        "projections": list(possible),
        "x": _axis(layout.x, AXES[projection][0]),
        "y": _axis(layout.y, AXES[projection][1]),
        "width": layout.x.cells,
        "height": layout.y.cells,
        "counts": base64.b64encode(layout.shown(counts).astype("<f4").tobytes()).decode(),
        "cells_pixels": base64.b64encode(np.minimum(layout.pixels, 65_535).astype("<u2").tobytes()).decode(),
        "tof_range_us": [float(used[0]) / 1000, float(used[1]) / 1000],
        "tof_limits_us": [inner[0] / 1000, inner[1] / 1000],
        "tof_step_us": run.pixels.step_us,
        "total": int(counts.sum()),
        "pixels": len(counts),
        "brightest": _brightest(viewed.instrument.banks, counts),
        "findings": _findings(viewed, layout),
        "note": note(viewed),
    }


def pixel_body(viewed: ViewedStream, projection: Projection, x: float, y: float) -> Json | None:
    """What is known of the pixel nearest to a place on the screen; None if there is none."""
    instrument, run = viewed.instrument, viewed.run
    row = instrument.layout(projection).nearest(x, y)
    if row < 0:
        return None
    pixel = int(instrument.table.pixels[row])
    bank = int(instrument.banks.of_row[row])
    return {
        "pixel": pixel,
        "bank": instrument.banks.names[bank] if bank >= 0 else "",
        **_place(instrument, pixel),
        "counts": int(run.pixels.cells[row].sum(dtype=np.int64)),
    }


def note(viewed: ViewedStream) -> str:
    """What people should know of what they see; empty if there is nothing."""
    instrument, run = viewed.instrument, viewed.run
    rows = instrument.table.rows
    said = [
        viewed.told,
        instrument.problem,
        f"parts that move with {_names(instrument.moving_logs)} are shown at rest" if instrument.moving_logs else "",
        f"parts of the run are missing: {run.missing}" if run.missing else "",
        f"only the first {rows} pixels that appeared are counted" if instrument.is_full else "",
    ]
    return "; ".join(one for one in said if one)


def _names(logs: Sequence[str]) -> str:
    return ", ".join(logs[:MOST_NAMES]) + (" …" if len(logs) > MOST_NAMES else "")


def _brightest(banks: Banks, counts: I8) -> Json | None:
    """The bank with the most counts per pixel, in words of numbers; None without banks."""
    is_in_bank = banks.of_row >= 0
    if not is_in_bank.any():
        return None
    of_row = banks.of_row[is_in_bank]
    sums, pixels = np.bincount(of_row, counts[is_in_bank]), np.bincount(of_row)
    best = int(np.argmax(sums / np.maximum(pixels, 1)))
    return {"bank": banks.names[best], "counts": round(float(sums[best])), "pixels": int(pixels[best])}


def _axis(axis: ScreenAxis, name: AxisTold) -> Json:
    return {"name": name.name, "units": name.units, "min": axis.low, "max": axis.high}


def _findings(viewed: ViewedStream, layout: ScreenLayout) -> list[Json]:
    """What is wrong with the detector, each with boxes around what it is about: of a bank, or of its first pixels."""
    found = viewed.watch.found(viewed.run.pixels.step_us)
    bodies = findings_body(found)
    for one, body in zip(found, bodies, strict=True):
        rows = np.flatnonzero(viewed.watch.rows_of(one))
        groups = [rows] if one.what is FoundIn.BANK else [rows[k : k + 1] for k in range(min(len(rows), MOST_MARKS))]
        body["marks"] = [box for group in groups if (box := layout.box_around(group)) is not None]
    return bodies


def _place(instrument: ViewedInstrument, pixel: int) -> Json:
    geometry = instrument.geometry
    at = -1 if geometry is None else geometry.place_of(pixel)
    nowhere: Json = {"position": None, "l2_m": None, "two_theta_deg": None}
    if geometry is None or at < 0 or instrument.moves(at) or not np.isfinite(geometry.position[at]).all():
        return nowhere
    position = [round(float(one), 6) for one in geometry.position[at]]
    try:
        geometry.l1  # noqa: B018 (angles are not known without it)
        return {
            "position": position,
            "l2_m": round(float(geometry.l2[at]), 6),
            "two_theta_deg": round(float(np.degrees(geometry.two_theta[at])), 5),
        }
    except GeometryError:
        return nowhere | {"position": position}
