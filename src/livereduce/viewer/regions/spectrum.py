"""The spectrum of a region as the answer has it: like a product, so that it is drawn as one; and as a table."""

import csv
import io
from typing import Any

import numpy as np

from livereduce.messages.marks import iso_utc
from livereduce.stream.items import F8, I8
from livereduce.viewer.counted_run import ViewedStream
from livereduce.viewer.regions.counted import CountedRegion

MOST_BINS = 100_000
"""Most bins that are drawn: with more of them, neighbours are added."""
TOF = "time of flight"


def spectrum_body(viewed: ViewedStream, one: CountedRegion, name: str) -> dict[str, Any]:
    """The spectrum of a region over the whole run, as far as it was counted."""
    edges_us, counts, added = _thinned(viewed.run.regions.bins.binning.edges_us, one.spectrum)
    since_ns = viewed.run.since_ns(one.first)
    return {
        "run": viewed.run.number,
        "name": name,
        "title": f"region {name}",
        "kind": "1d",
        "rows": 1,
        "row_numbers": [],
        "label": "counts",
        "signal": counts.tolist(),
        "errors": [round(float(error), 6) for error in np.sqrt(counts)],
        "units": "counts",
        "axes": [{"name": TOF, "units": "µs", "values": edges_us.tolist()}],
        "attributes": {},
        "thinned": f"{added} bins are added to one" if added > 1 else "",
        "note": _note(one, since_ns, viewed.told),
        "version": viewed.run.version,
        "display": {"kind": "line", "x_log": False, "y_log": False, "x_range": None},
        "labels": [],
        "counts": one.counts,
        "pixels_count": len(one.pixel),
        "since": iso_utc(since_ns) if since_ns else "",
    }


def spectrum_table(viewed: ViewedStream, one: CountedRegion) -> bytes:
    """The same as CSV: a line for each bin."""
    edges = viewed.run.regions.bins.binning.edges_us
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([f"{TOF} (µs) from", f"{TOF} (µs) to", "signal (counts)", "error"])
    errors = np.sqrt(one.spectrum)
    lines.writerows(zip(edges[:-1].tolist(), edges[1:].tolist(), one.spectrum.tolist(), errors.tolist(), strict=True))
    return out.getvalue().encode()


def _thinned(edges: F8, counts: I8) -> tuple[F8, I8, int]:
    added = -(-len(counts) // MOST_BINS)
    if added == 1:
        return edges, counts, 1
    starts = np.arange(0, len(counts), added)
    return np.append(edges[starts], edges[-1]), np.add.reduceat(counts, starts), added


def _note(one: CountedRegion, since_ns: int, told: str) -> str:
    said = [
        "" if len(one.pixel) else "no pixel lies in this region",
        f"counted since {iso_utc(since_ns)}: what was before is not held any more" if since_ns else "",
        told,
    ]
    return "; ".join(one for one in said if one)
